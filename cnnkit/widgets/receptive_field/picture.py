"""The receptive field as a still picture, for where no browser is."""

from __future__ import annotations

from io import BytesIO
from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnkit.widgets.receptive_field.value import SeenUnit, steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cnnkit.widgets.receptive_field.measured import Measured

__all__ = ["picture"]

# In pixels, and the colours of page.css.
WIDTH, MARGIN, SIDE, TOP, LINE = 660, 10, 310, 26, 15
INK, FAINT, LINES, CELL = "#212121", "#616161", "#bdbdbd", "#e0e0e0"
ORANGE, BLUE = "#e69f00", "#56b4e9"
COLUMNS = {"layer": 10, "window": 90, "sees": 300, "jump": 460, "start": 540}


def picture(
    seen: SeenUnit, pixels: NDArray[np.uint8], measured: Measured | None, neighbours: bool = False
) -> bytes:
    """Return the image with the unit's box, the layer's units, and the recursion, as a PNG."""
    from matplotlib.figure import Figure

    caption = wrap(seen.caption, 92) + ([f"Measured: {measured!r}"] if measured else [])
    below = TOP + SIDE + 14
    height = below + LINE * (len(caption) + len(seen.steps) + 1) + 14
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=150)
    ring = _ring(seen)
    rows, columns = pixels.shape[:2]
    total = max(rows, columns) + 2 * ring

    def place(left: float, top: float, across: float, down: float) -> tuple[float, float, float, float]:
        return left / WIDTH, 1 - (top + down) / height, across / WIDTH, down / height

    scale = SIDE / total
    size = ((columns + 2 * ring) * scale, (rows + 2 * ring) * scale)
    image = figure.add_axes(
        place(MARGIN, TOP, *size),
        xlim=(-ring - 0.5, columns + ring - 0.5),
        ylim=(rows + ring - 0.5, -ring - 0.5),
        xticks=[],
        yticks=[],
        facecolor="#f0f0f0",
    )
    _draw_image(image, seen, pixels, measured, neighbours)
    high, wide = seen.step.sizes
    grid = figure.add_axes(
        place(WIDTH - MARGIN - SIDE, TOP, SIDE, SIDE),
        xlim=(-0.5, max(high, wide) - 0.5),
        ylim=(max(high, wide) - 0.5, -0.5),
    )
    _draw_grid(grid, seen, neighbours)
    words = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0), facecolor="none")
    words.axis("off")
    _write(words, seen, caption, below)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _ring(seen: SeenUnit) -> int:
    """How far beyond the image windows reach; no further than it pays to draw."""
    image = seen.network.input_shape[1:]
    reach = [1]
    for step in steps(seen.network):
        for axis, size in enumerate(image):
            end = (step.sizes[axis] - 1) * step.jump[axis] + step.start[axis] + step.size[axis]
            reach += [-step.start[axis], end - size]
    return min(max(reach), -(-max(image) // 2))


def _draw_image(
    axes: Axes, seen: SeenUnit, pixels: NDArray[np.uint8], measured: Measured | None, neighbours: bool
) -> None:
    rows, columns = pixels.shape[:2]
    axes.spines[:].set_visible(False)
    if not seen.sees_all:
        _box(axes, seen.window, edgecolor=ORANGE, linewidth=0, hatch="/////", zorder=0)
    shown = pixels
    if measured is not None:
        grey = 0.45 * pixels.mean(axis=2, keepdims=True) / 255
        most = measured.map.max() or 1
        share = (measured.map / most)[..., None] ** 0.75
        alpha = np.where(measured.map[..., None] > 0, 0.16 + 0.84 * share, 0)
        heat = np.concatenate([np.ones_like(share), 0.55 + 0.39 * share, 0.59 * share**2], axis=2)
        shown = np.rint(255 * (grey * (1 - alpha) + heat * alpha)).astype(np.uint8)
    axes.imshow(shown, extent=(-0.5, columns - 0.5, rows - 0.5, -0.5), interpolation="nearest", aspect="auto")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    if neighbours and not seen.sees_all:
        for unit in _around(seen):
            _box(axes, SeenUnit(seen.network, seen.layer, unit).window, edgecolor=BLUE, linewidth=0.8)
    if seen.sees_all:
        _box(axes, seen.window, edgecolor="white", linewidth=1, linestyle="dashed")
    box = seen.box if seen.sees_all else seen.window
    _box(axes, box, edgecolor="black", linewidth=3.4, alpha=0.5)
    _box(axes, box, edgecolor=ORANGE, linewidth=1.8)


def _box(axes: Axes, box: tuple[slice, slice], **style: object) -> None:
    from matplotlib.patches import Rectangle

    rows, columns = box
    corner = (columns.start - 0.5, rows.start - 0.5)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    axes.add_patch(Rectangle(corner, *size, fill=False, **style))  # type: ignore[arg-type]


def _around(seen: SeenUnit) -> list[tuple[int, int]]:
    (row, column), (rows, columns) = seen.unit, seen.step.sizes
    near = product(range(row - 1, row + 2), range(column - 1, column + 2))
    return [(r, c) for r, c in near if (r, c) != seen.unit and 0 <= r < rows and 0 <= c < columns]


def _draw_grid(axes: Axes, seen: SeenUnit, neighbours: bool) -> None:
    axes.axis("off")
    high, wide = seen.step.sizes
    shades = np.full((high, wide, 3), 0.88)
    shades[seen.unit] = [0.902, 0.624, 0]
    for unit in _around(seen) if neighbours else []:
        shades[unit] = [0.61, 0.8, 0.92]
    axes.imshow(shades, interpolation="nearest")
    most = max(high, wide)
    axes.set(xlim=(-0.5, most - 0.5), ylim=(most - 0.5, -0.5))
    if most <= 64:
        axes.vlines(np.arange(wide + 1) - 0.5, -0.5, high - 0.5, color="white", linewidth=0.7)
        axes.hlines(np.arange(high + 1) - 0.5, -0.5, wide - 0.5, color="white", linewidth=0.7)


def _write(axes: Axes, seen: SeenUnit, caption: list[str], y: float) -> None:
    high, wide = seen.step.sizes
    image = "×".join(map(str, seen.network.input_shape[1:]))
    _text(axes, MARGIN, 14, f"image, {image}", color=FAINT)
    _text(axes, WIDTH - MARGIN - SIDE, 14, f"{seen.layer}: {high} × {wide} units", color=FAINT)
    for line in caption:
        _text(axes, MARGIN, y, line, weight="bold")
        y += LINE
    for name, x in COLUMNS.items():
        _text(axes, x, y + 4, name, color=FAINT)
    for step in seen.steps:
        y += LINE
        cells = (step.name, step.window, step.sees, step.jumps, step.starts)
        for x, words in zip(COLUMNS.values(), cells, strict=True):
            _text(axes, x, y + 4, words)


def _text(axes: Axes, x: float, y: float, words: str, color: str = INK, weight: str = "normal") -> None:
    axes.text(x, y, words, size=8, va="center", color=color, weight=weight)
