"""nbgrader's own converters, pointed at a course.

Importing nbgrader takes a second or more, so every import of it is inside a function.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from autograde.course import CONFIG, SQLITE, Assignment, Course
from autograde.errors import StockError

TURN = 0x6175746F  # "auto": the number under which those who write to one PostgreSQL database take turns
CURES = {
    "locked": "Another program is writing to it: close that, and run this again.",
    "lock timeout": "Another program, perhaps on another machine, is writing to it. Wait until it is done.",
    "password authentication": "Mend the user or the password in db_url.",
    "permission denied": "Make its user the owner: ALTER DATABASE name OWNER TO user;",
    "does not exist": "Create it: createdb --owner=USER NAME",
    "connection to server": "Start its server, or mend db_url, and run this again.",
    "readonly": "Give yourself the right to write it and its folder, and run this again.",
    "not a database": "Move it away: put back a copy, or grade again for a new one, without scores by hand.",
}

__all__ = ["alembic_on_path", "alone", "generate", "open_gradebook", "penalise", "refusal"]

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
        with alembic_on_path(), _named(course):
            if course.gradebook.startswith(SQLITE):
                _create(Path(course.gradebook.removeprefix(SQLITE)), course_id)
            else:
                _create_tables(course)
            with Gradebook(course.gradebook, course_id) as gradebook:
                yield gradebook
    finally:
        log.disabled = before


@contextmanager
def alone(course: Course) -> Iterator[None]:
    """Wait for the turn to write, where the gradebook is a PostgreSQL database that other machines may use.

    Raises
    ------
    StockError
        The database refuses, or another machine has had the turn for longer than PGOPTIONS says.
    """
    from sqlalchemy import text

    with ExitStack() as held:
        if not course.gradebook.startswith(SQLITE):
            with _named(course):
                connection = held.enter_context(_connected(course))
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_lock({TURN})"))
                    connection.commit()  # the turn lasts as long as the connection, no matter how that ends
        yield


@contextmanager
def _named(course: Course) -> Iterator[None]:
    """Say which database refuses, why, and what to do."""
    try:
        yield
    except Exception as error:
        said = refusal(error)
        if not said:
            raise
        cure = next((CURES[word] for word in CURES if word in said), "Mend that, and run this again.")
        raise StockError(f"gradebook: {course.shown_gradebook} cannot be used: {said}. {cure}") from error


@contextmanager
def _connected(course: Course) -> Iterator[Any]:
    """Connect to a database that is no file."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        engine = create_engine(course.gradebook, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StockError(
            f"gradebook: `db_url` is {course.shown_gradebook}, which cannot be opened: {error}. Write"
            " postgresql+psycopg://USER:PASSWORD@HOST/NAME, and install its driver:"
            " pip install 'psycopg[binary]'"
        ) from None
    with engine.connect() as connection:
        yield connection


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


def _create_tables(course: Course) -> None:
    """Fill an empty database in one step, as nbgrader does in two."""
    from nbgrader.api import Base, get_alembic_version
    from sqlalchemy import inspect, text

    with _connected(course) as connection, connection.begin():
        if not inspect(connection).get_table_names():
            Base.metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(
                text("INSERT INTO alembic_version VALUES (:version)"), {"version": get_alembic_version()}
            )


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
