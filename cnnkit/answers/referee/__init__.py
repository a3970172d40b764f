"""Notebook 08: ten excerpts of reports, the numbers behind them, and the verdicts that look right."""

from cnnkit.answers.question import Question
from cnnkit.answers.referee import batches, ledgers, losses, noise, sizes, windows

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[Question, ...] = (
    *ledgers.QUESTIONS,
    *sizes.QUESTIONS,
    *windows.QUESTIONS,
    *losses.QUESTIONS,
    *noise.QUESTIONS,
    *batches.QUESTIONS,
)
