"""Convolution stepper: one window after the other, with every number to be changed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.functional.arguments import Array, numbers
from cnnkit.functional.border import MODES
from cnnkit.widgets.convolution_stepper.mistakes import words
from cnnkit.widgets.convolution_stepper.value import KERNELS, PADDINGS, Convolution
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.forgetful import ForgetfulWidget
from cnnkit.widgets.parts.settings import Choice, Number, Switch, WholeNumber

__all__ = ["IMAGE", "Convolution", "ConvolutionStepper", "convolution_stepper"]

MOST = {"x": (4, 10, 12), "kernel": (4, 5, 5)}  # channels, rows, columns: what a page holds
LARGEST = 1e6
# A bright band across the diagonal: every kernel of `KERNELS` makes something of it.
IMAGE = [[0, 0, 1, 3, 4, 4], [0, 1, 3, 4, 4, 2], [1, 3, 4, 4, 1, 0], [2, 4, 4, 1, 0, 0], [4, 4, 2, 0, 0, 1]]
SETTINGS = ("x", "kernel", "bias", "padding", "mode", "stride", "dilation", "flip")


class Planes(traitlets.List):  # type: ignore[type-arg]
    """A small image or kernel, kept as lists of lists of lists: channels, rows, columns."""

    def validate(self, obj: Any, value: Any) -> list[list[list[float]]]:
        """Return `value` with an axis of channels, or say what is wrong with it."""
        array = numbers(obj.called, str(self.name), value)
        if array.ndim == 2:
            array = array[None]
        most = MOST[str(self.name)]
        if array.ndim != 3 or 0 in array.shape or any(np.greater(array.shape, most)):
            shape = np.shape(value)
            raise ArgumentError(
                f"{obj.called}: `{self.name}` has shape {shape}, expected 1 to {most[1]} rows and"
                f" 1 to {most[2]} columns, and no more than {most[0]} channels in front."
                " Cut out a part of it."
            )
        if not (np.abs(array) <= LARGEST).all():
            worst = array[~(np.abs(array) <= LARGEST)][0]
            raise ArgumentError(
                f"{obj.called}: `{self.name}` holds {worst:g}, expected numbers from {-LARGEST:g} to"
                f" {LARGEST:g}. Scale it first."
            )
        plain: list[list[list[float]]] = (array.astype(int) if array.dtype == bool else array).tolist()
        return plain


class ConvolutionStepper(ForgetfulWidget):
    """A small image, a kernel, and their convolution cell by cell, to be changed, watched and predicted.

    The attributes named as in `Convolution` are the settings: set one, and the page follows.
    `convolution_stepper` makes one of these.
    """

    called = "convolution_stepper"
    _esm = script(called)
    _css = style(called)
    asked = SETTINGS
    given = ("predictions", "shown")

    x = Planes().tag(sync=True)
    kernel = Planes().tag(sync=True)
    bias = Number(-LARGEST, LARGEST, "Scale it first.").tag(sync=True)
    padding = Choice(PADDINGS).tag(sync=True)
    mode = Choice(MODES).tag(sync=True)
    stride = WholeNumber(1, 4, "cells").tag(sync=True)
    dilation = WholeNumber(1, 3, "cells").tag(sync=True)
    flip = Switch(False).tag(sync=True)
    step = WholeNumber(0, 9999).tag(sync=True)
    reached = WholeNumber(0, 9999).tag(sync=True)  # the last output cell that is filled in
    channel = WholeNumber(0, MOST["x"][0] - 1).tag(sync=True)
    predict = Switch(False).tag(sync=True)
    predictions = traitlets.Dict().tag(
        sync=True
    )  # the output cell's place in reading order -> what was typed
    shown: traitlets.List[int] = traitlets.List().tag(sync=True)  # cells that the student asked to be shown
    kernels = traitlets.Dict(read_only=True).tag(sync=True)
    words = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        self.set_trait("kernels", KERNELS)
        self.set_trait("words", words())
        super().__init__(**settings)
        self.observe(self._reach, "step")

    def _reach(self, change: Any) -> None:
        self.reached = max(self.reached, change["new"])

    @traitlets.validate("x", "kernel")
    def _keep_channels(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        other = {"x": "kernel", "kernel": "x"}[name]
        counts = len(proposal["value"]), len(getattr(self, other))
        if counts[1] and counts[0] != counts[1]:
            raise ArgumentError(
                f"{self.called}: `{name}` has {counts[0]} channels, expected {counts[1]}, as `{other}` has."
                " Make a new stepper for another number of channels."
            )
        return proposal["value"]

    @property
    def value(self) -> Convolution:
        """The settings as they stand now, with the whole output and the window looked at."""
        rest = {name: getattr(self, name) for name in (*SETTINGS[3:], "step")}
        bias = int(self.bias) if self.bias == int(self.bias) else self.bias
        return Convolution(_array(self.x), _array(self.kernel), bias, **rest)

    @property
    def answer(self) -> Array:
        """The cells predicted so far, each as it was typed last; NaN where none was. Shape of the output."""
        answer = np.full(self.value.output.shape, np.nan)
        for place, typed in self.predictions.items():
            if int(place) < answer.size:
                answer.flat[int(place)] = typed
        return answer

    def picture(self) -> bytes:
        """Return the arrays and the window looked at, as a PNG."""
        from cnnkit.widgets.convolution_stepper.picture import picture

        return picture(self.value, self.answer if self.predict else None)

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser; it gives no prediction away."""
        if not self.predict:
            return repr(self.value)
        count = len(self.predictions)
        return f"{self.value.text(self.answer, hidden=True)}\n\n{count} of {self.answer.size} cells predicted"


def _array(planes: list[list[list[float]]]) -> Array:
    """Return the array of a setting: integers where all are whole, no axis of channels where there is one."""
    array = np.array(planes)
    if array.dtype.kind == "f" and (array == np.trunc(array)).all():
        array = array.astype(np.int64)
    return array[0] if len(array) == 1 else array


def convolution_stepper(
    x: ArrayLike | None = None,
    kernel: ArrayLike | str = "Sobel x",
    bias: float = 0,
    padding: str = "same",
    mode: str = "zeros",
    stride: int = 1,
    dilation: int = 1,
    flip: bool = False,
    predict: bool = False,
) -> ConvolutionStepper:
    """Return a convolution to step through, window by window, with cells to type into.

    Parameters
    ----------
    x : (H, W) array of numbers, or (C, H, W); at most 10 × 12 and 4 channels
        An example image unless given.
    kernel : (kH, kW) array of numbers, or (C, kH, kW), or a name; at most 5 × 5
        A name is one of `KERNELS`, such as "Sobel x", "box", "Laplacian". With two axes, or by name, every
        channel gets the same.
    bias : number
    padding : "valid", "same" or "full"
    mode : "zeros", "reflect", "replicate" or "circular"
    stride, dilation : int, in cells; 1 to 4, and 1 to 3
    flip : bool
        Turn the kernel by 180° first (convolution); as it is written otherwise (cross-correlation).
    predict : bool
        Hide the output: the student types each cell, and is told whether it is right, or which mistake
        it looks like.

    Returns
    -------
    ConvolutionStepper
        Shown as the last line of a cell. Its `value` holds all arrays; its `answer` what was predicted.

    Raises
    ------
    ArgumentError
        A setting that cannot be; different channels.
    ShapeError
        Rows of different lengths.

    Examples
    --------
    >>> stepper = convolution_stepper([[1, 2, 4], [0, 1, 3]], [[1, -1]], padding="valid")
    >>> stepper.value.output
    array([[-1, -2],
           [-1, -2]])
    >>> stepper.flip = True
    >>> stepper.value.output
    array([[1, 2],
           [1, 2]])
    """
    x = numbers("convolution_stepper", "x", IMAGE if x is None else x)
    if isinstance(kernel, str):
        if kernel not in KERNELS:
            listed = ", ".join(map(repr, KERNELS))
            raise ArgumentError(
                f"convolution_stepper: `kernel` is {kernel!r}, expected an array, or one of {listed}."
                f" {did_you_mean(kernel, KERNELS)}"
            )
        kernel = KERNELS[kernel]
    weight = numbers("convolution_stepper", "kernel", kernel)
    if weight.ndim == 2 and x.ndim == 3:
        weight = np.repeat(weight[None], len(x), axis=0)
    channels = len(x) if x.ndim == 3 else 1
    if weight.ndim == 3 and len(weight) != channels:
        raise ArgumentError(
            f"convolution_stepper: `kernel` has {len(weight)} channels, expected {channels}, as `x` has."
            " Give a kernel with two axes to use it for every channel."
        )
    return ConvolutionStepper(
        x=x,
        kernel=weight,
        bias=bias,
        padding=padding,
        mode=mode,
        stride=stride,
        dilation=dilation,
        flip=flip,
        predict=predict,
    )
