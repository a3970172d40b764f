"""Measuring a model: loss and accuracy over batches, and what that leaves behind, A5-2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised, no_outcome
from cnnkit.answers.reading import in_words

__all__ = ["QUESTIONS", "watching"]

Measure = Callable[[Any, Any], tuple[Any, Any]]
FEATURES, CLASSES = 12, 5


def watching(measure: Measure) -> Callable[..., np.ndarray | None]:
    """Return what the notebook's `watch` does, for any measuring function.

    The function returned takes (images, labels, weight, sizes, training): it measures a small model with
    batch normalisation and dropout on batches of these sizes, and returns five numbers: the loss and the
    accuracy that were measured; whether the model is in training mode afterwards; whether it was called
    with gradients; whether its running statistics have moved.
    """

    def watch(
        images: np.ndarray, labels: np.ndarray, weight: np.ndarray, sizes: list[int], training: bool
    ) -> np.ndarray | None:
        import torch

        class Watched(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.norm = torch.nn.BatchNorm1d(weight.shape[1])
                self.drop = torch.nn.Dropout(0.5)
                self.gradients = False

            def forward(self, x: Any) -> Any:
                self.gradients = self.gradients or torch.is_grad_enabled()
                return self.drop(self.norm(x)) @ torch.from_numpy(weight).T

        torch.manual_seed(0)
        model = Watched().double().train(training)
        x, y = torch.from_numpy(images), torch.from_numpy(labels)
        before = model.state_dict()["norm.running_mean"].clone()
        batches = list(zip(torch.split(x, sizes), torch.split(y, sizes), strict=True))
        measured = measure(batches, model)
        if measured is None:  # not written yet
            return None
        try:
            loss, accuracy = map(float, measured)
        except (TypeError, ValueError):
            text = f"it gives {measured!r:.60}, expected two numbers: loss, accuracy"
            raise TypeError(text) from None
        moved = not torch.equal(before, model.state_dict()["norm.running_mean"])
        return np.array([loss, accuracy, model.training, model.gradients, moved], float)

    return watch


@dataclass(frozen=True)
class WatchedQuestion(FunctionQuestion):
    """A measuring function, seen through `watch`: which columns of its two runs belong to which property."""

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return the columns of the two runs, by property."""
        runs = [probe.outcome(method) for probe in self.probes]
        bad = [run for run in runs if not _is_row(run)]
        if bad:
            return dict.fromkeys(PARTS, no_outcome(bad[0], UNFIT))
        table = np.array(runs, float)  # (2, 5): in evaluation mode, in training mode
        return {name: table[places] for name, places in PARTS.items()}

    def given(self, answer: Callable[..., Any]) -> dict[str, Any]:
        """Return the outcome, with a sentence in place of numbers that no catalogued function gives."""
        found = self.outcome(answer)
        measured = {name: found[name] for name in list(PARTS)[:2]}
        return found | in_words(self, measured, lambda name, value: _says(value, self.right[name], self.atol))


def _says(value: np.ndarray, right: np.ndarray, atol: float) -> str:
    if not np.isfinite(value).all():
        return "gives no finite numbers"
    off = np.abs(value - right)
    if off.max() <= 0.01:
        return f"is nearly right, but off by more than {atol:g}. Return both numbers as they are, not rounded"
    wrong = " and ".join(name for name, each in zip(("loss", "accuracy"), off, strict=True) if each > atol)
    return f"gives another {wrong}. Weigh every example the same, in evaluation mode"


UNFIT = Raised("", "returns no two numbers")
PARTS: dict[str, Any] = {
    "batches of unequal size": (0, slice(0, 2)),
    "a model with dropout and batch normalisation": (1, slice(0, 2)),
    "the mode that it leaves the model in": (slice(None), 2),
    "gradients and running statistics": ([0, 1, 1], [3, 3, 4]),
}


def _is_row(run: Any) -> bool:
    return isinstance(run, np.ndarray) and run.shape == (5,) and run.dtype.kind == "f"


def _measure(
    evaluation: bool = True,
    back: Callable[[Any, bool], object] = lambda model, before: model.train(before),
    gradients: bool = False,
    each: Callable[[Any], Any] = lambda logits: logits,
    total: Callable[[list[tuple[float, float, int]]], tuple[float, float]] | None = None,
) -> Measure:
    """Return a measuring function with something changed."""

    def measure(loader: Any, model: Any) -> tuple[float, float]:
        import torch
        from torch.nn import functional

        before, rows = model.training, []
        if evaluation:
            model.eval()
        with torch.set_grad_enabled(gradients):
            for x, y in loader:
                logits = each(model(x))
                loss = functional.cross_entropy(logits, y).item()
                rows.append((loss, (logits.argmax(dim=1) == y).double().mean().item(), len(y)))
        if evaluation:
            back(model, before)
        return (total or _weighted)(rows)

    return measure


Rows = list[tuple[float, float, int]]


def _weighted(rows: Rows) -> tuple[float, float]:
    n = sum(size for *_, size in rows)
    return sum(a * size for a, _, size in rows) / n, sum(b * size for _, b, size in rows) / n


def _batch_means(rows: Rows) -> tuple[float, float]:
    return sum(a for a, *_ in rows) / len(rows), sum(b for _, b, _ in rows) / len(rows)


def _loss_only(rows: Rows) -> tuple[float, float]:
    return _batch_means(rows)[0], _weighted(rows)[1]


def _largest(rows: Rows) -> tuple[float, float]:
    largest = max(size for *_, size in rows) * len(rows)
    loss, accuracy = _weighted(rows)
    n = sum(size for *_, size in rows)
    return loss * n / largest, accuracy * n / largest


def _dropped(rows: Rows) -> tuple[float, float]:
    return _weighted(rows[:-1])


def _softmax(logits: Any) -> Any:
    return logits.softmax(dim=1)


def _nothing(model: Any, before: bool) -> None:
    """Leave the model as it is."""


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for training in (False, True):
        sizes = [7, 7, 2] if rng.integers(2) else [6, 6, 6, 1]
        n = sum(sizes)
        arguments = {
            "images": 1 + 2 * rng.normal(size=(n, FEATURES)),
            "labels": rng.integers(CLASSES, size=n),
            "weight": rng.normal(size=(CLASSES, FEATURES)),
            "sizes": sizes,
            "training": training,
        }
        probes.append(Probe("a model in " + ("training" if training else "evaluation") + " mode", arguments))
    return {"probes": tuple(probes)}


RESTORE = "Remember model.training before, and end with model.train(before)."

MEASURE = WatchedQuestion(
    id="compute-loss-and-accuracy",
    code="A5-2",
    points=3,
    variable="compute_loss_and_accuracy",
    ask="Write compute_loss_and_accuracy(loader, model): in evaluation mode, each example counted once.",
    whole=True,
    tries="parts",
    method=watching(_measure()),
    libraries=("torch",),
    atol=1e-5,
    inputs=_probes(np.random.default_rng(52)),
    draw=_probes,
    mistakes=(
        Mistake(
            "mean-of-batch-means",
            "the means of the batches are averaged, although the last batch is smaller",
            "Add up over examples: weigh each batch by its size, and divide by all.",
            watching(_measure(total=_batch_means)),
        ),
        Mistake(
            "loss-of-batch-means",
            "the losses of the batches are averaged, although the last batch is smaller",
            "Weigh each batch's loss by its size, as the right answers are.",
            watching(_measure(total=_loss_only)),
        ),
        Mistake(
            "all-batches-full",
            "every batch is counted as a full one",
            "Divide by the number of examples, not by batches times batch size.",
            watching(_measure(total=_largest)),
        ),
        Mistake(
            "last-batch-dropped",
            "the last, smaller batch is left out",
            "Every example counts: measure all batches.",
            watching(_measure(total=_dropped)),
        ),
        Mistake(
            "sum-of-losses",
            "the losses are added up, not averaged",
            "Divide the sum by the number of examples.",
            watching(
                _measure(
                    total=lambda rows: (_weighted(rows)[0] * sum(r[2] for r in rows), _weighted(rows)[1])
                )
            ),
        ),
        Mistake(
            "in-percent",
            "the accuracy is given in percent",
            "Give it as a part of one.",
            watching(_measure(total=lambda rows: (_weighted(rows)[0], 100 * _weighted(rows)[1]))),
        ),
        Mistake(
            "swapped",
            "accuracy comes first",
            "Return the loss first, then the accuracy.",
            watching(_measure(total=lambda rows: _weighted(rows)[::-1])),
        ),
        Mistake(
            "measured-in-train-mode",
            "the model is measured in training mode",
            "Call model.eval() before: dropout and batch normalisation behave otherwise in training.",
            watching(_measure(evaluation=False)),
        ),
        Mistake(
            "left-in-eval-mode",
            "the model is left in evaluation mode",
            RESTORE,
            watching(_measure(back=_nothing)),
        ),
        Mistake(
            "always-back-to-training",
            "the model is always put into training mode afterwards",
            RESTORE,
            watching(_measure(back=lambda model, before: model.train())),
        ),
        Mistake(
            "with-gradients",
            "gradients are recorded while it measures",
            "Measure inside `with torch.no_grad():`; it saves time and memory.",
            watching(_measure(gradients=True)),
        ),
        Mistake(
            "double-softmax",
            "a softmax is applied before the cross entropy",
            "cross_entropy takes logits and applies the softmax itself.",
            watching(_measure(each=_softmax)),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (MEASURE,)
