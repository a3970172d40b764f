"""The parameter ledger as a still picture, for where no browser is."""

from __future__ import annotations

from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cnnkit.widgets.parameter_ledger.table import LedgerTable, TableRow

__all__ = ["picture"]

# In pixels: where each column ends, as on the page.
WIDTH, MARGIN, TOP, ROW, THIN, LINE = 760, 10, 62, 36, 20, 15
ENDS = {"output": 230, "parameters": 390, "multiply-adds": 560, "neurons": 650, "bytes": 750}
BARS = {"parameters": 140, "multiply-adds": 150}  # the longest bar of each
INK, FAINT, LINES = "#212121", "#616161", "#bdbdbd"
KINDS = {"Conv2d": "#56b4e9", "Linear": "#e69f00"}  # as in parameter_ledger.css
OTHER = "#999999"
KEPT = ("ReLU", "ReLU6", "Tanh", "Sigmoid", "Softmax", "Dropout")


def picture(table: LedgerTable) -> bytes:
    """Return the table with its bars as a PNG; layers without weights that keep sizes are left out."""
    from matplotlib.figure import Figure

    rows = [row for row in table.rows if row.kind not in KEPT]
    heights = [ROW if _tall(row) else THIN + 4 for row in rows]
    told = [
        line
        for row in table.marked.rows
        if row.message and not row.shown
        for line in wrap(f"✗ {row.name}: {row.typed}. {row.message}", 118)
    ]
    whole = all(map(table.known, (row.name for row in rows)))
    height = TOP + sum(heights) + 14 + LINE * len(told) + (96 if whole else 0)
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    _text(axes, MARGIN, 18, table.title, size=9.5, weight="bold")
    _text(axes, MARGIN, TOP - 14, "layer", color=FAINT)
    for name, end in ENDS.items():
        _text(axes, end, TOP - 14, name, ha="right", color=INK if name == table.marked.ask else FAINT)
    y = float(TOP)
    for row, high in zip(rows, heights, strict=True):
        _draw_row(axes, table, row, y)
        y += high
    y += 14
    for line in told:
        _text(axes, MARGIN, y, line, size=8)
        y += LINE
    if whole:
        _draw_wholes(axes, rows, y)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _tall(row: TableRow) -> bool:
    return row.kind is not None and row.cells["parameters"][0] != 0


def _draw_row(axes: Axes, table: LedgerTable, row: TableRow, y: float) -> None:
    axes.plot([MARGIN, ENDS["bytes"]], [y, y], color=INK if row.kind is None else LINES, linewidth=0.7)
    weight = "bold" if row.kind is None else "normal"
    _text(axes, MARGIN, y + 12, row.name, weight="bold")
    for name, end in ENDS.items():
        _text(axes, end, y + 12, table.text(row, name), ha="right", weight=weight)
        value, words = row.cells[name]
        if table.hidden(row.name, name) or not value or row.kind is None:
            continue
        if name in BARS and isinstance(value, int):
            most = max(n for each in table.rows[:-1] if isinstance(n := each.cells[name][0], int))
            length = BARS[name] * value / most
            axes.fill_between([end - length, end], y + 20, y + 24, color=KINDS.get(row.kind, OTHER), lw=0)
            _text(axes, end, y + 30, words or "", ha="right", size=6.3, color=FAINT)


def _draw_wholes(axes: Axes, rows: list[TableRow], y: float) -> None:
    """Draw where all parameters are, and where all work is."""
    *layers, total = rows
    for name in BARS:
        whole = total.cells[name][0]
        if not isinstance(whole, int) or not whole:
            continue
        _text(axes, MARGIN, y + 4, f"{whole:,} {name}", size=8.5)
        x, room = float(MARGIN), ENDS["bytes"] - MARGIN
        for row in layers:
            part = row.cells[name][0]
            length = room * part / whole if isinstance(part, int) else 0
            axes.fill_between(
                [x, x + length], y + 13, y + 31, color=KINDS.get(row.kind or "", OTHER), ec="white", lw=0.8
            )
            if length > 60:
                _text(axes, x + length / 2, y + 22, f"{row.name} {length / room:.0%}", ha="center", size=7.5)
            x += length
        y += 46


def _text(
    axes: Axes,
    x: float,
    y: float,
    words: str,
    *,
    size: float = 8.5,
    ha: str = "left",
    color: str = INK,
    weight: str = "normal",
) -> None:
    axes.text(x, y, words, size=size, ha=ha, va="center", color=color, weight=weight)
