"""Notebook 03: the right and the wrong ways of reading, training and judging ConvNetJS's network."""

from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.live_training_lab import (
    batches,
    experiments,
    noise,
    reading,
    starting,
    surgery,
    updating,
)
from cnnkit.answers.question import Question

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question | EvidenceQuestion, ...] = (
    *reading.QUESTIONS,
    *updating.QUESTIONS,
    *starting.QUESTIONS,
    *noise.QUESTIONS,
    *surgery.QUESTIONS,
    *batches.QUESTIONS,
    *experiments.QUESTIONS,
)
