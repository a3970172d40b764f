"""Weights that others publish: from torch's own cache, or fetched and checked."""

from __future__ import annotations

from urllib.error import URLError

import torch

from cnnkit.errors import DownloadError

__all__ = ["fetched"]


def fetched(function: str, url: str, instead: str) -> dict[str, torch.Tensor]:
    """Return weights from torch's own cache, or fetch them; their name holds a hash that they must have.

    Parameters
    ----------
    function : str, who asks
    url : str
    instead : str
        What to do without them, as the end of the sentence "Connect to the internet, or ...".

    Raises
    ------
    DownloadError
        They are not here and cannot be fetched, or are damaged.
    """
    try:
        found: dict[str, torch.Tensor] = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", check_hash=True, progress=False, weights_only=True
        )
    except (URLError, OSError, RuntimeError) as error:  # of the network, of the disk, of the hash
        raise DownloadError(
            f"{function}: the weights cannot be fetched from {url}: {error}. Connect to the internet,"
            f" or {instead}."
        ) from error
    return found
