"""What every layer of a `Net` is: two functions, and the weights that a trainer may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.convnetjs.spec import LayerSpec

__all__ = ["Array", "Layer", "Parameter", "Windowed"]

Array = NDArray[Any]


@dataclass
class Parameter:
    """Weights with their summed gradients, and how strongly they decay."""

    value: Array
    grad: Array
    l1_decay_mul: float = 0.0
    l2_decay_mul: float = 0.0

    @classmethod
    def of(cls, value: Array, l1_decay_mul: float = 0.0, l2_decay_mul: float = 0.0) -> Parameter:
        """Return a parameter without gradient."""
        return cls(value, np.zeros_like(value), l1_decay_mul, l2_decay_mul)


class Layer:
    """A layer; this one, the input, changes nothing.

    Volumes are (N, sy, sx, depth) arrays: ConvNetJS's own order, with the examples in front.
    """

    parameters: tuple[Parameter, ...] = ()

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec

    def forward(self, x: Array, training: bool) -> Array:
        """Return the output for `x`; keep what `backward` will need only if `training`."""
        return x

    def backward(self, grad: Array) -> Array:
        """Add up the gradients of the parameters and return that of the input of the last `forward`."""
        return grad


class Windowed(Layer):
    """A layer that slides a window over its input with a border around it: convolution and pooling."""

    def _bordered(self, count: int, fill: float) -> Array:
        """Return `count` empty inputs with their border."""
        (sx, sy, depth), pad = self.spec.input_size, self.spec.options["pad"]
        return np.full((count, sy + 2 * pad, sx + 2 * pad, depth), fill)

    @property
    def _inside(self) -> tuple[slice, ...]:
        """Where in a bordered input the input itself is."""
        (sx, sy, _), pad = self.spec.input_size, self.spec.options["pad"]
        return slice(None), slice(pad, pad + sy), slice(pad, pad + sx)

    def _taps(self) -> Iterator[tuple[slice, ...]]:
        """Yield, for each cell of the window, where in a bordered input it comes to lie; column by column."""
        options, output = self.spec.options, self.spec.output_size
        stride = options["stride"]
        for x in range(options["sx"]):
            for y in range(options["sy"]):
                rows = slice(y, y + stride * (output.sy - 1) + 1, stride)
                yield slice(None), rows, slice(x, x + stride * (output.sx - 1) + 1, stride)
