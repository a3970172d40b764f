"""The rules of a class in nbgrader's gradebook: penalties, extensions, groups; and all of it taken back."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograde import stock
from autograde.course import Course, find
from autograde.demo import Student, hand_in
from autograde.filing import file_away
from autograde.notebook import dumps, load
from autograde.report import recorded
from autograde.result import Result, State

ROOT = Path(__file__).resolve().parents[1]
AREAS = "02-areas"
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CLASS = [
    Student("11", ""),
    Student("12", "", answers={"ring-area": "return 0"}),
    Student("13", "", answers={"square-area": "return 0"}),
    Student("14", "", damage="truncated", at=AREAS),
    Student("15", ""),
]
STAMPS = {
    "11": "2026-03-02 22:00:00 UTC",
    "12": "2026-03-03 00:34:00 UTC",
    "13": "2026-03-03 06:59:30 UTC",
}
RULES = """
timezone = "Europe/Berlin"
[late]
percent = 2
[assignment.02-areas]
deadline = "2026-03-02 23:59"
"""


def run(root: Path, *words: str) -> str:
    """Run a command of ours, or one of nbgrader's, in a course."""
    beside = Path(sys.executable).parent
    command = (
        [beside / "nbgrader"] if words[0] == "nbgrader" else [sys.executable, "-m", "autograde", words[0]]
    )
    path = os.pathsep.join([str(beside), "/usr/bin", "/bin"])
    environment = {"PATH": path, "HOME": str(root), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *words[1:]], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with five hand-ins of its second assignment, graded without any rules."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(ROOT / "tests/fixtures/course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    run(root, "release")
    course = find(root)
    hand_in(course, course.choose([AREAS]), CLASS)
    for student, when in STAMPS.items():
        (course.submitted / student / AREAS / "timestamp.txt").write_text(when)
    run(root, "grade", AREAS)
    return root


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Course:
    """The graded course, to do with as one likes."""
    shutil.copytree(graded, tmp_path / "course")
    return find(tmp_path / "course")


@pytest.fixture
def settled(course: Course) -> Callable[[str], dict[str, Result]]:
    """Return a function rules -> everybody's result under them."""

    def settled(rules: str = "") -> dict[str, Result]:
        path = course.work / "class.toml"
        path.write_text(rules, encoding="utf-8") if rules else path.unlink(missing_ok=True)
        return {result.student: result for result in recorded(course, course.choose([AREAS]))}

    return settled


def exported(course: Course) -> dict[str, dict[str, str]]:
    """Return the rows of ``nbgrader export``, by student."""
    run(course.root, "nbgrader", "export", "--to", "nbgrader.csv")
    with (course.root / "nbgrader.csv").open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == AREAS}


def test_penalties_and_extensions_stand_in_nbgraders_own_fields(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    results = settled(RULES + 'extensions.13 = "2026-03-03 06:59"\nhanded_in.15 = "2026-03-03 01:59"\n')
    assert {student: result.penalty for student, result in results.items()} == {
        "11": 0.0,  # 23:00
        "12": pytest.approx(5 * 0.02 * 95 / 60),
        "13": pytest.approx(5 * 0.02 * 60 / 60),  # an hour after the extension
        "14": 0.0,
        "15": pytest.approx(5 * 0.02 * 2),
    }
    rows = exported(course)
    for student, result in results.items():
        if result.graded:
            assert float(rows[student]["score"]) == pytest.approx(result.grade)
            assert float(rows[student]["late_submission_penalty"]) == pytest.approx(result.penalty)
    with stock.open_gradebook(course) as gradebook:
        late = gradebook.find_submission(AREAS, "13")
        assert str(late.assignment.duedate) == "2026-03-02 22:59:00"
        assert (str(late.extension), late.total_seconds_late) == ("7:00:00", 3630.0)


def test_formgrader_takes_for_graded_what_was_graded_and_shows_a_group_once(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    rules = RULES + 'groups.A = ["12", "13", "17"]\nhanded_in.15 = "2026-03-03 01:59:30"\n'
    settled(rules + 'handed_in.11 = "2026-03-02 10:00"\n')
    directories = {"root": str(course.root), "submitted_directory": "autograde/work/submitted"}
    directories |= {"autograded_directory": "autograde/work/autograded", "db_url": course.gradebook}
    api = NbGraderAPI(config=Config({"CourseDirectory": directories}))
    assert api.get_autograded_students(AREAS) == {"11", "12", "13", "15"}
    assert {row["student"] for row in api.get_notebook_submissions(AREAS, AREAS)} == {"11", "12", "13", "15"}
    scores = {row["student"]: row["score"] for row in api.get_submissions(AREAS) if row["autograded"]}
    assert scores["12"] == scores["13"] == scores["17"]
    # without the rules, the files say what they said
    settled("")
    assert (course.submitted / "11" / AREAS / "timestamp.txt").read_text() == STAMPS["11"]
    assert not (course.submitted / "15" / AREAS / "timestamp.txt").exists()


@pytest.mark.stock
def test_stock_nbgrader_takes_off_the_same(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    results = settled(RULES + 'late.grace = "1 hour"\nextensions.13 = "2 hours"\n')
    assert results["12"].penalty > 0 < results["13"].penalty
    with stock.open_gradebook(course) as gradebook:
        for student in ("12", "13"):
            notebook = gradebook.find_submission_notebook(AREAS, AREAS, student)
            notebook.late_submission_penalty = None
        gradebook.db.commit()
    for student in ("11", "12", "13"):
        run(course.root, "nbgrader", "autograde", AREAS, "--student", student, "--force")
    with stock.open_gradebook(course) as gradebook:
        for student in ("11", "12", "13"):
            theirs = gradebook.find_submission(AREAS, student)
            assert theirs.late_submission_penalty == pytest.approx(results[student].penalty)


def test_settling_twice_changes_nothing(
    course: Course, settled: Callable[[str], dict[str, Result]], tables: Callable[[str], object]
) -> None:
    rules = RULES + 'excused = ["16"]\ngroups.A = ["11", "15", "17"]\n'
    first = settled(rules)
    before = tables(course.gradebook)
    assert settled(rules) == first
    assert tables(course.gradebook) == before


def test_a_time_that_is_deleted_from_the_rules_counts_no_more_from_then_on(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    before = settled(RULES)["11"]
    assert settled(RULES + 'handed_in.11 = "2026-03-04 23:59"\n')["11"].penalty > 0
    assert "11, 2026-03-04" in run(course.root, "rules", AREAS)
    after = settled(RULES)["11"]
    assert (after.penalty, after.notes) == (before.penalty, before.notes)
    settled(RULES + 'handed_in.11 = "2026-03-04 23:59"\n')
    (course.work / "class.toml").write_text(RULES, encoding="utf-8")
    assert "2026-03-04" not in run(course.root, "rules", AREAS)


def test_all_of_it_is_taken_back_with_the_rules(
    course: Course, settled: Callable[[str], dict[str, Result]], tables: Callable[[str], object]
) -> None:
    settled('timezone = "UTC"\n')
    plain, before = settled(""), tables(course.gradebook)
    settled(RULES + 'extensions.13 = "2 days"\ngroups.A = ["12", "11", "17"]\ngroups.B = ["13", "18"]\n')
    assert tables(course.gradebook) != before
    assert settled("") == plain
    after = tables(course.gradebook)
    assert isinstance(after, dict)
    for name, rows in after.items():
        if name != "students":  # whoever is known stays known
            assert rows == before[name], name  # type: ignore[index]


def test_a_group_gets_the_grade_of_the_hand_in_that_came_last(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    results = settled('timezone = "UTC"\n[groups]\n"Team A" = ["11", "13", "17"]\n')
    assert [results[one].points for one in ("11", "13", "17")] == [results["13"].points] * 3
    assert results["13"].points < 5
    assert results["13"].notes[-1] == "Handed in for Team A. 2 handed in; the last one counts."
    assert results["17"].notes[-1] == "Graded with the hand-in of Team A. 2 handed in; the last one counts."
    rows = exported(course)
    assert {float(rows[one]["score"]) for one in ("11", "13", "17")} == {results["13"].grade}


def test_each_member_is_late_by_their_own_deadline(settled: Callable[[str], dict[str, Result]]) -> None:
    results = settled(RULES + 'extensions.17 = "1 day"\ngroups.A = ["12", "17"]\n')
    assert results["12"].penalty > 0 == results["17"].penalty
    assert results["12"].points == results["17"].points


def test_what_a_person_gives_to_the_hand_in_reaches_the_group(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    rules = 'timezone = "UTC"\n[groups]\nA = ["12", "17"]\n'
    assert settled(rules)["17"].open_points == 1
    with stock.open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("explain-ring", AREAS, AREAS, "12")
        grade.manual_score, grade.needs_manual_grade, grade.extra_credit = 0.5, False, 0.25
        gradebook.db.commit()
    result = settled(rules)["17"]
    assert (result.open_points, result.points) == (0, 1.5 + 0.75)
    assert float(exported(course)["17"]["score"]) == 2.25


def test_scores_by_hand_of_work_that_does_not_count_are_kept_and_told(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    with stock.open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("explain-ring", AREAS, AREAS, "11")
        grade.manual_score, grade.needs_manual_grade = 1.0, False
        gradebook.db.commit()
    result = settled('timezone = "UTC"\n[groups]\nA = ["11", "13"]\n')["11"]
    assert result.points == settled("")["13"].points
    with stock.open_gradebook(course) as gradebook:
        assert gradebook.find_grade("explain-ring", AREAS, AREAS, "11").manual_score == 1


@pytest.mark.parametrize(
    ("members", "counts", "why"),
    [
        (["12", "15"], "", "A handed in 2 times (12, 15), and which came last is not known."),
        (["12", "15"], "12", "2 handed in; the rules say which counts."),
        (["12", "14"], "", "Handed in for A."),  # what 14 handed in cannot be graded
    ],
)
def test_which_of_two_hand_ins_counts_is_said_or_asked(
    settled: Callable[[str], dict[str, Result]], members: list[str], counts: str, why: str
) -> None:
    group = f'A = {{ members = {members}, counts = "{counts}" }}' if counts else f"A = {members}"
    results = settled(f'timezone = "UTC"\n[groups]\n{group}\n')
    mine = results[members[0]]
    assert why in " ".join([*mine.notes, mine.waits])
    if mine.waits:
        assert results[members[1]].waits == mine.waits
    else:
        assert results[members[1]].points == mine.points


def test_a_group_that_handed_in_nothing_that_can_be_graded_is_told_why(
    settled: Callable[[str], dict[str, Result]],
) -> None:
    results = settled('timezone = "UTC"\n[groups]\nA = ["14", "17"]\n')
    assert results["17"].state is State.UNGRADABLE
    assert results["17"].reason == results["14"].reason != ""


def test_the_excused_have_a_row_even_if_they_handed_in_nothing(
    settled: Callable[[str], dict[str, Result]],
) -> None:
    results = settled(RULES + 'excused = ["11", "99"]\n')
    assert (results["11"].excused, results["11"].graded) == (True, True)
    assert (results["99"].excused, results["99"].state) == (True, State.MISSING)


def test_a_time_that_nobody_knows_is_said_and_never_guessed(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    said = "It is not known when it was handed in: it counts as in time."
    assert settled(RULES)["15"].notes == (said,)
    log = "\ufefftaken_in,student,person,assignment,outcome,late,files,note,system\n"
    rows = "".join(f",{student},,{AREAS},taken,late,,,canvas\n" for student in ("15", "11"))
    (course.work / "intake.csv").write_text(log + rows, encoding="utf-8")
    results = settled(RULES)
    assert results["15"].waits.startswith("It was marked as late, but how late is not known. Look up when")
    assert results["11"].notes == ("Marked as late, but in time by the rules.",)
    assert not settled(RULES + 'handed_in.15 = "2026-03-02 23:59:59"')["15"].waits


def test_a_penalty_of_the_courses_own_plugin_counts_where_there_are_no_rules(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    with stock.open_gradebook(course) as gradebook:
        gradebook.find_submission_notebook(AREAS, AREAS, "11").late_submission_penalty = 0.5
        gradebook.db.commit()
    result = settled("")["11"]
    assert (result.penalty, result.grade) == (0.5, result.points - 0.5)


def test_moodles_folder_of_a_group_is_the_work_of_its_members(
    course: Course, settled: Callable[[str], dict[str, Result]], tmp_path: Path
) -> None:
    notebook = (course.submitted / "12" / AREAS / f"{AREAS}.ipynb").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"Team A_77_assignsubmission_file_/{AREAS}.ipynb", notebook)
    (tmp_path / "moodle.zip").write_bytes(packed.getvalue())
    file_away(course, [tmp_path / "moodle.zip"])
    run(course.root, "grade", AREAS)
    results = settled('timezone = "UTC"\n[groups]\n"Team A" = ["21", "22"]\n')
    assert "77" not in results
    assert results["21"].points == results["22"].points == results["12"].points
    assert float(exported(course)["21"]["score"]) == results["12"].points


def test_a_score_by_hand_stands_when_a_test_is_mended(
    course: Course, settled: Callable[[str], dict[str, Result]]
) -> None:
    by_hand = {"explain-ring": 0.5, "test-square-area": 1.0, "test-ring-area": 2.0}
    with stock.open_gradebook(course) as gradebook:
        for question, points in by_hand.items():
            grade = gradebook.find_grade(question, AREAS, AREAS, "12")
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.find_comment("explain-ring", AREAS, AREAS, "12").manual_comment = "well put"
        gradebook.db.commit()
    (areas,) = course.choose([AREAS])
    nb = load(areas.source)
    test = next(cell for cell in nb["cells"] if cell["id"] == "test-ring-area")
    test["source"] = "2.5 if abs(ring_area(1, 2) - 3 * math.pi) < 1e-9 else 1.0"
    areas.source.write_text(dumps(nb), encoding="utf-8")
    run(course.root, "release")
    said = run(course.root, "grade", AREAS)
    assert "4 were graded again, and 1 results are not what they were" in said
    assert f"12, {AREAS}: 1.5 -> 2.5 of 5 points by the tests" in said
    told = "ring-area 0 -> 1, its test was changed (before: a ring from 1 to 2 has the area 3π; now: "
    assert told in said
    looked = "ring-area: the 2 points given by hand stand, but its test now gives 1, not 0. Look again."
    assert looked in settled("")["12"].notes
    with stock.open_gradebook(course) as gradebook:
        grades = {g.name: g for g in gradebook.find_submission_notebook(AREAS, AREAS, "12").grades}
        assert {name: grade.manual_score for name, grade in grades.items()} == by_hand
        # a person looks again at what the new test judges otherwise, and at nothing else
        assert {name for name, grade in grades.items() if grade.needs_manual_grade} == {"test-ring-area"}
        assert gradebook.find_comment("explain-ring", AREAS, AREAS, "12").comment == "well put"
    assert "Nothing is new: 4 keep their result, and no grade moved." in run(course.root, "grade", AREAS)
