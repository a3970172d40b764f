"""Kernels as signed colours, with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ShapeError
from cnnkit.filters import require_scale
from cnnkit.functional.arguments import Array, numbers, whole
from cnnkit.plot.canvas import (
    INK,
    MUTED,
    WIDTH,
    colour_bar,
    labels,
    largest,
    number,
    numerals,
    open_figure,
    signed_colours,
)
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["kernels"]

MOST = 64


def kernels(
    weight: ArrayLike,
    scale: str = "shared",
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> Figure:
    """Draw kernels as signed colours, with their numbers where there is room.

    Parameters
    ----------
    weight : (kH, kW), (F, kH, kW) or (F, C, kH, kW) array of numbers
        With four axes each filter is a row and each input channel a column.
    scale : "shared" or "own"
        Whether the same colour means the same weight in all kernels, or each has its own scale; the
        figure states it. White is always 0.
    titles : one string for each kernel, or None
    columns : int, or None for up to 8
        Kernels in a row; not used with four axes.

    Returns
    -------
    matplotlib.figure.Figure, one axes for each kernel; a shared scale adds one for its colour bar

    Raises
    ------
    ShapeError
        No such shape, or more than 64 kernels.
    ArgumentError
        A bad `scale`, a wrong number of titles, an array that holds no real numbers.

    Examples
    --------
    >>> figure = kernels([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    >>> [text.get_text() for text in figure.axes[0].texts][:3]
    ['−1', '0', '1']
    """
    require_scale("kernels", scale)
    weight = numbers("kernels", "weight", weight)
    if weight.ndim not in (2, 3, 4) or 0 in weight.shape:
        raise ShapeError(
            f"kernels: `weight` has shape {shape_text(weight.shape)}, expected (kH, kW), (F, kH, kW) or"
            " (F, C, kH, kW), nothing empty. Write a single row as [[1, 2, 3]]."
        )
    stack = weight.reshape(-1, *weight.shape[-2:])
    if len(stack) > MOST:
        raise ShapeError(
            f"kernels: `weight` holds {len(stack)} kernels, expected at most {MOST}."
            " Use filter_grid, or show a part: weight[:8]."
        )
    names = labels("kernels", "titles", titles, len(stack), "kernel")
    if weight.ndim == 4:
        across = weight.shape[1]
        names = names if titles else [f"filter {f}, channel {c}" for f, c in np.ndindex(weight.shape[:2])]
    else:
        across = min(len(stack), 8 if columns is None else whole("kernels", "columns", columns, 1))
    rows = -(-len(stack) // across)
    tall = min(stack.shape[1] / stack.shape[2], 3)
    side = min((WIDTH - 0.9) / across, 2.4, 9 / (rows * tall))  # inches
    figure, axes = open_figure(side * across + 0.9, rows * (side * tall + 0.35), rows, across)
    common = largest(stack)
    for ax, kernel, name in zip(axes.flat, stack, names, strict=False):
        most = common if scale == "shared" else largest(kernel)
        picture = ax.imshow(kernel, cmap=signed_colours(), vmin=-most, vmax=most)
        _write(ax, picture, kernel, cell=0.9 * side / max(kernel.shape))
        ax.set_title(name, fontsize=9 if side > 1.2 else 7, color=INK, pad=4)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color="#ADB5BD", linewidth=0.8)
        if scale == "own":
            ax.set_xlabel(f"±{number(most)}", fontsize=8, color=MUTED, labelpad=3)
    for ax in axes.flat[len(stack) :]:
        ax.remove()
    if scale == "shared":
        colour_bar(figure, picture, list(axes.flat[: len(stack)]))
    return figure


def _write(ax: Axes, picture: Any, kernel: Array, cell: float) -> None:
    """Write each weight into its cell, unless cells (in inches) are too small for the longest text."""
    texts = numerals(kernel)
    size = min(13.0, 72 * cell * 0.9 / (0.62 * max(len(text) for text in texts)))  # points
    if size < 6.5:
        return
    rows, columns = kernel.shape
    ax.hlines(np.arange(1, rows) - 0.5, -0.5, columns - 0.5, color="#CED4DA", linewidth=0.6)
    ax.vlines(np.arange(1, columns) - 0.5, -0.5, rows - 0.5, color="#CED4DA", linewidth=0.6)
    for (row, column), text in zip(np.ndindex(kernel.shape), texts, strict=True):
        red, green, blue, _ = picture.to_rgba(kernel[row, column])
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color="white" if dark else INK)
