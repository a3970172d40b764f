"""Notebook 04: the right and the wrong ways of measuring, varying and comparing small networks."""

from cnnkit.answers.cnns_with_code import activations, challenge, channels, depth, grid, measures
from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.question import Question

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question | EvidenceQuestion, ...] = (
    *measures.QUESTIONS,
    *grid.QUESTIONS,
    *activations.QUESTIONS,
    *channels.QUESTIONS,
    *depth.QUESTIONS,
    *challenge.QUESTIONS,
)
