"""The answers: every question's right method, its catalogued mistakes, and the matcher between them.

The catalogue holds methods, never numbers: right and wrong answers are computed from the same
inputs at the moment that they are compared. ``python -m cnnkit.answers`` prints what each
catalogued wrong answer is told.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

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

# The packages in this folder that hold the questions of a notebook have a tuple QUESTIONS; a new one is found
# by being here.
ROOMS = [import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__) if each.ispkg]


def _notebook(entry: Question | EvidenceQuestion) -> int:
    """Return the number of the notebook that asks a question: 2 for A2-13a."""
    number = re.match(r"A(\d+)-", entry.code)
    if number is None:
        raise ArgumentError(
            f"answers: `code` of {entry.id!r} is {entry.code!r}, expected A and the notebook's number, a"
            " hyphen, and the question's. Write it as in A2-6."
        )
    return int(number[1])


def _all() -> tuple[Question | EvidenceQuestion, ...]:
    """Return the questions of all rooms, by the notebooks' numbers."""
    found: list[Question | EvidenceQuestion] = [
        entry for room in ROOMS for entry in getattr(room, "QUESTIONS", ())
    ]
    codes: dict[str, str] = {}
    for entry in found:
        if entry.id in codes:
            raise ArgumentError(
                f"answers: `id` is {entry.id!r} in two questions, {codes[entry.id]} and {entry.code},"
                " expected one. Rename one of them, in the notebook too."
            )
        codes[entry.id] = entry.code
    return tuple(sorted(found, key=_notebook))


ALL = _all()
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
