"""The filters of a convolution, laid out as a grid of numbers; `cnnkit.plot.filter_grid` draws the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnkit.errors import ArgumentError
from cnnkit.filters import in_rows, normalised, require_scale
from cnnkit.nn.inspect.layer import find_layer, require_indices
from cnnkit.nn.names import require_whole

__all__ = ["filter_grid"]


def filter_grid(
    model: nn.Module,
    layer: str,
    columns: int = 8,
    scale: str | None = None,
    filters: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return the filters of a convolution as a grid of tiles.

    Parameters
    ----------
    model : torch.nn.Module
    layer : str
        The name of a convolution.
    columns : int
        Tiles in a row.
    scale : None, "shared" or "own"
        None: the weights themselves. Otherwise 0 to 1, with 0.5 for a weight of 0, and the largest |weight|
        of all filters (shared) or of each filter (own) at 0 or 1.
    filters : sequence of int, or None for all
        Which filters, in this order; a shared scale is then that of these filters.

    Returns
    -------
    (rows, columns, height, width, colours) array of float
        Filter n is at ``[n // columns, n % columns]``, its input channels last; NaN where the last row is
        short. What is scaled are the pixels that ``plot.filter_grid(weights, columns, scale)`` shows of a
        bank of colour filters.

    Raises
    ------
    ArgumentError
        No such layer, or one without filters; a filter past the last; a bad `columns` or `scale`.

    Examples
    --------
    >>> from cnnkit import nn, zoo
    >>> filter_grid(nn.build(zoo.cs7011()), "conv1").shape
    (8, 8, 3, 3, 3)
    """
    columns = require_whole("filter_grid", "columns", columns, 1)
    if scale is not None:
        require_scale("filter_grid", scale)
    part = find_layer("filter_grid", model, layer)
    if not isinstance(part, nn.Conv2d):
        convolutions = [name for name, each in model.named_modules() if isinstance(each, nn.Conv2d)]
        raise ArgumentError(
            f"filter_grid: `layer` {layer!r} is a {type(part).__name__}, expected a convolution. This model's"
            f" are {', '.join(convolutions) or 'none'}."
        )
    weight = part.weight.detach().cpu().numpy()  # (F, C, kH, kW)
    if filters is not None:
        weight = weight[require_indices("filter_grid", "filters", filters, len(weight), layer)]
    if scale is not None:
        weight = normalised(weight, scale)
    return in_rows(np.moveaxis(weight, 1, -1), columns).astype(weight.dtype)
