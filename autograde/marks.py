"""What a graded notebook says about each answer.

A check can say what it found by displaying an output of the type `DIAGNOSIS`, a table with ``question``,
``code``, ``points``, ``max_points``, ``verdict``, ``mistakes`` and ``message``. The verdict "by hand" leaves
the points to a person, whatever the test gave. Where there is no such output, the error stands in for it.
Only what a test displayed counts: tests run in the judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograde.course import Question
from autograde.judge import TOUCHED, Judged, Outcome
from autograde.notebook import Notebook
from autograde.result import Mark
from autograde.walk import id_of

__all__ = ["DIAGNOSIS", "marks_of"]

DIAGNOSIS = "application/vnd.cnnkit.diagnosis+json"
VERDICTS = ("correct", "mistake", "several", "slip", "unrecognised", "invalid", "missing", "by hand")
LONGEST = 500  # characters of a message
HIDDEN = "A hidden test did not pass."


def marks_of(questions: Sequence[Question], judged: Judged, submitted: Notebook) -> tuple[Mark, ...]:
    """Return what each question earned.

    Parameters
    ----------
    questions : sequence of Question
        The assignment's, in order.
    judged : Judged
        What the tests found.
    submitted : dict
        The student's notebook.
    """
    tests = {test.id: test for test in judged.tests}
    present = {id_of(cell) for cell in submitted["cells"]}
    return tuple(_mark(question, tests.get(question.id), present) for question in questions)


def _mark(question: Question, test: Outcome | None, present: set[str]) -> Mark:
    if test is None:
        if question.id not in present:
            return Mark(question.id, 0.0, question.points, "deleted", message="The cell was deleted.")
        return Mark(question.id, None, question.points, "by hand")
    told = _told(test)
    if TOUCHED in test.notes and test.points > 0:
        return Mark(question.id, None, question.points, "by hand")
    diagnosis = _diagnosis(test)
    if diagnosis is not None:
        points = None if diagnosis["verdict"] == "by hand" else test.points
        return Mark(question.id, points, question.points, **diagnosis | {"message": told})
    if told == HIDDEN:
        return Mark(question.id, test.points, question.points, "failed", message=told)
    if test.error.startswith("NotImplementedError"):  # what nbgrader leaves in place of a solution
        return Mark(question.id, test.points, question.points, "missing", message="No answer was written.")
    if test.error.startswith("CellTimeoutError"):
        why = "The test was stopped: it ran into the time limit."
        return Mark(question.id, test.points, question.points, "failed", message=why)
    verdict = "correct" if test.points >= test.max_points else "failed"
    message = told if verdict == "failed" else ""
    return Mark(question.id, test.points, question.points, verdict, message=message)


def _told(test: Outcome) -> str:
    """Return what a student may read of a test: of one with a hidden part, what its visible part said.

    Whatever else is known after hidden tests have run, an exception's class and a diagnosis's words among it,
    may be a message about what they asked.
    """
    if test.visible is None:
        return HIDDEN if test.hidden else _said(test)
    sound = test.visible.points >= test.visible.max_points
    return HIDDEN if sound and test.points < test.max_points else _said(test.visible)


def _said(outcome: Outcome) -> str:
    seen = _diagnosis(outcome)
    return outcome.error.removeprefix("AssertionError: ")[:LONGEST] if seen is None else str(seen["message"])


def _diagnosis(test: Outcome) -> dict[str, Any] | None:
    """Return the fields of the last diagnosis that a test displayed, or None."""
    said = [output["data"][DIAGNOSIS] for output in test.outputs if DIAGNOSIS in output.get("data", {})]
    if not said or not isinstance(said[-1], dict) or said[-1].get("verdict") not in VERDICTS:
        return None
    mistakes = said[-1].get("mistakes")
    return {
        "verdict": said[-1]["verdict"],
        "mistakes": tuple(str(name) for name in mistakes) if isinstance(mistakes, list) else (),
        "message": str(said[-1].get("message", ""))[:LONGEST],
        "code": str(said[-1].get("code", "")),
    }
