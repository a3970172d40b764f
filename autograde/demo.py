"""A made-up class, carried through release, hand-in, grading and report.

The class is data, ``demo_class.toml``: for each student what they answered, and what happened to their files.
Notebooks are made from it by putting the answers into the release. Nothing here touches the real hand-ins or
the real gradebook: the class has a work folder of its own.
"""

from __future__ import annotations

import shutil
import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograde.course import Assignment, Course, nearest
from autograde.errors import CourseError
from autograde.notebook import Notebook, dumps, graded_as, load

__all__ = ["ROSTER", "Student", "clear", "hand_in", "handed_in", "read_roster"]

ROSTER = Path(__file__).with_name("demo_class.toml")
BASES = ("solution", "untouched")
LOGIN_PAGE = b"<!DOCTYPE html>\n<html><title>Please sign in</title></html>\n"


@dataclass(frozen=True)
class Student:
    """One row of the class.

    Attributes
    ----------
    id : str
        The name of the student's folder.
    story : str
        What this student stands for.
    base : str
        What the cells without an own answer hold: the ``solution``, or the ``untouched`` release.
    damage : str
        What happened to the files, one of `DAMAGES`.
    at : str
        Where: an assignment's name, by default the first, or the id of a cell to delete.
    answers : dict of str to str
        Id of a solution cell -> what stands between its markers.
    """

    id: str
    story: str
    base: str = "solution"
    damage: str = "none"
    at: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


def handed_in(path: Path, course: Course) -> Sequence[Assignment]:
    """Return the assignments that a class hands in, as its TOML file says: all, if it does not.

    Raises
    ------
    CourseError
        The file cannot be read, or names an assignment that the course has not.
    """
    return course.choose(_table(path).get("assignments", []))


def _table(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"demo: {path} cannot be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"demo: {path.name} is not TOML: {error}.") from None
    return table


def read_roster(path: Path, assignments: Sequence[Assignment]) -> list[Student]:
    """Read a class from its TOML file.

    Raises
    ------
    CourseError
        The file is no such class, or answers a question that the course does not ask; the message says where.
    """
    try:
        students = [Student(**row) for row in _table(path)["student"]]
    except (KeyError, TypeError) as error:
        raise CourseError(f"demo: {path.name} needs [[student]] tables of known fields: {error}.") from None
    cells = {c["id"]: graded_as(c) for a in assignments for c in load(a.source)["cells"] if graded_as(c)}
    names = [assignment.name for assignment in assignments]
    for student in students:
        for value, known in (
            (student.base, BASES),
            (student.damage, list(DAMAGES)),
            (student.at or names[0], [*names, *cells]),
            *((cell, [name for name, role in cells.items() if role != "test"]) for cell in student.answers),
        ):
            if value not in known:
                where = f"demo: {path.name}, student {student.id!r}"
                raise CourseError(f"{where}: {value!r} is unknown. {nearest(value, known)}")
    return students


def hand_in(course: Course, assignments: Sequence[Assignment], students: Sequence[Student]) -> None:
    """Write every student's files into the course's folder of hand-ins."""
    for student in students:
        at = student.at or assignments[0].name
        for assignment in assignments:
            source = load(assignment.source)
            folder = course.submitted / student.id / assignment.name
            nb = _answered(source, load(assignment.release), student)
            hit = at == assignment.name or any(cell.get("id") == at for cell in source["cells"])
            files = (
                DAMAGES[student.damage](nb, assignment, at, assignments) if hit else _sound(nb, assignment)
            )
            for name, data in files.items():
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)


def _answered(source: Notebook, release: Notebook, student: Student) -> Notebook:
    """Put a student's answers, or else the solution, into the release."""
    written = {cell["id"]: cell for cell in source["cells"]}
    for cell in release["cells"]:
        original = written.get(cell.get("id"))
        if original is None or graded_as(cell) not in ("solution", "by hand"):
            continue
        if cell["id"] in student.answers:
            cell["source"] = _between_markers(original["source"], student.answers[cell["id"]])
        elif student.base == "solution":
            lines = original["source"].splitlines()
            cell["source"] = "\n".join(
                x for x in lines if "BEGIN SOLUTION" not in x and "END SOLUTION" not in x
            )
    return release


def _between_markers(source: str, answer: str) -> str:
    """Replace what stands between the markers, at their indentation; without markers, everything."""
    lines = source.splitlines()
    begins = [number for number, line in enumerate(lines) if "BEGIN SOLUTION" in line]
    ends = [number for number, line in enumerate(lines) if "END SOLUTION" in line]
    if not begins:
        return answer.strip("\n")
    first = lines[begins[0]]
    indent = first[: len(first) - len(first.lstrip())]
    own = textwrap.indent(textwrap.dedent(answer).strip("\n"), indent)
    return "\n".join([*lines[: begins[0]], own, *lines[ends[0] + 1 :]])


Files = dict[str, bytes]


def _sound(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    return {f"{assignment.name}.ipynb": dumps(nb).encode()}


def _renamed(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    return {"my homework (final).ipynb": dumps(nb).encode()}


def _truncated(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    data = dumps(nb).encode()
    return {f"{assignment.name}.ipynb": data[: len(data) * 2 // 3]}


def _not_json(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    return {f"{assignment.name}.ipynb": LOGIN_PAGE}


def _nothing(*_: Any) -> Files:
    return {}


def _other(nb: Notebook, assignment: Assignment, at: str, assignments: Sequence[Assignment]) -> Files:
    other = next(a for a in assignments if a.name != assignment.name)
    return {f"{assignment.name}.ipynb": other.release.read_bytes()}


def _two_copies(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    data = dumps(nb).encode()
    return {f"{assignment.name}.ipynb": data, f"{assignment.name}-Copy1.ipynb": data}


def _deleted_cell(nb: Notebook, assignment: Assignment, at: str, _: Any) -> Files:
    nb["cells"] = [cell for cell in nb["cells"] if cell.get("id") != at]
    return _sound(nb, assignment)


def _wrong_kernel(nb: Notebook, assignment: Assignment, *_: Any) -> Files:
    nb["metadata"]["kernelspec"] = {"display_name": "R", "language": "R", "name": "ir"}
    return _sound(nb, assignment)


DAMAGES: dict[str, Callable[..., Files]] = {
    "none": _sound,
    "renamed": _renamed,
    "truncated": _truncated,
    "not-json": _not_json,
    "not-handed-in": _nothing,
    "other-assignment": _other,
    "two-copies": _two_copies,
    "deleted-cell": _deleted_cell,
    "wrong-kernel": _wrong_kernel,
}


def clear(course: Course) -> None:
    """Remove what an earlier demo left behind: every demo is graded afresh, so that it can be watched."""
    for folder in (course.submitted, course.autograded, course.work / "results"):
        shutil.rmtree(folder, ignore_errors=True)
    (course.work / "gradebook.db").unlink(missing_ok=True)
