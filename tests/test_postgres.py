"""A gradebook in PostgreSQL: writers take turns, a formgrader may write meanwhile, refusals name the cure.

That grading leaves the same in it as in a file is shown by test_gradebook.py.
"""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from autograde import stock
from autograde.course import find
from autograde.errors import StockError
from autograde.gradebook import Writer
from autograde.intake import Submission
from autograde.notebook import load
from autograde.result import Mark, Result, State

ROOT = Path(__file__).resolve().parents[1]
AREAS = "02-areas"
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = [pytest.mark.stock, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def course(postgres, tmp_path):
    """Return a course whose gradebook is an empty database."""
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    os.symlink(ROOT / "tests/fixtures/course/solutions", tmp_path / "solutions")
    return replace(find(tmp_path), gradebook=postgres())


@pytest.fixture
def connected(course):
    """Return a connection to its database of somebody else's."""
    engine = create_engine(course.gradebook, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def with_part(course, **part):
    url = make_url(course.gradebook).set(**part)
    return replace(course, gradebook=url.render_as_string(hide_password=False))


def refused(course):
    with pytest.raises(StockError) as error, stock.open_gradebook(course):
        raise AssertionError("it was opened")
    said = str(error.value)
    assert make_url(course.gradebook).password not in said
    return said


def test_a_database_that_is_not_there_names_the_cure(course):
    said = refused(with_part(course, database="nowhere"))
    assert re.match(
        r"gradebook: postgresql\+psycopg://instructor:\*\*\*@/nowhere\?host=\S+ cannot be used:", said
    )
    assert said.endswith('FATAL: database "nowhere" does not exist. Create it: createdb --owner=USER NAME')


def test_a_wrong_password_names_the_cure_and_no_password(course):
    said = refused(with_part(course, password="guessed"))
    assert said.endswith(
        'FATAL: password authentication failed for user "instructor".'
        " Mend the user or the password in db_url."
    )


def test_a_server_that_does_not_answer_names_the_cure(course, tmp_path):
    said = refused(with_part(course, query={"host": str(tmp_path)}))
    assert "No such file or directory Is the server running" in said
    assert said.endswith("Start its server, or mend db_url, and run this again.")


def test_a_user_without_rights_names_the_cure(course, connected):
    connection = connected.execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text("CREATE ROLE reader LOGIN PASSWORD 'reading'"))
    connection.execute(text("REVOKE CREATE ON SCHEMA public FROM public"))
    said = refused(with_part(course, username="reader", password="reading"))
    connection.execute(text("DROP ROLE reader"))
    assert said.endswith(
        "permission denied for schema public. Make its user the owner: ALTER DATABASE name OWNER TO user;"
    )


@pytest.mark.parametrize(
    ("address", "shown", "why"),
    [
        (
            "postgresql+no_such://me:secret@host/grades",
            "postgresql+no_such://me:***@host/grades",
            "Can't load",
        ),
        ("secret", "secret", "Could not parse"),
    ],
)
def test_an_address_that_is_none_says_how_one_is_written(course, address, shown, why):
    with pytest.raises(StockError) as error, stock.open_gradebook(replace(course, gradebook=address)):
        raise AssertionError("it was opened")
    said = str(error.value)
    assert said.startswith(f"gradebook: `db_url` is {shown}, which cannot be opened: {why}")
    assert "Write postgresql+psycopg://USER:PASSWORD@HOST/NAME, and install its driver:" in said


def test_a_driver_that_is_not_installed_is_said(course, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StockError, match=r"import of psycopg halted.* pip install 'psycopg\[binary\]'$"):
        stock.open_gradebook(course).__enter__()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:////srv/course/gradebook.db", "/srv/course/gradebook.db"),
        ("postgresql://me@host/grades", "postgresql://me@host/grades"),
        ("postgresql://me:pass@word@host:5432/grades", "postgresql://me:***@host:5432/grades"),
        (
            "postgresql:///grades?user=me&password=word&host=h",
            "postgresql:///grades?user=me&password=***&host=h",
        ),
    ],
)
def test_a_gradebook_is_shown_without_a_password(course, address, shown):
    assert shown == replace(course, gradebook=address).shown_gradebook


def test_a_gradebook_is_there_as_a_whole_or_not_at_all(course, connected, monkeypatch):
    def killed():
        raise KeyboardInterrupt

    monkeypatch.setattr("nbgrader.api.get_alembic_version", killed)
    with pytest.raises(KeyboardInterrupt):
        stock.open_gradebook(course).__enter__()
    assert inspect(connected).get_table_names() == []
    monkeypatch.undo()
    with stock.open_gradebook(course) as gradebook:
        assert gradebook.students == []
    assert len(connected.execute(text("SELECT * FROM alembic_version")).fetchall()) == 1


def test_the_address_may_come_from_the_environment(course, monkeypatch):
    monkeypatch.setenv("CNNKIT_GRADEBOOK", course.gradebook)
    assert course.gradebook == find(course.root).gradebook
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "student", "add", "s01"],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with stock.open_gradebook(course) as gradebook:
        assert [student.id for student in gradebook.students] == ["s01"]


def test_two_machines_take_turns_and_one_that_waits_too_long_says_so(course, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=200ms")
    with stock.alone(course):
        with pytest.raises(StockError) as error, stock.alone(course):
            raise AssertionError("two had the turn")
        assert str(error.value).endswith(
            "canceling statement due to lock timeout. Another program, perhaps on another machine, is writing"
            " to it. Wait until it is done."
        )
    with stock.alone(course):
        pass


def test_a_score_that_somebody_gives_while_a_result_is_written_is_not_overlooked(course, connected):
    """The writer comes to the row that a formgrader is changing, and must wait for what it says there."""
    (areas,) = course.choose([AREAS])
    question = next(question.id for question in areas.questions if not question.by_hand)
    submission = Submission("s01", AREAS, areas.source)
    result = Result("s01", AREAS, State.GRADED, 5, marks=(Mark(question, 1.0, 1.0, "correct"),))
    changed = replace(result, marks=(replace(result.marks[0], points=0.25),))
    with Writer(course, [areas], ["s01"]) as writer:
        writer.store(submission, result, load(areas.source))
        while writer.waiting:
            writer.stored()
        given = text(
            "UPDATE grade SET manual_score = 0.5 FROM base_cell c WHERE c.id = cell_id AND c.name = :name"
        )
        assert connected.execute(given, {"name": question}).rowcount == 1
        writer.store(submission, changed, load(areas.source))
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with connected.engine.connect() as watching:
            while not watching.execute(waiting).scalar():
                watching.rollback()
                assert writer.answers.empty(), "the writer did not wait"
        connected.commit()
        while writer.waiting:
            writer.stored()
    with stock.open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(question, AREAS, AREAS, "s01")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (0.25, 0.5, True)
