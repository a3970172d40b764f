"""What a database says when it refuses reaches the instructor as one line with its cure."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from autograde import stock
from autograde.course import find
from autograde.errors import StockError
from autograde.gradebook import Writer
from autograde.intake import Submission
from autograde.notebook import load
from autograde.result import Result, State, recall

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"
ADDING = "01-adding"
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*alembic:UserWarning"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a course with an empty gradebook."""
    root = tmp_path_factory.mktemp("made") / "course"
    shutil.copytree(COURSE, root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    with stock.open_gradebook(find(root)) as gradebook:
        assert gradebook.students == []
    return root


@pytest.fixture
def course(made, tmp_path):
    """Return a copy of it."""
    return find(shutil.copytree(made, tmp_path / "course"))


def locked(path):
    return (
        f"gradebook: {path} cannot be used: database is locked. Another program is writing to it: close that,"
        " and run this again."
    )


@pytest.mark.parametrize("step", ["open", "student", "assignment"])
def test_a_locked_gradebook_names_the_file_and_the_cure_at_every_step(course, step, capfd):
    path = course.work / "gradebook.db"
    assignments = course.choose([ADDING]) if step == "assignment" else []
    students = ["one"] if step == "student" else []
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE" if step == "open" else "BEGIN IMMEDIATE")  # which lets readers in
        with Writer(course, assignments, students) as writer, pytest.raises(StockError) as error:
            writer.stored()
    assert (locked(path), "") == (str(error.value), capfd.readouterr().err)


def test_a_gradebook_that_is_locked_later_ends_the_grading_and_gives_no_row(course, capfd):
    path = course.work / "gradebook.db"
    (adding,) = course.choose([ADDING])
    submission, result = Submission("one", ADDING, adding.source), Result("one", ADDING, State.GRADED, 5)
    with closing(sqlite3.connect(path)) as other, Writer(course, [adding], ["one"]) as writer:
        assert writer.stored() == []
        other.execute("BEGIN IMMEDIATE")
        assert writer.store(submission, result, load(adding.source)) == []
        with pytest.raises(StockError) as error:
            writer.stored()
    assert (locked(path), "") == (str(error.value), capfd.readouterr().err)
    assert {} == recall(course, ADDING)


def test_a_gradebook_that_cannot_be_written_names_the_cure(course):
    path = course.work / "gradebook.db"

    def write():
        with stock.open_gradebook(course) as gradebook:
            path.rename(path.with_name("away.db"))  # for sqlite as good as a lack of rights, and for root too
            gradebook.add_student("one")

    with pytest.raises(StockError) as error:
        write()
    assert str(error.value) == (
        f"gradebook: {path} cannot be used: attempt to write a readonly database. Give yourself the right to"
        " write it and its folder, and run this again."
    )


def test_a_file_that_is_no_gradebook_is_not_taken_for_one(course):
    path = course.work / "gradebook.db"
    path.write_text("not one of sqlite's, and long enough to be looked at" * 100)
    with pytest.raises(StockError) as error, stock.open_gradebook(course):
        raise AssertionError("it was opened")
    assert str(error.value).startswith(f"gradebook: {path} cannot be used: file is not a database. Move it")


def test_what_nbgrader_itself_refuses_keeps_its_words(course):
    with pytest.raises(StockError, match=r"^release: nbgrader refuses"), stock.open_gradebook(course):
        raise StockError("release: nbgrader refuses 01-adding") from ValueError("no")
