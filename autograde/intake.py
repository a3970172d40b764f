"""A folder of hand-ins -> one submission per student and assignment, each in exactly one state.

The folder has nbgrader's layout, ``<student>/<assignment>/<assignment>.ipynb``, and is only read. A notebook
is known by the ids of its graded cells, not by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograde.course import Assignment, Course
from autograde.errors import CourseError, NotebookError
from autograde.notebook import Notebook, graded_as, load
from autograde.result import State

__all__ = ["Submission", "collect"]


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
        inside = (path for path in self.notebook.parent.rglob("*") if ".ipynb_checkpoints" not in path.parts)
        return sorted(p for p in inside if p.is_file() and not p.is_symlink() and p.suffix != ".ipynb")


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
        self.known = known
        self.ids = {name: _ids(nb) for name, nb in known.items()}
        self.filed: dict[str, list[_Found]] = {name: [] for name in known}
        self.stray: list[_Found] = []
        for path in sorted(folder.rglob("*.ipynb")):
            if path.is_file() and not path.is_symlink() and ".ipynb_checkpoints" not in path.parts:
                self.filed.get(path.relative_to(folder).parts[0], self.stray).append(self._look_at(path))

    def _look_at(self, path: Path) -> _Found:
        try:
            nb = load(path)
        except NotebookError as error:
            return _Found(path, unreadable=str(error))
        ids = _ids(nb)
        shared = {name: len(ids & wanted) for name, wanted in self.ids.items()}
        best = max(shared, key=lambda name: shared[name])
        return _Found(path, best if shared[best] else "", _language(nb))

    def submission(self, assignment: str) -> Submission:
        """Decide which notebook, if any, is this assignment's."""
        filed = self.filed[assignment]
        # A wrongly named folder does no harm as long as it is clear what is in it.
        fitting = [found for found in filed or self.stray if found.assignment == assignment]
        if len(fitting) > 1:
            named = ", ".join(str(found.path.relative_to(self.folder)) for found in fitting)
            reason = f"{len(fitting)} notebooks of it were handed in: {named}. Keep the one that counts."
            return self._refused(assignment, reason)
        if fitting:
            return self._accepted(assignment, fitting[0])
        if filed:
            return self._refused(assignment, " ".join(self._why_not(found, assignment) for found in filed))
        here = self.folder / assignment
        others = sorted(path.name for path in here.rglob("*") if path.is_file()) if here.is_dir() else []
        if others:
            return self._refused(assignment, f"No notebook was handed in, only {', '.join(others[:5])}.")
        return Submission(self.folder.name, assignment, state=State.MISSING, reason="Nothing was handed in.")

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
        notes = []
        if path.name != f"{assignment}.ipynb" or path.parent.name != assignment:
            notes.append(f"Handed in as {path.relative_to(self.folder)}.")
        others = [other.path.name for other in self.filed[assignment] if other is not found]
        if others:
            notes.append(f"Not graded: {', '.join(others)}.")
        return Submission(self.folder.name, assignment, path, notes=tuple(notes))

    def _refused(self, assignment: str, reason: str) -> Submission:
        return Submission(self.folder.name, assignment, state=State.UNGRADABLE, reason=reason)


def _ids(nb: Notebook) -> set[str]:
    cells = (cell for cell in nb["cells"] if graded_as(cell) in ("solution", "test", "by hand"))
    return {str(cell["metadata"]["nbgrader"].get("grade_id")) for cell in cells}


def _language(nb: Notebook) -> str:
    for key, field in (("kernelspec", "language"), ("language_info", "name")):
        table = nb["metadata"].get(key)
        if isinstance(table, dict) and isinstance(table.get(field), str):
            return str(table[field])
    return ""
