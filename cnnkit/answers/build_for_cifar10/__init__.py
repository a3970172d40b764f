"""Notebook 05: the right and the wrong ways of building, training and judging a network for CIFAR-10."""

from cnnkit.answers.build_for_cifar10 import (
    experiments,
    logs,
    measuring,
    modelling,
    normalising,
    pipeline,
    stopping,
)
from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.question import Question

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question | EvidenceQuestion, ...] = (
    *modelling.QUESTIONS,
    *measuring.QUESTIONS,
    *logs.QUESTIONS,
    *stopping.QUESTIONS,
    *pipeline.QUESTIONS,
    *normalising.QUESTIONS,
    *experiments.QUESTIONS,
)
