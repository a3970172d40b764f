"""A folder of hand-ins -> one submission per student and assignment, each in exactly one state.

The folder has nbgrader's layout, ``<student>/<assignment>/<assignment>.ipynb``, and is only read. A notebook
is known by the ids of its graded cells, not by its name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from autograde.course import Assignment, Course
from autograde.errors import CourseError, NotebookError
from autograde.limits import Limits
from autograde.notebook import Notebook, graded_as, load
from autograde.result import State
from autograde.text import plain

__all__ = ["Submission", "collect", "graded_ids"]

DEEPEST = 32  # folders inside one another
MOST_FILES = 10_000


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one assignment.

    Attributes
    ----------
    student, assignment : str
        Whose work, on what.
    notebook : Path or None
        The file to grade; None if there is nothing that can be graded.
    state : State or None
        ``UNGRADABLE`` or ``MISSING``; None for a notebook that can be graded.
    reason : str
        Why it cannot be graded.
    notes : tuple of str
        What an instructor may want to know besides.
    """

    student: str
    assignment: str
    notebook: Path | None = None
    state: State | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """What was handed in beside the notebook: regular files in the assignment's own folder."""
        if self.notebook is None or self.notebook.parent.name == self.student:
            return []
        return [path for path in _files(self.notebook.parent) if path.suffix != ".ipynb"]


def collect(course: Course, assignments: Sequence[Assignment]) -> list[Submission]:
    """Look through the folder of hand-ins.

    Parameters
    ----------
    course : Course
        Its ``submitted`` folder is read.
    assignments : sequence of Assignment
        Which of them to look for.

    Returns
    -------
    list of Submission
        One for each assignment and student, by assignment, then student.

    Raises
    ------
    CourseError
        There is no such folder, or nobody in it.
    """
    layout = "Put hand-ins there as <student>/<assignment>/<assignment>.ipynb."
    if not course.submitted.is_dir():
        raise CourseError(f"grade: nothing was handed in: {course.submitted} does not exist. {layout}")
    folders = sorted(d for d in course.submitted.iterdir() if d.is_dir() and not d.name.startswith("."))
    if not folders:
        raise CourseError(f"grade: nothing was handed in: {course.submitted} holds no folder. {layout}")
    known = {assignment.name: load(assignment.source) for assignment in course.assignments}
    desks = [_Desk(folder, known) for folder in folders]
    return [desk.submission(assignment.name) for assignment in assignments for desk in desks]


@dataclass(frozen=True)
class _Found:
    """A notebook in a student's folder: whose assignment it is, or why it cannot be told."""

    path: Path
    assignment: str = ""
    language: str = ""
    unreadable: str = ""


class _Desk:
    """One student's folder, each notebook in it read once."""

    def __init__(self, folder: Path, known: Mapping[str, Notebook]) -> None:
        self.folder = folder
        self.student = plain(folder.name).replace("\n", r"\n").replace("\t", r"\t")
        self.known = known
        self.ids = {name: graded_ids(nb) for name, nb in known.items()}
        self.filed: dict[str, list[_Found]] = {name: [] for name in known}
        self.stray: list[_Found] = []
        self.files = _files(folder)
        for path in self.files:
            if path.suffix == ".ipynb":
                self.filed.get(path.relative_to(folder).parts[0], self.stray).append(self._look_at(path))

    def _look_at(self, path: Path) -> _Found:
        try:
            nb = load(path)
        except NotebookError as error:
            return _Found(path, unreadable=str(error))
        ids = graded_ids(nb)
        shared = {name: len(ids & wanted) for name, wanted in self.ids.items()}
        best = max(shared, key=lambda name: shared[name])
        return _Found(path, best if shared[best] else "", _language(nb))

    def submission(self, assignment: str) -> Submission:
        """Decide which notebook, if any, is this assignment's."""
        if self.student != self.folder.name:
            why = "The folder's name holds what cannot be shown. Name it after the student."
            return self._refused(assignment, why)
        filed = self.filed[assignment]
        # A wrongly named folder does no harm as long as it is clear what is in it.
        fitting = [found for found in filed or self.stray if found.assignment == assignment]
        named = [found for found in fitting if found.path == self.folder / assignment / f"{assignment}.ipynb"]
        fitting = named or fitting
        if len(fitting) > 1:
            names = ", ".join(str(found.path.relative_to(self.folder)) for found in fitting)
            reason = f"{len(fitting)} notebooks of it were handed in: {names}. Keep the one that counts."
            return self._refused(assignment, reason)
        if fitting:
            return self._accepted(assignment, fitting[0])
        if filed:
            return self._refused(assignment, " ".join(self._why_not(found, assignment) for found in filed))
        others = [path.name for path in self.files if path.is_relative_to(self.folder / assignment)]
        if others:
            return self._refused(assignment, f"No notebook was handed in, only {', '.join(others[:5])}.")
        return Submission(self.student, assignment, state=State.MISSING, reason="Nothing was handed in.")

    def _why_not(self, found: _Found, assignment: str) -> str:
        if found.unreadable:
            return found.unreadable
        if found.assignment:
            return (
                f"{found.path.name} is the notebook of {found.assignment}. Ask for the one of {assignment}."
            )
        return (
            f"{found.path.name} holds none of the {len(self.ids[assignment])} graded cells. "
            "Ask for the notebook that was released."
        )

    def _accepted(self, assignment: str, found: _Found) -> Submission:
        path, expected = found.path, _language(self.known[assignment])
        if found.language and expected and found.language.lower() != expected.lower():
            reason = f"{path.name} was saved with a kernel for {found.language}, expected {expected}. "
            return self._refused(
                assignment, reason + f"Open it with a {expected} kernel, run it and save it."
            )
        submission = Submission(self.student, assignment, path)
        if wrong := _cannot_be_read(submission.files):
            return self._refused(assignment, wrong)
        notes = []
        if path.name != f"{assignment}.ipynb" or path.parent.name != assignment:
            notes.append(f"Handed in as {path.relative_to(self.folder)}.")
        others = [other.path.name for other in self.filed[assignment] if other is not found]
        if others:
            notes.append(f"Not graded: {', '.join(others)}.")
        return replace(submission, notes=tuple(notes))

    def _refused(self, assignment: str, reason: str) -> Submission:
        return Submission(self.student, assignment, state=State.UNGRADABLE, reason=reason)


def _files(folder: Path) -> list[Path]:
    """Return the regular files below a folder, sorted; links are not followed, checkpoints left out.

    It looks no deeper than `DEEPEST` folders, and takes no more than `MOST_FILES` files: what exceeds that is
    no student's work, and a longer path cannot even be opened.
    """
    found: list[Path] = []
    waiting = [(folder, 0)]
    while waiting and len(found) < MOST_FILES:
        here, depth = waiting.pop()
        with suppress(OSError), os.scandir(here) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if depth < DEEPEST and entry.name != ".ipynb_checkpoints":
                        waiting.append((here / entry.name, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    found.append(here / entry.name)
    return sorted(found[:MOST_FILES])


def _cannot_be_read(files: Sequence[Path]) -> str:
    """Say why files cannot be taken along with their notebook, if they cannot."""
    locked = [path.name for path in files if not os.access(path, os.R_OK)]
    if locked:
        return f"{', '.join(locked[:5])} cannot be read: permission denied. Give yourself the right to."
    size, most = sum(path.stat().st_size for path in files), Limits().parcel
    if size > most:
        return (
            f"The files beside the notebook have {size / 1e6:.0f} MB, expected at most {most / 1e6:.0f} MB. "
            "Ask for the notebook without them."
        )
    return ""


def graded_ids(nb: Notebook) -> set[str]:
    """Return the ids of a notebook's graded cells, which tell whose assignment it is."""
    cells = (cell for cell in nb["cells"] if graded_as(cell) in ("solution", "test", "by hand"))
    return {str(cell["metadata"]["nbgrader"].get("grade_id")) for cell in cells}


def _language(nb: Notebook) -> str:
    for key, field in (("kernelspec", "language"), ("language_info", "name")):
        table = nb["metadata"].get(key)
        if isinstance(table, dict) and isinstance(table.get(field), str):
            return str(table[field])
    return ""
