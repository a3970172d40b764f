"""Small matrices with their numbers in the cells: convolution as it is done on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional import pad
from cnnkit.functional.arguments import Array, numbers, require_axes, whole
from cnnkit.plot.canvas import INK, ORANGE, WIDTH, blank_figure, labels, numerals, several
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["matrix"]

Window = tuple[int, int] | tuple[int, int, int, int]

MOST_ROWS, MOST_COLUMNS = 24, 32
CELL = 0.5  # inches
GAP = 1.0  # cells between two matrices
TITLE = 0.34  # inches above them
MARGIN = 0.06

SHADE, TINT, LINES, FAINT = "#E3E7EB", "#FFE3CC", "#CED4DA", "#495057"


def matrix(
    x: ArrayLike | Sequence[ArrayLike],
    title: str | Sequence[str] | None = None,
    highlight: Window | Sequence[Window | None] | None = None,
    padding: int | Sequence[int] = 0,
    mode: str = "zeros",
    between: str | Sequence[str] | None = None,
) -> Figure:
    """Draw a small matrix, or several side by side, with the numbers in the cells.

    Parameters
    ----------
    x : (H, W) array of numbers, or a list of them
    title, highlight, padding
        One for the one matrix, or a list with one for each.
    title : str
    highlight : (row, column), (row, column, height, width), or None; in cells
        A cell or a window to outline. (0, 0) is the top left cell that is drawn, padding included, so
        that the window of output cell (i, j) is ``(i, j, kH, kW)``.
    padding : int, in cells
        A border to draw around the matrix, shaded.
    mode : "zeros", "reflect", "replicate" or "circular"
        What stands in the border, as in `cnnkit.functional.pad`.
    between : str, or one for each gap
        What to write between the matrices, as in ``between=["∗", "="]``.

    Returns
    -------
    matplotlib.figure.Figure, one axes for each matrix

    Raises
    ------
    ShapeError
        Not two axes, or more than 24 × 32 cells.
    ArgumentError
        A highlight outside its matrix; lists of the wrong length; a bad `padding` or `mode`.

    Examples
    --------
    >>> figure = matrix([[1, 0, 2], [3, 2, 0]], "image", highlight=(0, 0, 3, 3), padding=1)
    >>> [text.get_text() for text in figure.axes[0].texts][:9]
    ['0', '0', '0', '0', '0', '0', '1', '0', '2']
    """
    listed = several(x, (2,))
    parts: list[Any] = list(x) if listed else [x]  # type: ignore[arg-type]
    titles = labels("matrix", "title", title, len(parts), "matrix")
    signs = labels("matrix", "between", between, len(parts) - 1, "gap")
    pads = [
        whole("matrix", "padding", each, 0) for each in _one_each("padding", padding, listed, len(parts), 0)
    ]
    drawn = [_padded(part, amount, mode) for part, amount in zip(parts, pads, strict=True)]
    windows = [
        None if each is None else _window(each, array.shape)
        for each, array in zip(
            _one_each("highlight", highlight, listed, len(parts), None), drawn, strict=True
        )
    ]

    columns = sum(array.shape[1] for array in drawn) + GAP * (len(drawn) - 1)
    rows = max(len(array) for array in drawn)
    cell = min(CELL, (WIDTH - 2 * MARGIN) / columns)
    above = TITLE if any(titles) else MARGIN
    width, height = columns * cell + 2 * MARGIN, rows * cell + above + MARGIN
    figure = blank_figure(width, height)
    left = MARGIN
    for i, (array, name, window) in enumerate(zip(drawn, titles, windows, strict=True)):
        wide, tall = array.shape[1] * cell, len(array) * cell
        middle = MARGIN + rows * cell / 2
        ax = figure.add_axes((left / width, (middle - tall / 2) / height, wide / width, tall / height))
        _draw(ax, array, pads[i], window, cell)
        ax.set_title(name, fontsize=11, color=INK, pad=5)
        left += wide + GAP * cell
        if i < len(signs):
            figure.text(
                (left - GAP * cell / 2) / width,
                middle / height,
                signs[i],
                fontsize=20,
                color=INK,
                ha="center",
                va="center",
            )
    return figure


def _draw(ax: Axes, array: Array, padding: int, window: tuple[int, ...] | None, cell: float) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    rows, columns = array.shape
    inside = np.zeros(array.shape, bool)
    inside[padding : rows - padding, padding : columns - padding] = True
    fill = np.where(inside[..., None], to_rgb("white"), to_rgb(SHADE))
    if window:
        row, column, height, width = window
        fill[row : row + height, column : column + width] *= to_rgb(TINT)  # shading shows through the tint
    ax.imshow(fill, aspect="auto")
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color=LINES, linewidth=0.8, clip_on=False)
    ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color=LINES, linewidth=0.8, clip_on=False)

    def outline(row: int, column: int, height: int, width: int, **how: Any) -> None:
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, fill=False, clip_on=False, **how))

    outline(padding, padding, rows - 2 * padding, columns - 2 * padding, edgecolor=INK, linewidth=1.2)
    if window:
        outline(*window, edgecolor=ORANGE, linewidth=2.6, zorder=3)
    texts = numerals(array)
    size = min(13.0, 72 * cell * 0.88 / (0.62 * max(map(len, texts))))  # points
    for (row, column), text in zip(np.ndindex(array.shape), texts, strict=True):
        colour = INK if inside[row, column] else FAINT
        ax.text(column, row, text, fontsize=size, color=colour, ha="center", va="center_baseline")
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.axis("off")


def _padded(part: ArrayLike, padding: int, mode: str) -> Array:
    array = numbers("matrix", "x", part)
    require_axes("matrix", "x", array, "H W", "Pick one channel, as in x[0].")
    array = pad(array, padding, mode)
    if len(array) > MOST_ROWS or array.shape[1] > MOST_COLUMNS:
        raise ShapeError(
            f"matrix: `x` with its padding has shape {shape_text(array.shape)}, expected at most"
            f" ({MOST_ROWS}, {MOST_COLUMNS}) to be legible. Use images, or show a part: x[:10, :10]."
        )
    return array


def _window(window: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(window, (tuple, list)) and len(window) in (2, 4):
        row, column, height, width = (
            whole("matrix", "highlight", each, least)
            for each, least in zip((*window, 1, 1)[:4], (0, 0, 1, 1), strict=True)
        )
        if row + height <= shape[0] and column + width <= shape[1]:
            return row, column, height, width
    raise ArgumentError(
        f"matrix: `highlight` is {window!r}, expected (row, column) or (row, column, height, width) inside"
        f" the {shape[0]} × {shape[1]} cells that are drawn. Count from 0, padding included."
    )


def _one_each(name: str, value: Any, listed: bool, count: int, none: Any) -> list[Any]:
    if not listed:
        return [value]
    if value == none:
        return [none] * count
    if isinstance(value, (list, tuple)) and len(value) == count:
        return list(value)
    raise ArgumentError(
        f"matrix: `{name}` is {value!r}, expected a list of {count}: one for each matrix."
        f" Write {none} for a matrix without."
    )
