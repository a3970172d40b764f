"""What a class's results say: how hard each question was, and which mistakes were made.

Everything here is a pure function of results.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, median

from autograde.course import Assignment
from autograde.result import Mark, Result, State

__all__ = ["AssignmentSummary", "Finding", "QuestionSummary", "findings", "summarise"]

BINS = 10  # of the histogram of points
NO_MISTAKE = ("correct", "missing", "by hand", "deleted")


@dataclass(frozen=True)
class QuestionSummary:
    """How a class did on one question.

    Attributes
    ----------
    id, code, max_points
        The question; `code` is its number in the course, if it has one.
    marks : dict of str to Mark
        By student, of those whose submission was graded.
    """

    id: str
    code: str
    max_points: float
    marks: dict[str, Mark]

    @property
    def name(self) -> str:
        """What it asks."""
        return self.id.removeprefix("test-")

    @property
    def label(self) -> str:
        """Its number, or else its name."""
        return self.code or self.name

    @cached_property
    def shares(self) -> list[float]:
        """The part of the points that each student got, without those who still wait for a person."""
        points = [mark.points for mark in self.marks.values() if mark.points is not None]
        return [p / self.max_points for p in points] if self.max_points else []

    @property
    def mean(self) -> float | None:
        """The class's mean share of the points, from 0 to 1; None if nobody was graded."""
        return mean(self.shares) if self.shares else None

    def count(self, kind: str) -> int:
        """Count the answers that got ``full``, ``part`` or ``none`` of the points, or are still ``open``."""
        if kind == "open":
            return len(self.marks) - len(self.shares)
        full = sum(share >= 1 for share in self.shares)
        none = sum(share <= 0 for share in self.shares)
        return {"full": full, "none": none, "part": len(self.shares) - full - none}[kind]


@dataclass(frozen=True)
class Finding:
    """A mistake in one question, and who made it."""

    verdict: str
    mistakes: tuple[str, ...]
    message: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class AssignmentSummary:
    """How a class did on one assignment.

    Attributes
    ----------
    name, max_points
        The assignment.
    results : tuple of Result
        One for each student.
    questions : tuple of QuestionSummary
        In the notebook's order.
    """

    name: str
    max_points: float
    results: tuple[Result, ...]
    questions: tuple[QuestionSummary, ...]

    @property
    def graded(self) -> list[Result]:
        """The results that have points."""
        return [result for result in self.results if result.graded]

    @property
    def points(self) -> list[float]:
        """The points of those who were graded."""
        return [result.points for result in self.graded]

    @property
    def mean(self) -> float | None:
        """The mean of the points of those who were graded."""
        return mean(self.points) if self.points else None

    @property
    def median(self) -> float | None:
        """The median of the points of those who were graded."""
        return median(self.points) if self.points else None

    @property
    def histogram(self) -> list[int]:
        """How many were graded in each tenth of the points; full marks count to the last."""
        bins = [0] * BINS
        for points in self.points:
            bins[min(BINS - 1, int(BINS * points / (self.max_points or 1)))] += 1
        return bins

    def count(self, state: State) -> int:
        """Count the submissions in a state."""
        return sum(result.state is state for result in self.results)


def summarise(assignment: Assignment, results: Iterable[Result]) -> AssignmentSummary:
    """Put together what is known about an assignment."""
    ordered = tuple(sorted(results, key=lambda result: result.student))
    questions = []
    for question in assignment.questions:
        marks = {r.student: mark for r in ordered for mark in r.marks if mark.question == question.id}
        code = next((mark.code for mark in marks.values() if mark.code), "")
        questions.append(QuestionSummary(question.id, code, question.points, marks))
    return AssignmentSummary(assignment.name, assignment.points, ordered, tuple(questions))


def findings(summaries: Iterable[AssignmentSummary]) -> list[tuple[QuestionSummary, list[Finding]]]:
    """Gather the mistakes of a class by question, each list with the most frequent first.

    Answers count as the same mistake if the same catalogued mistakes were recognised in them, or, where none
    was, if the check said the same.
    """
    questions = [question for summary in summaries for question in summary.questions]
    found = [(question, _of_question(question)) for question in questions]
    missed = [(question, group) for question, group in found if group]
    return sorted(missed, key=lambda pair: -sum(len(finding.students) for finding in pair[1]))


def _of_question(question: QuestionSummary) -> list[Finding]:
    groups: dict[object, dict[str, Mark]] = {}
    for student, mark in question.marks.items():
        if mark.verdict not in NO_MISTAKE and (mark.points or 0) < mark.max_points:
            groups.setdefault(mark.mistakes or mark.message, {})[student] = mark
    found = []
    for group in groups.values():
        mark = next(iter(group.values()))
        found.append(Finding(mark.verdict, mark.mistakes, mark.message, tuple(group)))
    return sorted(found, key=lambda finding: -len(finding.students))
