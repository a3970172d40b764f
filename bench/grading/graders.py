"""The graders that take turns: each grades a whole class, and says who got how many points."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from grading import meter
from grading.classes import HERE, Class
from grading.meter import Used

__all__ = ["Autograde", "Floor", "Grader", "Scores", "Shown", "Stock", "together"]

Scores = dict[str, dict[str, float]]
SELECT = """select student.id, base_cell.name, coalesce(grade.manual_score, grade.auto_score)
from grade join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
join student on student.id = submitted_assignment.student_id"""


class Grader:
    """A grader with a copy of the course for itself.

    Parameters
    ----------
    course : Class
    """

    name = ""

    def __init__(self, course: Class) -> None:
        self.course = course

    def prepare(self, count: int) -> None:
        """Hand in a class, and do what a grader needs to have done once for an assignment; not measured."""
        self.course.hand_in(count)

    def grade(self, workers: int, look: float | None = None) -> Used:
        """Grade what was handed in."""
        return self.run(next(self.commands(workers)), look)

    def commands(self, workers: int) -> Iterator[Sequence[str]]:
        """Yield the commands that grade the class, each an even share of it."""
        raise NotImplementedError

    def run(self, command: Sequence[str], look: float | None = None) -> Used:
        """Run a command in the course's folder."""
        return meter.run(command, self.course.environment, self.course.root, look=look)

    def scores(self) -> Scores:
        """Return student -> test -> points."""
        book = self.course.work / "gradebook.db"
        scores: Scores = {}
        with closing(sqlite3.connect(book)) as connection:
            for student, test, points in connection.execute(SELECT):
                scores.setdefault(student, {})[test] = points
        return scores


class Autograde(Grader):
    """``autograde grade``, with its sandbox."""

    name = "autograde grade"

    def commands(self, workers: int) -> Iterator[Sequence[str]]:
        """Yield the one command, which has workers of its own."""
        yield [sys.executable, "-m", "autograde", "grade", "--workers", str(workers)]


class Stock(Grader):
    """``nbgrader autograde``: it knows no workers, so each worker is a command with its half of the class."""

    name = "nbgrader autograde"

    def prepare(self, count: int) -> None:
        """Hand in a class, and tell the gradebook of the assignment."""
        super().prepare(count)
        kept = self.course.root / "gradebook.db"
        if not kept.exists():
            command = [sys.executable, "-m", "nbgrader", "generate_assignment", self.course.name]
            self.run([*command, "--create", "--force"])  # the release is there; the gradebook is not
            shutil.copy(self.course.work / "gradebook.db", kept)
        shutil.copy(kept, self.course.work / "gradebook.db")

    def commands(self, workers: int) -> Iterator[Sequence[str]]:
        """Yield one command for each worker."""
        for share in ["*"] if workers == 1 else ["a-*", "b-*"]:
            command = [sys.executable, "-m", "nbgrader", "autograde", self.course.name]
            yield [*command, f"--CourseDirectory.student_id={share}"]

    def grade(self, workers: int, look: float | None = None) -> Used:
        """Grade with `workers` commands at once."""
        return together(self, workers)


class Floor(Grader):
    """A bare Python that has everything imported; see ``floor.py``."""

    name = "floor"
    more: Sequence[str] = ()

    @property
    def results(self) -> Path:
        """Where the points go."""
        return self.course.work / "points"

    def commands(self, workers: int) -> Iterator[Sequence[str]]:
        """Yield the one command."""
        self.results.mkdir(exist_ok=True)
        source = self.course.root / "solutions" / self.course.name / f"{self.course.name}.ipynb"
        places = [str(source), str(self.course.work / "submitted"), str(self.results)]
        yield [sys.executable, str(HERE / "floor.py"), *places, str(workers), *self.more]

    def scores(self) -> Scores:
        """Return student -> test -> points."""
        return {path.stem: json.loads(path.read_text()) for path in self.results.glob("*.json")}


class Shown(Floor):
    """The floor, when what the cells show is drawn as well."""

    name = "floor, drawn"
    more = ("--shown",)


def together(grader: Grader, workers: int) -> Used:
    """Run all of a grader's commands, `workers` at a time."""
    with ThreadPoolExecutor(workers) as pool:
        start = time.monotonic()
        used = list(pool.map(grader.run, grader.commands(workers)))
        wall = time.monotonic() - start
    return Used(wall, sum(one.cpu for one in used))
