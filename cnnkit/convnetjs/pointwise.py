"""Layers that look at each number by itself: activations and dropout."""

from __future__ import annotations

import numpy as np

from cnnkit.convnetjs.layer import Array, Layer
from cnnkit.convnetjs.spec import LayerSpec

__all__ = ["Dropout", "Relu", "Sigmoid", "Tanh"]


class _Activation(Layer):
    def __init__(self, spec: LayerSpec) -> None:
        super().__init__(spec)
        self._output = np.empty((0, *spec.output_size.rows_first))

    def forward(self, x: Array, training: bool) -> Array:
        """Return the function of each number."""
        output = self.function(x)
        if training:
            self._output = output
        return output

    def function(self, x: Array) -> Array:
        raise NotImplementedError


class Relu(_Activation):
    """max(0, x)."""

    def function(self, x: Array) -> Array:
        """Return max(0, x); NaN stays NaN."""
        return np.maximum(x, 0)

    def backward(self, grad: Array) -> Array:
        """Return `grad` where the output was positive."""
        return np.where(self._output <= 0, 0, grad)


class Sigmoid(_Activation):
    """1 / (1 + exp(-x))."""

    def function(self, x: Array) -> Array:
        """Return 1 / (1 + exp(-x))."""
        with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / inf the right 0
            return 1 / (1 + np.exp(-x))

    def backward(self, grad: Array) -> Array:
        """Return `grad` times the derivative."""
        return grad * self._output * (1 - self._output)


class Tanh(_Activation):
    """Hyperbolic tangent. ConvNetJS's own formula gives NaN above 354; this one does not."""

    def function(self, x: Array) -> Array:
        """Return tanh(x)."""
        return np.tanh(x)

    def backward(self, grad: Array) -> Array:
        """Return `grad` times the derivative."""
        return grad * (1 - self._output**2)


class Dropout(Layer):
    """While training, zero with probability `drop_prob`; afterwards multiply by `drop_prob`.

    ConvNetJS's own rule, which is right for 0.5 only: the mean would be kept by ``1 - drop_prob``.
    """

    def __init__(self, spec: LayerSpec) -> None:
        super().__init__(spec)
        self.drop_prob = float(spec.options["drop_prob"])
        # the numbers that decide; the net draws them, for ConvNetJS draws example by example
        self.uniform: Array = np.empty((0, *spec.output_size.rows_first))

    def forward(self, x: Array, training: bool) -> Array:
        """Return `x` with zeros, or scaled."""
        return np.where(self.uniform < self.drop_prob, 0, x) if training else x * self.drop_prob

    def backward(self, grad: Array) -> Array:
        """Return `grad` where nothing was dropped."""
        return np.where(self.uniform < self.drop_prob, 0, grad)
