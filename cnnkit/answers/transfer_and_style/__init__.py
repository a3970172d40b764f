"""Notebook 07: the right and the wrong ways of freezing, taking over, and comparing pictures by style."""

from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.question import Question
from cnnkit.answers.transfer_and_style import freezing, manner, preparing, repetition, taking_over

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question | EvidenceQuestion, ...] = (
    *freezing.QUESTIONS,
    *taking_over.QUESTIONS,
    *preparing.QUESTIONS,
    *manner.QUESTIONS,
    *repetition.QUESTIONS,
)
