"""The gradebook after `autograde grade` is the one after `nbgrader autograde`, cell by cell.

Ours is once a file of sqlite's and once a PostgreSQL database; nbgrader's is always a file.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograde import stock
from autograde.course import find
from autograde.demo import Student, hand_in
from autograde.notebook import dumps, load
from autograde.result import State, recall

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = [pytest.mark.stock, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

DUE = "2030-01-02 12:00:00 UTC"
OWN_MODULE = (
    "from spelling import lower\n\nreturn {w: lower(text).split().count(w) for w in lower(text).split()}"
)
PLAIN = [
    Student("right", ""),
    Student("late", ""),
    Student("untouched", "", base="untouched"),
    Student(
        "partly",
        "",
        answers={"read-days": "days = {'mon': 3.5}", "count-words": "return {w: 1 for w in text.split()}"},
    ),
    Student(
        "broken",
        "",
        answers={
            "to-fahrenheit": "return undefined",
            "read-days": "raise OSError('no file')",
            "draw": "1 / 0",
        },
    ),
    Student("files", "", answers={"count-words": OWN_MODULE}),
    Student("deleted", "", damage="deleted-cell", at="test-count-words"),
]
KIT = [
    Student("right", ""),
    Student("untouched", "", base="untouched"),
    Student(
        "mistaken",
        "",
        answers={"total-price": "total_price = 12.0", "mean-function": "return sum(numbers) / len(numbers)"},
    ),
    Student("stub", "", answers={"mean-function": "raise NotImplementedError()", "ring-area": "return None"}),
    Student("array", "", answers={"square-area": "import numpy\nreturn numpy.float32(side) ** 2"}),
]


def nbgrader(root, *words):
    """Run one of nbgrader's own commands in a course."""
    program = str(Path(sys.executable).with_name("nbgrader"))
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    environment = {"PATH": path, "HOME": str(root), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [program, *words], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


def autograde(root, *words):
    run = subprocess.run(
        [sys.executable, "-m", "autograde", *words, "--course", str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def keep_in(root, database):
    """Let a course keep its gradebook in a database; in a file of sqlite's if that is empty."""
    if database:
        with (root / "nbgrader_config.py").open("a") as config:
            config.write(f"c.CourseDirectory.db_url = {database!r}\n")


def plain(root, database=""):
    """An ordinary course with default folders, a due date, and files beside its notebook."""
    shutil.copytree(FIXTURES / "plain_course", root)
    keep_in(root, database)
    nbgrader(root, "generate_assignment", "ps1")
    course = find(root)
    with stock.open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=DUE)
    hand_in(course, course.assignments, PLAIN)
    for student in PLAIN:
        folder = course.submitted / student.id / "ps1"
        for path in (root / "release/ps1").iterdir():
            if path.suffix != ".ipynb":
                shutil.copy(path, folder)
    (course.submitted / "late/ps1/timestamp.txt").write_text("2030-01-02 13:30:00 UTC")
    (course.submitted / "right/ps1/timestamp.txt").write_text("2030-01-01 09:00:00.5 CET")
    (course.submitted / "partly/ps1/timestamp.txt").write_text("")
    (course.submitted / "files/ps1/spelling.py").write_text("def lower(text):\n    return text.lower()\n")
    (course.submitted / "files/ps1/temperature.py").write_text("FREEZING = 99\n")
    (course.submitted / "files/ps1/days.csv").write_text("day,celsius\n")


def kit(root, database=""):
    """Two notebooks of this repository's kind, whose checks say what they found."""
    shutil.copytree(FIXTURES / "course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    keep_in(root, database)
    autograde(root, "release")
    course = find(root)
    for assignment in course.assignments:
        nbgrader(root, "generate_assignment", assignment.name, "--force")
    hand_in(course, course.assignments, KIT)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request):
    """Return a function that gives the address of an empty database, or nothing for a file."""
    return request.getfixturevalue("postgres") if request.param == "postgres" else str


@pytest.fixture(scope="module", params=[plain, kit], ids=["plain", "kit"])
def courses(request, database, tmp_path_factory):
    """Return the same course twice: graded by us, and by nbgrader, told to put deleted tests back."""
    place = tmp_path_factory.mktemp("courses")
    ours, theirs = place / "ours", place / "theirs"
    request.param(theirs)
    if address := database():
        request.param(ours, address)
    else:
        shutil.copytree(theirs, ours)
    autograde(ours, "grade")
    for assignment in find(theirs).assignments:
        nbgrader(theirs, "autograde", assignment.name, "--OverwriteCells.add_missing_cells=True")
    return find(ours), find(theirs)


def test_every_table_is_the_same(courses, tables):
    ours, theirs = (tables(course.gradebook) for course in courses)
    assert list(ours) == list(theirs)
    for name in ours:
        assert theirs[name] == ours[name], name
    assert len(ours["grades"]) >= 25
    assert any(grade[7] for grade in ours["grades"])
    assert any(comment[4] == "No response." for comment in ours["comments"])


def test_results_and_gradebook_agree(courses):
    course, _ = courses
    with stock.open_gradebook(course) as gradebook:
        for assignment in course.assignments:
            results = recall(course, assignment.name)
            assert len(results) >= 5
            for student, result in results.items():
                row = gradebook.find_submission(assignment.name, student)
                assert (row.score, State.GRADED) == (result.points, result.state)


def test_the_same_files_lie_in_autograded(courses):
    files = [
        {
            str(path.relative_to(course.autograded))
            for path in course.autograded.rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }
        for course in courses
    ]
    assert files[0] == files[1]


def test_nbgraders_export_and_feedback_work_on_it(courses):
    ours, theirs = courses
    for course in courses:
        nbgrader(course.root, "export")
    rows = [
        list(csv.DictReader((course.root / "grades.csv").read_text().splitlines()))
        for course in (ours, theirs)
    ]
    key = [sorted(rows_, key=lambda row: (row["student_id"], row["assignment"])) for rows_ in rows]
    assert key[0] == key[1]
    assignment = ours.assignments[0].name
    nbgrader(ours.root, "generate_feedback", assignment)
    (page,) = ours.root.rglob(f"feedback/right/{assignment}/{assignment}.html")
    text = page.read_text()
    assert "Score: " in text
    assert "Score: 3.0 / 3.0" in text


def test_manual_scores_and_comments_stay_when_a_changed_submission_is_graded_again(courses, tables):
    by_hand = {"ps1": "explain", "02-areas": "explain-ring"}
    for course in courses:
        assignment = next(a.name for a in course.assignments if a.name in by_hand)
        with stock.open_gradebook(course) as gradebook:
            for cell, score in ((by_hand[assignment], 0.5), (_tests(course, assignment)[0], 0.25)):
                grade = gradebook.find_grade(cell, assignment, assignment, "right")
                grade.manual_score, grade.needs_manual_grade, grade.extra_credit = score, False, 0.125
            comment = gradebook.find_comment(by_hand[assignment], assignment, assignment, "right")
            comment.manual_comment = "well put"
            gradebook.db.commit()
        path = course.submitted / f"right/{assignment}/{assignment}.ipynb"
        nb = load(path)
        next(cell for cell in nb["cells"] if cell["id"] == by_hand[assignment])["source"] += " And more."
        path.write_text(dumps(nb))
    ours, theirs = courses
    autograde(ours.root, "grade")
    nbgrader(theirs.root, "autograde", assignment, "--student", "right", "--force")
    after = tables(ours.gradebook)
    for name in after:
        assert tables(theirs.gradebook)[name] == after[name], name
    assert any(grade[5] == 0.25 and grade[6] == 0.125 and grade[7] for grade in after["grades"])


def _tests(course, assignment):
    (chosen,) = course.choose([assignment])
    return [question.id for question in chosen.questions if not question.by_hand]
