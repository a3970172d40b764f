"""How good a model is on a split: loss, accuracy, how sure we are of them, and what it takes for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.sources import Batch, Split, batches_of
from cnnkit.shapes import shape_text

__all__ = ["Metrics", "confusion_matrix", "evaluate", "evaluation_mode", "require_tensor"]

BATCH_SIZE = 250


@dataclass(frozen=True)
class Metrics:
    """What a model does on `n` examples.

    Parameters
    ----------
    loss : float, mean cross-entropy in nats
    accuracy : float, 0 to 1
    n : int, examples
    standard_error : float, of the accuracy: sqrt(accuracy * (1 - accuracy) / n)
    loss_standard_error : float, of the loss: the deviation of the examples' losses over sqrt(n)

    Examples
    --------
    >>> Metrics.of(losses=[0.1, 0.1, 0.1, 2.0], correct=3)
    Metrics(loss 0.575 ± 0.475, accuracy 75.0 % ± 21.7 %, n=4)
    """

    loss: float
    accuracy: float
    n: int
    standard_error: float
    loss_standard_error: float = 0.0

    @classmethod
    def of(cls, losses: Iterable[float], correct: int) -> Metrics:
        """Sum up the losses of single examples and the number of right answers."""
        each = np.asarray(list(losses), dtype=np.float64)
        accuracy = correct / len(each)
        error = sqrt(accuracy * (1 - accuracy) / len(each))
        spread = float(each.std(ddof=1)) if len(each) > 1 else 0.0
        return cls(float(each.mean()), accuracy, len(each), error, spread / sqrt(len(each)))

    def __repr__(self) -> str:
        """Return the numbers, each with its standard error."""
        return (
            f"Metrics(loss {self.loss:.3f} ± {self.loss_standard_error:.3f},"
            f" accuracy {self.accuracy:.1%} ± {self.standard_error:.1%}, n={self.n})"
        ).replace("%", " %")


def evaluate(model: nn.Module, split: Split | Iterable[Batch], batch_size: int = BATCH_SIZE) -> Metrics:
    """Measure a model: in evaluation mode, without gradients, every example counted once.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N, classes). Its mode, and that of each part of it, is afterwards what it was.
    split : Split, or an iterable of (x, y) batches
    batch_size : int, at least 1
        Changes the speed only: a smaller last batch weighs less.

    Returns
    -------
    Metrics

    Raises
    ------
    ShapeError
        The model's output is no tensor (N, classes), with more classes than the largest label.
    ArgumentError
        `split` has no example, or a label below 0.

    Examples
    --------
    >>> model = nn.Linear(1, 2)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[0.0], [1.0]])), model.bias.zero_()
    >>> x, y = torch.tensor([[2.0], [-2.0], [2.0]]), torch.tensor([1, 0, 0])
    >>> evaluate(model, [(x[:2], y[:2]), (x[2:], y[2:])])
    Metrics(loss 0.794 ± 0.667, accuracy 66.7 % ± 27.2 %, n=3)
    """
    losses: list[float] = []
    correct = 0
    with evaluation_mode(model):
        for logits, y in _outputs("evaluate", model, split, batch_size):
            losses += functional.cross_entropy(logits.double(), y, reduction="none").tolist()
            correct += int((logits.argmax(dim=1) == y).sum())
    return Metrics.of(losses, correct)


def confusion_matrix(
    model: nn.Module, split: Split | Iterable[Batch], batch_size: int = BATCH_SIZE
) -> NDArray[np.int64]:
    """Count what the model takes for what.

    Parameters
    ----------
    model, split, batch_size : as for `evaluate`

    Returns
    -------
    (classes, classes) array of int64
        Row: the label. Column: the model's answer. The diagonal is right.

    Raises
    ------
    ShapeError, ArgumentError
        As `evaluate`.

    Examples
    --------
    >>> always_one = nn.Sequential(nn.Linear(1, 2))
    >>> with torch.no_grad():
    ...     _ = always_one[0].weight.zero_(), always_one[0].bias.copy_(torch.tensor([0.0, 1.0]))
    >>> confusion_matrix(always_one, [(torch.zeros(3, 1), torch.tensor([0, 1, 0]))])
    array([[0, 2],
           [0, 1]])
    """
    counts = np.zeros((0, 0), dtype=np.int64)
    with evaluation_mode(model):
        for logits, y in _outputs("confusion_matrix", model, split, batch_size):
            if not counts.size:
                counts = np.zeros((logits.shape[1], logits.shape[1]), dtype=np.int64)
            np.add.at(counts, (y.cpu().numpy(), logits.argmax(dim=1).cpu().numpy()), 1)
    return counts


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation without gradients; afterwards every part is in the mode that it was in."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


def require_tensor(function: str, output: object) -> Tensor:
    """Return what a model gave if it is one tensor; else raise a ShapeError."""
    if isinstance(output, Tensor):
        return output
    kind = type(output).__name__
    got = f"{kind} of {len(output)}" if isinstance(output, tuple | list | dict) else kind
    raise ShapeError(
        f"{function}: the model's output is of type {got}, expected one tensor (N, classes) of logits."
        " Let its forward return the logits alone."
    )


def _outputs(
    function: str, model: nn.Module, split: Split | Iterable[Batch], batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the logits and labels of each batch."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    seen = 0
    for x, y in batches_of(split, batch_size):
        logits, y = require_tensor(function, model(x.to(device))), y.to(device)
        if logits.ndim != 2 or len(logits) != len(y) or int(y.max()) >= logits.shape[1]:
            raise ShapeError(
                f"{function}: the model's output has shape {shape_text(tuple(logits.shape))} for"
                f" {len(y)} labels up to {int(y.max())}, expected ({len(y)}, classes) with at least"
                f" {int(y.max()) + 1} classes. Give the model's last layer one output for each class."
            )
        if int(y.min()) < 0:
            raise ArgumentError(
                f"{function}: `split` has the label {int(y.min())}, expected labels from 0"
                f" to {logits.shape[1] - 1}. Number the classes from 0."
            )
        seen += len(y)
        yield logits, y
    if not seen:
        raise ArgumentError(f"{function}: `split` is empty, expected at least 1 example. Give a larger one.")
