import shutil
from collections import Counter
from pathlib import Path

import pytest

from autograde.__main__ import main
from autograde.course import find
from autograde.demo import DAMAGES, ROSTER, read_roster
from autograde.errors import CourseError
from autograde.notebook import graded_as, load
from autograde.result import recall

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
SMALL = FIXTURES / "small_class.toml"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(FIXTURES / "course", root, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


def test_the_demo_carries_a_class_from_release_to_report(root, tmp_path, capsys):
    one = tmp_path / "one.toml"
    one.write_text('[[student]]\nid = "alone"\nstory = ""\ndamage = "not-handed-in"\n')
    own = root / "autograde/work/submitted/real/notes.txt"
    own.parent.mkdir(parents=True)
    own.write_text("the instructor's own")
    for roster in (one, SMALL):  # the second demo begins anew
        assert main(["demo", "--course", str(root), "--class", str(roster), "--timeout", "60"]) == 0
    printed = capsys.readouterr().out
    report = root / "autograde/work/demo/report/report.html"
    assert "01-adding: 5 points, 2 questions, released\n" in printed
    assert "01-adding: 5 points, 2 questions, unchanged\n" in printed
    assert "4 students hand in 2 notebooks each\n" in printed
    assert f"report: {report}\n" in printed
    course = find(root)
    demo = course.elsewhere(course.work / "demo")
    assert {
        ("all-right", "graded", 5.0),
        ("first-forgotten", "graded", 4.0),
        ("half-done", "graded", 2.0),
        ("truncated", "not gradable", 0.0),
    } == {(r.student, r.state.value, r.points) for r in recall(demo, "01-adding").values()}
    assert "F1-1 first-forgotten" in printed
    assert "first-forgotten" in report.read_text()
    assert [own] == [path for path in (root / "autograde/work/submitted").rglob("*") if path.is_file()]
    assert not (root / "autograde/work/gradebook.db").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "is not TOML: Invalid value (at end of document)."),
        ("x = 1", "needs [[student]] tables of known fields: 'student'."),
        (
            '[[student]]\nid = "a"\nstroy = ""',
            "needs [[student]] tables of known fields: Student.__init__()",
        ),
        (
            '[[student]]\nid = "a"\nstory = ""\nbase = "solutions"',
            "student 'a': 'solutions' is unknown.",
        ),
        (
            '[[student]]\nid = "a"\nstory = ""\ndamage = "truncate"',
            "Did you mean 'truncated'?",
        ),
        (
            '[[student]]\nid = "a"\nstory = ""\nat = "01-addin"',
            "Did you mean '01-adding'?",
        ),
        (
            '[[student]]\nid = "a"\nstory = ""\nanswers = {total-prize = "1"}',
            "student 'a': 'total-prize' is unknown. Did you mean 'total-price'?",
        ),
    ],
)
def test_a_mistake_in_a_class_file_is_named(root, tmp_path, text, said):
    path = tmp_path / "class.toml"
    path.write_text(text)
    with pytest.raises(CourseError) as error:
        read_roster(path, find(root).assignments)
    assert said in str(error.value)
    assert str(error.value).startswith("demo: class.toml")


def test_a_missing_class_file_is_told(root, tmp_path):
    with pytest.raises(CourseError, match=r"class\.toml cannot be read: No such file or directory\."):
        read_roster(tmp_path / "class.toml", find(root).assignments)


def test_the_built_in_class_fits_this_course_and_shows_every_kind_of_hand_in():
    assignments = find(ROOT).assignments
    students = read_roster(ROSTER, assignments)
    assert [name for name, count in Counter(student.id for student in students).items() if count > 1] == []
    assert len(students) >= 24
    assert all(student.story for student in students)
    shown = {student.damage for student in students}
    assert {
        "none",
        "renamed",
        "truncated",
        "not-json",
        "other-assignment",
        "deleted-cell",
        "not-handed-in",
    } <= shown
    assert shown <= set(DAMAGES)
    report = next(student for student in students if student.id == "report-002")
    assert "137611" in report.answers["report-cnn-parameters"]


def test_the_built_in_class_answers_most_questions_wrongly_somewhere():
    assignments = find(ROOT).assignments[:2]
    answered = {cell for student in read_roster(ROSTER, assignments) for cell in student.answers}
    asked = {
        cell["id"] for a in assignments for cell in load(a.source)["cells"] if graded_as(cell) == "solution"
    }
    assert len(answered & asked) >= 0.8 * len(asked)
