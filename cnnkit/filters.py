"""Filters as something to look at: numbers with a sign on a scale where 0 is the middle, laid out in rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError

__all__ = ["full_colour", "in_rows", "normalised", "require_scale"]

Array = NDArray[Any]


def require_scale(function: str, scale: object) -> None:
    """Raise unless `scale` is "shared" or "own"."""
    if not isinstance(scale, str) or scale not in ("shared", "own"):
        raise ArgumentError(
            f"{function}: `scale` is {scale!r}, expected 'shared' (one colour scale for all) or 'own'"
            " (each its own). Use scale='shared' to compare sizes, scale='own' to see patterns."
        )


def full_colour(x: Array, scale: str) -> NDArray[np.float64]:
    """Return, for each element of `x` along its first axis, the |value| that is drawn in full colour.

    Parameters
    ----------
    x : (F, ...) array of numbers
    scale : "shared" or "own"
        Whether that is the largest finite |value| of all, or of the element itself; 1 where all are 0.

    Examples
    --------
    >>> full_colour(np.array([[1, -2], [0, 0]]), "own"), full_colour(np.array([[1, -2], [0, 0]]), "shared")
    (array([2., 1.]), array([2., 2.]))
    """
    size = np.abs(x.reshape(len(x), -1).astype(np.float64))
    size = np.where(np.isfinite(size), size, 0).max(axis=1, initial=0)
    if scale == "shared":
        size = np.full(len(x), size.max(initial=0))
    return np.where(size > 0, size, 1.0)


def normalised(x: Array, scale: str = "own") -> NDArray[np.float64]:
    """Bring numbers with a sign to 0 to 1, so that they can be drawn as colours; 0 becomes 0.5.

    Parameters
    ----------
    x : (N, ...) array of numbers
        Filters (F, C, kH, kW), or gradients (N, C, H, W).
    scale : "own" or "shared"
        Own: ``0.5 + x / (2 * largest |x|)`` of each x[n] by itself, which shows patterns and hides sizes.
        Shared: the largest of all, so that sizes can be compared.

    Returns
    -------
    array of float64, of the shape of `x`

    Raises
    ------
    ArgumentError
        A `scale` that is neither.

    Examples
    --------
    >>> normalised(np.array([[-1, 0, 1], [0, 2, 4]]), scale="shared")
    array([[0.375, 0.5  , 0.625],
           [0.5  , 0.75 , 1.   ]])
    """
    require_scale("normalised", scale)
    x = np.asarray(x)
    most = full_colour(x, scale).reshape(-1, *[1] * (x.ndim - 1))
    return np.asarray(0.5 + x / (2 * most), dtype=np.float64)


def in_rows(tiles: Array, columns: int) -> NDArray[np.float64]:
    """Lay out tiles in rows, in their order; NaN where the last row is short.

    Parameters
    ----------
    tiles : (n, ...) array
    columns : int, at least 1

    Returns
    -------
    (rows, columns, ...) array of float64; tile n stands at ``[n // columns, n % columns]``

    Examples
    --------
    >>> in_rows(np.arange(3), 2)
    array([[ 0.,  1.],
           [ 2., nan]])
    """
    rows = -(-len(tiles) // columns)
    full = np.full((rows * columns, *tiles.shape[1:]), np.nan)
    full[: len(tiles)] = tiles
    return full.reshape(rows, columns, *tiles.shape[1:])
