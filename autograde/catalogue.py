"""What the course's own catalogue of answers says: asked as a program, since this package never imports it.

A course names the program in its ``nbgrader_config.py``: ``c.Autograde.catalogue = "cnnkit.answers.author"``.
It is run with ``python -m`` in the course's folder, reads one request as JSON and writes one answer: which
questions have inputs that do not tell their mistakes apart, which numbers can be drawn for each student, and
what they are. `cnnkit.answers.author` says how both look.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograde.course import Assignment, Course
from autograde.errors import CourseError
from autograde.notebook import load

__all__ = ["Known", "ask", "known", "written"]

FOLDER = "catalogue"
Values = dict[str, dict[str, Any]]  # question -> name -> number


@dataclass(frozen=True)
class Known:
    """What a catalogue says of some questions.

    Attributes
    ----------
    problems : tuple of str
        A sentence for each pair of methods that a question's inputs do not tell apart.
    standard : dict
        The numbers of each question that can be drawn, as everybody gets them who gets no variant.
    drawn : dict
        The same for each student, where they were asked for.
    """

    problems: tuple[str, ...]
    standard: Values
    drawn: Mapping[str, Values]


def known(course: Course, assignments: Iterable[Assignment]) -> Known:
    """Return what the catalogue says of these assignments; nothing, if they do not ask it.

    The same catalogue says the same: it is asked once for each of its states.

    Raises
    ------
    CourseError
        The program cannot be run, or does not answer.
    """
    package = course.catalogue.partition(".")[0]
    asking = [each for each in assignments if package and _imports(each, package)]
    ids = [question.name for each in asking for question in each.questions]
    if not ids:
        return Known((), {}, {})
    state = hashlib.sha256(json.dumps([sys.version, course.catalogue, ids]).encode())
    for path in sorted((course.root / package).rglob("*.py")):
        state.update(path.relative_to(course.root).as_posix().encode() + b"\0" + path.read_bytes())
    kept = course.work / FOLDER / f"{state.hexdigest()[:32]}.json"
    try:
        said = json.loads(kept.read_text(encoding="utf-8"))
        return Known(tuple(said["problems"]), said["standard"], {})
    except (OSError, ValueError, KeyError, TypeError):
        found = ask(course, ids)
    if not found.problems and (course.root / package).is_dir():
        written(kept, {"problems": [], "standard": found.standard})
    return found


def _imports(assignment: Assignment, package: str) -> bool:
    imported = re.compile(rf"^\s*(?:from|import)\s+{re.escape(package)}\b", re.MULTILINE)
    return any(imported.search(cell["source"]) for cell in load(assignment.source)["cells"])


def ask(course: Course, questions: Iterable[str], seeds: Mapping[str, str] | None = None) -> Known:
    """Ask the catalogue.

    Parameters
    ----------
    course : Course
    questions : iterable of str
        What it does not know is passed over.
    seeds : mapping of student to hexadecimal digits, optional
        Whom to draw numbers for, and from what. Without them, the inputs are looked at.

    Raises
    ------
    CourseError
        The course names no catalogue, or it cannot be run; the text ends in what it said.
    """
    name = course.catalogue
    if not name:
        raise CourseError(
            f"release: {course.root} names no catalogue to draw numbers from. Set c.Autograde.catalogue in"
            " its nbgrader_config.py to the module that answers, as cnnkit.answers.author does."
        )
    request = {"questions": list(questions), "seeds": dict(seeds or {})}
    run = subprocess.run(
        [sys.executable, "-m", name],
        input=json.dumps(request),
        cwd=course.root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        lines = run.stderr.strip().splitlines() or [f"it ended with the code {run.returncode}"]
        places = [line.strip() for line in lines if line.strip().startswith("File ")]
        where = f" ({places[-1]})" if places else ""
        raise CourseError(f"release: the catalogue {name} cannot answer: {lines[-1]}{where}")
    try:
        said = json.loads(run.stdout)
        return Known(tuple(said["problems"]), said["standard"], said["drawn"])
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"release: the catalogue {name} answers {run.stdout[:60]!r}, expected JSON with problems,"
            " standard and drawn. Does something in it print?"
        ) from None


def written(path: Path, value: Any) -> None:
    """Write a value as JSON, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    half.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    half.replace(path)
