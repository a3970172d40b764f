"""nbgrader's own converters, pointed at a course.

Importing nbgrader takes a second or more, so every import of it is inside a function.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograde.course import CONFIG, Assignment, Course
from autograde.errors import StockError

SQLITE = "sqlite:///"
CURES = {
    "locked": "Another program is writing to it: close that, and run this again.",
    "readonly": "Give yourself the right to write it and its folder, and run this again.",
    "not a database": "Move it away: put back a copy, or grade again for a new one, without scores by hand.",
}

__all__ = ["alembic_on_path", "generate", "open_gradebook", "penalise", "refusal"]

# What jsonschema would check internationalised web addresses with. No notebook's schema has any, and its
# grammars take longer to build than all else that nbgrader imports takes.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


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


def _convert(converter_class: Any, config: Any) -> None:
    """Run one of nbgrader's converters.

    nbgrader writes what went wrong into its log and raises an error which only says that something did, so
    the original error is kept here and raised.
    """
    from nbgrader.coursedir import CourseDirectory

    class Remembering(converter_class):  # type: ignore[misc]
        cause: Exception | None = None

        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            with self.remembered():
                super().init_assignment(assignment_id, student_id)

        def convert_single_notebook(self, notebook_filename: str) -> None:
            with self.remembered():
                super().convert_single_notebook(notebook_filename)

        @contextmanager
        def remembered(self) -> Iterator[None]:
            try:
                yield
            except Exception as error:
                self.cause = error
                raise

    log = logging.Logger("nbgrader")  # a logger of its own, so that nothing reaches the terminal
    log.addHandler(logging.NullHandler())
    converter = Remembering(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)
    converter.force = True
    try:
        with alembic_on_path():
            converter.start()
    except (Exception, SystemExit) as error:
        cause = converter.cause or error
        raise StockError(f"{type(cause).__name__}: {cause}") from cause


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
    StockError
        nbgrader refuses the source; the text is its reason.
    """
    from nbgrader.converters import GenerateAssignment

    config = _settings(course, assignment_id=assignment.name, release_directory=str(dest))
    if not in_gradebook:
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    try:
        _convert(GenerateAssignment, config)
    except StockError as error:
        raise StockError(f"release: nbgrader refuses {assignment.name}: {error}") from error.__cause__


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """Open the course's gradebook, an ``nbgrader.api.Gradebook``; create it if there is none.

    Raises
    ------
    StockError
        The database refuses, now or while the gradebook is open: it is locked, for example.
    """
    from nbgrader.api import Gradebook

    course_id = _settings(course).CourseDirectory.get("course_id", "")
    log = logging.getLogger("tornado.application")
    before, log.disabled = log.disabled, True  # nbgrader raises what it writes there, with its traceback
    try:
        with alembic_on_path():
            if course.gradebook.startswith(SQLITE):
                _create(Path(course.gradebook.removeprefix(SQLITE)), course_id)
            with Gradebook(course.gradebook, course_id) as gradebook:
                yield gradebook
    except Exception as error:
        said = refusal(error)
        if not said:
            raise
        sqlite = course.gradebook.startswith(SQLITE)  # another database's address may hold a password
        name = course.gradebook.removeprefix(SQLITE) if sqlite else "its database"
        cure = next((CURES[word] for word in CURES if word in said), "Mend that, and run this again.")
        raise StockError(f"gradebook: {name} cannot be used: {said}. {cure}") from error
    finally:
        log.disabled = before


def refusal(error: BaseException | None) -> str:
    """Return why the database itself refuses, if that is behind an error of nbgrader's; otherwise nothing."""
    from sqlalchemy.exc import DBAPIError, IntegrityError

    while error is not None:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            return " ".join(str(error.orig).split())
        error = error.__cause__ or error.__context__
    return ""


def _create(path: Path, course_id: str) -> None:
    """Create a gradebook in one step: one that nbgrader had not finished would stay without a version."""
    from nbgrader.api import Gradebook

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gradebook-") as folder:
        half = Path(folder) / path.name
        Gradebook(f"sqlite:///{half}", course_id).close()
        half.replace(path)


def penalise(course: Course, assignment: str, student: str) -> None:
    """Let nbgrader, or the course's own plugin for it, take off points for a late submission."""
    from nbformat import NotebookNode
    from nbgrader.preprocessors import AssignLatePenalties

    nothing = NotebookNode(cells=[])  # type: ignore[no-untyped-call]
    names = {"notebook": assignment, "assignment": assignment, "student": student}
    config = _settings(course)
    try:
        AssignLatePenalties(config=config).preprocess(
            nothing, {"nbgrader": {**names, "db_url": course.gradebook}}
        )
    except Exception as error:
        raise StockError(f"grade: the penalty for being late: {type(error).__name__}: {error}") from error
