"""A drawing as a value: its strokes, how they are brought into the image, the image, and the code for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError
from cnnkit.strokes import draw

__all__ = ["MOST_POINTS", "Drawing", "Strokes", "require_strokes"]

Strokes = tuple[tuple[tuple[float, float], ...], ...]

SIZE = 28
MOST_STROKES, MOST_POINTS, FARTHEST = 200, 2000, 1000
WIDTH, CENTRED = 2.5, True  # where the pad starts


@dataclass(frozen=True)
class Drawing:
    """What stands on the pad.

    Parameters
    ----------
    strokes : tuple of strokes, each a tuple of points (x, y), in pixels, as `cnnkit.strokes.draw` takes them
    width : float, in pixels, of the pen
    centred : bool, whether the drawing is brought into MNIST's form
    degrees : float, how far it is turned, counterclockwise
    right, down : int, in pixels, how far the finished image is moved

    Examples
    --------
    >>> one = Drawing((((14, 4), (14, 24)),), right=3)
    >>> one.image.shape, one.code
    ((28, 28), 'strokes.draw([[(14, 4), (14, 24)]], centred=True, shift=(3, 0))')
    """

    strokes: Strokes = ()
    width: float = WIDTH
    centred: bool = CENTRED
    degrees: float = 0.0
    right: int = 0
    down: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Drawing:
        """Return the drawing that `as_dict` made plain data of."""
        return cls(**{**settings, "strokes": require_strokes("draw_digit", settings["strokes"])})

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, as the page has it."""
        points = [[list(point) for point in stroke] for stroke in self.strokes]
        return {
            "strokes": points,
            "width": self.width,
            "centred": self.centred,
            "degrees": self.degrees,
            "right": self.right,
            "down": self.down,
        }

    @property
    def image(self) -> NDArray[np.uint8]:
        """What the network gets, (28, 28), 0 to 255; black where nothing is drawn."""
        if not self.strokes:
            return np.zeros((SIZE, SIZE), dtype=np.uint8)
        return draw(self.strokes, SIZE, self.width, self.centred, self.degrees, (self.right, self.down))

    @property
    def code(self) -> str:
        """The call that draws the image again; for an empty pad, an empty image."""
        if not self.strokes:
            return f"np.zeros(({SIZE}, {SIZE}), np.uint8)"
        lines = [", ".join(f"({x:g}, {y:g})" for x, y in stroke) for stroke in self.strokes]
        given = [f"[{', '.join(f'[{line}]' for line in lines)}]"]
        if self.width != WIDTH:
            given += [f"width={self.width:g}"]
        if self.centred:
            given += ["centred=True"]
        if self.degrees:
            given += [f"degrees={self.degrees:g}"]
        if self.right or self.down:
            given += [f"shift=({self.right}, {self.down})"]
        return f"strokes.draw({', '.join(given)})"


def require_strokes(function: str, value: object) -> Strokes:
    """Return strokes as tuples of points, rounded to hundredths of a pixel, so that their code is short.

    Raises
    ------
    ArgumentError
        Something else; too many strokes or points; a point far outside the image.

    Examples
    --------
    >>> require_strokes("draw_digit", [[[14, 4.001], [14, 24]]])
    (((14.0, 4.0), (14.0, 24.0)),)
    """
    given = list(value) if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) else None
    if given is None or len(given) > MOST_STROKES:
        raise ArgumentError(
            f"{function}: `strokes` is {value!r:.60}, expected a list of at most {MOST_STROKES} strokes, each"
            " a list of points. Write [[(14, 4), (14, 24)]]."
        )
    strokes = tuple(_stroke(function, number, stroke) for number, stroke in enumerate(given))
    if (count := sum(map(len, strokes))) > MOST_POINTS:
        raise ArgumentError(
            f"{function}: `strokes` holds {count:,} points, expected at most {MOST_POINTS:,}."
            " Leave out every other point."
        )
    return strokes


def _stroke(function: str, number: int, stroke: object) -> tuple[tuple[float, float], ...]:
    try:
        points = [(float(x), float(y)) for x, y in stroke]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        points = []
    if not points or not all(isfinite(part) and abs(part) <= FARTHEST for point in points for part in point):
        raise ArgumentError(
            f"{function}: `strokes[{number}]` is {stroke!r:.60}, expected points (x, y), two numbers from"
            f" {-FARTHEST} to {FARTHEST} each. A single stroke stands in a list of its own:"
            " [[(14, 4), (14, 24)]]."
        )
    return tuple((round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in points)  # no -0.0
