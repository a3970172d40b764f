"""Notebook 06: the right and the wrong ways of looking at what a network has learnt."""

from cnnkit.answers.looking_inside import (
    drawings,
    fooling,
    grids,
    guiding,
    hooks,
    patches,
    turning,
)
from cnnkit.answers.question import Question

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question, ...] = (
    *drawings.QUESTIONS,
    *turning.QUESTIONS,
    *grids.QUESTIONS,
    *hooks.QUESTIONS,
    *patches.QUESTIONS,
    *guiding.QUESTIONS,
    *fooling.QUESTIONS,
)
