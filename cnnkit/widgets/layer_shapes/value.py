"""What follows from the settings of a convolution: the arithmetic behind the layer-shape sliders."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import prod
from typing import Any

from cnnkit.errors import ShapeError
from cnnkit.layers import Conv2d, Shape
from cnnkit.shapes import Axis, output_size, same_padding, shape_text

__all__ = ["LayerShape"]


@dataclass(frozen=True, repr=False)
class LayerShape:
    """Seven settings of a convolution over a square image, and everything that follows from them.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int, in pixels
    in_channels, out_channels : int

    Notes
    -----
    The arithmetic is that of `cnnkit.shapes` and `cnnkit.layers`; ``layer_shapes.js`` repeats it for the
    browser. Source of `divides`: CS231n's notes on convolutional networks, "Constraints on strides".

    Examples
    --------
    >>> LayerShape(size=9, kernel_size=7, stride=3, padding=1)
    Conv2d(3, 32, 7, stride=3, padding=1): (3, 9, 9) -> (32, 2, 2)
    output size: floor((9 + 2·1 − 7) / 3) + 1 = floor(4/3) + 1 = 2
    1 of the 11 cells is left over: torch rounds down, CS231n's notes call this stride invalid.
    parameters: 7·7·3·32 + 32 = 4,736
    multiply-adds: 7·7·3·32·2·2 = 18,816
    """

    size: int = 32
    kernel_size: int = 5
    stride: int = 1
    padding: int = 2
    dilation: int = 1
    in_channels: int = 3
    out_channels: int = 32

    @property
    def axis(self) -> Axis:
        """One axis of the image; the other is the same."""
        return Axis(self.size, self.kernel_size, self.stride, self.padding, self.dilation)

    @property
    def layer(self) -> Conv2d:
        """The layer; its repr is torch's call."""
        geometry = (self.kernel_size, self.stride, self.padding, self.dilation)
        return Conv2d(self.in_channels, self.out_channels, *geometry)

    @property
    def code(self) -> str:
        """The layer as torch's call."""
        return repr(self.layer)

    @property
    def formula(self) -> str:
        """The output-size formula with the numbers put in, and its exact value before the floor."""
        return repr(self.axis)

    @property
    def padded(self) -> int:
        """Size with its padding."""
        return self.axis.padded

    @property
    def extent(self) -> int:
        """How many cells the kernel spans, the gaps of its dilation included."""
        return self.axis.extent

    @property
    def exact(self) -> Fraction:
        """The output size before it is rounded down."""
        return self.axis.exact

    @property
    def output(self) -> int:
        """The output size; 0 or less where the kernel does not fit."""
        return self.axis.output

    @property
    def fits(self) -> bool:
        """Whether there is any output."""
        return self.axis.fits

    @property
    def divides(self) -> bool:
        """Whether the last window ends where the padded input ends, as CS231n's notes demand."""
        return self.fits and self.exact.denominator == 1

    @property
    def left_over(self) -> int:
        """Cells of the padded input behind the last window; 0 where there is no window."""
        return (self.padded - self.extent) % self.stride if self.fits else 0

    @property
    def uncovered(self) -> tuple[int, ...]:
        """The input's own cells, along one axis, that no window reads."""
        return self.axis.uncovered

    @property
    def fit_note(self) -> str | None:
        """Whether the windows end where the padded input ends; None where there is no window."""
        if not self.fits:
            return None
        if not self.left_over:
            return "The windows fit exactly."
        verb = "is" if self.left_over == 1 else "are"
        return (
            f"{self.left_over} of the {self.padded} cells {verb} left over: torch rounds down,"
            " CS231n's notes call this stride invalid."
        )

    @property
    def uncovered_note(self) -> str | None:
        """Which of the input's cells no window reads; None where all are read, or none."""
        if not self.fits or not self.uncovered:
            return None
        if len(self.uncovered) > 6:
            return f"No window reads {len(self.uncovered)} of the {self.size} input cells."
        cells = "cell" if len(self.uncovered) == 1 else "cells"
        return f"No window reads input {cells} {', '.join(map(str, self.uncovered))}."

    @property
    def problem(self) -> str | None:
        """Why there is no output, and the cure; None where there is one."""
        try:
            output_size(self.size, self.kernel_size, self.stride, self.padding, self.dilation)
        except ShapeError as error:
            return str(error).removeprefix("output_size: ")
        return None

    @property
    def same_torch(self) -> tuple[int, int] | None:
        """The padding (before, after) that torch's "same" stands for; None where torch has none."""
        if self.stride > 1:
            return None
        return same_padding(self.size, self.kernel_size, dilation=self.dilation)

    @property
    def same_keras(self) -> tuple[int, int]:
        """The padding (before, after) that Keras's "same" stands for."""
        return same_padding(self.size, self.kernel_size, self.stride, self.dilation, convention="keras")

    @property
    def padding_is(self) -> tuple[str, ...]:
        """The names that fit the current padding."""
        named = {"valid": (0, 0), "same (torch)": self.same_torch, "same (Keras)": self.same_keras}
        return tuple(name for name, pads in named.items() if pads == (self.padding, self.padding))

    @property
    def input_shape(self) -> Shape:
        """(C, H, W) of the image."""
        return self.in_channels, self.size, self.size

    @property
    def output_shape(self) -> Shape | None:
        """(C, H, W) of the result; None where there is none."""
        return self.layer.output_shape(self.input_shape) if self.fits else None

    @property
    def weights(self) -> int:
        """Numbers in the kernels."""
        return prod(self.layer.weight_shapes["weight"])

    @property
    def parameters(self) -> int:
        """Weights, and one bias for each filter."""
        return self.layer.parameters

    @property
    def parameter_sum(self) -> str:
        """The parameters as one would count them by hand."""
        return f"{self._weight_product} + {self.out_channels} = {self.parameters:,}"

    @property
    def multiply_adds(self) -> int:
        """Multiplications for one image, each with its addition; 0 where there is no output."""
        return self.layer.multiply_adds(self.input_shape) if self.fits else 0

    @property
    def multiply_add_product(self) -> str | None:
        """The multiply-adds as one would count them by hand; None where there is no output."""
        if not self.fits:
            return None
        return f"{self._weight_product}·{self.output}·{self.output} = {self.multiply_adds:,}"

    @property
    def _weight_product(self) -> str:
        return f"{self.kernel_size}·{self.kernel_size}·{self.in_channels}·{self.out_channels}"

    def as_dict(self) -> dict[str, Any]:
        """Return the settings and all that follows from them as plain data: what the browser computes."""
        computed = (
            *("code", "padded", "extent", "formula", "output", "fits", "divides", "left_over", "uncovered"),
            *(
                "fit_note",
                "uncovered_note",
                "problem",
                "padding_is",
                "same_torch",
                "same_keras",
                "output_shape",
                "weights",
                "parameters",
            ),
            *("parameter_sum", "multiply_adds", "multiply_add_product"),
        )
        values = {name: getattr(self, name) for name in computed}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        return asdict(self) | plain | {"exact": str(self.exact)}

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser."""
        shape = shape_text(self.output_shape) if self.output_shape else "no output"
        lines = [
            f"{self.code}: {shape_text(self.input_shape)} -> {shape}",
            f"output size: {self.formula}",
            self.fit_note,
            self.uncovered_note,
            self.problem,
            f"padding {self.padding} is {' and '.join(self.padding_is)}" if self.padding_is else None,
            f"parameters: {self.parameter_sum}",
            f"multiply-adds: {self.multiply_add_product}" if self.fits else None,
        ]
        return "\n".join(line for line in lines if line)
