"""The demo's random crops."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnkit.convnetjs.draws import MathRandom
from cnnkit.convnetjs.layer import Array
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import shape_text

__all__ = ["augment"]


def augment(
    x: ArrayLike,
    crop: int,
    dx: int | None = None,
    dy: int | None = None,
    fliplr: bool = False,
    random: MathRandom | None = None,
) -> Array:
    """Cut a square out of each image, as ``convnetjs.augment``.

    Parameters
    ----------
    x : (N, C, H, W) array of numbers
    crop : int, in pixels, at most H and W
    dx, dy : int, in pixels, optional
        Left and upper edge of the square; what lies outside the image is 0. Left out, each image gets its
        own, drawn from 0 to below ``W - crop`` and ``H - crop``, first dx, then dy.
    fliplr : bool
        Mirror left and right.
    random : MathRandom, optional
        Where dx and dy come from; needed if one is left out.

    Returns
    -------
    (N, C, crop, crop) array

    Raises
    ------
    ShapeError
        Not four axes, or `crop` is larger than the images.
    ArgumentError
        `crop` is no positive integer, or dx or dy is left out without `random`.

    Notes
    -----
    The last offset, ``W - crop``, is never drawn: 24 out of 28 pixels gives 4 x 4 = 16 different crops, not
    25. ConvNetJS's ``randi`` excludes its upper bound.

    Examples
    --------
    >>> augment(np.arange(9).reshape(1, 1, 3, 3), 2, dx=1, dy=0)
    array([[[[1, 2],
             [4, 5]]]])
    """
    images = np.asarray(x)
    if images.ndim != 4:
        raise ShapeError(
            f"augment: `x` has shape {shape_text(images.shape)}, expected 4 axes: (N, C, H, W)."
            " Add the missing axes: x[None, None]."
        )
    if not isinstance(crop, int) or isinstance(crop, bool) or crop < 1:
        raise ArgumentError(
            f"augment: `crop` is {crop!r}, expected an integer of at least 1. Give a whole number of pixels."
        )
    height, width = images.shape[2:]
    if crop > min(height, width):
        raise ShapeError(
            f"augment: `crop` is {crop}, expected at most {min(height, width)}: the images are"
            f" {height} × {width}. Use a smaller crop."
        )
    count = len(images)
    left, top = _offsets((dx, dy), (width - crop, height - crop), count, random)
    if (
        min(left.min(initial=0), top.min(initial=0)) < 0
        or (left + crop > width).any()
        or (top + crop > height).any()
    ):
        # a border of zeros as wide as the square: farther out there is nothing else
        images = np.pad(images, ((0, 0), (0, 0), (crop, crop), (crop, crop)))
        left, top = (np.clip(left, -crop, width) + crop, np.clip(top, -crop, height) + crop)
    squares = sliding_window_view(images, (crop, crop), axis=(2, 3))[np.arange(count), :, top, left]
    return squares[..., ::-1].copy() if fliplr else squares


def _offsets(
    given: tuple[int | None, int | None], ends: tuple[int, int], count: int, random: MathRandom | None
) -> list[Array]:
    """Return the left and the upper edge for each image."""
    missing = given.count(None)
    if missing and random is None:
        raise ArgumentError(
            "augment: `random` is None, expected a MathRandom where dx or dy is left out."
            " Give random=MathRandom(0), or both offsets."
        )
    drawn = iter(random.uniform(count * missing).reshape(count, missing).T if random and missing else ())
    return [
        np.floor(next(drawn) * end).astype(int) if offset is None else np.full(count, offset)
        for offset, end in zip(given, ends, strict=True)
    ]
