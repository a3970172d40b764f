"""The training dashboard as a still picture, for where no browser is: the curves so far, or the network."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from cnnkit.widgets.training_dashboard.value import windowed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cnnkit.nn import Run
    from cnnkit.widgets.training_dashboard import TrainingDashboard

__all__ = ["picture"]

INK, FAINT, TRAIN, VALIDATION = "#212121", "#757575", "#c34a00", "#0072b2"
WIDTH = 9.0  # inches


def picture(board: TrainingDashboard) -> bytes:
    """Return the dashboard as a PNG."""
    from matplotlib.figure import Figure

    run, live = board.run, board._live
    if run is None or live is None or not run.history:
        figure = _network(board)
    else:
        figure = Figure(figsize=(WIDTH, 3.2), dpi=110, layout="constrained")
        running = windowed(live.curve.array().astype(float).tolist(), board.window)
        for ax, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            _curves(ax, run, running, metric, board.x_axis, board.window)
        first = repr(board).splitlines()[0].removeprefix("training_dashboard: ")
        figure.suptitle(f"{first}\n{repr(board.value).splitlines()[0]}", size=9.5, color=INK)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _curves(ax: Axes, run: Run, running: list[dict[str, float]], metric: str, x: str, window: int) -> None:
    ax.plot(
        [row[x] for row in running],
        [row[metric] for row in running],
        color=FAINT,
        linewidth=0.9,
        label=f"training, last {window:,}",
    )
    at = [getattr(row, x) for row in run.history]
    error = "loss_standard_error" if metric == "loss" else "standard_error"
    for part, colour, style in (("train", TRAIN, "--"), ("validation", VALIDATION, "-")):
        found: list[Any] = [getattr(row, part) for row in run.history]
        values = [getattr(each, metric) for each in found]
        words = "training" if part == "train" else f"validation ± 2 SE (n = {found[-1].n:,})"
        marker = ("s" if part == "train" else "o") if len(at) <= 40 else None
        ax.plot(at, values, style, color=colour, linewidth=1.6, marker=marker, markersize=3.5, label=words)
        if part == "validation":
            margins = [2 * getattr(each, error) for each in found]
            low, high = ([v + s * m for v, m in zip(values, margins, strict=True)] for s in (-1, 1))
            ax.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    for change in {change.updates: change for change in run.changes}.values():
        ax.axvline(getattr(change, x), color=INK, linewidth=0.8, linestyle=":")
    ax.set_xlabel("examples seen" if x == "examples" else "updates", size=9)
    ax.set_title("Loss (cross-entropy, nats)" if metric == "loss" else "Accuracy", size=9.5, loc="left")
    ax.set_ylim(bottom=0)
    if metric == "accuracy":
        ax.set_ylim(0, 1.02)
        ax.yaxis.set_major_formatter("{x:.0%}")
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.25)
    ax.legend(frameon=False, fontsize=8)


def _network(board: TrainingDashboard) -> Figure:
    """Return the network as a list of its layers, and that it is not trained yet."""
    from matplotlib.figure import Figure

    record = board.network
    lines = [(row["name"], row["code"], row["output"], row["parameters"]) for row in record["layers"]]
    high = 0.24 * (len(lines) + 5)
    figure = Figure(figsize=(WIDTH, high), dpi=110)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 100), ylim=(len(lines) + 4.5, 0))
    ax.axis("off")
    title, *rest = repr(board).splitlines()
    ax.text(
        2, 1, title.removeprefix("training_dashboard: "), size=10.5, weight="bold", color=INK, va="center"
    )
    ax.text(2, 2, rest[0], size=9.5, color=INK, va="center")
    for place, (name, code, output, parameters) in enumerate(lines, start=3):
        for x, words in ((2, name), (14, code), (60, output), (76, parameters)):
            ax.text(x, place + 0.4, words, size=8.5, family="monospace", color=INK, va="center")
    return figure
