"""A course: its root, its assignments, their questions and points, and where things lie.

The folders come from the course's ``nbgrader_config.py``, so that nbgrader and this package cannot disagree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from autograde.errors import CourseError, NotebookError
from autograde.notebook import graded_as, load

__all__ = ["CONFIG", "SQLITE", "Assignment", "Course", "Question", "find", "nearest"]

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CONFIG = "nbgrader_config.py"
UNGRADED = "00-"
SQLITE = "sqlite:///"
PASSWORD = re.compile(r"(://[^:/@]*:).*(?=@)|([?&]password=)[^&]*")


@dataclass(frozen=True)
class Question:
    """One graded cell: a test, or an answer that a person grades.

    Attributes
    ----------
    id : str
        nbgrader's ``grade_id`` of the graded cell, for example ``test-sobel-same-padding``.
    points : float
        The most that it can earn.
    by_hand : bool
        Whether a person grades it.
    """

    id: str
    points: float
    by_hand: bool = False

    @property
    def name(self) -> str:
        """What it asks: the id of its solution cell, by convention the test's id without ``test-``."""
        return self.id.removeprefix("test-")


@dataclass(frozen=True)
class Assignment:
    """One assignment: a folder with one notebook of the same name.

    Attributes
    ----------
    name : str
        The name of folder and notebook.
    source : Path
        The instructor's notebook.
    release : Path
        The students' notebook, whether or not it exists yet.
    """

    name: str
    source: Path
    release: Path

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The graded cells of the source notebook, in its order."""
        cells = load(self.source)["cells"]
        return tuple(
            Question(
                str(cell["metadata"]["nbgrader"].get("grade_id", "")),
                float(cell["metadata"]["nbgrader"].get("points", 0)),
                by_hand=graded_as(cell) == "by hand",
            )
            for cell in cells
            if graded_as(cell) in ("test", "by hand")
        )

    @property
    def points(self) -> float:
        """The points of the whole assignment."""
        return sum(question.points for question in self.questions)

    @property
    def ungraded(self) -> bool:
        """Whether it is only read and tried out: numbered 00, and without a question."""
        try:
            return self.name.startswith(UNGRADED) and not self.questions
        except NotebookError:  # a release says what is wrong with it
            return False


@dataclass(frozen=True)
class Course:
    """Where a course's files lie; all paths are absolute.

    Attributes
    ----------
    id : str
        nbgrader's ``course_id``.
    root : Path
        The folder with ``nbgrader_config.py``.
    source, release : Path
        The instructor's and the students' notebooks.
    submitted, autograded, feedback : Path
        What was handed in, as ``<student>/<assignment>/``, the same after grading, and what students read.
    gradebook : str
        The address of nbgrader's database.
    work : Path
        Where grading keeps its own records and the report.
    catalogue : str
        The module that knows the questions' answers, ``c.Autograde.catalogue``; empty if there is none.
    """

    id: str
    root: Path
    source: Path
    release: Path
    submitted: Path
    autograded: Path
    feedback: Path
    gradebook: str
    work: Path
    catalogue: str = ""

    @property
    def title(self) -> str:
        """The course's name, from ``CourseDirectory.course_id``, or else its folder's."""
        return self.id or self.root.name

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """The notebooks that are handed in and graded: all but the ungraded ones."""
        return tuple(each for each in self.notebooks if not each.ungraded)

    @property
    def notebooks(self) -> tuple[Assignment, ...]:
        """Every folder of the source directory that holds a notebook of its own name: what is released."""
        if not self.source.is_dir():
            raise CourseError(
                f"course: the source folder {self.source} does not exist. "
                f"Create it, or set CourseDirectory.source_directory in {self.root / CONFIG}."
            )
        names = sorted(d.name for d in self.source.iterdir() if (d / f"{d.name}.ipynb").is_file())
        return tuple(
            Assignment(name, self.source / name / f"{name}.ipynb", self.release / name / f"{name}.ipynb")
            for name in names
        )

    @property
    def shown_gradebook(self) -> str:
        """The gradebook as it can be named to anybody: its file, or its address without a password."""
        if self.gradebook.startswith(SQLITE):
            return self.gradebook.removeprefix(SQLITE)
        return PASSWORD.sub(lambda found: f"{found[1] or found[2]}***", self.gradebook)

    def choose(self, names: Sequence[str], *, ungraded: bool = False) -> tuple[Assignment, ...]:
        """Return the named assignments, each once, or all of them if `names` is empty.

        A number stands for the assignment whose name begins with it: 2 for ``02-shapes-and-parameters``.

        Parameters
        ----------
        names : sequence of str
        ungraded : bool
            Whether notebooks without points count among them, as they do for a release.

        Raises
        ------
        CourseError
            There is no such assignment; the message suggests the nearest name.
        """
        notebooks = {each.name: each for each in self.notebooks}
        known = {name: each for name, each in notebooks.items() if ungraded or not each.ungraded}
        if not known:
            raise CourseError(
                f"course: {self.source} holds no assignment. Add one, like 01-name/01-name.ipynb."
            )
        chosen = []
        for name in names:
            meant = _meant(name, known)
            if len(meant) != 1:
                if without := _meant(name, notebooks):
                    raise CourseError(f"course: {without[0]} has no points: nobody hands it in.")
                raise CourseError(f"course: there is no assignment {name!r}. {nearest(name, list(known))}")
            chosen += meant
        return tuple(known[name] for name in dict.fromkeys(chosen)) if names else tuple(known.values())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let only one command write into the work folder at a time.

        Raises
        ------
        CourseError
            Another one is at work there.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        with (self.work / ".lock").open("w") as lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    busy = f"grade: another autograde is at work in {self.work}. Wait until it is done."
                    raise CourseError(busy) from None
            yield

    def elsewhere(self, work: Path) -> Course:
        """Return the same course with hand-ins, results and gradebook of its own under `work`."""
        return replace(
            self,
            work=work,
            submitted=work / "submitted",
            autograded=work / "autograded",
            feedback=work / "feedback",
            gradebook=f"{SQLITE}{work / 'gradebook.db'}",
        )


def _meant(name: str, known: Collection[str]) -> list[str]:
    """Return the assignments that a name or a number stands for."""
    if name in known:
        return [name]
    return [each for each in known if name.isdecimal() and each.startswith(f"{int(name):02d}-")]


def nearest(name: str, known: Sequence[str]) -> str:
    """Suggest what was meant.

    Examples
    --------
    >>> nearest("relese", ["release", "grade"])
    "Did you mean 'release'?"
    >>> nearest("xyz", ["release", "grade"])
    'Known: release, grade.'
    """
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


def find(start: Path | None = None) -> Course:
    """Find the course around a folder: the nearest parent with an ``nbgrader_config.py``.

    Parameters
    ----------
    start : Path, optional
        Where to look, by default the current folder.

    Raises
    ------
    CourseError
        No folder from `start` upwards is a course.
    """
    start = Path.cwd() if start is None else start
    if not start.is_dir():
        raise CourseError(f"course: {start} is not a folder. Give the folder that holds {CONFIG}.")
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG).is_file():
            return _configured(folder)
    raise CourseError(
        f"course: neither {start.resolve()} nor a folder above it holds {CONFIG}. "
        "Run this inside the course, or name it with --course DIR."
    )


def _configured(root: Path) -> Course:
    settings = _Settings()
    config = root / CONFIG
    path = os.environ.get("PATH")
    try:
        code = compile(config.read_text(encoding="utf-8"), str(config), "exec")
        exec(code, {"__file__": str(config), "get_config": lambda: settings, "c": settings})
    except Exception as error:
        raise CourseError(f"course: {config} cannot be run: {type(error).__name__}: {error}.") from error
    finally:
        if path is not None:
            os.environ["PATH"] = path
    chosen = vars(settings).get("CourseDirectory", _Settings())
    root = Path(_text(chosen, "root", str(root))).resolve()
    submitted = root / _text(chosen, "submitted_directory", "submitted")
    return Course(
        id=_text(chosen, "course_id", ""),
        root=root,
        source=root / _text(chosen, "source_directory", "source"),
        release=root / _text(chosen, "release_directory", "release"),
        submitted=submitted,
        autograded=root / _text(chosen, "autograded_directory", "autograded"),
        feedback=root / _text(chosen, "feedback_directory", "feedback"),
        gradebook=_text(chosen, "db_url", f"{SQLITE}{root / 'gradebook.db'}"),
        work=submitted.parent if submitted.parent != root else root / "autograde-work",
        catalogue=_text(vars(settings).get("Autograde", _Settings()), "catalogue", ""),
    )


class _Settings:
    """Remembers what a traitlets configuration file sets, without traitlets."""

    def __getattr__(self, name: str) -> _Settings:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, child := _Settings())
        return child

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Accept ``c.Something.append(...)``, which sets nothing that matters here."""


def _text(settings: _Settings, name: str, default: str) -> str:
    value = vars(settings).get(name)
    return value if isinstance(value, str) else default
