"""Grades back into the table that Canvas or Moodle gave: the same rows, one column filled in."""

from __future__ import annotations

import csv
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from autograde.course import nearest
from autograde.downloads import participant
from autograde.errors import CourseError
from autograde.result import Result, State
from autograde.text import harmless, plain, rounded

__all__ = ["HandBack", "fill", "reasons_of", "students_of"]

CANVAS = ("Student", "ID")
CANVAS_KEPT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_ASSIGNMENT = re.compile(r"(?P<name>.+) \(\d+\)")
EXCUSED = "EX"  # in Canvas's table
MOODLE = ("Identifier", "Grade")
MODIFIED = "Last modified (grade)"
REASONS = ("student", "name", "points", "late", "written", "why")


@dataclass
class HandBack:
    """What was written, and what was not.

    Attributes
    ----------
    system : str
        "Canvas" or "Moodle".
    column : str
        What was filled in.
    graded : int
        Rows with points.
    waiting : list of str
        Students whose texts a person has still to read: left empty.
    absent : list of str
        Rows for which nothing was graded: left as they were.
    excused : list of str
        Students for whom it does not count, by the class's rules.
    undecided : list of str
        Students with points, but no grade as long as something is not known: left empty.
    late : dict of str to float
        What students lost for being late.
    rows : list of tuple
        Every row of the table: student, name, points, penalty, what was written, why.
    strangers : list of str
        Students with points who are not in the table.
    notes : list of str
        What an instructor should know besides.
    """

    system: str
    column: str
    graded: int = 0
    waiting: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    rows: list[tuple[object, ...]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.column}: {self.graded} grades for {self.system}"]
        for students, words in (
            (
                [f"{who} (-{rounded(lost)})" for who, lost in self.late.items()],
                "lost points for being late",
            ),
            (self.excused, "excused"),
            (self.undecided, "wait for a decision of yours, and are left empty"),
            (self.waiting, "wait for a person to read a text, and are left empty"),
            (self.absent, "have no grade here, and are left as they were"),
            (self.strangers, "have a grade, but no row in the table"),
        ):
            if students:
                listed = ", ".join(students[:20]) + (", ..." if len(students) > 20 else "")
                lines.append(f"{len(students)} {words}: {listed}")
        return "\n".join(lines + self.notes)


def fill(
    table: Path,
    results: Sequence[Result],
    to: Path,
    column: str = "",
    scale: bool = False,
    refused: Mapping[str, str] | None = None,
) -> HandBack:
    """Write a table with the grades of one assignment filled in, and beside it why each is as it is.

    Parameters
    ----------
    table : Path
        Canvas's exported gradebook, or Moodle's grading worksheet. It is only read.
    results : sequence of Result
        Of one assignment.
    to : Path
        What is written: the rows in the table's order, ready to be uploaded.
    column : str
        Canvas's column, with or without the number in brackets. Default: the one that is called like the
        assignment.
    scale : bool
        Whether to stretch the points to what the system takes as full; else they are written as they are.
    refused : dict of str to str
        Why a student's files were not taken in.

    Raises
    ------
    CourseError
        The table cannot be read or is of neither system, or the column cannot be told.
    """
    rows = _read(table)
    heading = rows[0]
    found = {result.student: result for result in results}
    if all(name in heading for name in CANVAS):
        export = _canvas(rows, found, column, scale, refused or {})
        kept = [heading.index(name) for name in (*CANVAS_KEPT, export.column) if name in heading]
        rows = [[row[place] for place in kept] for row in rows]
    elif all(name in heading for name in MOODLE):
        export = _moodle(rows, found, scale, refused or {})
    else:
        raise CourseError(
            f"export: {table} begins with {', '.join(heading[:4])}, expected Canvas's gradebook (Student, ID,"
            " ...) or Moodle's grading worksheet (Identifier, ..., Grade, ...). Export it there once more."
        )
    _write(to, rows)
    _write(reasons_of(to), [REASONS, *([harmless(value) for value in row] for row in export.rows)])
    return export


def reasons_of(to: Path) -> Path:
    """Return where it stands why each row of a filled table is as it is."""
    return to.with_name(f"{to.stem}-reasons.csv")


def students_of(table: Path) -> list[str]:
    """Return the students of a table that Canvas or Moodle exported, by the ids that hand-ins are kept under.

    Raises
    ------
    CourseError
        It cannot be read, or is no such table.
    """
    heading, *rows = _read(table)
    if all(name in heading for name in CANVAS):
        return [row[heading.index("ID")].strip() for row in rows if row[heading.index("ID")].strip()]
    if MOODLE[0] in heading:
        return [participant(row[heading.index(MOODLE[0])]) for row in rows]
    raise CourseError(f"{table.name} has no column ID or Identifier. Export it from Canvas or Moodle again.")


def _read(table: Path) -> list[list[str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"export: {table} cannot be read ({error}). Export it once more, as CSV.") from None
    if not rows:
        raise CourseError(f"export: {table} is empty, expected a table. Export it once more.")
    width = len(rows[0])
    return [(row + [""] * width)[:width] for row in rows]


def _canvas(
    rows: list[list[str]], found: Mapping[str, Result], column: str, scale: bool, refused: Mapping[str, str]
) -> HandBack:
    heading = rows[0]
    name = _canvas_column(heading, column, next((each.assignment for each in found.values()), ""))
    export, place, id_place = HandBack("Canvas", name), heading.index(name), heading.index("ID")
    students = [row for row in rows[1:] if row[id_place].strip()]
    possible = next((row[place] for row in rows[1:] if "Points Possible" in row[0]), "")
    factor = _factor(export, found, possible, scale)
    kept = []
    for row in students:
        student = row[id_place].strip()
        result = found.get(student)
        if row[place].strip().upper() == EXCUSED and result is not None and not result.excused:
            kept.append(student)
        elif (points := _points(export, result, student, factor)) is not None:
            row[place] = points
        export.rows.append(_row(result, student, row[0], row[place], refused))
    if kept:
        export.notes.append(
            f"{len(kept)} are excused in Canvas, and stay so: {', '.join(kept)}. Empty the cell to grade one."
        )
    if export.late:
        export.notes.append("Switch Canvas's own late policy off, or it takes points off a second time.")
    _look_for_strangers(export, found, {row[id_place].strip() for row in students})
    return export


def _canvas_column(heading: Sequence[str], column: str, assignment: str) -> str:
    """Return the heading that is meant."""
    known = {name: match["name"] for name in heading if (match := CANVAS_ASSIGNMENT.fullmatch(name))}
    wanted = column or assignment
    meant = [name for name, short in known.items() if wanted in (name, short)]
    meant = meant or [name for name, short in known.items() if _words(wanted) == _words(short)]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(map(repr, known)) or "none"
    near = nearest(wanted, list(known.values()))
    raise CourseError(
        f"export: no column of the table is surely {wanted!r}; there are {listed}. {near} Say which with"
        " --column."
    )


def _words(name: str) -> list[str]:
    """Return what two names of the same assignment share: its words, without a number in front.

    Examples
    --------
    >>> _words("02-shapes-and-parameters") == _words("Shapes and Parameters")
    True
    """
    return [word for word in re.findall(r"[^\W_]+", name.lower()) if not word.isdigit()]


def _moodle(
    rows: list[list[str]], found: Mapping[str, Result], scale: bool, refused: Mapping[str, str]
) -> HandBack:
    heading = rows[0]
    place, id_place = heading.index("Grade"), heading.index("Identifier")
    most = next((heading.index(name) for name in heading if name.lower() == "maximum grade"), None)
    comments = heading.index("Feedback comments") if "Feedback comments" in heading else None
    export = HandBack("Moodle", "Grade")
    factor = _factor(export, found, rows[1][most] if most is not None and len(rows) > 1 else "", scale)
    here, above = set(), []
    full = heading.index("Full name") if "Full name" in heading else id_place
    for row in rows[1:]:
        student = participant(row[id_place])
        here.add(student)
        before = row[place]
        points = _points(export, found.get(student), student, factor)
        if points is not None:
            row[place] = "" if points == EXCUSED else points
            if points and comments is not None:
                row[comments] = _comment(found[student])
        if points == EXCUSED and before.strip():
            export.notes.append(
                f"{student} is excused, but has a grade in Moodle, {before}: remove it there."
            )
        if points and most is not None and _number(points) > _number(row[most]):
            above.append(student)
        export.rows.append(_row(found.get(student), student, row[full], row[place], refused))
    if above:
        export.notes.append(
            f"{len(above)} have more points than Moodle's maximum, and Moodle passes over them:"
            f" {', '.join(above)}. --scale, or a higher maximum there, lets them in."
        )
    if MODIFIED not in heading:
        export.notes.append(f"Moodle takes no worksheet without its column {MODIFIED!r}: export it whole.")
    _look_for_strangers(export, found, here)
    return export


def _points(export: HandBack, result: Result | None, student: str, factor: float) -> str | None:
    """Return what stands in a student's row; None where it stays as it was."""
    if result is not None and result.excused:
        export.excused.append(student)
        return EXCUSED
    if result is not None and result.waits:
        export.undecided.append(student)
        return ""
    if result is None or not result.graded:
        export.absent.append(student)
        return None
    if result.open_points:
        export.waiting.append(student)
        return ""
    export.graded += 1
    if result.penalty:
        export.late[student] = result.penalty
    return rounded(result.grade * factor)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _row(
    result: Result | None, student: str, name: str, written: str, refused: Mapping[str, str]
) -> tuple[object, ...]:
    """Return a row of the reasons: what there is to say about what stands in a student's row."""
    if result is None:
        return student, name, "", "", written, refused.get(student, "Nothing was handed in.")
    about = "" if result.state in (State.GRADED, State.MISSING) else f"{result.state}: "
    said = [result.waits, about + result.reason if result.reason else "", refused.get(student, "")]
    if result.open_points:
        said.append(f"{result.open_points:g} points wait for a person.")
    why = " ".join(filter(None, (*said, *result.remarks)))
    points = round(result.points, 4) if result.graded else ""
    return student, name, points, round(result.penalty, 4) or "", written, why


def _factor(export: HandBack, found: Mapping[str, Result], possible: str, scale: bool) -> float:
    """Return what points are multiplied by, and note where the system expects another maximum."""
    ours = next((result.max_points for result in found.values()), 0.0)
    try:
        theirs = float(possible)
    except ValueError:
        return 1.0
    if not ours or not theirs or theirs == ours:
        return 1.0
    if scale:
        export.notes.append(f"{ours:g} points are stretched to {theirs:g}.")
        return theirs / ours
    export.notes.append(
        f"{export.system} expects {theirs:g} points, the notebook has {ours:g}: they are written as they are."
        " --scale stretches them."
    )
    return 1.0


def _look_for_strangers(export: HandBack, found: Mapping[str, Result], here: set[str]) -> None:
    export.strangers += sorted(
        student for student, result in found.items() if result.graded and student not in here
    )


def _comment(result: Result) -> str:
    """Return what a student reads beside the grade: each answer that cost points, with its mistake."""
    if result.excused:
        return "Excused."
    lines = [f"{result.points:g} of {result.max_points:g} points"]
    if result.penalty:
        lines[0] += f", {rounded(result.penalty)} off for being late"
    for mark in result.marks:
        if mark.points is not None and mark.points < mark.max_points:
            said = f": {mark.message.splitlines()[0]}" if mark.message else ""
            lines.append(f"{mark.name}, {mark.points:g} of {mark.max_points:g}{said}")
    return "<br>".join(escape(plain(line)) for line in lines)


def _write(to: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a table whole, or not at all."""
    try:
        handle, unfinished = tempfile.mkstemp(dir=to.absolute().parent, prefix=f".{to.stem}-", suffix=".csv")
    except OSError as error:
        raise CourseError(f"export: {to} cannot be written: {error.strerror}. Give another file.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, to)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
