"""A new assignment is begun whole, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograde import template
from autograde.__main__ import main
from autograde.course import Course, find
from autograde.notebook import load
from autograde.sanity import problems

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course with one notebook, and the package that holds its answers."""
    for name in ("solutions/08-referee", "cnnkit/answers/referee"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("cnnkit/answers/__init__.py", "cnnkit/answers/question.py"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return find(tmp_path)


def files(course: Course) -> set[str]:
    found = (path.relative_to(course.root) for path in course.root.rglob("*"))
    return {path.as_posix() for path in found if path.parts[:2] != ("autograde", "work")}


def test_every_kind_of_question_is_there_under_the_new_name(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "09-edge-cases", "--course", str(course.root)]) == 0
    assert "solutions/09-edge-cases/09-edge-cases.ipynb\n" in capsys.readouterr().out
    (assignment,) = course.assignments
    kinds = ["number", "matrix", "function", "choice", "prediction", "experiment", "text"]
    assert [question.name for question in assignment.questions] == [f"edge-cases-{kind}" for kind in kinds]
    assert [question.by_hand for question in assignment.questions] == [False] * 6 + [True]
    assert problems(assignment.source) == []
    cells = load(assignment.source)["cells"]
    assert cells[0]["source"].startswith("# 9 · Edge cases\n")
    assert any("widgets." in cell["source"] for cell in cells)
    every = [path.read_text(encoding="utf-8") for path in course.root.rglob("*edge*/*.*")]
    every += [(course.root / "tests/wrong/edge_cases.py").read_text(encoding="utf-8")]
    assert len(every) == 5
    assert not [
        word for word in ("my-topic", "my_topic", "My topic", "A0-", "00-") for text in every if word in text
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("edge-cases", "hyphens. Write 01-edge-cases."),
        ("9-edge-cases", "Write 09-edge-cases."),
        ("09 Edge cases", "Write 09-edge-cases."),
        ("09-Edge", "Write 09-edge."),
        ("../09-edge", "Write 01-edge."),
        ("09-edge/../x", "Write 09-edge-x."),
        ("", "Write 01-my-topic."),
        ("08-edge", "and 08 is the number of 08-referee. 01 is free: 01-edge."),
        ("00-edge", "and 00 is no number of a notebook's. 01 is free: 01-edge."),
        ("09-referee", "and cnnkit/answers/referee is there already. Choose another topic."),
        ("09-question", "and cnnkit/answers/question.py is there already."),
        ("09-class", "and 'class' is a word of Python's. Add another word."),
        (f"09-{'a' * 41}", "whose topic has 41 letters, expected at most 40. Shorten it."),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    course: Course, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    before = files(course)
    assert main(["new", name, "--course", str(course.root)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"autograde: new: NAME is {name!r}, ")
    assert said in told
    assert files(course) == before


def test_what_was_begun_is_not_begun_again(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "09-edge", "--course", str(course.root)]) == 0
    source = course.source / "09-edge/09-edge.ipynb"
    source.write_text("mine")
    assert main(["new", "09-edge", "--course", str(course.root)]) == 2
    assert "09 is the number of 09-edge. 01 is free: 01-edge." in capsys.readouterr().err
    assert source.read_text() == "mine"


def test_half_an_assignment_does_not_stay(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(course)
    (course.root / "tests").write_text("a file where a folder belongs")
    assert main(["new", "09-edge", "--course", str(course.root)]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert files(course) == before | {"tests"}
    (course.root / "tests").unlink()

    monkeypatch.setitem(template.FILES, "wrong.py.txt", "tests/{nobody}")
    with pytest.raises(KeyError):
        template.begin(course, "09-edge")
    assert files(course) == before


def test_a_course_without_the_package_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nbgrader_config.py").touch()
    assert main(["new", "09-edge", "--course", str(tmp_path)]) == 2
    assert f"new: {tmp_path} has no cnnkit/answers" in capsys.readouterr().err
