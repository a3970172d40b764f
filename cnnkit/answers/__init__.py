"""The answers: every question's right method, its catalogued mistakes, and the matcher between them.

The catalogue holds methods, never numbers: right and wrong answers are computed from the same
inputs at the moment that they are compared. ``python -m cnnkit.answers`` prints what each
catalogued wrong answer is told.
"""

from __future__ import annotations

from difflib import get_close_matches

from cnnkit.answers import convolution_by_hand, live_training_lab, shapes_and_parameters
from cnnkit.answers.diagnosis import Diagnosis, diagnose
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised
from cnnkit.answers.variants import variant
from cnnkit.errors import ArgumentError

__all__ = [
    "QUESTIONS",
    "Diagnosis",
    "FunctionQuestion",
    "Mistake",
    "Probe",
    "Question",
    "Raised",
    "diagnose",
    "question",
    "variant",
]

QUESTIONS: dict[str, Question] = {
    entry.id: entry
    for room in (convolution_by_hand, shapes_and_parameters, live_training_lab)
    for entry in room.QUESTIONS
}


def question(id: str) -> Question:
    """Return a question by its id, such as ``sobel-same-padding``.

    Raises
    ------
    ArgumentError
        No question has this id; the message suggests the nearest.
    """
    if id not in QUESTIONS:
        near = get_close_matches(str(id), QUESTIONS, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"Take one of {', '.join(QUESTIONS)}."
        raise ArgumentError(f"question: `id` is {id!r}, expected the id of a question. {hint}")
    return QUESTIONS[id]
