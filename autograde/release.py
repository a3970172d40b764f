"""Solutions -> notebooks: what students get is made by nbgrader, checked, and only then put in its place."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograde import catalogue, given, sanity, stock
from autograde.course import Assignment, Course
from autograde.errors import AutogradeError, NotebookError
from autograde.leaks import Secrets, leaks
from autograde.notebook import load, loads, show

__all__ = ["Built", "build", "drift", "files_in", "place", "problems", "untold"]

IGNORED = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}
LINES_SHOWN = 12  # of each file that differs


@dataclass(frozen=True)
class Built:
    """The students' version of one assignment, in memory.

    Attributes
    ----------
    assignment : Assignment
        What it was made from.
    files : mapping of str to bytes
        Name within the assignment's folder -> content.
    """

    assignment: Assignment
    files: Mapping[str, bytes]

    @property
    def beside(self) -> list[str]:
        """What students get besides the notebook: nbgrader releases every file that lies there."""
        return sorted(self.files.keys() - {self.assignment.source.name})


def problems(assignments: Iterable[Assignment]) -> list[str]:
    """Say what is wrong with the source notebooks, all of it at once."""
    found: list[str] = []
    for assignment in assignments:
        try:
            found += sanity.problems(assignment.source)
        except NotebookError as error:
            found.append(str(error))
    return found


def untold(course: Course, assignments: Sequence[Assignment]) -> list[str]:
    """Say which questions' inputs do not tell their mistakes apart, and whose numbers cannot be exchanged.

    Raises
    ------
    CourseError
        The course's catalogue of answers cannot be asked.
    """
    known = catalogue.known(course, assignments)
    found = list(known.problems)
    for assignment in assignments:
        said = given.problems(load(assignment.source), known.standard)
        found += [f"{assignment.source.name}: {problem}" for problem in said]
    return found


def build(course: Course, assignments: Sequence[Assignment]) -> tuple[list[Built], list[str]]:
    """Make the students' version of each assignment in a temporary place.

    Returns
    -------
    list of Built, list of str
        What was made, and what is wrong with it: nbgrader's refusals, leaks of the instructor's part, and
        files beside the notebook that are called solutions.
    """
    built, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="autograde-release-") as place:
        for assignment in assignments:
            try:
                stock.generate(course, assignment, Path(place))
            except AutogradeError as error:
                wrong.append(str(error))
                continue
            made = Built(assignment, files_in(Path(place) / assignment.name))
            wrong += leaks(Secrets(load(assignment.source)), made.files)
            wrong += _called_solutions(made)
            built.append(made)
    return built, wrong


def _called_solutions(made: Built) -> Iterator[str]:
    cure = f"Move it out of {made.assignment.source.parent}, or give it another name if it is for them."
    for name in made.beside:
        if "solution" in name.lower():
            yield f"{made.assignment.name}/{name}: is called a solution, and students would get it. {cure}"


def files_in(folder: Path) -> dict[str, bytes]:
    """Read a folder's files, leaving out what editors and Python leave behind.

    Examples
    --------
    >>> files_in(Path("/nowhere"))
    {}
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    relative = {path.relative_to(folder): path for path in paths}
    return {
        name.as_posix(): path.read_bytes() for name, path in relative.items() if not IGNORED & set(name.parts)
    }


def place(built: Iterable[Built]) -> list[Path]:
    """Put releases in their place and return the files that changed.

    Each file is replaced in one step, so that nobody ever opens half a notebook; a file that is the same is
    not touched, and one that the source no longer has is removed.
    """
    changed = []
    for made in built:
        folder = made.assignment.release.parent
        before = files_in(folder)
        for name, data in made.files.items():
            if before.get(name) != data:
                _replace(folder / name, data)
                changed.append(folder / name)
        for name in before.keys() - made.files.keys():
            (folder / name).unlink()
            changed.append(folder / name)
    return changed


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(data)
    half.replace(path)


def drift(course: Course, built: Iterable[Built], *, everything: bool) -> list[str]:
    """Say where the committed release differs from what its source gives, all of it at once.

    Parameters
    ----------
    course : Course
        Whose release folder is looked at.
    built : iterable of Built
        What the sources give now.
    everything : bool
        Whether `built` is the whole course, so that a release without a source is drift too.
    """
    found: list[str] = []
    names = set()
    for made in built:
        names.add(made.assignment.name)
        committed = files_in(made.assignment.release.parent)
        for name in sorted(committed.keys() | made.files.keys()):
            found += _difference(f"{made.assignment.name}/{name}", committed.get(name), made.files.get(name))
    if everything and course.release.is_dir():
        stale = sorted(
            d.name for d in course.release.iterdir() if d.is_dir() and d.name not in names | IGNORED
        )
        found += [
            f"{name}: is released, but has no source. Delete it, or restore its source." for name in stale
        ]
    return found


def _difference(name: str, committed: bytes | None, wanted: bytes | None) -> Iterator[str]:
    if committed == wanted:
        return
    if committed is None:
        yield f"{name}: is not released. Run `autograde release`."
    elif wanted is None:
        yield f"{name}: is released, but not in the source. Run `autograde release`."
    else:
        lines = list(
            difflib.unified_diff(_text(name, committed), _text(name, wanted), "released", "source", n=1)
        )
        if not lines:
            lines = ["  (only metadata differ)"]
        more = [f"  … and {len(lines) - LINES_SHOWN} more lines"] if len(lines) > LINES_SHOWN else []
        shown = [f"  {line.rstrip()}" for line in lines[:LINES_SHOWN]]
        yield "\n".join([f"{name}: differs from its source. Run `autograde release`.", *shown, *more])


def _text(name: str, data: bytes) -> list[str]:
    if name.endswith(".ipynb"):
        try:
            return show(loads(data, name)).splitlines()
        except NotebookError:
            pass  # a damaged release is shown as it is
    return data.decode(errors="replace").splitlines()
