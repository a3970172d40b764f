"""Pen strokes as a small grey image: what a drawing pad, or a line of code, hands to a network of digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnkit.errors import ArgumentError, ShapeError

__all__ = ["draw"]

MNIST_BOX = 20 / 28  # of the image's side: MNIST's digits were brought to 20 of 28 pixels
STROKES = 1000
POINTS = 100_000


def draw(
    strokes: Sequence[ArrayLike],
    size: int = 28,
    width: float = 2.5,
    centred: bool = False,
    degrees: float = 0.0,
    shift: tuple[int, int] = (0, 0),
) -> NDArray[np.uint8]:
    """Draw pen strokes, white on black, with soft edges.

    Parameters
    ----------
    strokes : sequence of (n, 2) arrays of numbers, in pixels
        The points (x, y) of each stroke, joined by straight lines: x to the right and y down from the upper
        left corner, as a mouse counts them. The middle of the first pixel is (0.5, 0.5). A stroke of one
        point is a dot. What lies outside the image is cut off.
    size : int, in pixels, at least 8
    width : float, in pixels, above 0
        Of the pen, which is round.
    centred : bool
        Whether to bring the drawing into MNIST's form: enlarged or shrunk until its longer side is 20 of 28
        pixels, pen included, and moved until its centre of mass is the middle of the image.
    degrees : float
        How far to turn the strokes about the middle of the image, counterclockwise, before they are drawn.
    shift : (int, int), in pixels
        How far to move the finished image to the right and down; what leaves it is cut off.

    Returns
    -------
    (size, size) array of uint8, 0 to 255

    Raises
    ------
    ShapeError
        A stroke is no list of points with two numbers each.
    ArgumentError
        No strokes, or too many; a number that is none, or not finite; a `size` or `width` too small;
        a `shift` that is no pair of whole numbers.

    Notes
    -----
    A pixel is as bright as the pen covers it: width / 2 + 1/2 - the distance from its middle to the stroke,
    cut to 0 to 1. MNIST's form: LeCun et al., http://yann.lecun.com/exdb/mnist/.

    Examples
    --------
    >>> one = draw([[(14, 4), (14, 24)]])
    >>> one.shape, one.dtype, one[14, 11:17]
    ((28, 28), dtype('uint8'), array([  0,  64, 255, 255,  64,   0], dtype=uint8))
    >>> draw([[(3, 2), (3, 5)]], centred=True).any(axis=1).sum()
    np.int64(20)
    >>> draw([[(14, 4), (14, 24)]], degrees=90, shift=(0, 3))[17, ::4]
    array([  0, 255, 255, 255, 255, 255, 255], dtype=uint8)
    """
    lines = _require_strokes(strokes)
    _require_number("size", size, 8, whole=True)
    _require_number("width", width, 0)
    right, down = _require_turn_and_shift(degrees, shift)
    if degrees:
        lines = _turned(lines, size, degrees)
    if centred:
        lines = _fitted(lines, size, width)
        middle = np.full(2, size / 2)
        # Two rounds: where the first one cut something off, its centre of mass was not the drawing's.
        for _ in range(2):
            lines = [line + middle - _centre_of_mass(_painted(lines, size, width)) for line in lines]
    return _shifted(_painted(lines, size, width), right, down)


def _turned(lines: list[NDArray[np.float64]], size: int, degrees: float) -> list[NDArray[np.float64]]:
    """Return the strokes turned about the middle of the image; y runs down, so that the sine's sign is."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cos, -sin], [sin, cos]])
    return [(line - size / 2) @ turn + size / 2 for line in lines]


def _shifted(image: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    """Return the image moved by whole pixels, black where nothing comes in."""
    size = len(image)
    right, down = (max(-size, min(move, size)) for move in (right, down))
    wide = np.zeros((3 * size, 3 * size), dtype=np.uint8)
    wide[size + down : 2 * size + down, size + right : 2 * size + right] = image
    return wide[size : 2 * size, size : 2 * size].copy()


def _fitted(lines: list[NDArray[np.float64]], size: int, width: float) -> list[NDArray[np.float64]]:
    """Return the strokes as large as MNIST's digits are, in the middle of the image."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    longer = float((high - low).max())
    inside = max(MNIST_BOX * size - width, 0)
    scale = inside / longer if longer > 0 else 1.0
    return [(line - (low + high) / 2) * scale + size / 2 for line in lines]


def _centre_of_mass(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return (x, y) of the mean place of what is white."""
    places = np.arange(len(image)) + 0.5
    total = max(float(image.sum()), 1.0)
    return np.array([image.sum(axis=0) @ places, image.sum(axis=1) @ places]) / total


def _painted(lines: list[NDArray[np.float64]], size: int, width: float) -> NDArray[np.uint8]:
    places = np.arange(size) + 0.5
    pixels = np.stack(np.meshgrid(places, places), axis=-1)  # (H, W, 2), x before y
    nearest = np.full((size, size), np.inf)
    for line in lines:
        for begin, end in zip(line, line[1:] if len(line) > 1 else line, strict=False):
            np.minimum(nearest, _distance(pixels, begin, end), out=nearest)
    cover = np.clip(width / 2 + 0.5 - nearest, 0, min(width, 1))
    return np.rint(255 * cover).astype(np.uint8)


def _distance(
    pixels: NDArray[np.float64], begin: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far each pixel's middle is from the line between two points, (H, W)."""
    along = end - begin
    length = float(along @ along)
    share = np.clip((pixels - begin) @ along / length, 0, 1) if length > 0 else np.zeros(pixels.shape[:2])
    return np.asarray(np.linalg.norm(pixels - begin - share[..., None] * along, axis=-1))


def _require_strokes(strokes: Any) -> list[NDArray[np.float64]]:
    given = (
        list(strokes) if isinstance(strokes, Sequence | np.ndarray) and not isinstance(strokes, str) else []
    )
    if not 1 <= len(given) <= STROKES:
        got = f"{len(given)} strokes" if given or isinstance(strokes, Sequence) else repr(strokes)
        raise ArgumentError(
            f"draw: `strokes` is {got}, expected 1 to {STROKES}. Write a list of strokes, each a list of"
            " points: [[(14, 4), (14, 24)]]."
        )
    lines = []
    for number, stroke in enumerate(given):
        try:
            points = np.asarray(stroke, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.zeros(())
        if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
            raise ShapeError(
                f"draw: `strokes[{number}]` is {stroke!r:.60}, expected points (x, y), two numbers each."
                " A single stroke stands in a list of its own: [[(14, 4), (14, 24)]]."
            )
        if not np.isfinite(points).all():
            raise ArgumentError(
                f"draw: `strokes[{number}]` holds a number that is not finite, expected pixels. Leave that"
                " point out."
            )
        lines.append(points)
    if (count := sum(map(len, lines))) > POINTS:
        raise ArgumentError(
            f"draw: `strokes` holds {count:,} points, expected at most {POINTS:,}."
            " Leave out every other point."
        )
    return lines


def _require_number(name: str, value: object, least: float, whole: bool = False) -> None:
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if (
        not isinstance(value, kinds)
        or isinstance(value, bool)
        or not np.isfinite(value)
        or value < least
        or not value
    ):
        kind, bound = ("whole number", f"at least {least:g}") if whole else ("number", f"above {least:g}")
        raise ArgumentError(
            f"draw: `{name}` is {value!r}, expected a {kind} of pixels {bound}. Write {name}="
            f"{'28' if whole else '2.5'}."
        )


def _require_turn_and_shift(degrees: Any, shift: Any) -> tuple[int, int]:
    if not isinstance(degrees, int | float | np.number) or not np.isfinite(degrees):
        raise ArgumentError(
            f"draw: `degrees` is {degrees!r}, expected a finite number. Write degrees=15 to turn it a little"
            " to the left."
        )
    pair = tuple(shift) if isinstance(shift, Sequence | np.ndarray) else ()
    if len(pair) != 2 or not all(
        isinstance(move, int | np.integer) and not isinstance(move, bool) for move in pair
    ):
        raise ArgumentError(
            f"draw: `shift` is {shift!r}, expected two whole numbers of pixels, to the right and down. Write"
            " shift=(5, 0) to move it to the right by 5."
        )
    return int(pair[0]), int(pair[1])
