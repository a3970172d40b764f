"""Images for the notebooks, as numpy arrays."""

from __future__ import annotations

import numpy as np

from cnnkit.errors import ArgumentError

__all__ = ["scribbles"]


def scribbles(count: int, size: int = 28, seed: int = 0) -> np.ndarray:
    """Draw images of one pen stroke each, white on black, a little like handwriting.

    Parameters
    ----------
    count : int
    size : int, in pixels, at least 12
    seed : int

    Returns
    -------
    (count, 1, size, size) array of float, 0 to 1

    Raises
    ------
    ArgumentError
        A number is too small.

    Notes
    -----
    A stroke is a random walk whose direction drifts; the pen is a 3x3 binomial blur. The same seed
    draws the same images on every machine.

    Examples
    --------
    >>> scribbles(200).shape
    (200, 1, 28, 28)
    """
    for name, value, least in (("count", count, 1), ("size", size, 12)):
        if not isinstance(value, int) or value < least:
            raise ArgumentError(
                f"scribbles: `{name}` is {value!r}, expected an integer of at least {least}."
                " Give a larger one."
            )
    rng = np.random.default_rng(seed)
    steps = 3 * size
    turns = rng.normal(0, 0.35, (count, steps)).cumsum(axis=1) + rng.uniform(0, 2 * np.pi, (count, 1))
    path = np.stack([np.sin(turns), np.cos(turns)], axis=1).cumsum(axis=2) * 0.5  # (count, 2, steps)
    path -= path.mean(axis=2, keepdims=True)
    reach = np.abs(path).max(axis=(1, 2), keepdims=True)
    path *= (size / 2 - 4) / np.maximum(reach, 1)
    rows, cols = np.rint(path + size / 2).astype(int).transpose(1, 0, 2)
    x = np.zeros((count, size, size))
    x[np.arange(count)[:, None], rows, cols] = 1
    for axis in (1, 2):
        x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
    return np.minimum(1.5 * x, 1)[:, None]
