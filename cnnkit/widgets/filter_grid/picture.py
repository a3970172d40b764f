"""The filter grid as a still picture, for where no browser is."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from cnnkit.errors import CnnkitError
from cnnkit.filters import in_rows, normalised

if TYPE_CHECKING:
    from cnnkit.widgets.filter_grid import ChosenFilter
    from cnnkit.widgets.filter_grid.network import FilteredImages

__all__ = ["picture"]

INK, FAINT, CHOSEN = "#212121", "#616161", "#e69f00"
MOST = 160  # filters


def picture(source: FilteredImages, chosen: ChosenFilter, columns: int) -> bytes:
    """Return the bank with the chosen filter framed, and the images that it answers most strongly."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    from cnnkit.plot.canvas import signed_colours

    weights = source.weights(chosen.layer)[:MOST]
    columns = columns or (16 if len(weights) > 64 else 8)
    shares = normalised(weights, chosen.scale)
    coloured = chosen.channel < 0
    tiles = np.moveaxis(shares, 1, -1) if coloured else shares[:, max(chosen.channel, 0), ..., None]
    grid = in_rows(tiles, columns)  # (rows, columns, kH, kW, colours)
    rows, _, height, width, _ = grid.shape

    tile = min(3.2 / columns, 0.4)
    deep = max(rows * tile + 0.5, 2.6)
    figure = Figure(figsize=(6.6, deep), dpi=150)
    figure.text(0.02, 1 - 0.2 / deep, repr(chosen), size=8.5, color=INK, va="center", weight="bold")
    for n in range(len(weights)):
        row, column = divmod(n, columns)
        place = (0.02 + column * tile / 6.6, 1 - (0.4 + (row + 1) * tile) / deep)
        axes = figure.add_axes((*place, 0.9 * tile / 6.6, 0.9 * tile / deep))
        each = np.nan_to_num(grid[row, column], nan=0.5)
        axes.imshow(each if coloured else each[..., 0], cmap=signed_colours(), vmin=0, vmax=1)
        axes.axis("off")
        if n == chosen.filter:
            edge = Rectangle((-0.5, -0.5), width, height, fill=False, edgecolor=CHOSEN, linewidth=2)
            edge.set_clip_on(False)
            axes.add_patch(edge)
    left = 0.02 + columns * tile / 6.6 + 0.05
    side = min((0.98 - left) / 3 * 6.6, (deep - 0.7) / 3)
    try:
        answer = source.answer(chosen.layer, chosen.filter, 0)
    except (CnnkitError, RuntimeError):  # the page says why; the filters can be looked at all the same
        answer = {"top": [], "pictures": b"", "shape": [1, 1, 1]}
    shape = (-1, *answer["shape"])
    pictures = np.frombuffer(answer["pictures"], np.uint8).reshape(shape).transpose(0, 2, 3, 1)
    if answer["top"]:
        figure.text(left, 1 - 0.48 / deep, "answered most strongly", size=8, color=FAINT, va="center")
    for n, (image, best) in enumerate(zip(pictures, answer["top"], strict=True)):
        row, column = divmod(n, 3)
        place = (left + column * side / 6.6, 1 - (0.62 + (row + 1) * side) / deep)
        axes = figure.add_axes((*place, 0.92 * side / 6.6, 0.92 * side / deep))
        axes.imshow(image if image.shape[2] == 3 else image[..., 0], cmap="gray")
        top, bottom, start, stop = best["box"]
        axes.add_patch(
            Rectangle((start - 0.5, top - 0.5), stop - start, bottom - top, fill=False, edgecolor=CHOSEN)
        )
        axes.axis("off")
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()
