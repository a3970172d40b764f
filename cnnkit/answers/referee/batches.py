"""How often a network learns: case 9 of the referee."""

from __future__ import annotations

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import Misjudged, referee_case

__all__ = ["QUESTIONS"]


def _updates(examples: int, small: int, big: int) -> dict[str, int]:
    return {"updates": examples // big, "examples_for_as_many": examples // small * big}


BIG_BATCH = referee_case(
    id="big-batch",
    number=9,
    ask="The updates of a big batch, and the examples that it needs for as many as a small one makes.",
    numbers=_updates,
    verdict=(2, "b"),
    inputs={"examples": 40_000, "small": 20, "big": 2000},
    miscounted=(
        Mistake(
            "small-batch",
            "the updates of the small batch are given",
            "Divide by 2,000.",
            lambda examples, small, big: {"updates": examples // small},
        ),
        Mistake(
            "each-example",
            "every digit is taken for an update",
            "Digits are collected; one update comes for each full batch.",
            lambda examples, small, big: {"updates": examples},
        ),
        Mistake(
            "one-epoch",
            "MNIST's 60,000 training digits are divided by the batch size",
            "Count the digits that were seen.",
            lambda examples, small, big: {"updates": 60_000 // big},
        ),
        Mistake(
            "one-too-many",
            "an update before the first batch is counted",
            "The first comes when the first batch is full.",
            lambda examples, small, big: {"updates": examples // big + 1},
        ),
        Mistake(
            "equal-examples",
            "equal examples are thought to give equal updates",
            "How many batches of 2,000 does it take?",
            lambda examples, small, big: {"examples_for_as_many": examples},
        ),
        Mistake(
            "updates-for-examples",
            "updates are given instead of examples",
            "Each of them takes a whole batch.",
            lambda examples, small, big: {"examples_for_as_many": examples // small},
        ),
        Mistake(
            "update-each-digit",
            "the small batch is thought to learn from each digit on its own",
            "It learns once for each 20.",
            lambda examples, small, big: {"examples_for_as_many": examples * big},
        ),
    ),
    misjudged=(
        Misjudged(
            "budget-accused",
            1,
            "a",
            "a batch is thought to count as one example",
            "The page counts digits, and both networks saw equally many.",
        ),
        Misjudged(
            "curve-accused",
            3,
            "c",
            "the batch is taken for the window of the curve",
            "Each point is a mean over 100 digits in both runs; the batch decides when weights change.",
        ),
        Misjudged(
            "overfitting-blamed",
            2,
            "d",
            "overfitting is blamed",
            "Nobody learns digits by heart that are seen once, and in so few steps.",
        ),
        Misjudged(
            "blur-believed",
            0,
            "e",
            "a mean is thought to point less exactly than its parts",
            "Draw 20 digits twice, and 2,000 digits twice: which two means lie closer together?",
        ),
        Misjudged(
            "division-blamed",
            2,
            "f",
            "dividing by the batch size is thought to make steps smaller",
            "A sum of 2,000 gradients divided by 2,000 is a mean: as large as one of 20.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (BIG_BATCH,)
