"""Notebook 01: the right and the wrong ways of convolving by hand."""

from cnnkit.answers.convolution_by_hand import channels, kernels, pooling
from cnnkit.answers.question import Question

__all__ = ["QUESTIONS", "VARIANTS"]

QUESTIONS: tuple[Question, ...] = (*kernels.QUESTIONS, *channels.QUESTIONS, *pooling.QUESTIONS)
VARIANTS = kernels.VARIANTS
