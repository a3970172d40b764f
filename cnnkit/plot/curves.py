"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional.arguments import Array, numbers
from cnnkit.plot.canvas import CURVES, INK, MUTED, open_figure
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MARKERS", "STYLES", "dress", "history"]

STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MOST = 14
FEW = 40  # points that can carry a marker each


def history(
    curves: Mapping[str, ArrayLike],
    x: ArrayLike | Mapping[str, ArrayLike] | None = None,
    xlabel: str = "epoch",
    ylabel: str = "",
    title: str = "",
) -> Figure:
    """Draw learning curves into one axes.

    Parameters
    ----------
    curves : dict of name to (n,) array of numbers
        Loss, accuracy, ... in the order of the legend. NaN leaves a gap.
    x : (n,) array of numbers, a dict of name to such arrays, or None for 1, 2, 3, ...
        Where the points stand; a dict where the curves were not measured at the same times.
    xlabel, ylabel, title : str
        With their units: "epoch", "examples seen", "cross-entropy loss (nats)".

    Returns
    -------
    matplotlib.figure.Figure
        Curves differ in colour, line and marker, so that they can be told apart in grey too.

    Raises
    ------
    ShapeError
        A curve that is no row of numbers, or that has not as many points as its `x`.
    ArgumentError
        `curves` is no dict, or empty, or holds more than 14; `x` lacks a curve; something holds no
        real numbers.

    Examples
    --------
    >>> figure = history({"training": [2.3, 1.1, 0.7], "validation": [2.2, 1.3, 1.1]}, ylabel="loss (nats)")
    >>> figure.axes[0].lines[1].get_ydata().tolist()
    [2.2, 1.3, 1.1]
    """
    if not isinstance(curves, Mapping) or not curves:
        got = "empty" if isinstance(curves, Mapping) else f"of type {type(curves).__name__}"
        raise ArgumentError(
            f"history: `curves` is {got}, expected a dict of name to numbers."
            ' Write for instance {"training loss": [2.3, 1.1]}.'
        )
    if len(curves) > MOST:
        raise ArgumentError(
            f"history: `curves` holds {len(curves)} curves, expected at most {MOST} to be told apart."
            " Draw them in several figures."
        )
    drawn = {name: _points(name, values, x) for name, values in curves.items()}
    figure, axes = open_figure(7.2, 3.8)
    ax = axes[0, 0]
    for i, (name, (at, values)) in enumerate(drawn.items()):
        few = len(values) <= FEW
        ax.plot(
            at,
            values,
            label=name,
            color=CURVES[i % len(CURVES)],
            linestyle=STYLES[i % len(STYLES)],
            marker=MARKERS[i % len(MARKERS)] if few else None,
            markersize=4.5,
            linewidth=1.8,
        )
    ax.legend(ax.lines, drawn, frameon=False, fontsize=9, labelcolor=INK, handlelength=3)
    dress(ax, xlabel, ylabel, title, all((at == np.round(at)).all() for at, _ in drawn.values()))
    return figure


def _points(name: str, values: ArrayLike, x: object) -> tuple[Array, Array]:
    y = numbers("history", f"curves[{name!r}]", values)
    if y.ndim != 1 or not len(y):
        raise ShapeError(
            f"history: `curves[{name!r}]` has shape {shape_text(y.shape)}, expected (n,), n at least 1."
            " Give one number for each epoch."
        )
    if x is None:
        return np.arange(1, len(y) + 1), y
    if isinstance(x, Mapping) and name not in x:
        raise ArgumentError(
            f"history: `x` has no entry {name!r}, expected one for each curve."
            f" Add it, or leave x out to count 1, 2, 3."
        )
    at = numbers("history", "x", x[name] if isinstance(x, Mapping) else x)  # type: ignore[arg-type]
    if at.shape != y.shape:
        raise ShapeError(
            f"history: `x` has shape {shape_text(at.shape)} for `curves[{name!r}]`, expected"
            f" {shape_text(y.shape)}: one for each of its points. Give x as a dict where curves differ."
        )
    return at, y


def dress(ax: Axes, xlabel: str, ylabel: str, title: str, whole_numbers: bool) -> None:
    """Give axes their words, their grid and their quiet frame."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(xlabel, fontsize=10, color=INK)
    ax.set_ylabel(ylabel, fontsize=10, color=INK)
    ax.set_title(title, fontsize=11, color=INK, loc="left")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=whole_numbers))
    ax.grid(True, color="#E9ECEF", linewidth=0.9)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#ADB5BD")
    ax.tick_params(labelsize=9, labelcolor=MUTED, color="#ADB5BD")
