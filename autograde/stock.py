"""nbgrader's own converters, pointed at a course.

Importing nbgrader takes about four seconds, so every import of it is inside a function.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from autograde.course import CONFIG, Assignment, Course
from autograde.errors import ReleaseError

__all__ = ["alembic_on_path", "autograde", "generate", "open_gradebook"]


@contextmanager
def alembic_on_path() -> Iterator[None]:
    """Let nbgrader find ``alembic``, which it calls by name when it creates a gradebook.

    It stands beside this Python, which is not on PATH when its environment was not activated.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _settings(course: Course, **directory: Any) -> Any:
    """Read the course's own nbgrader settings, with some folders replaced."""
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    path = os.environ.get("PATH", "")
    config = PyFileConfigLoader(CONFIG, path=str(course.root)).load_config()
    os.environ["PATH"] = path
    directory = {"root": str(course.root), "db_url": course.gradebook, **directory}
    config.merge(Config({"CourseDirectory": directory}))
    return config


def _convert(converter_class: Any, config: Any, **options: Any) -> str:
    """Run one of nbgrader's converters and return its log.

    nbgrader says in its log what went wrong, and raises an error that only says that something did;
    the error raised from here carries the log's last complaint.
    """
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    log = logging.Logger("nbgrader", level=logging.INFO)  # a logger of its own: nothing reaches the terminal
    coursedir = CourseDirectory(config=config, log=log)
    converter = converter_class(coursedir=coursedir, config=config, log=log)
    for name, value in options.items():
        setattr(converter, name, value)
    with alembic_on_path():
        result = capture_log(converter)
    if not result["success"]:
        raise ReleaseError(_complaint(result.get("error", ""), result.get("log", "")))
    return str(result.get("log", ""))


def _complaint(traceback: str, log: str) -> str:
    r"""Return the line that says what went wrong: nbgrader's last error, or the exception itself.

    Examples
    --------
    >>> _complaint("Traceback ...\nnbgrader.X.NbGraderException: Please see the error log", "")
    'Please see the error log'
    """
    lines = [line for line in traceback.strip().splitlines() if line and not line.startswith(" ")]
    last = lines[-1] if lines else "nbgrader gave no reason"
    kind, _, text = last.partition(": ")
    if "error log" in text or not text:
        said = [line for line in log.splitlines() if line and not line.startswith((" ", "["))]
        raised = [line for line in said if "Error" in line.split(":")[0] or "Exception" in line.split(":")[0]]
        last = raised[-1] if raised else text or last
        kind, _, text = last.partition(": ")
    name = kind.rpartition(".")[2]
    return text if name == "NbGraderException" and text else f"{name}: {text}" if text else last


def generate(course: Course, assignment: Assignment, dest: Path, *, in_gradebook: bool = False) -> None:
    """Make the students' version of an assignment in ``dest/<assignment>/``, with nbgrader's own converter.

    Parameters
    ----------
    course, assignment
        What to release.
    dest : Path
        Any folder.
    in_gradebook : bool
        Also tell the gradebook the assignment's cells and points, which grading needs.

    Raises
    ------
    ReleaseError
        nbgrader refuses the source; the text is its reason.
    """
    from nbgrader.converters import GenerateAssignment

    config = _settings(course, assignment_id=assignment.name, release_directory=str(dest))
    if not in_gradebook:
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    try:
        _convert(GenerateAssignment, config, force=True)
    except ReleaseError as error:
        raise ReleaseError(f"release: nbgrader refuses {assignment.name}: {error}") from None


def autograde(course: Course, assignment: str, student: str, staged: Path, timeout: int) -> str:
    """Grade one submission as ``nbgrader autograde`` does, and return nbgrader's log.

    Parameters
    ----------
    course : Course
        Its gradebook receives the scores, its autograded folder the executed notebook.
    assignment, student : str
        Whose work it is.
    staged : Path
        A folder with ``<student>/<assignment>/<assignment>.ipynb``.
    timeout : int
        Seconds after which a cell is interrupted.

    Raises
    ------
    ReleaseError
        nbgrader could not grade it; the text is its reason.
    """
    from nbgrader.converters import Autograde

    config = _settings(
        course,
        assignment_id=assignment,
        student_id=escape(student),
        submitted_directory=str(staged),
        autograded_directory=str(course.autograded),
    )
    config.Execute.timeout = timeout
    return _convert(Autograde, config, force=True)


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """Open the course's gradebook, an ``nbgrader.api.Gradebook``; create it if there is none."""
    from nbgrader.api import Gradebook

    if course.gradebook.startswith("sqlite:///"):
        Path(course.gradebook.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    course_id = _settings(course).CourseDirectory.get("course_id", "")
    with alembic_on_path(), Gradebook(course.gradebook, course_id) as gradebook:
        yield gradebook
