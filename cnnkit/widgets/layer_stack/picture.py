"""The layer stack as a still picture, for where no browser is."""

from __future__ import annotations

from io import BytesIO
from math import log2
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from cnnkit.shapes import shape_text
from cnnkit.widgets.parts.network_json import stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["picture"]

# In pixels, as in stack_rows.css.
WIDTH, TOP, ROW, BOX, LINE = 700, 44, 30, (54, 26), 16
NAME, CODE, MADE, BARS, NUMBERS, SEES = 78, 146, 368, 462, 562, 690
BAR = 92
INK, FAINT, LINES, CELL, BAD = "#212121", "#616161", "#bdbdbd", "#e0e0e0", "#d32f2f"
BLUE, ORANGE = "#56b4e9", "#e69f00"
COUNTED = {"trainable": ORANGE, "multiply_adds": BLUE}


def picture(network: dict[str, Any]) -> bytes:
    """Return the stack of a network given as plain data, as a PNG."""
    from matplotlib.figure import Figure

    told = stages(network)
    first = {"name": "input", "code": "", "input_shape": None, "output_shape": network["input_shape"]}
    rows = [first, *told["rows"]]
    end = TOP + ROW * len(rows)
    problem = wrap(told["problem"] or "", 100)
    height = end + 24 + LINE * max(len(problem), 1)
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    _heading(axes)
    shapes = [row["output_shape"] for row in rows if row["output_shape"]]
    most = max(64, *(shape[0] for shape in shapes)), max(32, *(size for s in shapes for size in (1, *s[1:])))
    sums = {name: sum(row.get(name) or 0 for row in rows) for name in COUNTED}
    for place, row in enumerate(rows):
        middle = TOP + ROW * (place + 0.5)
        axes.plot([8, WIDTH - 8], [middle - ROW / 2] * 2, color=LINES, linewidth=0.5)
        _row(axes, row, middle, most, sums)
    axes.plot([8, WIDTH - 8], [end] * 2, color=INK, linewidth=0.8)
    for line, words in enumerate(problem):
        _write(axes, NAME, end + 20 + LINE * line, words, color=BAD)
    if told["totals"]:
        _total(axes, told["totals"], end + 20)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _heading(axes: Axes) -> None:
    for x, words in ((NAME, "Layer"), (MADE, "Output")):
        _write(axes, x, 30, words, color=FAINT)
    _write(axes, SEES, 30, "Sees", color=FAINT, ha="right")
    for words, colour, y in (("parameters", ORANGE, 16), ("multiply-adds", BLUE, 30)):
        _box(axes, BARS, y - 4.5, 9, 9, colour)
        _write(axes, BARS + 15, y, words, color=FAINT)


def _row(axes: Axes, row: dict[str, Any], middle: float, most: tuple[int, int], sums: dict[str, int]) -> None:
    made, tone = row["output_shape"], BAD if row.get("problem") else INK if row["output_shape"] else FAINT
    if made:
        width, height = _scaled(made[0], most[0], BOX[0]), _scaled(max((1, *made[1:])), most[1], BOX[1])
        plain = made == row["input_shape"] and not row.get("weights")
        _box(axes, 36 - width / 2, middle - height / 2, width, height, CELL if plain else BLUE)
    _write(axes, NAME, middle, row["name"], color=tone, weight="bold")
    code = row["code"] if len(row["code"]) <= 40 else f"{row['code'][:39]}…"
    _write(axes, CODE, middle, code, size=7.5, color=FAINT, family="monospace")
    words = shape_text(tuple(made)) if made else "no output" if row.get("problem") else "no size yet"
    _write(axes, MADE, middle, words, color=tone)
    for place, (name, colour) in enumerate(COUNTED.items()):
        count, y = row.get(name) or 0, middle - 10 + 11 * place
        if count:
            _box(axes, BARS, y, max(BAR * count / sums[name], 0.5), 8, colour)
            _write(axes, NUMBERS, y + 4, f"{count:,}", size=7.5)
    if row.get("receptive_field") and made:
        _write(axes, SEES, middle, "×".join(map(str, row["receptive_field"]["size"])), ha="right")


def _total(axes: Axes, totals: dict[str, int], y: float) -> None:
    _write(axes, NAME, y, "Total", weight="bold")
    for place, name in enumerate(COUNTED):
        _write(axes, NUMBERS, y - 6 + 13 * place, f"{totals[name]:,}", weight="bold")


def _scaled(count: int, most: int, room: int) -> float:
    return 3 + (room - 3) * log2(count) / log2(max(most, 2))


def _box(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, linewidth=0))


def _write(axes: Axes, x: float, y: float, words: str, **style: Any) -> None:
    usual: dict[str, Any] = {"size": 8.5, "va": "center", "color": INK, "parse_math": False}
    axes.text(x, y, words, **usual | style)
