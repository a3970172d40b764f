import csv
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograde.__main__ import main
from autograde.course import Assignment, Question, find
from autograde.report import page, write_tables
from autograde.result import Mark, Result, State, path_of, record
from autograde.summary import findings, summarise
from autograde.table import print_class, remarks

NOON = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)
FLIPPED = ("mistake", "flipped")
FLIP = "Turn the kernel by 180 degrees."


def assignment(name="01-a", **questions):
    made = Assignment(name, None, None)
    vars(made)["questions"] = tuple(Question(f"test-{q}", points) for q, points in questions.items())
    return made


def mark(question, points, verdict="correct", *mistakes, message="", code="", most=2.0):
    return Mark(f"test-{question}", points, most, verdict, mistakes, message, code)


def result(student, *marks, state=State.GRADED, reason="", notes=(), name="01-a"):
    return Result(student, name, state, 4.0, reason, notes, marks)


SOBEL = [
    result("one", mark("sobel", 2.0, code="A1-2"), mark("pool", 2.0)),
    result(
        "two",
        mark("sobel", 0.0, "mistake", "flipped", message=FLIP, code="A1-2"),
        mark("pool", 1.0, "failed"),
    ),
    result("three", mark("sobel", 0.5, *FLIPPED, message=FLIP), mark("pool", 0.0, "missing")),
    result("four", mark("sobel", 0.0, "unrecognised", message="Odd."), mark("pool", None, "by hand")),
    result("five", state=State.UNGRADABLE, reason="01-a.ipynb is cut short."),
    result("six", state=State.MISSING, reason="Nothing was handed in."),
    result("seven", mark("sobel", 2.0), mark("pool", 2.0), state=State.PARTLY, reason="Stopped: setup."),
    result("eight", mark("sobel", 2.0), mark("pool", 0.0, "deleted"), notes=("A cell was deleted.",)),
]


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def summary():
    return summarise(assignment(sobel=2.0, pool=2.0), SOBEL)


LINKS = ("href", "src", "data", "srcset", "action")


class Page(HTMLParser):
    """Collects a page's text, tags and what its attributes point to."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.links, self.open = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [
            value for name, value in attributes if name in ("href", "src", "data", "srcset", "action")
        ]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(" ".join(data.split()))

    def has(self, text):
        return text in " ".join(filter(None, self.text))


def test_the_page_says_who_got_what(summary):
    shown = Page(page("A class", [summary], NOON))
    assert shown.open == []
    for text in ("A class", "Class report of 2030-01-02 12:00", "8 students", "5 graded", "1 graded in part"):
        assert shown.has(text)
    for text in (
        "five 01-a not gradable 01-a.ipynb is cut short.",
        "seven 01-a graded in part Stopped",
    ):
        assert shown.has(text)
    assert shown.has("eight 01-a A cell was deleted.")
    assert shown.has("six not handed in 0")
    assert shown.has("A1-2 sobel 0 / 2 Turn the kernel by 180 degrees.")


def test_the_page_says_how_hard_each_question_was(summary):
    sobel, pool = summary.questions
    assert (sobel.code, sobel.mean) == ("A1-2", pytest.approx(6.5 / 12))
    assert [sobel.count(kind) for kind in ("full", "part", "none", "open")] == [3, 1, 2, 0]
    assert [pool.count(kind) for kind in ("full", "part", "none", "open")] == [2, 1, 2, 1]
    assert summary.histogram == [1, 1, 1, 0, 0, 1, 0, 0, 0, 2]
    assert (summary.mean, summary.median) == (pytest.approx(11.5 / 6), 1.5)
    assert 'title="3 all, 1 some, 2 none"' in page("A class", [summary], NOON)


def test_the_page_says_which_mistakes_were_made_and_by_whom(summary):
    (question, group), (_, other) = findings([summary])
    assert question.name == "sobel"
    assert [(x.mistakes, x.students) for x in group] == [(("flipped",), ("three", "two")), ((), ("four",))]
    assert [x.students for x in other] == [("two",)]
    shown = Page(page("A class", [summary], NOON))
    assert shown.has(f"A1-2 sobel wrong in 3 of 6 2 flipped {FLIP} three two 1 Odd. four")


def test_a_class_without_results_of_any_kind_still_has_a_page():
    empty = summarise(assignment(sobel=2.0), [result("one", state=State.MISSING, reason="Nothing.")])
    shown = Page(page("A class", [empty], NOON))
    assert shown.has("Nobody was graded.")
    assert shown.has("Which mistakes were made None.")


def test_the_page_needs_nothing_from_elsewhere(summary):
    html = page("A class", [summary], NOON)
    assert all(link.startswith("#") for link in Page(html).links)
    assert not {"link", "img", "iframe", "object"} & set(Page(html).tags)
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=x>', "</details>"])
def test_nothing_that_a_student_wrote_becomes_html(evil):
    marks = [mark("sobel", 0.0, "mistake", evil, message=evil, code=evil)]
    results = [
        result(evil, *marks, notes=(evil,)),
        result("two", state=State.UNGRADABLE, reason=evil),
    ]
    harmless = [
        result("a", mark("sobel", 0.0, "mistake", "a", message="a", code="a"), notes=("a",)),
        result("two", state=State.UNGRADABLE, reason="a"),
    ]
    shown, plain = (Page(page("t", [summarise(assignment(sobel=2.0), x)], NOON)) for x in (results, harmless))
    assert plain.tags == shown.tags
    assert shown.has(evil)


def test_the_tables_hold_every_submission_and_every_answer(tmp_path):
    write_tables(SOBEL, tmp_path)
    scores, answers = (rows(tmp_path / name) for name in ("scores.csv", "answers.csv"))
    assert len(scores) == len(SOBEL)
    assert len(answers) == 12
    by_student = {row["student"]: row for row in scores}
    assert by_student["two"]["points"] == "1.0"
    assert (by_student["five"]["points"], by_student["five"]["state"]) == ("", "not gradable")
    assert by_student["four"]["by_hand_open"] == "2.0"
    assert answers[1] == {
        "student": "eight",
        "assignment": "01-a",
        "question": "pool",
        "points": "0.0",
        "max_points": "2.0",
        "verdict": "deleted",
        "mistakes": "",
        "message": "",
    }


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_runs_nothing_that_a_student_wrote(tmp_path, formula):
    write_tables([result(formula, mark("sobel", 0.0, "failed", message=formula))], tmp_path)
    for name in ("scores.csv", "answers.csv"):
        for row in rows(tmp_path / name):
            assert not any(cell.startswith(formula) for cell in row.values())


@pytest.fixture
def empty(tmp_path):
    """Return a course with one assignment, of which nothing was graded."""
    folder = tmp_path / "source/a"
    folder.mkdir(parents=True)
    (tmp_path / "nbgrader_config.py").write_text("")
    (folder / "a.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    return find(tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*alembic:UserWarning")  # nbgrader's
def test_a_report_names_the_results_that_it_lacks(empty, tmp_path, capsys):
    record(empty, result("one", state=State.MISSING, name="a"))
    broken = path_of(empty, "a", "two")
    broken.write_text("{")
    assert main(["report", "--course", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.err == f"report: {broken} cannot be read and is left out. Run `autograde grade` again.\n"
    assert ["one"] == [row["student"] for row in rows(Path(said.out.strip()).with_name("scores.csv"))]


def test_a_report_before_grading_says_what_to_do(empty, tmp_path, capsys):
    assert main(["report", "--course", str(tmp_path)]) == 2
    wanted = "autograde: report: nothing of a was graded yet. Run `autograde grade` first.\n"
    assert capsys.readouterr().err == wanted


def test_remarks_name_states_notes_mistakes_and_what_is_missing():
    told = {r.student: remarks(r, several=True) for r in SOBEL}
    assert told["one"] == []
    assert told["two"] == ["A1-2 flipped; pool failed"]
    assert told["three"] == ["sobel flipped; 1 of 2 unanswered"]
    assert told["five"] == ["01-a: not gradable. 01-a.ipynb is cut short."]
    assert told["seven"] == ["01-a: graded in part. Stopped: setup."]
    assert told["eight"] == ["01-a: A cell was deleted."]


def test_the_terminal_table_has_every_student(capsys):
    print_class([assignment("01-convolution-by-hand", sobel=2.0, pool=2.0)], SOBEL)
    printed = capsys.readouterr().out
    assert all(r.student in printed for r in SOBEL)
    assert "convolution-by-hand" not in printed  # the heading is broken at its hyphens
    assert "[" not in printed
