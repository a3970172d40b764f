import shutil
from pathlib import Path

import pytest

from autograde.course import find
from autograde.demo import Student, hand_in
from autograde.errors import CourseError
from autograde.intake import collect
from autograde.notebook import dumps, load
from autograde.result import State
from tests.attacks.exhaustion import deep_folder
from tests.attacks.remove import remove

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"
ADDING, AREAS = "01-adding", "02-areas"


@pytest.fixture
def course(tmp_path):
    """Return a course in which nothing was handed in; its sources serve as releases."""
    shutil.copytree(COURSE, tmp_path / "course")
    shutil.copytree(COURSE / "solutions", tmp_path / "course/notebooks")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return find(tmp_path / "course")


def given(course, *, damage="none", at=ADDING, **changes):
    """Let one student hand in, change the files, and return what became of the first assignment."""
    hand_in(course, course.assignments, [Student("one", "", damage=damage, at=at)])
    for name, data in changes.get("add", {}).items():
        path = course.submitted / "one" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name in changes.get("remove", ()):
        (course.submitted / "one" / name).unlink()
    return next(s for s in collect(course, course.assignments) if s.assignment == ADDING)


def test_every_student_has_one_submission_for_each_assignment(course):
    hand_in(course, course.assignments, [Student("one", ""), Student("two", "", damage="not-handed-in")])
    (course.submitted / "nobody").mkdir()
    (course.submitted / ".hidden").mkdir()
    (course.submitted / "list.txt").write_text("not a student")
    found = [(s.assignment, s.student, s.state) for s in collect(course, course.assignments)]
    assert found == [
        (ADDING, "nobody", State.MISSING),
        (ADDING, "one", None),
        (ADDING, "two", State.MISSING),
        (AREAS, "nobody", State.MISSING),
        (AREAS, "one", None),
        (AREAS, "two", None),
    ]


def test_a_sound_submission_is_ready_with_its_files_and_nothing_to_note(course):
    submission = given(course, add={f"{ADDING}/data/map.csv": b"1", f"{ADDING}/.ipynb_checkpoints/x": b""})
    assert submission.state is None
    assert submission.notebook == course.submitted / f"one/{ADDING}/{ADDING}.ipynb"
    assert submission.files == [course.submitted / f"one/{ADDING}/data/map.csv"]
    assert submission.notes == ()


def test_a_renamed_notebook_is_known_by_its_cells(course):
    submission = given(course, damage="renamed")
    assert submission.state is None
    assert submission.notes == (f"Handed in as {ADDING}/my homework (final).ipynb.",)


@pytest.mark.parametrize("place", ["homework.ipynb", "Adding/01.ipynb"])
def test_a_notebook_in_a_wrong_folder_is_found(course, place):
    data = (COURSE / f"solutions/{ADDING}/{ADDING}.ipynb").read_bytes()
    submission = given(course, damage="not-handed-in", add={place: data})
    assert submission.notebook == course.submitted / "one" / place
    assert submission.notes == (f"Handed in as {place}.",)


def test_a_scratch_notebook_beside_the_right_one_is_left_alone(course):
    scratch = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    submission = given(course, add={f"{ADDING}/scratch.ipynb": scratch, f"{ADDING}/broken.ipynb": b""})
    assert submission.state is None
    assert submission.notes == ("Not graded: broken.ipynb, scratch.ipynb.",)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("truncated", f"{ADDING}.ipynb is cut short: its JSON breaks off in line "),
        (
            "not-json",
            f"{ADDING}.ipynb is not JSON (line 1, column 1: Expecting value), expected a notebook; it starts",
        ),
        ("other-assignment", f"{ADDING}.ipynb is the notebook of {AREAS}. Ask for the one of {ADDING}."),
        (
            "wrong-kernel",
            f"{ADDING}.ipynb was saved with a kernel for R, expected python. Open it with a python kernel",
        ),
    ],
)
def test_what_cannot_be_graded_has_its_reason(course, damage, said):
    submission = given(course, damage=damage)
    assert submission.state is State.UNGRADABLE
    assert submission.notebook is None
    assert submission.reason.startswith(said)


def test_a_folder_without_a_notebook_says_what_it_holds(course):
    submission = given(course, damage="not-handed-in", add={f"{ADDING}/essay.docx": b"PK"})
    assert submission.reason == "No notebook was handed in, only essay.docx."
    assert submission.state is State.UNGRADABLE


def test_a_notebook_without_graded_cells_says_how_many_are_missing(course):
    nb = load(COURSE / f"solutions/{ADDING}/{ADDING}.ipynb")
    for cell in nb["cells"]:
        cell["metadata"] = {}
    submission = given(course, add={f"{ADDING}/{ADDING}.ipynb": dumps(nb).encode()})
    assert submission.reason == (
        f"{ADDING}.ipynb holds none of the 4 graded cells. Ask for the notebook that was released."
    )


def test_of_two_copies_the_one_with_the_right_name_counts(course):
    submission = given(course, damage="two-copies")
    assert submission.notebook.name == f"{ADDING}.ipynb"
    assert submission.notes == (f"Not graded: {ADDING}-Copy1.ipynb.",)
    submission.notebook.rename(submission.notebook.with_name("mine.ipynb"))
    (submission,) = collect(course, course.assignments[:1])
    assert submission.state is State.UNGRADABLE
    said = (
        f"2 notebooks of it were handed in: {ADDING}/{ADDING}-Copy1.ipynb, {ADDING}/mine.ipynb. Keep the one"
    )
    assert submission.reason.startswith(said)


def test_nothing_handed_in_is_a_row_too(course):
    submission = given(course, damage="not-handed-in")
    assert (submission.state, submission.reason) == (State.MISSING, "Nothing was handed in.")


def test_links_are_not_followed(course, tmp_path):
    hand_in(course, course.assignments, [Student("one", "")])
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    folder = course.submitted / "one" / ADDING
    (folder / "stolen.txt").symlink_to(secret)
    (course.submitted / "two" / ADDING).mkdir(parents=True)
    (course.submitted / f"two/{ADDING}/{ADDING}.ipynb").symlink_to(folder / f"{ADDING}.ipynb")
    one, two = collect(course, course.assignments[:1])
    assert one.files == []
    assert two.notebook is None


def test_files_are_only_read(course):
    given(course, damage="truncated")
    before = {path: path.stat().st_mtime_ns for path in course.submitted.rglob("*")}
    collect(course, course.assignments)
    assert before == {path: path.stat().st_mtime_ns for path in course.submitted.rglob("*")}


def test_files_beside_a_notebook_that_are_too_large_are_not_even_read(course):
    submission = given(course)
    with (submission.notebook.parent / "hole").open("wb") as file:
        file.truncate(10**12)  # nothing of it takes room on the disk
    (submission,) = collect(course, course.assignments[:1])
    assert submission.state is State.UNGRADABLE
    assert submission.reason.startswith(
        "The files beside the notebook have 1000000 MB, expected at most 67 MB"
    )


def test_folders_deeper_than_any_path_are_left_out(course):
    deep_folder.files(given(course, add={f"{ADDING}/data/a.csv": b"1"}).notebook.parent)
    try:
        (submission,) = collect(course, course.assignments[:1])
        assert [path.name for path in submission.files] == ["a.csv"]
    finally:
        remove(course.submitted)  # pytest could not


def test_a_folder_whose_name_cannot_be_shown_has_a_row(course):
    given(course)
    (course.submitted / "one").rename(course.submitted / "on\x1b[2Je")
    (submission,) = collect(course, course.assignments[:1])
    assert (submission.student, submission.state) == (r"on\x1b[2Je", State.UNGRADABLE)
    assert submission.reason == "The folder's name holds what cannot be shown. Name it after the student."


def test_an_empty_or_missing_folder_says_where_hand_ins_belong(course):
    with pytest.raises(
        CourseError, match=r"grade: nothing was handed in: .*/submitted does not exist\. Put hand-ins"
    ):
        collect(course, course.assignments)
    course.submitted.mkdir(parents=True)
    with pytest.raises(
        CourseError, match=r"/submitted holds no folder\. Put hand-ins there as <student>/<assign"
    ):
        collect(course, course.assignments)
