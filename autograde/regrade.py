"""Whose grade moved when work was graded again, by how much, and why."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from autograde.course import Course
from autograde.notebook import loads
from autograde.result import Mark, Result, earlier, recall
from autograde.text import harmless, rounded

__all__ = ["TABLE", "Change", "Move", "keep_source", "move", "moves", "write_table"]

TABLE = "regrades.csv"
HEADING = (
    *("student", "assignment", "points_before", "points_now"),
    *("question", "from", "to", "said_before", "says_now", "why"),
)


@dataclass(frozen=True)
class Change:
    """What became different in one question: its mark before and now, and why."""

    name: str
    before: Mark | None
    now: Mark | None
    why: str

    @property
    def points(self) -> tuple[float | None, float | None]:
        """The points before and now; None for a question that was not there, or waits for a person."""
        return (self.before.points if self.before else None, self.now.points if self.now else None)

    def __str__(self) -> str:
        before, now = map(_shown, self.points)
        said = f" (before: {_said(self.before)}; now: {_said(self.now)})"
        return f"{self.name} {before} -> {now}, {self.why}{said}"


@dataclass(frozen=True)
class Move:
    """One student's result before and now."""

    before: Result
    now: Result
    changes: tuple[Change, ...]

    @property
    def by(self) -> float:
        """How many points more there are now."""
        return self.now.points - self.before.points

    def __str__(self) -> str:
        before, now = (_shown(r.points) if r.graded else r.state for r in (self.before, self.now))
        full = f"{self.now.max_points:g} points by the tests"
        moved = f"{self.now.student}, {self.now.assignment}: {before} -> {now} of {full}"
        return "\n    ".join([moved, *map(str, self.changes)])


def keep_source(course: Course, source: bytes) -> str:
    """Keep the notebook that work is graded with, to be compared with a later one; return its hash."""
    digest = hashlib.sha256(source).hexdigest()
    path = _source(course, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(source)
        half.replace(path)
    return digest


def _source(course: Course, digest: str) -> Path:
    return course.work / "sources" / f"{digest}.ipynb"


def move(course: Course, before: Result | None, now: Result) -> Move | None:
    """Compare a student's result with the one before; None if there was none, or it says the same."""
    if before is None or (before.state, before.marks) == (now.state, now.marks):
        return None
    old, new = ({mark.question: mark for mark in result.marks} for result in (before, now))
    cells = _changed_cells(course, before, now)
    changes = [
        Change(_name(old.get(question), new.get(question)), old.get(question), new.get(question), why)
        for question in dict.fromkeys([*new, *old])
        if old.get(question) != new.get(question) and (why := _why(before, now, question, cells))
    ]
    return Move(before, now, tuple(changes))


def moves(course: Course, assignment: str) -> list[Move]:
    """Return all that ever moved in an assignment, by student, the oldest first."""
    found = []
    for student, now in sorted(recall(course, assignment).items()):
        chain = [*earlier(course, assignment, student), now]
        found += [moved for before, after in pairwise(chain) if (moved := move(course, before, after))]
    return found


def write_table(course: Course, found: Iterable[Move]) -> Path:
    """Write all moves as ``regrades.csv``, a row for each question that changed; whole, or not at all."""
    path = course.work / TABLE
    half = path.with_suffix(f".{os.getpid()}")
    with half.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADING)
        for moved in found:
            whose = (moved.now.student, moved.now.assignment, moved.before.points, moved.now.points)
            for change in moved.changes:
                row = (
                    *whose,
                    change.name,
                    *change.points,
                    _said(change.before),
                    _said(change.now),
                    change.why,
                )
                table.writerow([harmless(value) for value in row])
    half.replace(path)
    return path


def _name(before: Mark | None, now: Mark | None) -> str:
    mark = now or before
    return mark.name if mark else ""


def _shown(points: float | None) -> str:
    return "open" if points is None else rounded(points)


def _said(mark: Mark | None) -> str:
    """Return what the check said, in a line."""
    if mark is None:
        return "not asked"
    first = mark.message.splitlines()[0] if mark.message else ""
    return first or mark.verdict


def _why(before: Result, now: Result, question: str, cells: Mapping[str, str] | None) -> str:
    if not before.work:
        return "graded before by a version that did not note what with"
    if before.work != now.work:
        return "handed in anew" if now.work else "what is handed in now cannot be graded"
    if before.kit == now.kit:
        return "the course's library or the grader is another"
    if cells is None:
        return "the assignment was changed"
    if question in cells:
        return f"its test was {cells[question]}"
    return f"other cells of the assignment were changed: {', '.join(sorted(cells)) or 'none that is graded'}"


def _changed_cells(course: Course, before: Result, now: Result) -> dict[str, str] | None:
    """Return the cells in which two versions of an assignment differ, and how; None if one is not kept."""
    paths = [_source(course, result.kit) for result in (before, now) if result.kit]
    if len(paths) < 2 or not all(path.exists() for path in paths):
        return None
    old, new = (_cells(path) for path in paths)
    found = dict.fromkeys(old.keys() - new.keys(), "removed")
    found |= dict.fromkeys(new.keys() - old.keys(), "added")
    return found | {name: "changed" for name in old.keys() & new.keys() if old[name] != new[name]}


def _cells(path: Path) -> dict[str, Sequence[object]]:
    cells = loads(path.read_bytes(), path.name)["cells"]
    return {
        str(meta.get("grade_id") or cell.get("id")): (cell["source"], meta.get("points"))
        for cell in cells
        for meta in [cell["metadata"].get("nbgrader", {})]
    }
