"""Draw a digit: what a network makes of it, layer after layer, while the pen moves.

A successor of Adam Harley's page (2015), "An Interactive Node-Link Visualization of Convolutional Neural
Networks".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnkit.errors import ArgumentError, CnnkitError, DataDamagedError
from cnnkit.widgets.draw_digit.network import MNIST_MOMENTS, Reader
from cnnkit.widgets.draw_digit.value import SIZE, Drawing, Strokes, require_strokes
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget, in_grading
from cnnkit.widgets.parts.settings import Choice, Number, Switch, WholeNumber

__all__ = ["DrawDigit", "Drawing", "draw_digit"]

SETTINGS = ("strokes", "width", "centred", "degrees", "right", "down")
TOP = 3


class _Strokes(traitlets.TraitType):  # type: ignore[type-arg]
    """Pen strokes, rounded to hundredths of a pixel."""

    default_value: Strokes = ()

    def validate(self, obj: Any, value: Any) -> Strokes:
        """Return `value` as tuples, or say what is wrong with it."""
        return require_strokes(obj.called, value)


class DrawDigit(PicturedWidget):
    """A pad to draw a digit on, and all that a network makes of it.

    The attributes `strokes`, `width`, `centred`, `degrees`, `right` and `down` are those of `Drawing`: set
    one, and the page follows. `draw_digit` makes one of these.
    """

    called = "draw_digit"
    _esm = script(called)
    _css = style(called)

    strokes = _Strokes().tag(sync=True)
    width = Number(0.5, 8, "Give the pen's width in pixels.").tag(sync=True)
    centred = Switch(True).tag(sync=True)
    degrees = Number(-180, 180, "Give the angle in degrees, counterclockwise.").tag(sync=True)
    right = WholeNumber(-SIZE, SIZE, "pixels").tag(sync=True)
    down = WholeNumber(-SIZE, SIZE, "pixels").tag(sync=True)
    scale = Choice(("shared", "own")).tag(sync=True)

    names = traitlets.Tuple(read_only=True).tag(sync=True)
    network = traitlets.Dict(read_only=True).tag(sync=True)
    weights = traitlets.Bytes(read_only=True).tag(sync=True)
    answer = traitlets.Dict(read_only=True).tag(sync=True)  # by the kernel, where the page cannot compute
    _kept = traitlets.Dict().tag(sync=True)

    def __init__(self, reader: Reader, names: Iterable[str], file: Path | None, **settings: Any) -> None:
        network, weights = ({}, b"") if in_grading() else reader.settings()
        self._reader = reader
        self._file: Path | None = None  # nothing is written before there is something new
        super().__init__(_kept={} if in_grading() else _read(file), **settings)
        self.set_trait("names", tuple(map(str, names)))
        self.set_trait("network", network)
        self.set_trait("weights", weights)
        self._file = file
        self.on_msg(self._look)

    @property
    def drawing(self) -> Drawing:
        """What stands on the pad."""
        return Drawing(**{name: getattr(self, name) for name in SETTINGS})

    @property
    def value(self) -> NDArray[np.uint8]:
        """What the network gets: (28, 28), 0 to 255."""
        return self.drawing.image

    @property
    def code(self) -> str:
        """A call of `cnnkit.strokes.draw` that makes `value` again."""
        return self.drawing.code

    @property
    def prediction(self) -> tuple[tuple[int, float], ...]:
        """The three likeliest classes, the best first, each with its probability; none on an empty pad."""
        if not self.strokes:
            return ()
        p = self._reader.probabilities(self.value)
        best = np.argsort(-p, kind="stable")[:TOP]
        return tuple((int(n), float(p[n])) for n in best)

    @property
    def kept(self) -> dict[str, Drawing]:
        """The drawings that were kept, by name; each has an `image` and a `code`."""
        return {name: Drawing.of(settings) for name, settings in self._kept.items()}

    @property
    def kept_code(self) -> str:
        """A line of code for each drawing that was kept, for the cell of an answer."""
        return "\n".join(f'drawings["{name}"] = {drawing.code}' for name, drawing in self.kept.items())

    def keep(self, name: str) -> Drawing:
        """Keep what stands on the pad, as the button *Keep* does.

        Parameters
        ----------
        name : str
            What stood there under this name is replaced.

        Raises
        ------
        ArgumentError
            A name that is empty, too long, or no plain line of text.
        """
        if not isinstance(name, str) or not 1 <= len(name) <= 40 or set(name) & set('"\\\n\r'):
            raise ArgumentError(
                f"{self.called}: `name` is {name!r:.60}, expected 1 to 40 letters without quotes, backslashes"
                " and line breaks. Give a word, such as 'sure'."
            )
        self._kept = self._kept | {name: self.drawing.as_dict()}
        return self.drawing

    @traitlets.observe("_kept")
    def _write(self, _: Any) -> None:
        if self._file is None:
            return
        try:
            _write(self._file, self._kept)
        except OSError as error:
            problem = f"`{self._file}` cannot be written: {error}. Copy the code into a cell."
            self.set_trait("answer", self.answer | {"problem": problem})

    def _look(self, _: Any, content: Any, __: Any) -> None:
        """Answer a page that cannot compute the network."""
        if not isinstance(content, dict) or not content.get("look"):
            return
        try:
            image = Drawing.of(content["look"]).image
            outputs = [output.astype("<f4").tobytes() for _, _, output in self._reader.outputs(image)]
            probabilities = self._reader.probabilities(image).tolist()
            answer = {"probabilities": probabilities, "outputs": outputs, "problem": ""}
        except Exception as error:
            answer = {"problem": f"The kernel could not compute it: {error}"}
        self.set_trait("answer", answer)

    def picture(self) -> bytes:
        """Return the drawing, the answer and the first layer's maps as a PNG."""
        from cnnkit.widgets.draw_digit.picture import picture

        return picture(self.drawing, self.prediction, self._reader)

    def __repr__(self) -> str:
        """Return what is drawn, and what the network answers, as a text."""
        if not self.strokes:
            return "draw_digit: nothing is drawn yet."
        lines = [f"draw_digit: {self.code}"]
        if not in_grading():
            said = ", ".join(f"{digit} at {share:.3f}" for digit, share in self.prediction)
            lines.append(f"{self._reader.name} answers: {said}")
        lines += [f"kept as {name}: {drawing.code}" for name, drawing in self.kept.items()]
        return "\n".join(lines)


def _read(file: Path | None) -> dict[str, Any]:
    if file is None or not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): Drawing.of(settings).as_dict() for name, settings in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, CnnkitError) as error:
        raise DataDamagedError(
            f"draw_digit: `file` is {str(file)!r}, expected drawings as this function writes them: {error}."
            " Move the file away, and draw anew."
        ) from error


def _write(file: Path, kept: dict[str, Any]) -> None:
    beside = file.with_name(f"{file.name}.part")
    beside.write_text(json.dumps(kept), encoding="utf-8")
    beside.replace(file)


def draw_digit(
    model: Any = None,
    *,
    strokes: Sequence[ArrayLike] = (),
    width: float = 2.5,
    centred: bool = True,
    names: Iterable[str] = (),
    file: str | os.PathLike[str] | None = None,
    mean: float = MNIST_MOMENTS[0],
    std: float = MNIST_MOMENTS[1],
) -> DrawDigit:
    """Return a pad to draw a digit on, with everything that a network makes of it.

    Parameters
    ----------
    model : torch.nn.Module, Run, or str, optional
        A network of grey images of 28 by 28 pixels; a text is the name of a trained one. Without it, the
        course's own ``nn.pretrained("digits")``. The page computes it by itself, as the pen moves; a network
        with layers that it does not know is computed by the kernel, after each stroke.
    strokes : sequence of (n, 2) arrays of numbers, in pixels
        What is drawn at the start, as `cnnkit.strokes.draw` takes it.
    width : float, in pixels, of the pen
    centred : bool
        Whether the drawing is brought into MNIST's form.
    names : iterable of str
        What drawings are first kept as.
    file : path, optional
        Where the drawings that are kept are written as well, and read from at the start.
    mean, std : float
        Of the images that the network was trained on, 0 to 1; MNIST's.

    Returns
    -------
    DrawDigit
        Shown as the last line of a cell. Its `value` is the image, its `prediction` the answer, its `code` a
        line that draws the image again; `kept` holds the drawings that were kept.

    Raises
    ------
    ArgumentError
        Strokes or numbers that are none, no network.
    ShapeError
        A network of other images.
    DataDamagedError
        `file` holds something else.

    Examples
    --------
    >>> pad = draw_digit(strokes=[[(14, 4), (14, 24)]])
    >>> pad.prediction[0][0], pad.value.shape
    (1, (28, 28))
    >>> pad.right = 4
    >>> pad.code
    'strokes.draw([[(14, 4), (14, 24)]], centred=True, shift=(4, 0))'
    """
    for name, value in (("mean", mean), ("std", std)):
        if not isinstance(value, int | float) or not np.isfinite(value) or (name == "std" and value <= 0):
            raise ArgumentError(
                f"draw_digit: `{name}` is {value!r}, expected a number{' above 0' if name == 'std' else ''}."
                " Leave it out for a network of MNIST."
            )
    path = None if file is None else Path(file)
    return DrawDigit(Reader(model, mean, std), names, path, strokes=strokes, width=width, centred=centred)
