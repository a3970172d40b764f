"""The answers: every question's right method, its catalogued mistakes, and the matcher between them.

The catalogue holds methods, never numbers: right and wrong answers are computed from the same
inputs at the moment that they are compared. ``python -m cnnkit.answers`` prints what each
catalogued wrong answer is told.
"""

from __future__ import annotations

from difflib import get_close_matches

from cnnkit.answers import (
    build_for_cifar10,
    cnns_with_code,
    convolution_by_hand,
    live_training_lab,
    looking_inside,
    referee,
    shapes_and_parameters,
    transfer_and_style,
)
from cnnkit.answers.diagnosis import Diagnosis, diagnose
from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.evidence.judging import judge
from cnnkit.answers.example import EXAMPLE
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised
from cnnkit.answers.variants import variant
from cnnkit.errors import ArgumentError

__all__ = [
    "EXAMPLE",
    "EXPERIMENTS",
    "QUESTIONS",
    "Diagnosis",
    "EvidenceQuestion",
    "FunctionQuestion",
    "Mistake",
    "Probe",
    "Question",
    "Raised",
    "diagnose",
    "judge",
    "question",
    "variant",
]

ALL: tuple[Question | EvidenceQuestion, ...] = (
    *convolution_by_hand.QUESTIONS,
    *shapes_and_parameters.QUESTIONS,
    *live_training_lab.QUESTIONS,
    *cnns_with_code.QUESTIONS,
    *build_for_cifar10.QUESTIONS,
    *looking_inside.QUESTIONS,
    *transfer_and_style.QUESTIONS,
    *referee.QUESTIONS,
)
# questions whose answers are values and functions, and those whose answers are runs
QUESTIONS: dict[str, Question] = {entry.id: entry for entry in ALL if isinstance(entry, Question)}
EXPERIMENTS: dict[str, EvidenceQuestion] = {
    entry.id: entry for entry in ALL if isinstance(entry, EvidenceQuestion)
}


def question(id: str) -> Question | EvidenceQuestion:
    """Return a question by its id, such as ``sobel-same-padding``.

    Raises
    ------
    ArgumentError
        No question has this id; the message suggests the nearest.
    """
    known: dict[str, Question | EvidenceQuestion] = {**QUESTIONS, **EXPERIMENTS, EXAMPLE.id: EXAMPLE}
    if id not in known:
        near = get_close_matches(str(id), known, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"Take one of {', '.join(known)}."
        raise ArgumentError(f"question: `id` is {id!r}, expected the id of a question. {hint}")
    return known[id]
