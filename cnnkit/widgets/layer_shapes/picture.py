"""The layer-shape sliders as a still picture, for where no browser is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cnnkit.widgets.layer_shapes.value import LayerShape

__all__ = ["picture"]

# In pixels, as in layer_shapes.js, with the formula above the drawing and the notes below.
WIDTH, MARGIN, RIGHT, TOP, MOST_HEIGHT, LINE = 660, 8, 92, 66, 300, 16
INK, CELL, LINES, WINDOW, OUTPUT = "#212121", "#e0e0e0", "#9e9e9e", "#aad9f4", "#56b4e9"
PICKED, UNREAD, BAD, HALF_BAD = "#e69f00", "#d55e00", "#d32f2f", "#eda6a6"


class _Layout:
    """Where things go: the input across, a row for each window below, its output at the right."""

    def __init__(self, shape: LayerShape) -> None:
        self.shape = shape
        room = WIDTH - MARGIN - RIGHT
        across, rows = max(shape.padded, shape.extent), max(shape.output, 1)
        self.cell = min(30.0, room / across)
        self.left = MARGIN + (room - self.cell * across) / 2
        self.high = max(14.0, min(self.cell, 24.0))
        self.row = min(self.high, MOST_HEIGHT / rows)
        self.out = self.x(across) + 40
        self.bottom = self.y(rows)

    def x(self, column: float) -> float:
        return self.left + column * self.cell

    def y(self, row: float) -> float:
        return TOP + self.high + 12 + row * self.row


@lru_cache(maxsize=64)  # cells are run again and again
def picture(shape: LayerShape) -> bytes:
    """Return the drawing of `shape` as a PNG, with the first window picked out."""
    from matplotlib.figure import Figure

    at = _Layout(shape)
    _, formula, *notes = repr(shape).splitlines()
    lines = [line for note in notes for line in wrap(note, 105)]
    height = at.bottom + 22 + LINE * len(lines)
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")

    tone = INK if shape.fits else BAD
    axes.text(
        MARGIN, 16, formula.removeprefix("output size: "), size=11, weight="bold", va="center", color=tone
    )
    for number, line in enumerate(lines):
        axes.text(MARGIN, at.bottom + 20 + LINE * number, line, size=8.5, va="center", color=tone)
    _draw_input(axes, at)
    (_draw_windows if shape.fits else _draw_misfit)(axes, at)

    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _draw_input(axes: Axes, at: _Layout) -> None:
    shape = at.shape
    start, stop = shape.padding, shape.padding + shape.size
    for first, last, words in (
        (0, start, f"padding {start}"),
        (start, stop, f"input {shape.size}"),
        (stop, shape.padded, f"padding {start}"),
    ):
        _brace(axes, at.x(first), at.x(last) - 1.5, words)
    outside = [(at.x(column), TOP) for column in (*range(start), *range(stop, shape.padded))]
    own = [(at.x(column), TOP) for column in range(start, stop)]
    unread = [(at.x(start + cell), TOP) for cell in shape.uncovered] if shape.fits else []
    _boxes(axes, outside, at.cell, at.high, facecolor="none", edgecolor=LINES, linestyle="dashed")
    _boxes(axes, own, at.cell, at.high, facecolor=CELL)
    _boxes(axes, unread, at.cell, at.bottom - TOP, facecolor=UNREAD, alpha=0.12)
    _boxes(axes, unread, at.cell, at.high, facecolor="none", edgecolor=UNREAD, hatch="////")
    if at.cell >= 18:
        for cell in range(shape.size):
            _label(axes, at.x(start + cell + 0.5), TOP + at.high / 2, cell, 7)


def _draw_windows(axes: Axes, at: _Layout) -> None:
    shape = at.shape
    taps = range(0, shape.extent, shape.dilation)
    merged = shape.dilation == 1 and at.cell <= 5  # too small for the single cells to be seen
    starts = range(0, shape.output * shape.stride, shape.stride)
    steps = (0,) if merged else taps
    corners = [(at.x(start + tap), at.y(index)) for index, start in enumerate(starts) for tap in steps]
    outputs = [(at.out, at.y(index)) for index in range(shape.output)]
    _boxes(axes, corners, at.cell * (shape.extent if merged else 1), at.row, facecolor=WINDOW)
    _boxes(axes, outputs, 26, at.row, facecolor=OUTPUT)
    _boxes(axes, [(at.x(tap), TOP) for tap in taps], at.cell, at.high, facecolor="none", edgecolor=PICKED)
    _boxes(axes, [(at.x(tap), at.y(0)) for tap in taps], at.cell, at.row, facecolor=PICKED)
    _boxes(axes, outputs[:1], 26, at.row, facecolor=PICKED)
    middle = at.y(0.5) - 0.75
    arrow = {"arrowstyle": "->", "color": PICKED, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (at.out - 3, middle), (at.x(shape.extent), middle), arrowprops=arrow)
    _label(axes, at.out + 13, TOP - 15, f"output {shape.output}", 8.5)
    if at.row >= 12:
        for index in range(shape.output):
            _label(axes, at.out + 12.25, at.y(index + 0.5), index, 7)


def _draw_misfit(axes: Axes, at: _Layout) -> None:
    taps = range(0, at.shape.extent, at.shape.dilation)
    corners = [(at.x(tap), at.y(0)) for tap in taps]
    inside = [corner for corner in corners if corner[0] < at.x(at.shape.padded)]
    _boxes(axes, inside, at.cell, at.high, facecolor=HALF_BAD)
    _boxes(axes, corners[len(inside) :], at.cell, at.high, facecolor=BAD)
    edge = at.x(at.shape.padded) - 0.75
    axes.plot([edge, edge], [TOP - 4, at.bottom + 6], color=BAD, linestyle="dashed")


def _boxes(
    axes: Axes, corners: Iterable[tuple[float, float]], width: float, height: float, **style: Any
) -> None:
    """Draw equal boxes, a little apart where they are large enough to be told from each other."""
    from matplotlib.collections import PolyCollection

    w, h = (length - 1.5 if length > 5 else length for length in (width, height))
    verts = [((x, y), (x + w, y), (x + w, y + h), (x, y + h)) for x, y in corners]
    axes.add_collection(PolyCollection(verts, **({"linewidth": "edgecolor" in style} | style)), autolim=False)


def _brace(axes: Axes, start: float, stop: float, words: str) -> None:
    if stop > start:
        axes.plot([start, start, stop, stop], [TOP - 4, TOP - 9, TOP - 9, TOP - 4], color=LINES, linewidth=1)
        narrow = stop - start < 6.5 * len(words)
        _label(axes, (start + stop) / 2, TOP - 16, words.split()[1] if narrow else words, 8.5)


def _label(axes: Axes, x: float, y: float, words: object, size: float) -> None:
    axes.text(x, y, str(words), size=size, ha="center", va="center", color=INK)
