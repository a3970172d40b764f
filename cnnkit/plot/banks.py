"""A bank of filters as one picture of tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ShapeError
from cnnkit.filters import full_colour, in_rows, normalised, require_scale
from cnnkit.functional.arguments import Array, numbers, whole
from cnnkit.plot.canvas import (
    MUTED,
    WIDTH,
    caption,
    colour_bar,
    limits,
    number,
    open_figure,
    signed_colours,
)
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["filter_grid"]

MOST = 8192


def filter_grid(weight: ArrayLike, columns: int = 8, scale: str = "shared") -> Figure:
    """Draw a bank of filters as one picture of tiles.

    Parameters
    ----------
    weight : (F, C, kH, kW) array of numbers
        With 3 channels each tile is a colour image: 0.5 + weight / (2 · largest |weight|) for red,
        green and blue, so that mid-grey is 0. With 1 channel each tile shows signed weights. With any
        other number each filter is a row and its channels are the columns, signed.
    columns : int
        Tiles in a row; a tile's filter is the number at its row plus the number at its column. Not
        used where the columns are channels.
    scale : "shared" or "own"
        Whether "largest" means of all filters, or of each filter. The figure states it.

    Returns
    -------
    matplotlib.figure.Figure
        The picture is in ``axes[0].images[0]``; its pixels are the weights, the tiles side by side. As an
        array of tiles they are what ``cnnkit.nn.inspect.filter_grid`` gives.

    Raises
    ------
    ShapeError
        Not four axes, or more than 8192 tiles.
    ArgumentError
        A bad `columns` or `scale`, an array that holds no real numbers.

    Examples
    --------
    >>> filter_grid(np.ones((64, 3, 7, 7))).axes[0].images[0].get_array().shape
    (56, 56, 3)
    """
    require_scale("filter_grid", scale)
    weight = numbers("filter_grid", "weight", weight)
    columns = whole("filter_grid", "columns", columns, 1)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ShapeError(
            f"filter_grid: `weight` has shape {shape_text(weight.shape)}, expected (F, C, kH, kW),"
            " nothing empty. Single kernels (F, kH, kW) are weight[:, None]."
        )
    filters, channels, height, width = weight.shape
    if filters * (1 if channels == 3 else channels) > MOST:
        raise ShapeError(
            f"filter_grid: `weight` has {filters} × {channels} kernels, expected at most {MOST}."
            " Show a part: weight[:64, :64]."
        )
    most = full_colour(weight, scale)
    coloured, by_channel = channels == 3, channels not in (1, 3)
    if coloured:
        tiles = np.moveaxis(normalised(weight, scale), 1, -1)  # (F, kH, kW, 3)
    else:
        signed = weight / most[:, None, None, None] if scale == "own" else weight
        tiles = signed.reshape(-1, height, width)
    across = channels if by_channel else min(columns, filters)
    mosaic = _mosaic(tiles, across)

    tall, wide = mosaic.shape[:2]
    tile = min((WIDTH - 1.4) / across, 0.85, 9 * height / tall)  # inches
    figure, axes = open_figure(tile * across + 1.4, max(tile * across * tall / wide, 0.9) + 0.75)
    ax = axes[0, 0]
    bound = 1 if scale == "own" else float(most[0])
    picture = ax.imshow(mosaic, cmap=signed_colours(), vmin=-bound, vmax=bound, interpolation="nearest")
    ax.set_facecolor("none")
    _separate(ax, mosaic.shape, (height, width), len(tiles), tile, framed=not coloured)
    _number_tiles(ax, mosaic.shape, (height, width), by_channel, across)
    _state_scale(figure, ax, picture, coloured, scale, most)
    return figure


def _mosaic(tiles: Array, across: int) -> Array:
    """Return (n, kH, kW, ...) tiles as one picture, `across` in a row; NaN where the last row is short."""
    n, height, width, *colours = tiles.shape
    grid = in_rows(tiles, across)  # (down, across, kH, kW, ...)
    if colours:
        grid.reshape(-1, height, width, *colours)[n:] = 1  # a colour image has no transparent NaN: white
    return np.moveaxis(grid, 1, 2).reshape(len(grid) * height, across * width, *colours)


def _separate(
    ax: Axes, shape: tuple[int, ...], tile: tuple[int, int], count: int, inches: float, framed: bool
) -> None:
    """Draw white gaps between the tiles, and a thin frame around each where white is also a weight."""
    from matplotlib.collections import PolyCollection

    height, width = tile
    down, across = shape[0] // height, shape[1] // width
    gap = min(4.0, 8 * inches)  # points
    for edge in range(1, down):
        ax.axhline(edge * height - 0.5, color="white", linewidth=gap)
    for edge in range(1, across):
        ax.axvline(edge * width - 0.5, color="white", linewidth=gap)
    if framed and inches > 0.25:
        inset = gap / 2 * width / (72 * inches)  # cells
        corner = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        frame = corner * (width - 2 * inset, height - 2 * inset) + inset - 0.5  # (4, 2)
        starts = [(n % across * width, n // across * height) for n in range(count)]
        ax.add_collection(
            PolyCollection(
                [frame + start for start in starts], facecolor="none", edgecolor="#ADB5BD", linewidth=0.7
            )
        )


def _number_tiles(
    ax: Axes, shape: tuple[int, ...], tile: tuple[int, int], by_channel: bool, across: int
) -> None:
    height, width = tile
    down = shape[0] // height
    every_row, every_column = -(-down // 32), -(-across // 32)
    rows, columns = range(0, down, every_row), range(0, across, every_column)
    ax.set_yticks(
        [(row + 0.5) * height - 0.5 for row in rows],
        [str(row if by_channel else row * across) for row in rows],
    )
    ax.set_xticks(
        [(column + 0.5) * width - 0.5 for column in columns],
        [str(column) if by_channel else f"+{column}" for column in columns],
    )
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=8, labelcolor=MUTED)
    ax.spines[:].set_visible(False)
    ax.set_ylabel("filter", fontsize=9, color=MUTED)
    if by_channel:
        ax.set_xlabel("input channel", fontsize=9, color=MUTED)
        ax.xaxis.set_label_position("top")


def _state_scale(figure: Figure, ax: Axes, picture: Any, coloured: bool, scale: str, most: Array) -> None:
    if scale == "own":
        low, high = limits([most])
        range_ = f"{number(low)} to {number(high)}" if low != high else number(low)
        text = f"each filter has its own scale: its largest |weight| ({range_}) is full colour"
    else:
        text = f"one scale for all filters: full colour is ±{number(float(most[0]))}"
    caption(figure, f"{text}; {'mid-grey' if coloured else 'white'} is 0")
    if not coloured and scale == "shared":
        colour_bar(figure, picture, [ax])
