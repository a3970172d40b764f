"""How low a loss can get: case 4 of the referee."""

from __future__ import annotations

from math import e, exp, log, log10

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import Misjudged, referee_case

__all__ = ["QUESTIONS"]


def _floor(classes: int) -> float:
    """Return the loss of a perfect answer, 1 for the right class and 0 for the others, taken for scores."""
    return log(e + classes - 1) - 1


PLATEAU = referee_case(
    id="plateau",
    number=4,
    ask="The least loss that a model with a softmax of its own can reach with CrossEntropyLoss.",
    numbers=lambda classes: {"least_loss": _floor(classes)},
    verdict=(1, "f"),
    inputs={"classes": 10},
    atol=0.003,
    miscounted=(
        Mistake(
            "floor-zero",
            "a perfect answer is thought to cost nothing here as well",
            "The loss applies a softmax of its own: give it a 1 and nine 0, and see.",
            lambda classes: {"least_loss": 0.0},
        ),
        Mistake(
            "probability",
            "the probability is given",
            "The loss is minus its natural logarithm.",
            lambda classes: {"least_loss": exp(-_floor(classes))},
        ),
        Mistake(
            "nine-forgotten",
            "the nine other classes are left out of the sum",
            "Each of them adds exp(0) = 1 to it.",
            lambda classes: {"least_loss": log(e + 1) - 1},
        ),
        Mistake(
            "ten-others",
            "ten other classes are counted",
            "There are nine besides the right one.",
            lambda classes: {"least_loss": log(e + classes) - 1},
        ),
        Mistake(
            "base-10",
            "the logarithm to the base 10 is taken",
            "Losses are in nats: take the natural logarithm.",
            lambda classes: {"least_loss": _floor(classes) * log10(e)},
        ),
        Mistake(
            "untrained",
            "the loss of ten equal probabilities is given",
            "That is where training begins. Give the loss of a perfect answer.",
            lambda classes: {"least_loss": log(classes)},
        ),
    ),
    misjudged=(
        Misjudged(
            "beginning-accused",
            2,
            "a",
            "equal scores of 0.1 are thought to cost something else than equal scores of 0",
            "A softmax only looks at differences: compute both.",
        ),
        Misjudged(
            "rate-blamed",
            1,
            "b",
            "the rate is blamed",
            "Hand the loss a perfect answer of this model: no rate leads below what that costs.",
        ),
        Misjudged(
            "modes-accused",
            3,
            "c",
            "dropout is held responsible",
            "The excerpt measures both in evaluation mode, on the same images.",
        ),
        Misjudged(
            "unsure-believed",
            0,
            "d",
            "a high loss is taken for unsureness",
            "So it is where the loss sees the scores. What does it see here?",
        ),
        Misjudged(
            "labels-blamed",
            1,
            "e",
            "wrong labels are blamed",
            "They would be missing from the accuracy on training images, which is above 99 %.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (PLATEAU,)
