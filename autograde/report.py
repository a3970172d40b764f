"""The class report: one HTML page that needs nothing else, and two CSV tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograde import stock
from autograde.course import Assignment, Course
from autograde.errors import CourseError
from autograde.policy import read
from autograde.result import Result, State, recall
from autograde.settlement import settle
from autograde.summary import AssignmentSummary, findings, summarise
from autograde.text import harmless, rounded

__all__ = ["page", "recorded", "write", "write_tables"]


def recorded(course: Course, assignments: Sequence[Assignment]) -> list[Result]:
    """Return the results of the last grading under the class's rules, with the points of the gradebook.

    A person may have graded by hand since, or changed a score, or the rules.

    Raises
    ------
    CourseError
        Nothing was graded yet, or there are mistakes in the rules.
    """
    policy = read(course)
    results = [result for a in assignments for result in recall(course, a.name).values()]
    if not results:
        names = ", ".join(assignment.name for assignment in assignments)
        raise CourseError(f"report: nothing of {names} was graded yet. Run `autograde grade` first.")
    with stock.open_gradebook(course) as gradebook:
        results = settle(course, policy, assignments, results, gradebook)
        return [_current(result, gradebook) if result.graded else result for result in results]


def _current(result: Result, gradebook: Any) -> Result:
    from nbgrader.api import MissingEntry

    name = result.assignment
    try:
        mine = gradebook.find_submission_notebook(name, name, result.student)
        graded = gradebook.find_submission_notebook(name, name, result.lead) if result.lead else mine
        grades, penalty = graded.grades, mine.late_submission_penalty
    except MissingEntry:
        return result  # another gradebook was put in place since; the record is all there is
    points = {g.name: None if g.needs_manual_grade else float(g.score or 0) for g in grades}
    marks = tuple(replace(mark, points=points.get(mark.question, mark.points)) for mark in result.marks)
    penalty = float(penalty or 0)
    taken = (f"{rounded(penalty)} points are taken off for being late.",) if penalty else ()
    return replace(result, marks=marks, penalty=penalty, notes=result.notes + taken)


def page(title: str, summaries: Sequence[AssignmentSummary], made: datetime) -> str:
    """Render the report as one HTML page, every text escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda value: (
        "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
    )
    environment.filters["percent"] = lambda value: "–" if value is None else f"{100 * value:.0f} %"
    students: dict[str, dict[str, Result]] = {}
    for summary in summaries:
        for result in summary.results:
            students.setdefault(result.student, {})[result.assignment] = result
    return environment.get_template("report.html").render(
        title=title,
        made=made,
        summaries=summaries,
        students=dict(sorted(students.items())),
        findings=findings(summaries),
        State=State,
    )


def write(course: Course, assignments: Sequence[Assignment], folder: Path, title: str) -> Path:
    """Write the report and its tables into a folder and return the page's path.

    Raises
    ------
    CourseError
        Nothing was graded yet, or the folder cannot be written.
    """
    results = recorded(course, assignments)
    summaries = [summarise(a, [r for r in results if r.assignment == a.name]) for a in assignments]
    path = folder / "report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page(title, summaries, datetime.now().astimezone()), encoding="utf-8")
        write_tables(results, folder)
    except OSError as error:
        raise CourseError(f"report: {folder} cannot be written: {error.strerror}.") from None
    return path


def write_tables(results: Iterable[Result], folder: Path) -> None:
    """Write ``scores.csv``, a row for each submission, and ``answers.csv``, a row for each answer."""
    results = sorted(results, key=lambda result: (result.student, result.assignment))
    _table(
        folder / "scores.csv",
        ["student", "assignment", "state", "points", "max_points", "by_hand_open", "reason", "notes"],
        (
            (*_whose(r), r.state, _earned(r), r.max_points, r.open_points, r.reason, " ".join(r.notes))
            for r in results
        ),
    )
    _table(
        folder / "answers.csv",
        ["student", "assignment", "question", "points", "max_points", "verdict", "mistakes", "message"],
        (
            (*_whose(r), m.name, m.points, m.max_points, m.verdict, " ".join(m.mistakes), m.message)
            for r in results
            for m in r.marks
        ),
    )


def _whose(result: Result) -> tuple[str, str]:
    return result.student, result.assignment


def _earned(result: Result) -> float | None:
    return result.points if result.graded else None


def _table(path: Path, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(heading)
        table.writerows([harmless(value) for value in row] for row in rows)
