"""The noise explorer as a still picture, for where no browser is."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING

from cnnkit.widgets.noise_explorer.value import MANY, counts, standard_error, uniforms

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cnnkit.widgets.noise_explorer.value import Noise

__all__ = ["picture"]

INK, FAINT, BLUE, BAND, VERMILION, ORANGE = "#212121", "#616161", "#0072b2", "#56b4e9", "#d55e00", "#e69f00"
ROW, LINE = 0.15, 0.19  # inches


@lru_cache(maxsize=64)  # cells are run again and again
def picture(made: Noise) -> bytes:
    """Return the measurements of one model, or the scatter of two, with the text above them, as a PNG."""
    from matplotlib.figure import Figure

    title, *rest = repr(made).splitlines()
    notes = [line for note in rest for line in wrap(note, 96)]
    rows = 0 if made.compare else made.draws
    high = 0.7 + ROW * rows + 1.0
    figure = Figure(figsize=(6.6, high + 0.47 + LINE * len(notes)), dpi=150)
    whole = figure.get_figheight()
    figure.text(
        0.02, 1 - 0.2 / whole, "\n".join(wrap(title, 76)), size=10, weight="bold", va="center", color=INK
    )
    for number, line in enumerate(reversed(notes)):
        figure.text(0.02, (0.12 + LINE * number) / whole, line, size=8.5, va="bottom", color=INK)
    axes = figure.add_axes((0.05, (0.52 + LINE * len(notes)) / whole, 0.9, (high - 0.55) / whole))
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set(yticks=[])
    axes.tick_params(labelsize=8, colors=FAINT)
    (_draw_two if made.compare else _draw_one)(axes, made)
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _draw_one(axes: Axes, made: Noise) -> None:
    axes.axvspan(*made.band, color=BAND, alpha=0.2, linewidth=0)
    axes.axvline(made.p, color=INK, linewidth=1.2)
    for row, (share, covered) in enumerate(
        zip(made.windows.accuracies, made.windows.covered, strict=True), start=1
    ):
        colour, mark = (BLUE, "o") if covered else (VERMILION, "D")
        error = 2 * standard_error(share, made.n)
        axes.errorbar(share, -row, xerr=error, fmt=mark, color=colour, markersize=4, linewidth=1, capsize=2)
    ground = -made.draws - 5.5
    _bars(axes, made, made.p, 2, ground, 4.5, BLUE)
    axes.set(ylim=(ground, 0))


def _draw_two(axes: Axes, made: Noise) -> None:
    for index, (p, colour, name) in enumerate(((made.p, BLUE, "A"), (made.p2, ORANGE, "B"))):
        _bars(axes, made, p, 2 + index, 0, 1, colour)
        axes.axvline(p, color=colour, linewidth=1.5)
        axes.annotate(name, (p, 1.05), size=9, weight="bold", color=INK, ha="center", va="bottom")
    axes.set(ylim=(0, 1.2))


def _bars(axes: Axes, made: Noise, p: float, which: int, ground: float, high: float, colour: str) -> None:
    """Draw MANY measurements as bars on the `ground`, the longest one `high`."""
    found: dict[int, int] = {}
    together = max(1, round(made.n * made.se / 3))
    for k in counts(made.n, p, uniforms(made.seed)[which]):
        found[k // together] = found.get(k // together, 0) + 1
    places = [((bin_ + 0.5) * together - 0.5) / made.n for bin_ in found]
    tall = [high * count / max(found.values()) for count in found.values()]
    width = 0.85 * together / made.n
    axes.bar(places, tall, width, bottom=ground, color=colour, alpha=0.8 if high > 1 else 0.6)
    axes.set_xlabel(f"accuracy; bars: {MANY:,} measurements", fontsize=8, color=FAINT)
