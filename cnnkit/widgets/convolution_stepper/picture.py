"""The convolution stepper as a still picture, for where no browser is."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnkit.functional.arguments import Array
    from cnnkit.widgets.convolution_stepper.value import Convolution

__all__ = ["picture"]


def picture(made: Convolution, answer: Array | None = None) -> bytes:
    """Return input, kernel and output as a PNG, the window looked at outlined; `answer` hides the output."""
    from cnnkit.plot import matrix

    parts, titles, marks = [], [], []
    ring = made.border[0][0] if len({side for sides in made.border for side in sides}) == 1 else 0
    rings = []
    x = made.x if made.x.ndim == 3 else made.x[None]
    kernel = made.laid if made.x.ndim == 3 else made.laid[None]
    if made.problem:
        figure = matrix([x[0], kernel[0]], ["input", "kernel, which fits nowhere"])
    else:
        rows, columns = made.window
        frame = (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        turned = ", turned by 180°" if made.flip else ""
        for channel, (plane, weight) in enumerate(zip(x, kernel, strict=True)):
            which = f" {channel}" if len(x) > 1 else ""
            whole = made.padded if made.x.ndim == 2 else made.padded[channel]
            parts += [plane if ring else whole, weight]
            titles += [f"input{which}", f"kernel{which}{turned}"]
            marks += [frame, None]
            rings += [ring, 0]
        output = made.output if answer is None else answer
        figure = matrix(
            [*parts, output],
            [*titles, "output" if answer is None else "predicted so far"],
            highlight=[*marks, made.cell],
            padding=[*rings, 0],
            mode=made.mode,
            between=["⋆" if place % 2 == 0 else "+" for place in range(len(parts) - 1)] + ["="],
        )
        for text in figure.axes[-1].texts:
            text.set_text(text.get_text().replace("nan", "·"))  # not predicted yet
    png = BytesIO()
    figure.savefig(png, format="png", dpi=150)
    return png.getvalue()
