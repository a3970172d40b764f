"""The same filter again and again, and two filters in either order: what the border makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.names import require_number, require_whole
from cnnkit.nn.style.filters import Filter, apply, compose
from cnnkit.shapes import shape_text

__all__ = ["Ring", "order_gap", "repeat", "ring"]

SINGLE, DOUBLE = 1e-4, 1e-12  # what is lost in sums of float32, and of float64


def repeat(filter: Filter, image: ArrayLike, times: int) -> NDArray[Any]:
    """Apply a filter `times` times, and return the picture after each pass.

    Parameters
    ----------
    filter : function of an array, or torch module (it gets a batch of one)
    image : (C, H, W) array of numbers; (H, W) if the filter takes that
    times : int, at least 0

    Returns
    -------
    (times + 1, *image.shape) array; the first is `image` itself

    Raises
    ------
    ShapeError
        The filter gives another shape than it takes.

    Examples
    --------
    >>> from cnnkit.nn.style import box_blur
    >>> repeat(box_blur(), np.ones((11, 11)), 5)[:, 0, 5].round(3)
    array([1.   , 0.667, 0.556, 0.481, 0.432, 0.395])
    """
    times = require_whole("repeat", "times", times, 0)
    pictures = [np.asarray(image)]
    for _ in range(times):
        pictures.append(apply("repeat", filter, pictures[-1]))
    return np.stack(pictures)


@dataclass(frozen=True)
class Ring:
    """What a filter's border does to a picture of one value, after one pass.

    Parameters
    ----------
    passes : int
    edge, corner : float, the value in the middle of the upper edge and in its left corner
    centre : float, the value in the middle of the picture, which no border has reached
    width : int, in pixels from the edge: how far in the picture is not what it is in its middle
    """

    passes: int
    edge: float
    corner: float
    centre: float
    width: int

    def __repr__(self) -> str:
        return (
            f"Ring(after {self.passes}: {self.width} px wide, edge {self.edge:.3f}, corner {self.corner:.3f},"
            f" centre {self.centre:.3f})"
        )


def ring(
    filter: Filter,
    times: int = 5,
    size: int = 64,
    channels: int | None = None,
    value: float = 1.0,
    tolerance: float | None = None,
) -> list[Ring]:
    """Measure the ring that grows from the border where a filter is applied again and again.

    The picture has one value everywhere. A filter that treats all places alike would leave one value
    everywhere: whatever differs from the middle is the border's doing, for a kernel as for a network.

    Parameters
    ----------
    filter : function of an array, or torch module
    times : int
    size : int, the picture's sides in pixels
    channels : int, or None for a picture (size, size) without channels
    value : float
    tolerance : float, or None for 1e-12, and 1e-4 where the filter gives float32
        Values nearer to the middle's than this, relative to it (to 1 if it is smaller), count as equal.

    Returns
    -------
    list of Ring, one for each pass; with zeros around the picture and a kernel of k × k pixels, the width
    after t passes is t * (k - 1) / 2, and with reflection it is 0, of a network too

    Raises
    ------
    ArgumentError
        The ring has reached the middle, so that nothing is left to compare with.
    ShapeError
        The filter gives another shape than it takes.

    Examples
    --------
    >>> from cnnkit.nn.style import box_blur
    >>> ring(box_blur(), times=2)
    [Ring(after 1: 1 px wide, edge 0.667, corner 0.444, centre 1.000), \
Ring(after 2: 2 px wide, edge 0.556, corner 0.309, centre 1.000)]
    >>> [each.width for each in ring(box_blur(5), times=3)]
    [2, 4, 6]
    >>> [each.width for each in ring(box_blur(5, padding="reflect"), times=3)]
    [0, 0, 0]
    """
    times = require_whole("ring", "times", times, 1)
    size = require_whole("ring", "size", size, 3)
    if tolerance is not None:
        tolerance = require_number("ring", "tolerance", tolerance, 0)
    shape = (size, size) if channels is None else (require_whole("ring", "channels", channels, 1), size, size)
    found = []
    picture: NDArray[Any] = np.full(shape, float(value))
    for passes in range(1, times + 1):
        picture = apply("ring", filter, picture)
        width = ring_width(picture, tolerance)
        if width >= (size - 1) // 2:  # from here on, the middle itself may have changed
            raise ArgumentError(
                f"ring: `size` is {size}, and after {passes} passes the ring reaches the middle, expected"
                f" pixels that no border has reached. Write size={2 * size}."
            )
        plane = picture.reshape(-1, size, size).mean(axis=0)
        middle = size // 2
        centre = float(plane[middle, middle])
        found.append(Ring(passes, float(plane[0, middle]), float(plane[0, 0]), centre, width))
    return found


def ring_width(picture: ArrayLike, tolerance: float | None = None) -> int:
    """Return how many pixels from the edge inwards a picture is not what it is in its middle.

    Parameters
    ----------
    picture : (..., H, W) array of numbers: what became of a picture of one value
    tolerance : float, optional; see `ring`

    Examples
    --------
    >>> picture = np.ones((9, 9))
    >>> picture[1, 4] = 0.5
    >>> ring_width(picture)
    2
    """
    x = np.asarray(picture)
    if tolerance is None:
        tolerance = SINGLE if x.dtype == np.float32 else DOUBLE
    if x.ndim < 2 or 0 in x.shape:
        raise ShapeError(
            f"ring_width: `picture` has shape {shape_text(x.shape)}, expected (..., H, W). Give a picture."
        )
    height, width = x.shape[-2:]
    centre = x[..., height // 2, width // 2][..., None, None]
    differs = np.abs(x - centre) > tolerance * np.maximum(np.abs(centre), 1)
    anywhere = np.asarray(differs).reshape(-1, height, width).any(axis=0)
    rows, columns = np.arange(height), np.arange(width)
    inwards = np.minimum(
        np.minimum(rows, height - 1 - rows)[:, None], np.minimum(columns, width - 1 - columns)[None]
    )
    return int((inwards[anywhere] + 1).max(initial=0))


def order_gap(first: Filter, second: Filter, image: ArrayLike, border: int = 0) -> float:
    """Return how much it matters which of two filters comes first: the largest difference of any pixel.

    Parameters
    ----------
    first, second : functions of an array, or torch modules
    image : (C, H, W) or (H, W) array of numbers
    border : int
        So many pixels along each edge are not compared: there even two kernels do not commute. For
        kernels, the sum of their (k - 1) / 2 is enough.

    Returns
    -------
    float, 0 where the order does not matter

    Raises
    ------
    ArgumentError
        No pixel is left inside the border.

    Examples
    --------
    >>> from cnnkit.nn.style import box_blur, convolution
    >>> image = np.random.default_rng(0).normal(size=(32, 32))
    >>> sharpen = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    >>> order_gap(box_blur(), convolution(sharpen), image, border=2) < 1e-14
    True
    >>> order_gap(box_blur(), convolution(sharpen, relu=True), image, border=2) > 0.1
    True
    """
    x = np.asarray(image)
    border = require_whole("order_gap", "border", border, 0)
    if x.ndim < 2 or min(x.shape[-2:]) <= 2 * border:
        raise ArgumentError(
            f"order_gap: `border` is {border}, and the image is {shape_text(x.shape)}, expected pixels inside"
            " the border. Give a larger image, or a smaller border."
        )
    gap = np.abs(compose(first, second)(x) - compose(second, first)(x))
    inside = slice(border, -border or None)
    return float(gap[..., inside, inside].max())
