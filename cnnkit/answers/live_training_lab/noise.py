"""How far a measured accuracy may be off, the first half of A3-8."""

from __future__ import annotations

from cnnkit.answers.question import Mistake, Question

__all__ = ["QUESTIONS"]

STANDARD_ERROR = Question(
    id="standard-error",
    code="A3-8a",
    points=1,
    variable="standard_error",
    ask="The standard error of an accuracy of 0.96 that was measured on 100 images.",
    method=lambda accuracy, images: (accuracy * (1 - accuracy) / images) ** 0.5,
    atol=0.0005,
    mistakes=(
        Mistake(
            "not-divided",
            "the number of images is left out",
            "More images make it smaller: divide by n inside the root.",
            lambda accuracy, images: (accuracy * (1 - accuracy)) ** 0.5,
        ),
        Mistake(
            "n-outside-root",
            "n is divided by outside of the root",
            "n stands inside: ten times the images make it smaller by the root of ten only.",
            lambda accuracy, images: (accuracy * (1 - accuracy)) ** 0.5 / images,
        ),
        Mistake(
            "root-of-n-only",
            "the root is taken of n alone",
            "The root goes over all of it: p, 1 − p and n.",
            lambda accuracy, images: accuracy * (1 - accuracy) / images**0.5,
        ),
        Mistake(
            "errors-forgotten",
            "the factor 1 − p is left out",
            "A network that is always right has no spread: multiply by 1 − p.",
            lambda accuracy, images: (accuracy / images) ** 0.5,
        ),
        Mistake(
            "worst-case",
            "the accuracy is taken as 0.5",
            "That is the worst case; put in 0.96.",
            lambda accuracy, images: 0.5 / images**0.5,
        ),
        Mistake(
            "two-standard-errors",
            "two standard errors are given",
            "Give one.",
            lambda accuracy, images: 2 * (accuracy * (1 - accuracy) / images) ** 0.5,
        ),
        Mistake(
            "in-percent",
            "it is given in percent",
            "Give it as a part of one, as the accuracy is.",
            lambda accuracy, images: 100 * (accuracy * (1 - accuracy) / images) ** 0.5,
        ),
    ),
    inputs={"accuracy": 0.96, "images": 100},
)

QUESTIONS: tuple[Question, ...] = (STANDARD_ERROR,)
