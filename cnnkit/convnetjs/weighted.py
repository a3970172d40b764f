"""Layers with weights: convolution and full connection."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnkit.convnetjs.draws import MathRandom
from cnnkit.convnetjs.layer import Array, Layer, Parameter, Windowed
from cnnkit.convnetjs.spec import LayerSpec

__all__ = ["Conv", "FullyConn", "Weighted"]


class Weighted(Layer):
    """What both have: filters, one row of weights each, and biases.

    Parameters
    ----------
    spec : LayerSpec
    random : MathRandom, optional
        Draws every weight from N(0, 1/n), n being the size of a filter, filter by filter; biases are not
        drawn. Without it weights are 0, to be filled in.
    """

    def __init__(self, spec: LayerSpec, random: MathRandom | None = None) -> None:
        super().__init__(spec)
        count, size = spec.output_size.depth, spec.filter_size.cells
        drawn = random.normal(count * size) * np.sqrt(1 / size) if random else np.zeros(count * size)
        self.weight = Parameter.of(
            drawn.reshape(count, size), spec.options["l1_decay_mul"], spec.options["l2_decay_mul"]
        )
        self.bias = Parameter.of(np.full(count, float(spec.options.get("bias_pref", 0))))
        self.parameters = self.weight, self.bias
        # the gradient of the image itself changes no weight
        self.needs_input_gradient = spec.number > 2
        self._rows = np.empty((0, size))

    def _weigh(self, rows: Array, training: bool) -> Array:
        """Return (rows, filters): every filter laid on every row."""
        if training:
            self._rows = rows
        return rows @ self.weight.value.T + self.bias.value

    def _weigh_backward(self, grad: Array) -> None:
        self.weight.grad += grad.T @ self._rows
        self.bias.grad += grad.sum(axis=0)


class FullyConn(Weighted):
    """Every output is a weighted sum of all inputs, which are taken row by row, channel last."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return (N, 1, 1, outputs)."""
        return self._weigh(x.reshape(len(x), -1), training)[:, None, None]

    def backward(self, grad: Array) -> Array:
        """Return the gradient of the input."""
        flat = grad.reshape(len(grad), -1)
        self._weigh_backward(flat)
        return (flat @ self.weight.value).reshape(-1, *self.spec.input_size.rows_first)


class Conv(Windowed, Weighted):
    """Cross-correlation with zero padding; sizes round down."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return (N, sy', sx', filters)."""
        (sx, sy, depth), stride = self.spec.filter_size, self.spec.options["stride"]
        down, right, _ = self.spec.output_size.rows_first
        bordered = self._bordered(len(x), 0.0)
        bordered[self._inside] = x
        per_example, per_row, per_cell, per_number = bordered.strides
        # a row of a filter lies in one piece: sx cells of depth numbers
        windows = as_strided(
            bordered,
            (len(x), down, right, sy, sx * depth),
            (per_example, stride * per_row, stride * per_cell, per_row, per_number),
            writeable=False,
        )
        rows = windows.reshape(-1, sy * sx * depth)  # (N * sy' * sx', filter size)
        return self._weigh(rows, training).reshape(len(x), down, right, -1)

    def backward(self, grad: Array) -> Array:
        """Return the gradient of the input; zeros where nobody asks for it."""
        flat = grad.reshape(-1, grad.shape[-1])
        self._weigh_backward(flat)
        bordered = self._bordered(len(grad), 0.0)
        if self.needs_input_gradient:
            filters = self.weight.value.reshape(-1, *self.spec.filter_size.rows_first)
            for place, tap in enumerate(self._taps()):
                x, y = divmod(place, self.spec.filter_size.sy)
                bordered[tap] += (flat @ filters[:, y, x]).reshape(*grad.shape[:3], -1)
        return bordered[self._inside]
