"""What a hundred images can show, and ten: cases 5 and 7 of the referee."""

from __future__ import annotations

from math import log, log2, log10, sqrt

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import ALL_HOLD, Misjudged, referee_case

__all__ = ["QUESTIONS"]


def _error(accuracy: float, images: int) -> float:
    return sqrt(accuracy * (1 - accuracy) / images)


def _guessing(classes: int, images: int) -> dict[str, float]:
    return {
        "guessing_loss": log(classes),
        "error_of_difference": sqrt(2) * _error(1 / classes, images),
    }


SLOW_START = referee_case(
    id="slow-start",
    number=5,
    ask="The loss of a guessing network, and the standard error of the difference of two of its accuracies.",
    numbers=_guessing,
    verdict=(3, "c"),
    inputs={"classes": 10, "images": 100},
    atol=0.003,
    miscounted=(
        Mistake(
            "base-10",
            "the logarithm to the base 10 is taken",
            "Losses are in nats: take the natural logarithm.",
            lambda classes, images: {"guessing_loss": log10(classes)},
        ),
        Mistake(
            "base-2",
            "the logarithm to the base 2 is taken",
            "Losses are in nats: take the natural logarithm.",
            lambda classes, images: {"guessing_loss": log2(classes)},
        ),
        Mistake(
            "probability",
            "the probability itself is given",
            "The loss is minus its logarithm.",
            lambda classes, images: {"guessing_loss": 1 / classes},
        ),
        Mistake(
            "one-batch-only",
            "the standard error of one accuracy is given",
            "Both scatter, and so their difference scatters more.",
            lambda classes, images: {"error_of_difference": _error(1 / classes, images)},
        ),
        Mistake(
            "errors-added",
            "the two standard errors are added",
            "Squares add up: take the root of the sum of the two squares.",
            lambda classes, images: {"error_of_difference": 2 * _error(1 / classes, images)},
        ),
        Mistake(
            "two-standard-errors",
            "two standard errors are given",
            "Give one.",
            lambda classes, images: {"error_of_difference": sqrt(8) * _error(1 / classes, images)},
        ),
        Mistake(
            "in-percent",
            "it is given in percent",
            "Give it as a part of one, as accuracies are here.",
            lambda classes, images: {"error_of_difference": sqrt(2) * 100 * _error(1 / classes, images)},
        ),
    ),
    misjudged=(
        Misjudged(
            "beginning-accused",
            1,
            "a",
            "2.30 is thought to be a low loss",
            "Compute what ten equal probabilities cost, in nats.",
        ),
        Misjudged(
            "loss-accused",
            2,
            "b",
            "the loss is thought to scatter as the accuracy does",
            "While all probabilities are nearly equal, every image costs nearly the same.",
        ),
        Misjudged(
            "training-images-blamed",
            3,
            "d",
            "training batches are blamed",
            "A batch that was not seen before is as honest as a held-out one. Ask how large it is.",
        ),
        Misjudged(
            "accuracy-first-believed",
            0,
            "e",
            "an accuracy is thought to rise before the loss moves",
            "It can. First ask whether it rose: by how much may two such numbers differ if nothing changed?",
        ),
        Misjudged(
            "one-error-believed",
            0,
            "f",
            "the difference is compared with the standard error of one batch",
            "Both batches scatter: compare it with two standard errors of a difference.",
        ),
    ),
)


def _both(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    return {"error_100": _error(accuracy, images), "error_10": _error(batch_accuracy, batch)}


def _without_root(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    both = _both(accuracy, images, batch_accuracy, batch)
    return {name: error**2 for name, error in both.items()}


def _n_outside(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    both = _both(accuracy, 1, batch_accuracy, 1)
    return {"error_100": both["error_100"] / images, "error_10": both["error_10"] / batch}


def _worst_case(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    return _both(0.5, images, 0.5, batch)


def _twofold(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    both = _both(accuracy, images, batch_accuracy, batch)
    return {name: 2 * error for name, error in both.items()}


def _in_percent(accuracy: float, images: int, batch_accuracy: float, batch: int) -> dict[str, float]:
    both = _both(accuracy, images, batch_accuracy, batch)
    return {name: 100 * error for name, error in both.items()}


FOUR_VARIANTS = referee_case(
    id="four-variants",
    number=7,
    ask="The standard errors of .96 on 100 images, and of .60 on ten.",
    numbers=_both,
    verdict=(ALL_HOLD, "c"),
    inputs={"accuracy": 0.96, "images": 100, "batch_accuracy": 0.6, "batch": 10},
    atol=0.0006,
    miscounted=(
        Mistake(
            "root-forgotten",
            "the root is left out",
            "That is the variance: take its root.",
            _without_root,
        ),
        Mistake(
            "n-outside-root",
            "n is divided by outside of the root",
            "n stands inside: ten times the images make it smaller by the root of ten only.",
            _n_outside,
        ),
        Mistake(
            "worst-case",
            "the accuracies are taken as 0.5",
            "That is the worst case; put in the accuracies themselves.",
            _worst_case,
        ),
        Mistake("two-standard-errors", "two standard errors are given", "Give one.", _twofold),
        Mistake(
            "in-percent",
            "they are given in percent",
            "Give them as parts of one, as accuracies are here.",
            _in_percent,
        ),
        Mistake(
            "two-decimals",
            "they are rounded to two decimals",
            "Give three.",
            lambda accuracy, images, batch_accuracy, batch: {
                "error_10": round(_error(batch_accuracy, batch), 2)
            },
        ),
    ),
    misjudged=(
        Misjudged(
            "caution-accused",
            2,
            "a",
            "the excerpt is accused of reading noise as an effect",
            "The gap is inside two standard errors, but the text says so. Read again what it concludes.",
        ),
        Misjudged(
            "root-of-n-accused",
            1,
            "b",
            "an error is thought to shrink as n grows, and not as its root",
            "Compute it for 400 images too.",
        ),
        Misjudged(
            "drop-accused",
            3,
            "d",
            "one standard error is taken for the limit of chance, and one of the two batches for exact",
            "Both batches scatter; and the rule is two standard errors, of their difference.",
        ),
        Misjudged(
            "budgets-accused",
            2,
            "e",
            "unequal budgets are suspected out of habit",
            "The table has a column for it: look.",
        ),
        Misjudged(
            "all-good-believed",
            ALL_HOLD,
            "f",
            "high accuracies are thought to be equal because they are high",
            "The verdict is right, the reason is not: with 10,000 images, .93 and .97 would be far apart.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (SLOW_START, FOUR_VARIANTS)
