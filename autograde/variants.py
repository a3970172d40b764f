"""Other numbers for each student: drawn once, kept, put into their notebooks, and graded with.

::

    variants/key                             the secret that the draw hangs on; only this computer has it
    variants/numbers/<assignment>.json       what each student was given
    variants/notebooks/<student>/<assignment>/   what they get

all in the course's work folder. What a student was given once stays: a later release adds those who are new.
"""

from __future__ import annotations

import csv
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from autograde import catalogue
from autograde.course import Assignment, Course
from autograde.errors import CourseError
from autograde.given import exchanged, given_in, tagged, varying
from autograde.notebook import Notebook, dumps, load, loads
from autograde.result import Mark, Result
from autograde.text import plain

__all__ = ["OTHERS", "Drawn", "Handed", "draw", "handed", "personal", "put", "roster", "told"]

FOLDER = "variants"
COLUMNS = ("id", "identifier")  # nbgrader's and Canvas's, and Moodle's
MOODLE = re.compile(r"\D+(\d+)")  # Participant 12
NOBODY = "    Points Possible"  # a row of Canvas's that is no student
KEY_DIGITS = 64
OTHERS = "other-numbers"  # the mistake of who hands in a notebook with numbers that they were not given
Values = catalogue.Values


def roster(path: Path) -> list[str]:
    """Read whom a class has: the students' ids, as their folders of hand-ins are called.

    Parameters
    ----------
    path : Path
        nbgrader's table of students, or the table of grades that Canvas or Moodle exports.

    Raises
    ------
    CourseError
        It cannot be read, has no column of ids, or has an id twice, none in a row, or one that cannot be the
        name of a folder.
    """
    name = f"release: `--variants` is {path}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)] or [[]]
    except OSError as error:
        raise CourseError(f"{name}, which cannot be read: {error.strerror}. Check the path.") from None
    except (UnicodeDecodeError, csv.Error):
        raise CourseError(f"{name}, which is no CSV table in UTF-8. Save it as one.") from None
    columns = [cell.strip().lower() for cell in heading]
    place = next((columns.index(column) for column in COLUMNS if column in columns), None)
    if place is None:
        raise CourseError(
            f"{name}, whose first line has no column `id`, expected nbgrader's table of students (id,"
            " first_name, ...), or the one that Canvas or Moodle exports. Add the line `id` above the ids."
        )
    found: list[str] = []
    for number, row in enumerate(rows, start=2):
        if row[0].startswith(NOBODY):
            continue
        student = row[place].strip() if place < len(row) else ""
        if columns[place] == "identifier" and (participant := MOODLE.fullmatch(student)):
            student = participant[1]
        wrong = _unfit(student) or ("it was there before" if student in found else "")
        if wrong:
            raise CourseError(f"{name}, in whose row {number} the id is {student!r}: {wrong}. Mend that row.")
        found.append(student)
    if not found:
        raise CourseError(f"{name}, which has no student, expected one in each row. Add them.")
    return found


def _unfit(student: str) -> str:
    if not student:
        return "there is none"
    if student.startswith(".") or set(student) & set('/\\:*?"<>|') or plain(student) != student:
        return "it cannot be the name of a folder"
    return ""


@dataclass(frozen=True)
class Drawn:
    """The numbers that the students of one assignment were given.

    Attributes
    ----------
    standard : dict
        Question -> name -> number: those of everybody else.
    students : dict
        The same for each student.
    """

    standard: Values
    students: Mapping[str, Values]


def draw(course: Course, assignment: Assignment, students: Sequence[str]) -> Drawn:
    """Return what these and all earlier students were given, drawing it for who is new; keep it.

    Raises
    ------
    CourseError
        The catalogue cannot draw, the numbers of the source have changed since others were drawn, or what
        was kept is damaged.
    """
    ids = [question.name for question in assignment.questions]
    before = _recalled(course, assignment.name)
    new = [student for student in students if before is None or student not in before.students]
    key = _key(course)
    seeds = {student: _seed(key, assignment.name, student) for student in new}
    found = catalogue.ask(course, ids, seeds) if new else catalogue.known(course, [assignment])
    source = load(assignment.source)
    standard = varying(source, found.standard)
    if before is None:
        before = Drawn(standard, {})
    if before.standard != standard and before.students:
        raise CourseError(
            f"release: {assignment.name} has other numbers, or other questions that vary, than when the"
            f" variants of {len(before.students)} students were drawn. Put them back; or, if nobody has"
            f" begun, delete {_record(course, assignment.name)}."
        )
    drawn = {student: _only(found.drawn[student], standard) for student in new}
    after = Drawn(standard, {**before.students, **drawn})
    if standard:
        kept = {"standard": after.standard, "students": dict(after.students)}
        catalogue.written(_record(course, assignment.name), kept)
    return after


def _only(values: Values, standard: Values) -> Values:
    return {id: {name: values[id][name] for name in own} for id, own in standard.items()}


def _seed(key: bytes, assignment: str, student: str) -> str:
    return hmac.new(key, f"{assignment}\0{student}".encode(), "sha256").hexdigest()


def _key(course: Course) -> bytes:
    """Return the course's secret, made when it is first asked for."""
    path = course.work / FOLDER / "key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        half = path.with_name(f".key.{os.getpid()}")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(KEY_DIGITS // 2))
        half.replace(path)
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(rf"[0-9a-f]{{{KEY_DIGITS}}}", text):
        raise CourseError(
            f"release: {path} is damaged, expected {KEY_DIGITS} hexadecimal digits. Put back a copy; without"
            " one, delete it: whoever has numbers keeps them."
        )
    return bytes.fromhex(text)


def _record(course: Course, assignment: str) -> Path:
    return course.work / FOLDER / "numbers" / f"{assignment}.json"


def _recalled(course: Course, assignment: str) -> Drawn | None:
    path = _record(course, assignment)
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Drawn(kept["standard"], kept["students"])
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"variants: {path} is damaged. Put back a copy; without one, delete it and run `autograde release"
            " --variants` again: the same students get the same numbers."
        ) from None


def personal(release: bytes, drawn: Drawn, student: str) -> bytes:
    """Return a released notebook with one student's numbers."""
    if not drawn.standard:
        return release
    nb = loads(release)
    return dumps(exchanged(nb, drawn.standard, drawn.students[student], unlocked=True)).encode()


def put(course: Course, student: str, assignment: str, files: Mapping[str, bytes]) -> Path:
    """Write one student's files of an assignment; return their folder."""
    folder = course.work / FOLDER / "notebooks" / student / assignment
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f".{path.name}.half")
            half.write_bytes(data)
            half.replace(path)
    return folder


def handed(course: Course, assignment: Assignment) -> Handed | None:
    """Return what is known of an assignment's variants when it is graded; None if it has none."""
    drawn = _recalled(course, assignment.name)
    return Handed(assignment, drawn) if drawn else None


@dataclass(frozen=True)
class Handed:
    """The variants of one assignment, for those who grade it."""

    assignment: Assignment
    drawn: Drawn

    @cached_property
    def nb(self) -> Notebook:
        """The instructor's notebook."""
        return load(self.assignment.source)

    def source(self, student: str) -> bytes:
        """Return the instructor's notebook with this student's numbers; nothing for who has none."""
        if student not in self.drawn.students:
            return b""
        return dumps(exchanged(self.nb, self.drawn.standard, self.drawn.students[student])).encode()

    def whose(self, student: str, submitted: Notebook) -> str:
        """Say which notebook's numbers a hand-in has, if not its student's: nothing if all is well.

        A cell that was deleted says nothing; a number that was changed by hand is nobody's.
        """
        cells = {str(cell["id"]) for cell in tagged(self.nb)}
        own = self.drawn.students.get(student, self.drawn.standard)
        names = _flat(own)
        there = given_in(submitted, names, cells)
        if all(there[name] == names[name] for name in there):
            return ""
        others = {"the release without variants": self.drawn.standard}
        others |= {
            f"the notebook of {who}": has for who, has in self.drawn.students.items() if who != student
        }
        alike = [
            who for who, values in others.items() if all(_flat(values)[name] == there[name] for name in there)
        ]
        return " or ".join(alike) or "no notebook that was given out"


def _flat(values: Values) -> dict[str, Any]:
    return {name: value for own in values.values() for name, value in own.items()}


def told(result: Result, whose: str, questions: Sequence[str]) -> Result:
    """Return a result that says that its notebook has other numbers than its student was given.

    Parameters
    ----------
    result : Result
    whose : str
        As `Handed.whose` says; it goes into the asides, for the instructor alone.
    questions : sequence of str
        The questions whose numbers vary.
    """
    message = "This notebook has other numbers than the one that was given to you. Do this question in yours."

    def marked(mark: Mark) -> Mark:
        if mark.question.removeprefix("test-") not in questions or mark.points in (None, mark.max_points):
            return mark
        return replace(mark, verdict="mistake", mistakes=(OTHERS,), message=message)

    note = f"It has the numbers of {whose}. What varies was graded with the student's own."
    return replace(result, asides=(*result.asides, note), marks=tuple(map(marked, result.marks)))
