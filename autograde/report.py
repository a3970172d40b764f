"""The class report: one HTML page that needs nothing else, and two CSV tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograde import layout, similar, stock
from autograde.course import Assignment, Course
from autograde.errors import CourseError
from autograde.policy import read
from autograde.result import Result, State, recall
from autograde.settlement import settle
from autograde.similar import Alike, Piece
from autograde.summary import ENOUGH, AssignmentSummary, findings, summarise
from autograde.text import harmless, plain, rounded

__all__ = ["look_alikes", "page", "recorded", "write", "write_tables"]

MOST = 100  # pairs of an assignment that are shown
LINES, WIDTH = 300, 400  # of an answer


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


def page(title: str, summaries: Sequence[AssignmentSummary], made: datetime, pairs: int | None = None) -> str:
    """Render the report as one HTML page, every text escaped.

    Parameters
    ----------
    title : str
    summaries : sequence of AssignmentSummary
    made : datetime
    pairs : int, optional
        How many pairs of answers ``similar.html`` beside it shows; None if there is no such page.
    """
    students: dict[str, dict[str, Result]] = {}
    for summary in summaries:
        for result in summary.results:
            students.setdefault(result.student, {})[result.assignment] = result
    return layout.page(
        "report.html",
        title=title,
        made=made,
        summaries=summaries,
        students=dict(sorted(students.items())),
        findings=findings(summaries),
        State=State,
        ENOUGH=ENOUGH,
        pairs=pairs,
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
    found = [(a.name, similar.alike(similar.of_class(course.autograded, a))) for a in assignments]
    path, made = folder / "report.html", datetime.now().astimezone()
    try:
        layout.save(path, page(title, summaries, made, sum(len(pairs) for _, pairs in found)))
        layout.save(path.with_name("similar.html"), look_alikes(title, found, made))
        write_tables(results, folder)
    except OSError as error:
        raise CourseError(f"report: {folder} cannot be written: {error.strerror}.") from None
    return path


def look_alikes(title: str, found: Sequence[tuple[str, Sequence[Alike]]], made: datetime) -> str:
    """Render the answers that look alike, each assignment's pairs side by side."""
    shown = [
        (
            name,
            [(pair, [_marked(pair, piece) for piece in (pair.first, pair.second)]) for pair in pairs[:MOST]],
        )
        for name, pairs in found
    ]
    left_out = sum(max(0, len(pairs) - MOST) for _, pairs in found)
    return layout.page("similar.html", title=title, made=made, found=shown, left_out=left_out)


def _marked(pair: Alike, piece: Piece) -> list[tuple[str, bool]]:
    """Return an answer's lines, each with whether the other answer has it too."""
    common = pair.lines(piece)
    lines = plain(piece.source).split("\n")[:LINES]
    return [(line[:WIDTH], number in common) for number, line in enumerate(lines)]


def write_tables(results: Iterable[Result], folder: Path) -> None:
    """Write ``scores.csv``, a row for each submission, and ``answers.csv``, a row for each answer."""
    results = sorted(results, key=lambda result: (result.student, result.assignment))
    _table(
        folder / "scores.csv",
        ["student", "assignment", "state", "points", "max_points", "by_hand_open", "reason", "notes"],
        (
            (*_whose(r), r.state, _earned(r), r.max_points, r.open_points, r.reason, " ".join(r.remarks))
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
