"""Tests as ordinary courses write them get stock nbgrader's points, or are left to a person."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograde.course import find
from autograde.judge import TOUCHED as NOTE
from autograde.judge import channels, judge
from autograde.notebook import Notebook, dumps
from autograde.result import recall
from autograde.unsupported import unsupported
from tests.styles import BY_HAND, SETUP, STYLES, TOUCHED, Style
from tests.test_gradebook import FIXTURES, autograde, nbgrader

STUDENTS = ("right", "wrong")


def name_of(style: str) -> str:
    return "test-" + re.sub(r"\W+", "-", style).strip("-")


def _cell(source: str, id: str, **role: Any) -> dict[str, Any]:
    meta = {"grade_id": id, "schema_version": 3, "grade": False, "solution": False, "locked": True, **role}
    cell = {"cell_type": "code", "id": id, "metadata": {"nbgrader": meta}, "source": source}
    return cell | {"outputs": [], "execution_count": None}


def notebook(styles: dict[str, Style], student: str = "right") -> Notebook:
    cells = [_cell(SETUP, "setup")]
    for title, style in styles.items():
        name = name_of(title)
        cells += [_cell(style.setup, f"given-{name}")] if style.setup else []
        answer = f"### BEGIN SOLUTION\n{getattr(style, student)}\n### END SOLUTION"
        cells.append(_cell(answer, f"answer-{name}", solution=True, locked=False))
        cells.append(_cell(style.test, name, grade=True, points=style.points))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course of one notebook with all styles, and the two who have handed it in."""
    root = tmp_path_factory.mktemp("styles") / "course"
    (root / "source/styles").mkdir(parents=True)
    shutil.copy(FIXTURES / "plain_course/nbgrader_config.py", root)
    (root / "source/styles/styles.ipynb").write_text(dumps(notebook(STYLES)))
    nbgrader(root, "generate_assignment", "styles")
    for student in STUDENTS:
        place = root / "submitted" / student / "styles"
        place.mkdir(parents=True)
        (place / "styles.ipynb").write_text(dumps(notebook(STYLES, student)))
    return root


@pytest.mark.stock
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_style_gets_the_points_of_stock_nbgrader_or_is_left_to_a_person(
    course: Path, tables: Callable[[str], dict[str, list[tuple[Any, ...]]]]
) -> None:
    theirs = course.with_name("theirs")
    shutil.copytree(course, theirs)
    nbgrader(theirs, "autograde", "styles")
    stock = {(row[1], row[3]): row[4] for row in tables(f"sqlite:///{theirs / 'gradebook.db'}")["grades"]}
    said = autograde(course, "grade")
    marks = {
        who: {m.question: m.points for m in recall(find(course), "styles")[who].marks} for who in STUDENTS
    }
    left = {title for title in STYLES if marks["right"][name_of(title)] is None}
    assert left == BY_HAND
    assert [] == [title for title in left if f"styles, {name_of(title)}: the solution itself" not in said]
    for title, style in STYLES.items():
        name = name_of(title)
        expected = [stock[who, name] for who in STUDENTS]
        assert expected[0] == style.points > expected[1], f"{title} does not tell right from wrong"
        if title in TOUCHED:
            assert [marks[who][name] for who in STUDENTS] == [style.points, None], title
        elif title not in left:
            assert [marks[who][name] for who in STUDENTS] == expected, title
    assert len(STYLES) - len(left) >= 60


def test_every_style_is_judged_as_it_should_be(
    forked_session: Callable[[int], list[socket.socket]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the one that writes a file writes it
    source = notebook(STYLES)
    found = [
        {test.id: test for test in judge(source, hand_in, forked_session(channels(source))).tests}
        for hand_in in (source, notebook(STYLES, "wrong"))
    ]
    for title in STYLES.keys() - BY_HAND:
        right, wrong = (tests[name_of(title)] for tests in found)
        assert (right.points, right.notes) == (STYLES[title].points, ()), (title, right.error)
        assert wrong.points < right.points or (title in TOUCHED and NOTE in wrong.notes), title


def test_the_authors_page_says_how_many_styles_there_are() -> None:
    page = (FIXTURES.parents[1] / "docs/authoring.md").read_text(encoding="utf-8")
    assert f"`tests/styles.py` shows {len(STYLES)} usual ways to write a test" in page


@pytest.mark.parametrize("title", STYLES)
def test_what_works_is_not_refused_and_what_does_not_is(title: str) -> None:
    found = [why for cell, _, why in unsupported(notebook({title: STYLES[title]}))]
    assert bool(found) == (title in BY_HAND), found
