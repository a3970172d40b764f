"""What runs have learnt: curves with their uncertainty, and one change seen before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.errors import ArgumentError
from cnnkit.plot.canvas import CURVES, INK, caption, open_figure
from cnnkit.plot.curves import MARKERS, STYLES, dress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["before_after", "learning_curves"]

METRICS = {"loss": "cross-entropy loss (nats)", "accuracy": "accuracy"}
X = {
    "examples": "examples seen",
    "updates": "updates",
    "epoch": "epoch",
    "cpu_seconds": "CPU seconds of training",
}
ERRORS = {"loss": "loss_standard_error", "accuracy": "standard_error"}
PARTS = {"running": "training, running", "train": "training", "validation": "validation"}


def learning_curves(run: Any, metric: str = "loss", x: str = "examples", title: str = "") -> Figure:
    """Draw what a run learnt: training (running and in evaluation mode) and validation.

    Parameters
    ----------
    run : Run, as ``cnnkit.nn.fit`` returns it
    metric : "loss" or "accuracy"
    x : "examples", "updates", "epoch" or "cpu_seconds"
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        A band of two standard errors about each curve that is measured in evaluation mode: how far other
        images could have moved it. The running curve is measured while the weights change and with dropout
        on, so that it may lie on the worse side of validation without any deeper reason.

    Raises
    ------
    ArgumentError
        An unknown `metric` or `x`, or a run without history.
    """
    _require("learning_curves", metric, x)
    rows = _history("learning_curves", run)
    figure, axes = open_figure(7.2, 3.8)
    ax = axes[0, 0]
    for place, (part, label) in enumerate(PARTS.items()):
        measured = [(getattr(row, x), getattr(row, part)) for row in rows if getattr(row, part) is not None]
        at = np.array([where for where, _ in measured])
        values = np.array([getattr(each, metric) for _, each in measured])
        margin = np.array([2 * getattr(each, ERRORS[metric]) for _, each in measured])
        _draw(ax, place, label, at, values, margin if part != "running" else None)
    best = next((row for row in reversed(rows) if row.best), None)
    if best is not None:
        ax.axvline(getattr(best, x), color=INK, linewidth=0.9, linestyle=":")
        ax.annotate(
            "kept",
            (getattr(best, x), 1.0),
            (3, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=INK,
        )
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, handlelength=3)
    dress(ax, X[x], METRICS[metric], _titled(title, [run]), False)
    caption(figure, "Bands: two standard errors of the measurement.")
    return figure


def before_after(
    groups: Mapping[str, Sequence[Any]], metric: str = "accuracy", x: str = "examples", title: str = ""
) -> Figure:
    """Draw the validation curves of several settings in one axes, each the mean over its seeds.

    Parameters
    ----------
    groups : dict of name to runs that differ in their seed alone, such as {"before": [...], "after": [...]}
        The runs of a group were evaluated after the same numbers of examples.
    metric, x, title : as for `learning_curves`

    Returns
    -------
    matplotlib.figure.Figure
        Bands are two standard errors of the mean: the spread between seeds and that the split is a sample,
        as in ``cnnkit.nn.compare``.

    Raises
    ------
    ArgumentError
        No group, an empty one, more than 7, or runs that were evaluated at different times.
    """
    _require("before_after", metric, x)
    if not isinstance(groups, Mapping) or not groups or len(groups) > len(CURVES) or not all(groups.values()):
        raise ArgumentError(
            f"before_after: `groups` holds {len(groups)} groups, expected a dict of 1 to {len(CURVES)} names,"
            ' each with at least 1 run. Write for instance {"before": [run], "after": [other]}.'
        )
    figure, axes = open_figure(7.2, 3.8)
    ax = axes[0, 0]
    every = [run for runs in groups.values() for run in runs]
    for place, (name, runs) in enumerate(groups.items()):
        histories = [_history("before_after", run) for run in runs]
        if len({tuple(row.examples for row in rows) for rows in histories}) > 1:
            raise ArgumentError(
                f"before_after: the runs of `{name}` were evaluated after different numbers of examples,"
                " expected the same. Train them with one budget and one `evaluate_every`."
            )
        at = np.mean([[getattr(row, x) for row in rows] for rows in histories], axis=0)
        values = np.array([[getattr(row.validation, metric) for row in rows] for rows in histories])
        errors = np.array([[getattr(row.validation, ERRORS[metric]) for row in rows] for rows in histories])
        spread = values.var(axis=0, ddof=1) / len(runs) if len(runs) > 1 else 0.0
        margin = 2 * np.sqrt(spread + errors.mean(axis=0) ** 2)
        seeds = "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"
        _draw(ax, place, f"{name} ({seeds})", at, values.mean(axis=0), margin)
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, handlelength=3)
    dress(ax, X[x], f"validation {METRICS[metric]}", _titled(title, every), False)
    caption(figure, "Bands: two standard errors of the mean, over seeds and images.")
    return figure


def _draw(ax: Any, place: int, label: str, at: Any, values: Any, margin: Any) -> None:
    colour = CURVES[place % len(CURVES)]
    ax.plot(
        at,
        values,
        label=label,
        color=colour,
        linestyle=STYLES[place % len(STYLES)],
        marker=MARKERS[place % len(MARKERS)] if len(at) <= 40 else None,
        markersize=4.5,
        linewidth=1.8,
    )
    if margin is not None:
        ax.fill_between(at, values - margin, values + margin, color=colour, alpha=0.15, linewidth=0)


def _require(function: str, metric: str, x: str) -> None:
    for name, value, known in (("metric", metric, METRICS), ("x", x, X)):
        if value not in known:
            raise ArgumentError(
                f"{function}: `{name}` is {value!r}, expected one of {', '.join(known)}. Take one of these."
            )


def _history(function: str, run: Any) -> Sequence[Any]:
    rows: Sequence[Any] = getattr(run, "history", ())
    if not rows:
        raise ArgumentError(
            f"{function}: `run` has no history, expected at least 1 evaluation. Give what nn.fit returned."
        )
    return rows


def _titled(title: str, runs: Sequence[Any]) -> str:
    """Return the title with the data that stood in, so that no picture passes for another."""
    stand_ins = sorted({run.stand_in for run in runs if run.stand_in})
    return " · ".join([*([title] if title else []), *(f"stand-in data: {name}" for name in stand_ins)])
