"""What all figures share: their width, their colours, and how one is opened."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import Array

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "BLUE", "CURVES", "INK", "MUTED", "ORANGE", "WIDTH",
    "blank_figure", "caption", "colour_bar", "labels", "largest", "limits", "number", "numerals",
    "open_figure", "several", "signed_colours",
]  # fmt: skip

WIDTH = 9.0  # inches; at matplotlib's 100 dots per inch this fits JupyterLab beside its file browser

# Okabe & Ito, Color Universal Design (2008); without yellow, which is too light for lines on white.
BLUE, ORANGE = "#0072B2", "#D55E00"
CURVES = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, MUTED = "#212529", "#6C757D"


def blank_figure(width: float, height: float, layout: str | None = None) -> Figure:
    """Return a new figure, in inches, without axes.

    pyplot makes it, so that notebooks know how to display it, and then forgets it: otherwise a cell
    would show it twice, once as its value and once more when the cell ends.
    """
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(width, height), layout=layout)
    plt.close(figure)
    return figure


def open_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Array]:
    """Return a new figure, in inches, and its axes as a (rows, columns) array."""
    figure = blank_figure(width, height, "constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def signed_colours() -> Colormap:
    """Return the colour map of signed numbers: blue below zero, white at zero, orange above."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = ["#00406B", BLUE, "#8FC1E3", "#FFFFFF", "#F5B183", ORANGE, "#7A3300"]
    return LinearSegmentedColormap.from_list("cnnkit.signed", colours)


def limits(arrays: Sequence[Array]) -> tuple[float, float]:
    """Return the smallest and the largest finite value; (0, 1) where there is none."""
    finite = [array[np.isfinite(array)] for array in arrays]
    finite = [array for array in finite if array.size]
    if not finite:
        return 0.0, 1.0
    return float(min(array.min() for array in finite)), float(max(array.max() for array in finite))


def number(value: float, digits: int = 3) -> str:
    """Return a number as it is printed in a figure: integers whole, others to `digits` digits."""
    text = f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.{digits}g}"
    return "0" if text in ("-0", "-0.0") else text.replace("-", "−")


def numerals(array: Array) -> list[str]:
    """Return the numbers of an array as they stand in its cells: all with the same decimals.

    The largest keeps three digits, so that sizes can be compared at a glance.
    """
    largest = max(map(abs, limits([array])))
    finite = array[np.isfinite(array)]
    if (finite == np.round(finite)).all() or not 1e-3 <= largest < 1e5:
        return [number(value) for value in array.ravel().tolist()]
    decimals = max(0, 2 - floor(log10(largest)))
    rounded = (np.round(array, decimals) + 0).ravel().tolist()  # + 0: no −0.00
    return [f"{value:.{decimals}f}".replace("-", "−") for value in rounded]


def caption(figure: Figure, text: str) -> None:
    """Write a small line below a figure, broken to its width."""
    wrapped = textwrap.fill(text, max(16, int(figure.get_figwidth() * 14)))
    figure.supxlabel(wrapped, fontsize=8, color=MUTED)


def labels(function: str, name: str, values: object, count: int, what: str) -> list[str]:
    """Return `values` as `count` strings; raise where there are more or fewer."""
    if values is None:
        return [""] * count
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, (Sequence, np.ndarray)) or len(values) != count:
        got = f"{len(values)} long" if isinstance(values, (Sequence, np.ndarray)) else repr(values)
        raise ArgumentError(
            f"{function}: `{name}` is {got}, expected {count}: one for each {what}."
            f" Give a list of {count} strings."
        )
    return [str(value) for value in values]


def several(x: object, axes: tuple[int, ...]) -> bool:
    """Return whether `x` is a list of arrays with so many axes each, rather than one nested list."""
    if not isinstance(x, (list, tuple)) or not x:
        return False
    try:
        return all(np.ndim(each) in axes for each in x)
    except ValueError:  # rows of different lengths inside one of them: whoever reads that one complains
        return True


def largest(weight: Array) -> float:
    """Return the largest finite |weight|, or 1 where all are zero."""
    return max(map(abs, limits([weight]))) or 1.0


def colour_bar(figure: Figure, picture: Any, axes: list[Any]) -> None:
    """Draw the signed scale of `picture` beside `axes`."""
    bar = figure.colorbar(
        picture, ax=axes, shrink=min(0.9, 2.2 / figure.get_figheight()), aspect=16, pad=0.02, anchor=(0, 1)
    )
    most = float(picture.norm.vmax)
    bar.set_ticks([-most, 0, most], labels=[number(-most), "0", number(most)])
    bar.ax.tick_params(labelsize=8, labelcolor=MUTED, length=0)
    bar.outline.set_visible(False)
