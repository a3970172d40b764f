"""What a class's results say: how hard each question was, and which mistakes were made.

Everything here is a pure function of results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import atanh, sqrt, tanh
from statistics import StatisticsError, correlation, mean, median, quantiles, stdev

from autograde.course import Assignment
from autograde.result import Mark, Result, State

__all__ = [
    "ENOUGH",
    "AssignmentSummary",
    "Discrimination",
    "Finding",
    "QuestionSummary",
    "findings",
    "summarise",
]

BINS = 10  # of the histogram of points
ENOUGH = 10  # students, for a figure about how they differ
NORMAL = 1.959963984540054  # standard errors on each side that hold 95 of 100
WELL = 0.4
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
class Discrimination:
    """How well a question tells strong work from weak: its corrected item-total correlation.

    Attributes
    ----------
    students : int
        How many it is computed from.
    value : float or None
        The correlation, from -1 to 1, of what they got for this question with what they got for all others;
        None for fewer than `ENOUGH` students, or if either is the same for all of them.
    low, high : float or None
        Between these it lies in 95 of 100 classes of that size, by Fisher's transformation.
    """

    students: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, own: Sequence[float], rest: Sequence[float]) -> Discrimination:
        """Compute it from each student's points for the question and for the others.

        Examples
        --------
        >>> Discrimination.of([0, 1, 2], [1, 2, 3])
        Discrimination(students=3, value=None, low=None, high=None)
        >>> round(Discrimination.of([0, 1] * 6, range(12)).value, 3)
        0.145
        """
        n = len(own)
        if n < ENOUGH:
            return cls(n)
        try:
            value = max(-1.0, min(1.0, correlation(own, rest)))
        except StatisticsError:  # one of the two is constant
            return cls(n)
        if abs(value) >= 1:
            return cls(n, value, value, value)
        middle, half = atanh(value), NORMAL / sqrt(n - 3)
        return cls(n, value, tanh(middle - half), tanh(middle + half))

    @property
    def words(self) -> str:
        """What it means for whoever wrote the question."""
        if self.value is None or self.low is None or self.high is None:
            few = f"too few to say ({self.students})"
            return few if self.students < ENOUGH else "the same for all"
        if self.high < 0:
            return "who does well elsewhere fails here: look at its test"
        if self.low > 0:
            return "tells apart well" if self.value >= WELL else "tells apart"
        return "cannot be told from chance"


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
    def spread(self) -> float | None:
        """The standard deviation (n - 1) of the points of those who were graded; None for fewer than two."""
        return stdev(self.points) if len(self.points) > 1 else None

    @property
    def quarters(self) -> tuple[float, float] | None:
        """The points that a quarter and three quarters of those who were graded stay below or reach."""
        if len(self.points) < ENOUGH:
            return None
        first, _, third = quantiles(self.points, n=4, method="inclusive")
        return first, third

    @property
    def few(self) -> bool:
        """Whether too few were graded for a figure about how they differ."""
        return len(self.graded) < ENOUGH

    @property
    def waiting(self) -> int:
        """How many have answers that a person has still to read: their points are not all there."""
        return sum(result.open_points > 0 for result in self.graded)

    def discrimination(self, question: QuestionSummary) -> Discrimination:
        """Say how well a question tells students apart; questions that wait for a person count for nobody."""
        others = [q for q in self.questions if q is not question and not q.count("open")]
        decided = [
            s for s, m in question.marks.items() if m.points is not None and all(s in q.marks for q in others)
        ]
        own = [question.marks[student].points or 0.0 for student in decided]
        rest = [sum(q.marks[student].points or 0.0 for q in others) for student in decided]
        return Discrimination.of(own, rest)

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
