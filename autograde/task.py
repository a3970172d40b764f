"""What is graded, and with what, as plain bytes: nothing in it points to a disk, so any machine can do it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from autograde.course import Assignment, Course, Question
from autograde.intake import Submission
from autograde.notebook import load, loads
from autograde.result import Result, State
from autograde.times import STAMP

__all__ = ["Kit", "Task", "grader", "kit_of", "task_of", "work_of"]

START_UP = 60  # seconds over and above the cells' own: forking, importing what a notebook imports
MOST = 3600  # seconds for a whole submission, whatever its number of cells
IMPORT = re.compile(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", re.MULTILINE)
OURS = ("autograde", "tests")
WEIGHTS = "data/weights"  # of trained networks that come with a course


@dataclass(frozen=True)
class Kit:
    """What all submissions of an assignment are graded with.

    Attributes
    ----------
    assignment : str
    questions : tuple of Question
    source : bytes
        The instructor's notebook.
    beside : dict of str to bytes
        The files beside it; they replace a student's files of the same name.
    libraries : bytes
        A zip of the course's own packages that its notebooks import.
    """

    assignment: str
    questions: tuple[Question, ...]
    source: bytes
    beside: Mapping[str, bytes]
    libraries: bytes

    @cached_property
    def digest(self) -> str:
        """What it is known by: equal kits have equal digests."""
        digest = hashlib.sha256(self.source)
        for name, data in sorted(self.beside.items()):
            digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(data).digest())
        digest.update(self.libraries)
        return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """One submission that can be graded.

    Attributes
    ----------
    student, assignment : str
    kit : str
        The digest of its kit.
    points : float
        The most that it can earn.
    notebook : bytes
        What was handed in.
    files : dict of str to bytes
        What was handed in beside it.
    timeout : int
        Seconds for each cell.
    fingerprint : str
    notes : tuple of str
        What intake noticed.
    source : bytes
        The instructor's notebook with this student's own numbers; empty where it is the kit's.
    """

    student: str
    assignment: str
    kit: str
    points: float
    notebook: bytes
    files: Mapping[str, bytes]
    timeout: int
    fingerprint: str
    notes: tuple[str, ...] = ()
    source: bytes = b""

    @cached_property
    def limit(self) -> float:
        """Seconds after which the whole submission is given up."""
        return min(MOST, START_UP + self.timeout * len(loads(self.notebook)["cells"]))

    def result(self, state: State, reason: str = "", **more: Any) -> Result:
        """Return a result of this task."""
        plain = Result(self.student, self.assignment, state, self.points, reason, self.notes)
        return replace(plain, **{"fingerprint": self.fingerprint, "timeout": self.timeout, **more})


@cache
def grader() -> str:
    """Return a hash of this package's own code: graders with the same one give the same results."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def kit_of(course: Course, assignment: Assignment) -> Kit:
    """Read what an assignment is graded with."""
    beside = dict(_files(assignment.source.parent, skipped=(".ipynb", ".pyc")))
    source = assignment.source.read_bytes()
    return Kit(assignment.name, assignment.questions, source, beside, _zipped(_libraries(course)))


def work_of(submission: Submission) -> str:
    """Hash what was handed in; not when, for that changes no point here."""
    assert submission.notebook is not None
    digest = hashlib.sha256()
    for path in [submission.notebook, *_handed_in(submission)]:
        name = path.relative_to(submission.notebook.parent).as_posix()
        # a file name need not be text
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _handed_in(submission: Submission) -> list[Path]:
    return [path for path in submission.files if path.name != STAMP]


def task_of(submission: Submission, kit: Kit, timeout: int, fingerprint: str, source: bytes = b"") -> Task:
    """Read what was handed in; `source` is the instructor's notebook where it has a student's own numbers."""
    assert submission.notebook is not None
    here = submission.notebook.parent
    return Task(
        submission.student,
        submission.assignment,
        kit.digest,
        sum(question.points for question in kit.questions),
        submission.notebook.read_bytes(),
        {path.relative_to(here).as_posix(): path.read_bytes() for path in _handed_in(submission)},
        timeout,
        fingerprint,
        submission.notes,
        source,
    )


def _libraries(course: Course) -> dict[str, Path]:
    """Find the packages at the course's root that its notebooks import, or that those import in turn.

    The trained networks that come with the course stand beside them, as they do at its root.
    """
    known = {path.parent.name: path.parent for path in course.root.glob("*/__init__.py")}
    for name in OURS:
        known.pop(name, None)
    texts = [cell["source"] for a in course.assignments for cell in load(a.source)["cells"]]
    found: dict[str, Path] = {}
    while texts:
        new = _imported(texts) & known.keys() - found.keys()
        found |= {name: known[name] for name in new}
        texts = [
            path.read_text(encoding="utf-8", errors="replace")
            for name in new
            for path in known[name].rglob("*.py")
        ]
    weights = course.root / WEIGHTS
    return found | ({WEIGHTS: weights} if found and weights.is_dir() else {})


def _imported(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in IMPORT.findall(text)}


def _files(folder: Path, skipped: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if path.is_file() and not hidden and not path.name.endswith(skipped):
            yield inside.as_posix(), path.read_bytes()


def _zipped(folders: Mapping[str, Path]) -> bytes:
    """Pack packages; equal files give equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, folder in sorted(folders.items()):
            for inside, data in _files(folder, skipped=(".pyc",)):
                archive.writestr(zipfile.ZipInfo(f"{name}/{inside}"), data)
    return target.getvalue()
