"""Variants: the same question with other numbers, one set per student."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Question
from cnnkit.answers.reading import entries, same
from cnnkit.errors import ArgumentError

__all__ = ["Numbers", "confusions", "untold", "variant", "with_inputs"]

TRIES = 1000
LONGEST = 60  # characters of a value in a sentence


@dataclass(frozen=True)
class Numbers:
    """Numbers that questions of one notebook share, and that can be drawn for each student.

    Parameters
    ----------
    questions : tuple of Question
    draw : callable
        ``draw(rng) -> dict`` of inputs by name. A question takes those that are among its `inputs`; all
        questions that have an input of that name take the same.
    """

    questions: tuple[Question, ...]
    draw: Callable[[np.random.Generator], Mapping[str, Any]]

    def standard(self) -> dict[str, Any]:
        """Return the numbers that everybody gets who gets no variant, by name.

        Raises
        ------
        ArgumentError
            Two questions have different numbers under one name, or none has a name that is drawn.
        """
        found: dict[str, Any] = {}
        for name in self.draw(np.random.default_rng(0)):
            values = [entry.inputs[name] for entry in self.questions if name in entry.inputs]
            if not values or not all(np.array_equal(values[0], value) for value in values):
                ids = ", ".join(entry.id for entry in self.questions)
                what = "different numbers" if values else "no number"
                raise ArgumentError(
                    f"Numbers: `draw` gives {name!r}, for which {ids} have {what}, expected one and the same."
                    " Call the inputs alike, or draw them apart."
                )
            found[name] = values[0]
        return found

    def drawn(self, seed: bytes) -> dict[str, Any]:
        """Return numbers for one student, on which no two catalogued methods agree.

        Parameters
        ----------
        seed : bytes
            The same give the same numbers.

        Returns
        -------
        dict of inputs by name; other numbers than the standard ones

        Raises
        ------
        ArgumentError
            `TRIES` draws gave none; the message names the question and the methods.
        """
        standard = self.standard()
        rng = np.random.default_rng(list(seed))
        why: list[str] = []
        for _ in range(TRIES):
            found = dict(self.draw(rng))
            if all(np.array_equal(found[name], standard[name]) for name in standard):
                continue
            why = [said for entry in self.questions for said in untold(with_inputs(entry, found))]
            if not why:
                return found
        last = f" {why[0]}" if why else " They are the standard numbers each time."
        raise ArgumentError(f"Numbers: `draw` gave nothing that can be used in {TRIES:,} draws.{last}")


def with_inputs(question: Question, given: Mapping[str, Any]) -> Question:
    """Return `question` with those of the given inputs that it has."""
    own = {name: value for name, value in given.items() if name in question.inputs}
    return replace(question, inputs={**question.inputs, **own})


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


def untold(question: Question) -> list[str]:
    """Say which methods a question's inputs do not tell apart, a sentence for each pair.

    Examples
    --------
    >>> from cnnkit.answers import question
    >>> untold(question("kernel-from-sizes"))
    []
    >>> untold(with_inputs(question("kernel-from-sizes"), {"after": 512}))[0]
    'kernel-from-sizes: the mistake `shrinks-twice` gives the right answer, 1, for before=512, after=512.'
    """
    outcomes = {"right": question.right, **question.wrong}
    said = []
    for one, other in confusions(question):
        pair = f"the mistakes `{one}` and `{other}` both give"
        if one == "right":
            pair = f"the mistake `{other}` gives the right answer,"
        if isinstance(question, FunctionQuestion):
            what = f"for all its tries: {'; '.join(probe.label for probe in question.probes)}"
            pair = pair.replace("gives the right answer,", "is right").replace("both give", "are the same")
            said.append(f"{question.id}: {pair} {what}.")
            continue
        inputs = ", ".join(f"{name}={_short(value)}" for name, value in question.inputs.items())
        said.append(f"{question.id}: {pair} {_short(outcomes[one])}, for {inputs or 'want of inputs'}.")
    return said


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{name!r}: {_short(part)}" for name, part in value.items()) + "}"
    else:
        text = " ".join(str(value.tolist() if isinstance(value, np.ndarray) else value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


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
