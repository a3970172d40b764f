"""Weights that others publish: from torch's own cache, or fetched and checked."""

from __future__ import annotations

import os
import socket
from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlsplit

import torch

from cnnkit.errors import DownloadError

__all__ = ["fetched"]

OFFLINE = "CNNKIT_OFFLINE"  # as for data sets; this room knows nothing of theirs
PATIENCE = 10.0  # seconds; torch itself would wait for a silent server for ever


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
        They are not here and cannot be fetched, or are damaged. ``CNNKIT_OFFLINE=1`` forbids fetching too.
    """
    before = socket.getdefaulttimeout()
    try:
        if os.environ.get(OFFLINE, "") not in ("", "0") and not _cached(url).exists():
            raise OSError(f"{OFFLINE} is set")
        socket.setdefaulttimeout(PATIENCE)
        found: dict[str, torch.Tensor] = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", check_hash=True, progress=False, weights_only=True
        )
    except (URLError, OSError, RuntimeError) as error:  # of the network, of the disk, of the hash
        raise DownloadError(
            f"{function}: the weights cannot be fetched from {url}: {error}. Connect to the internet,"
            f" or {instead}."
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    return found


def _cached(url: str) -> Path:
    """Return where torch keeps what it fetched."""
    return Path(torch.hub.get_dir()) / "checkpoints" / PurePosixPath(urlsplit(url).path).name
