"""Whose result moved, from what to what, and why; kept whatever happens in between."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograde.course import Course, find
from autograde.regrade import keep_source, move, moves, write_table
from autograde.result import Mark, Result, State, earlier, record

ROOT = Path(__file__).resolve().parents[1]
ADDING = "01-adding"
TOTAL, MEAN = "test-total-price", "test-mean-function"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two small notebooks."""
    shutil.copytree(ROOT / "tests/fixtures/course", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return find(tmp_path / "course")


@pytest.fixture
def before(course: Course) -> Result:
    """A result of the assignment as it is."""
    kit = keep_source(course, source(course))
    marks = (
        Mark(TOTAL, 0.0, 2.0, "failed", message="12 is wrong.\nReally."),
        Mark(MEAN, 3.0, 3.0, "correct"),
    )
    return Result("11", ADDING, State.GRADED, 5.0, marks=marks, fingerprint="a" * 64, work="w", kit=kit)


def source(course: Course) -> bytes:
    return course.choose([ADDING])[0].source.read_bytes()


def edited(course: Course, cell: str) -> str:
    """Return the digest of the assignment with another text in one cell."""
    nb = json.loads(source(course))
    next(each for each in nb["cells"] if each["id"] == cell)["source"] += "\n# mended"
    return keep_source(course, json.dumps(nb).encode())


def mended(before: Result, **more: str) -> Result:
    marks = (replace(before.marks[0], points=2.0, verdict="correct", message=""), before.marks[1])
    return replace(before, marks=marks, fingerprint="b" * 64, **more)


@pytest.mark.parametrize(
    ("cell", "work", "why"),
    [
        (TOTAL, "w", "its test was changed"),
        ("setup", "w", "other cells of the assignment were changed: setup"),
        ("", "w", "the course's library or the grader is another"),
        (TOTAL, "other", "handed in anew"),
        (TOTAL, "", "what is handed in now cannot be graded"),
    ],
)
def test_why_a_question_moved_is_told(course: Course, before: Result, cell: str, work: str, why: str) -> None:
    moved = move(course, before, mended(before, work=work, kit=edited(course, cell) if cell else before.kit))
    assert moved is not None
    assert [(change.points, change.why) for change in moved.changes] == [((0.0, 2.0), why)]
    assert moved.by == 2
    assert str(moved) == (
        f"11, {ADDING}: 3 -> 5 of 5 points by the tests\n"
        f"    total-price 0 -> 2, {why} (before: 12 is wrong.; now: correct)"
    )


def test_what_says_the_same_did_not_move(course: Course, before: Result) -> None:
    assert move(course, None, before) is None
    assert move(course, before, replace(before, fingerprint="c", seconds=9.0)) is None


def test_every_earlier_result_is_kept_and_the_table_is_the_same_twice(course: Course, before: Result) -> None:
    now = mended(before, kit=edited(course, TOTAL))
    for result in (before, before, replace(before, fingerprint="z"), now, now):
        record(course, result)
    assert [old.points for old in earlier(course, ADDING, "11")] == [3]
    path = write_table(course, moves(course, ADDING))
    written = path.read_bytes()
    assert write_table(course, moves(course, ADDING)).read_bytes() == written
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "student": "11",
        "assignment": ADDING,
        "points_before": "3.0",
        "points_now": "5.0",
        "question": "total-price",
        "from": "0.0",
        "to": "2.0",
        "said_before": "12 is wrong.",
        "says_now": "correct",
        "why": "its test was changed",
    }


def test_a_result_that_goes_and_comes_back_leaves_both_moves(course: Course, before: Result) -> None:
    for result in (before, mended(before, work="v"), replace(before, fingerprint="d" * 64)):
        record(course, result)
    assert [moved.by for moved in moves(course, ADDING)] == [2, -2]


def test_a_damaged_result_hinders_nobody(course: Course, before: Result) -> None:
    record(course, before)
    record(course, mended(before))
    (old,) = (course.work / "earlier-results" / ADDING / "11").glob("*.json")
    old.write_text("{")
    assert moves(course, ADDING) == []
