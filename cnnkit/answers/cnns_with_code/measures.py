"""Accuracy, confusion matrix and log-loss over batches of which the last is smaller, A4-1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS"]

Array = NDArray[np.float64]
Batch = tuple[Array, NDArray[np.int64]]
Batches = Sequence[Batch]

WEIGH = "A small batch weighs less: add up over all examples, and divide once, by their number."
EVERY = "Every example counts, those of the last batch too."
ALL_BATCHES = "Start at zero before the first batch, and add to it in each."


def _probes(rng: np.random.Generator, count: int = 6) -> Mapping[str, Any]:
    """Draw batches of which the last is smaller; logits that are right more often than not."""
    probes = []
    for place in range(count):
        classes, size = int(rng.integers(4, 8)), int(rng.integers(8, 20))
        sizes = [size] * int(rng.integers(2, 5)) + [int(rng.integers(1, size // 2))]
        batches = [_batch(rng, n, classes, easier=n == sizes[-1]) for n in sizes]
        if place == 1:  # e to the 1000 is no number that a computer has
            batches = [(logits + 1000.0, labels) for logits, labels in batches]
        told = f"{classes} classes, batches of {', '.join(map(str, sizes))}"
        probes.append(Probe(f"{told}{', large logits' if place == 1 else ''}", {"batches": batches}))
    return {"probes": tuple(probes)}


def _batch(rng: np.random.Generator, size: int, classes: int, easier: bool) -> Batch:
    # No label of the last class, and one answer that is: a matrix as large as the labels would be too small.
    labels = rng.integers(0, classes - 1, size)
    logits = rng.normal(size=(size, classes)).round(2)
    logits[np.arange(size), labels] += 3 if easier else 0.8
    logits[0, classes - 1] += 9
    return logits, labels


def _accuracy(batches: Batches) -> float:
    right = sum(int((logits.argmax(axis=1) == labels).sum()) for logits, labels in batches)
    return right / _examples(batches)


def _examples(batches: Batches) -> int:
    return sum(len(labels) for _, labels in batches)


def _mean_of_means(measure: Callable[[Batches], float]) -> Callable[[Batches], float]:
    return lambda batches: float(np.mean([measure([batch]) for batch in batches]))


ACCURACY = FunctionQuestion(
    id="accuracy",
    code="A4-1a",
    points=1,
    variable="accuracy",
    ask="Write accuracy(batches): the part of all examples that is answered right.",
    method=_accuracy,
    mistakes=(
        Mistake(
            "last-batch-misweighted",
            "the accuracies of the batches are averaged as if all were equally large",
            WEIGH,
            _mean_of_means(_accuracy),
        ),
        Mistake(
            "last-batch-only",
            "only the last batch is measured",
            ALL_BATCHES,
            lambda batches: _accuracy(batches[-1:]),
        ),
        Mistake(
            "first-batch-only",
            "only the first batch is measured",
            "The `return` stands inside the loop, perhaps: it belongs behind it.",
            lambda batches: _accuracy(batches[:1]),
        ),
        Mistake(
            "last-batch-dropped",
            "the last batch is left out, because it is not full",
            EVERY,
            lambda batches: _accuracy(batches[:-1]),
        ),
        Mistake(
            "full-batches-assumed",
            "the number of examples is taken as batches times the size of the first",
            "Add up the sizes of the batches: the last is smaller.",
            lambda batches: _accuracy(batches) * _examples(batches) / (len(batches) * len(batches[0][1])),
        ),
        Mistake(
            "counted",
            "the right answers are counted and not divided",
            "An accuracy lies between 0 and 1: divide by the number of examples.",
            lambda batches: _accuracy(batches) * _examples(batches),
        ),
        Mistake(
            "divided-by-batches",
            "the number of right answers is divided by the number of batches",
            "Divide by the number of examples.",
            lambda batches: _accuracy(batches) * _examples(batches) / len(batches),
        ),
        Mistake(
            "in-percent",
            "it is given in percent",
            "Give it as a part of one.",
            lambda batches: 100 * _accuracy(batches),
        ),
        Mistake(
            "errors",
            "the wrong answers are counted",
            "Count the right ones.",
            lambda batches: 1 - _accuracy(batches),
        ),
    ),
    inputs=_probes(np.random.default_rng(41)),
    draw=lambda rng: _probes(rng, 20),
)


def _confusion(batches: Batches) -> NDArray[np.int64]:
    classes = batches[0][0].shape[1]
    counts = np.zeros((classes, classes), dtype=np.int64)
    for logits, labels in batches:
        np.add.at(counts, (labels, logits.argmax(axis=1)), 1)
    return counts


def _once_a_batch(batches: Batches) -> NDArray[np.int64]:
    counts = np.zeros_like(_confusion(batches))
    for logits, labels in batches:
        counts[labels, logits.argmax(axis=1)] += 1
    return counts


def _of_rows(batches: Batches) -> Array:
    counts = _confusion(batches)
    shares: Array = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


CONFUSION = FunctionQuestion(
    id="confusion",
    code="A4-1b",
    points=1,
    variable="confusion",
    ask="Write confusion(batches): (classes, classes) counts; row the label, column the answer.",
    method=_confusion,
    mistakes=(
        Mistake(
            "transposed",
            "rows and columns are exchanged",
            "Row: what the image shows. Column: what the network says.",
            lambda batches: _confusion(batches).T,
        ),
        Mistake(
            "repeats-lost",
            "numpy's counts[labels, answers] += 1 is used, which counts a pair once however often it occurs",
            "Use np.add.at(counts, (labels, answers), 1), or a loop over the examples.",
            _once_a_batch,
        ),
        Mistake(
            "last-batch-only",
            "the matrix begins anew with each batch, and the last one is left",
            ALL_BATCHES,
            lambda batches: _confusion(batches[-1:]),
        ),
        Mistake(
            "first-batch-only",
            "only the first batch is counted",
            "The `return` stands inside the loop, perhaps: it belongs behind it.",
            lambda batches: _confusion(batches[:1]),
        ),
        Mistake(
            "last-batch-dropped",
            "the last batch is left out, because it is not full",
            EVERY,
            lambda batches: _confusion(batches[:-1]),
        ),
        Mistake(
            "right-only",
            "only right answers are counted",
            "Count every example: the wrong answers stand beside the diagonal.",
            lambda batches: np.diag(np.diag(_confusion(batches))),
        ),
        Mistake(
            "normalised",
            "each row is divided by its sum",
            "Give the counts themselves.",
            _of_rows,
        ),
        Mistake(
            "classes-of-labels",
            "the matrix is only as large as the labels that occur",
            "One row and one column for each logit: logits.shape[1].",
            lambda batches: _confusion(batches)[:-1, :-1],
        ),
    ),
    inputs=_probes(np.random.default_rng(42)),
    draw=lambda rng: _probes(rng, 20),
)


def _log_probabilities(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logs


def _losses(logits: Array, labels: NDArray[np.int64]) -> Array:
    return -_log_probabilities(logits)[np.arange(len(labels)), labels]


def _log_loss(batches: Batches, losses: Callable[[Array, NDArray[np.int64]], Array] = _losses) -> float:
    return float(np.concatenate([losses(logits, labels) for logits, labels in batches]).mean())


def _twice(logits: Array, labels: NDArray[np.int64]) -> Array:
    return _losses(np.exp(_log_probabilities(logits)), labels)


def _of_the_answer(logits: Array, labels: NDArray[np.int64]) -> Array:
    return _losses(logits, logits.argmax(axis=1))


def _unshifted(logits: Array, labels: NDArray[np.int64]) -> Array:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        powers = np.exp(logits)
        losses: Array = -np.log(powers / powers.sum(axis=1, keepdims=True))[np.arange(len(labels)), labels]
    return losses


def _log_of_mean(batches: Batches) -> float:
    return float(-np.log(np.concatenate([np.exp(-_losses(*batch)) for batch in batches]).mean()))


def _over_all_classes(logits: Array, labels: NDArray[np.int64]) -> Array:
    divided: Array = _losses(logits, labels) / logits.shape[1]
    return divided


LOG_LOSS = FunctionQuestion(
    id="log-loss",
    code="A4-1c",
    points=1,
    variable="log_loss",
    ask="Write log_loss(batches): the mean cross-entropy of all examples, in nats.",
    method=_log_loss,
    mistakes=(
        Mistake(
            "last-batch-misweighted",
            "the losses of the batches are averaged as if all were equally large",
            WEIGH,
            _mean_of_means(_log_loss),
        ),
        Mistake(
            "double-softmax",
            "softmax is applied twice, to the logits and to the probabilities that come out",
            "Softmax turns logits into probabilities: once. Then take the logarithm.",
            lambda batches: _log_loss(batches, _twice),
        ),
        Mistake(
            "largest-not-subtracted",
            "e to the power of large logits overflows",
            "Subtract each row's largest logit before you take e to the power of it.",
            lambda batches: _log_loss(batches, _unshifted),
        ),
        Mistake(
            "sum",
            "the losses are added up and not divided",
            "Divide by the number of examples.",
            lambda batches: _log_loss(batches) * _examples(batches),
        ),
        Mistake(
            "divided-by-batches",
            "the sum of all losses is divided by the number of batches",
            "Divide by the number of examples.",
            lambda batches: _log_loss(batches) * _examples(batches) / len(batches),
        ),
        Mistake(
            "divided-by-classes",
            "the mean is taken over the classes as well",
            "Only the label's own probability counts: one number for each example.",
            lambda batches: _log_loss(batches, _over_all_classes),
        ),
        Mistake(
            "minus-forgotten",
            "the minus is left out",
            "The logarithm of a probability is negative, a loss is not.",
            lambda batches: -_log_loss(batches),
        ),
        Mistake(
            "log-of-mean",
            "the probabilities are averaged before the logarithm",
            "Take each example's logarithm first, then the mean.",
            _log_of_mean,
        ),
        Mistake(
            "of-the-answer",
            "the probability of the network's own answer is taken",
            "Take the probability that the network gives the label, right or wrong.",
            lambda batches: _log_loss(batches, _of_the_answer),
        ),
        Mistake(
            "in-bits",
            "the logarithm has base 2",
            "In nats: the natural logarithm, np.log.",
            lambda batches: _log_loss(batches) / float(np.log(2)),
        ),
        Mistake(
            "last-batch-only",
            "only the last batch is measured",
            ALL_BATCHES,
            lambda batches: _log_loss(batches[-1:]),
        ),
        Mistake(
            "last-batch-dropped",
            "the last batch is left out, because it is not full",
            EVERY,
            lambda batches: _log_loss(batches[:-1]),
        ),
    ),
    inputs=_probes(np.random.default_rng(43)),
    draw=lambda rng: _probes(rng, 20),
)

QUESTIONS: tuple[Question, ...] = (ACCURACY, CONFUSION, LOG_LOSS)
