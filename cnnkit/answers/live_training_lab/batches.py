"""How often a network learns, A3-7."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnkit.answers.question import Mistake, Question

__all__ = ["QUESTIONS"]

CAUSES = ("fewer updates", "noisier updates", "overfitting", "fewer examples")
SIZES = (20, 300, 2000)


def _counted(count: Callable[[int], int]) -> dict[str, int]:
    return {f"batch_{size}": count(size) for size in SIZES}


def _updates(examples: int, cause: str = "fewer updates", count: Any = lambda n, size: n // size) -> Any:
    return _counted(lambda size: count(examples, size)) | {"why": cause}


UPDATES = Question(
    id="updates",
    code="A3-7",
    points=3,
    variable="updates",
    ask="Updates in 40,000 examples with batches of 20, 300 and 2000; why large batches learn less.",
    method=_updates,
    choices=CAUSES,
    mistakes=(
        Mistake(
            "rounded-up",
            "a batch that is not full counts as an update",
            "The trainer waits until a batch is full: round down.",
            lambda examples: _updates(examples, count=lambda n, size: -(-n // size)),
        ),
        Mistake(
            "one-too-many",
            "an update before the first example is counted",
            "The first update comes when the first batch is full.",
            lambda examples: _updates(examples, count=lambda n, size: n // size + 1),
        ),
        Mistake(
            "each-example",
            "every example is taken for an update",
            "Examples are collected; one update comes for each full batch.",
            lambda examples: _updates(examples, count=lambda n, size: n),
        ),
        Mistake(
            "one-epoch",
            "MNIST's 60,000 training images are divided by the batch size",
            "Count the examples that were seen, 40,000.",
            lambda examples: _updates(60_000),
        ),
        Mistake(
            "noise",
            "large batches are thought to make updates noisier",
            "A mean over more examples is less noisy. Count how often each network learns.",
            lambda examples: _updates(examples, "noisier updates"),
        ),
        Mistake(
            "overfitting",
            "the poor result is put down to overfitting",
            "After so few updates the training loss is poor as well.",
            lambda examples: _updates(examples, "overfitting"),
        ),
        Mistake(
            "fewer-examples",
            "a large batch is thought to see fewer examples",
            "All three saw the same 40,000.",
            lambda examples: _updates(examples, "fewer examples"),
        ),
    ),
    inputs={"examples": 40_000},
)

QUESTIONS: tuple[Question, ...] = (UPDATES,)
