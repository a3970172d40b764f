"""The demo's random crops."""

from __future__ import annotations

import numpy as np
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
    if random is None and (dx is None or dy is None):
        raise ArgumentError(
            "augment: `random` is None, expected a MathRandom where dx or dy is left out."
            " Give random=MathRandom(0), or both offsets."
        )
    cuts = np.zeros((*images.shape[:2], crop, crop), dtype=images.dtype)
    for image, cut in zip(images, cuts, strict=True):
        left = random.integer(0, width - crop) if dx is None and random else dx or 0
        top = random.integer(0, height - crop) if dy is None and random else dy or 0
        rows = slice(max(top, 0), max(min(top + crop, height), 0))
        columns = slice(max(left, 0), max(min(left + crop, width), 0))
        part = image[:, rows, columns]
        down, right = rows.start - top, columns.start - left
        cut[:, down : down + part.shape[1], right : right + part.shape[2]] = part
    return cuts[..., ::-1].copy() if fliplr else cuts
