"""The drawing pad as a still picture, for where no browser is."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cnnkit.widgets.draw_digit.network import Reader
    from cnnkit.widgets.draw_digit.value import Drawing

__all__ = ["picture"]

INK, FAINT, BAR = "#212121", "#616161", "#0072b2"
MAPS = 16  # of a layer, at most
LAYERS = 6


def picture(drawing: Drawing, prediction: tuple[tuple[int, float], ...], reader: Reader) -> bytes:
    """Return the drawing, the likeliest digits and the maps of the layers as a PNG."""
    outputs = reader.outputs(drawing.image) if drawing.strokes else []
    maps = [(name, output[:MAPS]) for name, _, output in outputs if output.ndim == 3][:LAYERS]
    return _drawn(drawing, prediction, tuple((name, array.tobytes(), array.shape) for name, array in maps))


@lru_cache(maxsize=16)  # cells are run again and again
def _drawn(
    drawing: Drawing,
    prediction: tuple[tuple[int, float], ...],
    maps: tuple[tuple[str, bytes, tuple[int, ...]], ...],
) -> bytes:
    from matplotlib.figure import Figure

    from cnnkit.plot.canvas import signed_colours

    figure = Figure(figsize=(6.6, 2.0 + 0.42 * len(maps)), dpi=150)
    height = figure.get_figheight()
    pad = figure.add_axes((0.02, 1 - 1.85 / height, 0.26, 1.7 / height))
    pad.imshow(drawing.image, cmap="gray", vmin=0, vmax=255)
    pad.axis("off")
    bars = figure.add_axes((0.36, 1 - 1.7 / height, 0.5, 1.4 / height))
    _draw_answer(bars, prediction)
    for place, (name, data, shape) in enumerate(maps):
        array = np.frombuffer(data, np.float32).reshape(shape)
        most = float(np.abs(array).max()) or 1.0
        bottom = 1 - (2.3 + 0.42 * place) / height
        figure.text(0.02, bottom + 0.15 / height, name, size=8, color=FAINT, va="center")
        for number, each in enumerate(array):
            axes = figure.add_axes((0.1 + 0.056 * number, bottom, 0.05, 0.34 / height))
            axes.imshow(each, cmap=signed_colours(), vmin=-most, vmax=most, interpolation="nearest")
            axes.axis("off")
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _draw_answer(axes: Any, prediction: tuple[tuple[int, float], ...]) -> None:
    axes.axis("off")
    if not prediction:
        axes.text(0, 0.5, "A pad to draw a digit on: run the cell in JupyterLab.", size=9, color=INK)
        return
    axes.set(xlim=(-0.1, 1.25), ylim=(len(prediction) - 0.4, -0.6))
    axes.barh(range(len(prediction)), [share for _, share in prediction], height=0.4, color=BAR)
    for place, (digit, share) in enumerate(prediction):
        axes.text(-0.05, place, str(digit), size=14, ha="right", va="center", color=INK)
        axes.text(share + 0.02, place, f"{share:.3f}", size=9, va="center", color=INK)
