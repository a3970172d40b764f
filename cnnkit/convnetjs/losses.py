"""The layers that end a network and compare its outputs with the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.convnetjs.layer import Array, Layer
from cnnkit.convnetjs.spec import LayerSpec
from cnnkit.errors import ArgumentError, ShapeError

__all__ = ["Loss", "Regression", "Softmax", "Svm"]


class Loss(Layer):
    """A last layer; here `backward` begins."""

    def __init__(self, spec: LayerSpec) -> None:
        super().__init__(spec)
        self.outputs = spec.output_size.depth
        self._scores = np.empty((0, self.outputs))

    def forward(self, x: Array, training: bool) -> Array:
        """Return the scores as they come."""
        scores = x.reshape(len(x), -1)
        if training:
            self._scores = scores
        return scores

    def start(self, target: Array) -> tuple[Array, Array]:
        """Return the loss of each example and the gradient of the input of the last `forward`."""
        loss, grad = self.compare(self._scores, target)
        return loss, grad.reshape(-1, *self.spec.input_size.rows_first)

    def compare(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the loss of each example and its gradient, (N,) and (N, outputs)."""
        raise NotImplementedError

    def read(self, target: ArrayLike, count: int, function: str) -> Array:
        """Return `target` as an array for `count` examples, or raise."""
        classes = np.asarray(target)
        if classes.shape != (count,):
            raise ShapeError(
                f"{function}: `target` has shape {classes.shape}, expected ({count},): one class for each"
                " example. Give as many classes as examples."
            )
        if classes.dtype.kind not in "iu":
            raise ArgumentError(
                f"{function}: `target` holds {classes.dtype}, expected integers from 0 to {self.outputs - 1}."
                " Convert it first: target.astype(int)."
            )
        wrong = classes[(classes < 0) | (classes >= self.outputs)]
        if wrong.size:
            raise ArgumentError(
                f"{function}: `target` has the class {wrong[0]}, expected integers from 0 to"
                f" {self.outputs - 1}. Count classes from 0, or give the {self.spec.type} layer more of them."
            )
        return classes


class Softmax(Loss):
    """Probabilities; the loss is the negative logarithm of that of the right class."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return (N, classes), each row adding up to 1."""
        scores = x.reshape(len(x), -1)
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
        if training:
            self._scores = probabilities
        return probabilities

    def compare(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return -log p and p - 1 for the right class, p for the others."""
        examples = np.arange(len(target))
        grad = scores.copy()
        grad[examples, target] -= 1
        with np.errstate(divide="ignore"):  # a probability of 0 costs infinitely much, as in ConvNetJS
            return -np.log(scores[examples, target]), grad


class Svm(Loss):
    """Hinge loss with a margin of 1.

    As release 0.3.0, which counts the right class's own margin too: every loss is larger by 1 than in the
    newest source. Gradients are the same.
    """

    def compare(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the sum of the violated margins, and its gradient."""
        examples = np.arange(len(target))
        margins = scores - scores[examples, target][:, None] + 1
        violated = margins > 0
        grad = violated.astype(float)
        grad[examples, target] -= violated.sum(axis=1)
        return np.where(violated, margins, 0).sum(axis=1), grad


class Regression(Loss):
    """Distance from target numbers.

    As release 0.3.0: the loss is twice the squared distance, the gradient that of half of it. The newest
    source has the half in both.
    """

    def compare(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return twice the squared distance, and the difference."""
        difference = scores - target
        return 2 * (difference**2).sum(axis=1), difference

    def read(self, target: ArrayLike, count: int, function: str) -> Array:
        """Return `target` as (count, outputs) numbers, or raise."""
        numbers = np.asarray(target)
        if numbers.shape != (count, self.outputs):
            raise ShapeError(
                f"{function}: `target` has shape {numbers.shape}, expected ({count}, {self.outputs}): a row"
                " of numbers for each example. Reshape it."
            )
        if numbers.dtype.kind not in "biuf":
            raise ArgumentError(
                f"{function}: `target` holds {numbers.dtype}, expected numbers."
                " Convert it first: target.astype(float)."
            )
        return numbers.astype(float)
