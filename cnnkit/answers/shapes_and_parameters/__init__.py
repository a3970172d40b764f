"""Notebook 02: the right and the wrong ways of computing sizes and counting parameters."""

from cnnkit.answers.question import Question
from cnnkit.answers.shapes_and_parameters import (
    contradictions,
    cs7011,
    functions,
    receptive_fields,
    report,
    sizes,
)

__all__ = ["QUESTIONS", "VARIANTS"]

QUESTIONS: tuple[Question, ...] = (
    *sizes.QUESTIONS,
    *report.QUESTIONS,
    *cs7011.QUESTIONS,
    *contradictions.QUESTIONS,
    *receptive_fields.QUESTIONS,
    *functions.QUESTIONS,
)

VARIANTS = sizes.VARIANTS
