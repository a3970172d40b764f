"""What became of one submission: its state, its points, and what was said about each answer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Container
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from autograde.course import Course
from autograde.text import plain

__all__ = [
    "REFERENCE",
    "Mark",
    "Result",
    "State",
    "damaged",
    "earlier",
    "forget",
    "kept",
    "path_of",
    "recall",
    "record",
    "reference",
]

REFERENCE = ""  # the student whose work is the instructor's own solution


class State(StrEnum):
    """Where a submission ends; it is in exactly one of these."""

    GRADED = "graded"
    PARTLY = "graded in part"  # a cell ran into the time limit; the others count
    UNGRADABLE = "not gradable"
    MISSING = "not handed in"


@dataclass(frozen=True)
class Mark:
    """What one question earned.

    Attributes
    ----------
    question : str
        nbgrader's id of the graded cell.
    points : float or None
        None while a person has not graded it yet.
    max_points : float
        The most that it can earn.
    verdict : str
        ``correct``, ``mistake``, ``several``, ``unrecognised``, ``invalid``, ``missing`` or ``failed``;
        ``by hand`` for an answer that a person grades, ``deleted`` for a cell that was not handed in.
    mistakes : tuple of str
        Names of the recognised mistakes.
    message : str
        What the check said.
    code : str
        The question's number in the course, such as ``A1-2``; empty if the course has none.
    """

    question: str
    points: float | None
    max_points: float
    verdict: str
    mistakes: tuple[str, ...] = ()
    message: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        """Take orders to a terminal out of the message."""
        object.__setattr__(self, "message", plain(self.message))

    @property
    def name(self) -> str:
        """What the question is called: its number and id, without ``test-``."""
        return f"{self.code} {self.question.removeprefix('test-')}".strip()


@dataclass(frozen=True)
class Result:
    """What became of one submission.

    Attributes
    ----------
    student, assignment : str
        Whose work, on what.
    state : State
        Where it ended.
    max_points : float
        The points of the assignment.
    reason : str
        Why it was not, or only in part, graded.
    notes : tuple of str
        What there is to know besides.
    marks : tuple of Mark
        One for each question, in the notebook's order; empty if nothing was graded.
    fingerprint : str
        Hash of the notebook and of what it was graded with; equal hashes need no second grading.
    timeout : int
        Seconds that each cell had.
    seconds : float
        How long grading took.
    work, kit : str
        Hashes of what was handed in and of the assignment that it was graded with: what has changed, when a
        second grading gives other points.
    penalty : float
        Points that are taken off for being late.
    excused : bool
        Whether it counts nothing, neither way.
    waits : str
        Why there is no grade yet, although there are points.
    lead : str
        Whose hand-in this is, where a group handed in one for all.
    asides : tuple of str
        What is for the instructor alone: it may name others.
    """

    student: str
    assignment: str
    state: State
    max_points: float
    reason: str = ""
    notes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    fingerprint: str = ""
    timeout: int = 0
    seconds: float = 0.0
    work: str = ""
    kit: str = ""
    penalty: float = 0.0
    excused: bool = False
    waits: str = ""
    lead: str = ""
    asides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take orders to a terminal out of what a hand-in's own words may have got into."""
        object.__setattr__(self, "reason", plain(self.reason))
        object.__setattr__(self, "notes", tuple(map(plain, self.notes)))
        object.__setattr__(self, "asides", tuple(map(plain, self.asides)))

    @property
    def remarks(self) -> tuple[str, ...]:
        """All notes, those for the instructor alone too."""
        return (*self.notes, *self.asides)

    @property
    def points(self) -> float:
        """The points so far, without what is taken off for being late."""
        return sum((mark.points or 0 for mark in self.marks), 0.0)

    @property
    def grade(self) -> float:
        """The points that count, as nbgrader's export has them."""
        return max(0.0, self.points - self.penalty)

    @property
    def open_points(self) -> float:
        """The points that a person still has to decide on."""
        return sum((mark.max_points for mark in self.marks if mark.points is None), 0.0)

    @property
    def graded(self) -> bool:
        """Whether there are points at all."""
        return self.state in (State.GRADED, State.PARTLY)


def path_of(course: Course, assignment: str, student: str) -> Path:
    """Return where a result is kept; that of the instructor's own solution apart from the students'."""
    if student == REFERENCE:
        return course.work / "references" / f"{assignment}.json"
    return course.work / "results" / assignment / f"{student}.json"


def record(course: Course, result: Result) -> None:
    """Keep a result, in one step: an interrupted run leaves the old one or the new one.

    One that it replaces, and that said something else, is kept too; see `earlier`.
    """
    path = path_of(course, result.assignment, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = _read(path) if path.exists() and result.student != REFERENCE else None
    if old is not None and _said(old) != _said(result):
        folder = _earlier(course, result.assignment, result.student)
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f"{old.fingerprint[:16] or old.state}.json"
        aside.unlink(missing_ok=True)  # it came back, and went again
        os.link(path, aside) if hasattr(os, "link") else shutil.copy2(path, aside)
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    half.replace(path)


def _said(result: Result) -> tuple[object, ...]:
    """Return what a student would notice of a result."""
    return result.state, result.reason, result.marks


def _earlier(course: Course, assignment: str, student: str) -> Path:
    return course.work / "earlier-results" / assignment / student


def earlier(course: Course, assignment: str, student: str) -> list[Result]:
    """Return the results that a student had before the present one, the oldest first."""
    paths = _earlier(course, assignment, student).glob("*.json")
    ordered = sorted(paths, key=lambda path: path.stat().st_mtime_ns)
    return [old for path in ordered if (old := _read(path))]


def kept(course: Course, assignment: str, student: str) -> Result | None:
    """Return a student's kept result, if there is one that can be read."""
    path = path_of(course, assignment, student)
    return _read(path) if path.exists() else None


def recall(course: Course, assignment: str) -> dict[str, Result]:
    """Return the kept results of an assignment by student; one that cannot be read counts as absent."""
    return {path.stem: kept for path in _files(course, assignment) if (kept := _read(path))}


def reference(course: Course, assignment: str) -> Result | None:
    """Return what became of the instructor's own solution when it was last graded, if it was."""
    path = path_of(course, assignment, REFERENCE)
    return _read(path) if path.exists() else None


def damaged(course: Course, assignment: str) -> list[Path]:
    """Return the files of an assignment's kept results that cannot be read."""
    return [path for path in _files(course, assignment) if not _read(path)]


def _files(course: Course, assignment: str) -> list[Path]:
    return sorted((course.work / "results" / assignment).glob("*.json"))


def _read(path: Path) -> Result | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        marks = tuple(Mark(**mark | {"mistakes": tuple(mark["mistakes"])}) for mark in fields["marks"])
        fields |= {"state": State(fields["state"]), "notes": tuple(fields["notes"]), "marks": marks}
        fields["asides"] = tuple(fields.get("asides", ()))
        return Result(**fields)
    except (ValueError, KeyError, TypeError):
        return None


def forget(course: Course, assignment: str, students: Container[str]) -> None:
    """Drop the kept results of all but these students, who are the class now; the gradebook keeps theirs."""
    for path in _files(course, assignment):
        if path.stem not in students:
            path.unlink(missing_ok=True)
