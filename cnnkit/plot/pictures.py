"""A grid of images, grey or colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.filters import require_scale
from cnnkit.functional.arguments import Array, numbers, whole
from cnnkit.plot.canvas import (
    INK,
    ORANGE,
    WIDTH,
    caption,
    labels,
    limits,
    number,
    open_figure,
    several,
)
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["images"]

MOST = 256


def images(
    x: ArrayLike | Sequence[ArrayLike],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    scale: str = "shared",
    boxes: Sequence[tuple[slice, slice]] | None = None,
) -> Figure:
    """Draw images side by side.

    Parameters
    ----------
    x : (H, W), (N, H, W), (N, C, H, W) or (N, H, W, C) array of numbers with C = 1 or 3
        Or a list of images of different sizes, each (H, W), (C, H, W) or (H, W, C). Colours are 0 to
        255 where they are integers, and 0 to 1 where they are floats. Where both orders fit, channels
        come first.
    titles : N strings, or None
    columns : int, or None for up to 8
        Images in a row.
    scale : "shared" or "own"
        For grey images that are not uint8: whether black and white mean the smallest and largest value
        of all images, or of each. uint8 always runs from 0 to 255 when shared. The figure says which.
    boxes : N pairs of slices (rows, columns), or None
        A part of each image to outline, as ``cnnkit.nn.inspect.top_patches`` traces it back.

    Returns
    -------
    matplotlib.figure.Figure, one axes for each image

    Raises
    ------
    ShapeError
        No such shape, or more than 256 images.
    ArgumentError
        Colours outside their range; a wrong number of titles or boxes; a bad `columns` or `scale`.

    Examples
    --------
    >>> figure = images(np.zeros((10, 28, 28)), titles=[f"digit {n}" for n in range(10)], columns=5)
    >>> len(figure.axes)
    10
    """
    require_scale("images", scale)
    pictures = _separate(x)
    names = labels("images", "titles", titles, len(pictures), "image")
    outlines = _outlines(boxes, len(pictures))
    across = min(len(pictures), 8 if columns is None else whole("images", "columns", columns, 1))
    rows = -(-len(pictures) // across)
    side = min(WIDTH / across, 2.2)  # inches
    tallest = max(min(picture.shape[0] / picture.shape[1], 3) for picture in pictures)
    wrapped = [textwrap.fill(name, max(8, int(side * 14))) for name in names]
    lines = max(name.count("\n") + 1 if name else 0 for name in wrapped)
    figure, axes = open_figure(
        side * across, rows * (side * tallest * 0.94 + 0.17 * lines + 0.06) + 0.25, rows, across
    )
    grey = [picture for picture in pictures if picture.ndim == 2]
    common = _grey_limits(grey)
    for i, (ax, picture, name) in enumerate(zip(axes.flat, pictures, wrapped, strict=False)):
        low, high = (common if scale == "shared" else _spread([picture])) if picture.ndim == 2 else (0, 1)
        ax.imshow(
            picture,
            cmap="gray",
            vmin=low,
            vmax=high,
            interpolation="nearest" if max(picture.shape) <= 128 else "auto",
        )
        for top, left, height, width in outlines[i : i + 1]:
            _outline(ax, top, left, height, width)
        ax.set_title(name, fontsize=9, color=INK, pad=3)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color="#CED4DA", linewidth=0.8)
    for ax in axes.flat[len(pictures) :]:
        ax.remove()
    if grey:
        own = "black and white: smallest and largest value of each image"
        shared = f"black {number(common[0])}, white {number(common[1])}"
        caption(figure, shared if scale == "shared" else own)
    return figure


def _separate(x: ArrayLike | Sequence[ArrayLike]) -> list[Array]:
    """Return the images one by one: (H, W) where grey, (H, W, 3) with values from 0 to 1 where not."""
    if isinstance(x, (list, tuple)) and several(x, (2, 3)):
        found = [numbers("images", f"x[{i}]", each) for i, each in enumerate(x)]
    else:
        array = numbers("images", "x", x)  # type: ignore[arg-type]
        found = [array] if array.ndim == 2 else list(array) if array.ndim in (3, 4) else []
        if not found:
            raise ShapeError(
                f"images: `x` has shape {shape_text(array.shape)}, expected (H, W), (N, H, W), (N, C, H, W)"
                " or (N, H, W, C) with at least one image. A single colour image is x[None]."
            )
    if len(found) > MOST:
        raise ShapeError(
            f"images: `x` holds {len(found)} images, expected at most {MOST}. Show a part: x[:64]."
        )
    return [_one(picture) for picture in found]


def _one(picture: Array) -> Array:
    if picture.ndim == 3 and picture.shape[0] in (1, 3):
        picture = np.moveaxis(picture, 0, -1)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    if 0 in picture.shape or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ShapeError(
            f"images: an image has shape {shape_text(picture.shape)}, expected (H, W), or 1 or 3 channels"
            " first or last, none of them empty. Draw the channels of a feature map as separate images: x[0]."
        )
    if picture.ndim == 2:
        return picture
    most = 1 if picture.dtype.kind == "f" else 255
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0 and high <= most):
        raise ArgumentError(
            f"images: `x` has colours from {low:g} to {high:g}, expected 0 to {most} for {picture.dtype}."
            " Undo the normalisation first: x * std + mean."
        )
    return picture if most == 1 else picture / 255


def _outlines(boxes: object, count: int) -> list[tuple[int, int, int, int]]:
    """Return (top, left, height, width) of each box."""
    if boxes is None:
        return []
    given = list(boxes) if isinstance(boxes, (list, tuple)) else []
    edges = [edge for box in given if isinstance(box, (list, tuple)) and len(box) == 2 for edge in box]
    if len(given) != count or len(edges) != 2 * count or not all(isinstance(edge, slice) for edge in edges):
        got = f"{len(given)} long" if isinstance(boxes, (list, tuple)) else repr(boxes)
        raise ArgumentError(
            f"images: `boxes` is {got}, expected {count} pairs of slices (rows, columns), one for each image."
            " Give the `boxes` of top_patches with its `images`."
        )
    return [
        (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        for rows, columns in given
    ]


def _outline(ax: Axes, top: int, left: int, height: int, width: int) -> None:
    from matplotlib.patches import Rectangle

    corner = (left - 0.5, top - 0.5)
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=ORANGE, linewidth=2, clip_on=False))


def _grey_limits(grey: Sequence[Array]) -> tuple[float, float]:
    if all(picture.dtype == np.uint8 for picture in grey):
        return 0.0, 255.0
    return _spread(grey)


def _spread(grey: Sequence[Array]) -> tuple[float, float]:
    low, high = limits(grey)
    return (low, high) if low < high else (low - 1, high + 1)  # one value alone is mid-grey
