"""Variants: the same question with other numbers, one set per student."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import combinations

import numpy as np

from cnnkit.answers.question import Question
from cnnkit.answers.reading import entries, same
from cnnkit.errors import ArgumentError

__all__ = ["confusions", "variant"]

TRIES = 1000


def variant(question: Question, student: str) -> Question:
    """Return `question` with inputs drawn for one student.

    The same student always gets the same inputs. Inputs on which a catalogued mistake would come out
    right, or on which two mistakes that can be told apart would coincide, are drawn again.

    Parameters
    ----------
    question : Question
    student : str
        Any text that identifies the student.

    Returns
    -------
    Question

    Raises
    ------
    ArgumentError
        The question exists with one set of inputs only.

    Examples
    --------
    >>> from cnnkit.answers import question
    >>> variant(question("kernel-from-sizes"), "student-1").inputs
    {'before': 501, 'after': 487}
    """
    if question.draw is None:
        raise ArgumentError(
            f"variant: `question` is {question.id!r}, expected one whose inputs can be drawn."
            " Use it as it is: its numbers are facts of a published network."
        )
    seed = hashlib.sha256(f"{student}\n{question.id}".encode()).digest()
    rng = np.random.default_rng(list(seed))
    for _ in range(TRIES):
        drawn = replace(question, inputs=question.draw(rng))
        if not confusions(drawn):
            return drawn
    raise RuntimeError(f"variant: no inputs of {question.id!r} tell its mistakes apart in {TRIES} draws")


def confusions(question: Question) -> list[tuple[str, str]]:
    """Return the pairs that the question's inputs do not tell apart, except those declared alike.

    The right method goes by the name "right": a pair with it means that a mistake earns full marks.
    """
    outcomes = {"right": entries(question.right)}
    outcomes |= {mistake: entries(value) for mistake, value in question.wrong.items()}
    known = {frozenset(pair) for group in question.alike for pair in combinations(group, 2)}
    return [
        pair
        for pair in combinations(outcomes, 2)
        if frozenset(pair) not in known
        and all(
            same(value, outcomes[pair[1]][name], question.atol) for name, value in outcomes[pair[0]].items()
        )
    ]
