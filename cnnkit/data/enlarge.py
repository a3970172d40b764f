"""scikit-learn's digits of 8×8 pixels, brought to MNIST's 28×28."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["enlarge"]

FACTOR, BORDER, WHITE = 3, 2, 16


def enlarge(x: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Enlarge images three times, with values between their pixels, and set them in a black border.

    Parameters
    ----------
    x : (N, 8, 8) array of int, 0 to 16

    Returns
    -------
    (N, 1, 28, 28) array of uint8, 0 to 255

    Notes
    -----
    Bilinear, in whole numbers until the one division at the end, so that every machine gets the same bytes.

    Examples
    --------
    >>> x = np.zeros((1, 8, 8), np.int64)
    >>> x[0, 4, 4] = 16
    >>> enlarge(x)[0, 0, 15, 13:18]
    array([ 85, 170, 255, 170,  85], dtype=uint8)
    """
    for axis in (1, 2):
        x = _along(x, axis)
    return np.pad(
        (x * 255 // (WHITE * FACTOR**2)).astype(np.uint8)[:, None],
        ((0, 0), (0, 0), (BORDER, BORDER), (BORDER, BORDER)),
    )


def _along(x: NDArray[Any], axis: int) -> NDArray[Any]:
    """Enlarge along one axis: beside its middle, a value is two parts its own pixel and one the next."""
    padded = np.pad(x, [(1, 1) if each == axis else (0, 0) for each in range(x.ndim)])
    before, here, after = (np.take(padded, np.arange(8) + shift, axis) for shift in (0, 1, 2))
    thirds = np.stack([2 * here + before, 3 * here, 2 * here + after], axis + 1)
    return thirds.reshape(*x.shape[:axis], 8 * FACTOR, *x.shape[axis + 1 :])
