"""A class of every kind, graded once; each test looks at one of its members."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from autograde import stock
from autograde.__main__ import main
from autograde.course import find
from autograde.demo import Student, hand_in
from autograde.errors import CourseError
from autograde.grade import grade, outlasts
from autograde.judge import Judged, Outcome
from autograde.marks import DIAGNOSIS, marks_of
from autograde.notebook import dumps, load
from autograde.report import recorded
from autograde.result import REFERENCE, Mark, Result, State, path_of, recall

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"
ADDING, AREAS = "01-adding", "02-areas"
TIMEOUT = 8  # seconds for each cell; a busy machine takes two to import numpy
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
NOISY = "import sys\nprint('hm', file=sys.stderr)\nreturn sum(numbers) / max(1, len(numbers))"
CLASS = [
    Student("all-right", ""),
    Student("untouched", "", base="untouched"),
    Student(
        "mistaken",
        "",
        answers={"total-price": "total_price = 12.0", "mean-function": "return sum(numbers) / len(numbers)"},
    ),
    Student("renamed", "", damage="renamed"),
    Student("truncated", "", damage="truncated"),
    Student("forever", "", answers={"ring-area": "while True:\n    pass"}),
]
ADDING_ONLY = [
    Student("deleted", "", damage="deleted-cell", at="test-mean-function"),
    Student("deaf", "", answers={"total-price": DEAF}),
    Student("leaver", "", answers={"total-price": "import os\nos._exit(3)"}),
    Student("killer", "", answers={"total-price": "import os\nos.kill(os.getppid(), 9)"}),
    Student("noisy", "", answers={"mean-function": NOISY}),
    Student("stub", "", answers={"mean-function": "raise NotImplementedError()"}),
    Student("copier", ""),
]


def copy_a_cell(course):
    """Let one student copy the answer cell, as JupyterLab does: with its nbgrader metadata."""
    path = course.submitted / f"copier/{ADDING}/{ADDING}.ipynb"
    nb = load(path)
    nb["cells"].insert(3, dict(nb["cells"][3]))
    path.write_text(dumps(nb))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course whose class was graded by the command line."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE, root, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    course = find(root)
    hand_in(course, course.assignments, CLASS)
    hand_in(course, course.assignments[:1], ADDING_ONLY)
    copy_a_cell(course)
    (course.submitted / f"all-right/{ADDING}/data.csv").write_text("1,2\n")
    return course


@pytest.fixture(scope="module")
def before(course):
    """Return what was handed in, byte for byte."""
    return {path: path.read_bytes() for path in course.submitted.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def printed(course, before):
    """Return what the grading of the class printed."""
    command = [sys.executable, "-m", "autograde", "grade", "--timeout", str(TIMEOUT)]
    run = subprocess.run(
        command,
        cwd=course.root,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(course.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    return run.stdout


@pytest.fixture
def results(course, printed):
    """Return student -> result of the first assignment."""
    return recall(course, ADDING)


def marks(result):
    return {mark.question.removeprefix("test-"): mark for mark in result.marks}


def test_every_submission_has_a_row_in_exactly_one_state(course, printed, results):
    assert {student.id for student in CLASS + ADDING_ONLY} == set(results) == set(recall(course, AREAS))
    states = {student: result.state.value for student, result in results.items()}
    assert {"truncated"} == {student for student, state in states.items() if state == "not gradable"}
    assert {"deaf", "killer", "leaver"} == {
        student for student, state in states.items() if state == "graded in part"
    }
    assert "   14 graded\n" in printed
    assert f"truncated, {ADDING}: not gradable. {ADDING}.ipynb is cut short" in printed
    assert f"{AREAS}: not handed in by " in printed
    assert "Nothing was handed in." not in printed
    assert "12 of 12" not in printed
    assert "18 of 18: " in printed


def test_what_was_handed_in_is_kept_byte_for_byte(course, before, printed):
    assert before == {path: path.read_bytes() for path in course.submitted.rglob("*") if path.is_file()}


def test_right_answers_get_all_points_and_answers_for_a_person_stay_open(course, results):
    assert results["all-right"].points == 5
    areas = recall(course, AREAS)["all-right"]
    assert (areas.points, areas.open_points, areas.state) == (4.0, 1.0, State.GRADED)
    assert marks(areas)["explain-ring"].verdict == "by hand"


def test_an_untouched_notebook_gets_nothing(course, results):
    assert results["untouched"].points == 0
    assert recall(course, AREAS)["untouched"].points == 0
    assert marks(recall(course, AREAS)["untouched"])["explain-ring"].message == "No answer was written."


def test_a_diagnosis_names_the_mistake_and_keeps_the_partial_credit(results):
    mark = marks(results["mistaken"])["total-price"]
    assert (mark.points, mark.verdict, mark.mistakes) == (1.0, "mistake", ("first-forgotten",))
    assert mark.message == "12 is the sum without the first price. Start at index 0."
    assert mark.name == "F1-1 total-price"


def test_without_a_diagnosis_the_error_stands_in(results):
    mark = marks(results["mistaken"])["mean-function"]
    assert (mark.points, mark.verdict, mark.message) == (
        0.0,
        "failed",
        "A hidden test did not pass.",
    )
    assert marks(results["untouched"])["mean-function"].message == "mean([1, 2, 3]) is None, expected 2"


def test_a_stub_that_raises_is_no_answer(results):
    mark = marks(results["stub"])["mean-function"]
    assert (mark.verdict, mark.message) == ("missing", "No answer was written.")


def test_what_a_students_function_prints_on_stderr_costs_nothing(results):
    mark = marks(results["noisy"])["mean-function"]
    assert (mark.points, mark.verdict) == (3.0, "correct")


def test_a_renamed_notebook_is_graded(results):
    assert (results["renamed"].state, results["renamed"].points) == (State.GRADED, 5)
    assert results["renamed"].notes == (f"Handed in as {ADDING}/my homework (final).ipynb.",)


def test_a_deleted_test_is_put_back(course, results):
    result = results["deleted"]
    assert (result.points, result.open_points) == (5, 0)
    assert result.notes == ("The cell test-mean-function was deleted; it was put back.",)
    with stock.open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("test-mean-function", ADDING, ADDING, "deleted")
        assert (grade.auto_score, grade.needs_manual_grade) == (3, False)


def test_a_copied_answer_cell_harms_nobody(results):
    assert (results["copier"].state, results["copier"].points) == (State.GRADED, 5)


def test_an_endless_loop_ends_and_the_other_cells_count(course, printed):
    result = recall(course, AREAS)["forever"]
    assert (result.state, result.points) == (State.PARTLY, 1.5)
    assert result.reason == f"Stopped after {TIMEOUT} seconds: test-ring-area."
    assert marks(result)["ring-area"].message == "The test was stopped: it ran into the time limit."
    assert result.seconds < 60


def test_a_cell_that_cannot_be_interrupted_is_stopped_harder(results):
    assert (results["deaf"].state, results["deaf"].points) == (State.PARTLY, 3.0)


def test_a_notebook_that_ends_its_session_has_its_reason(results):
    assert (results["leaver"].state, results["leaver"].points) == (State.PARTLY, 0.0)
    assert results["leaver"].reason == "The session died in cell total-price."


def test_a_notebook_that_shoots_at_its_parent_hits_itself_alone(results):
    """It has none in its own namespace: process 0 stands for the sender's own group."""
    assert (results["killer"].state, results["killer"].points) == (State.PARTLY, 0.0)
    assert results["killer"].reason == "The session died in cell total-price."


def test_the_gradebook_holds_the_scores_of_all_who_were_graded_and_knows_everybody(course, results):
    with stock.open_gradebook(course) as gradebook:
        for student, result in results.items():
            gradebook.find_student(student)
            if result.graded:
                assert gradebook.find_submission(ADDING, student).score == result.points


def test_autograded_notebooks_hold_outputs_and_the_files_that_were_handed_in(course, printed):
    folder = course.autograded / f"all-right/{ADDING}"
    assert (folder / "data.csv").read_text() == "1,2\n"
    cells = {cell["id"]: cell for cell in load(folder / f"{ADDING}.ipynb")["cells"]}
    assert DIAGNOSIS in cells["test-total-price"]["outputs"][0]["data"]
    assert "HIDDEN TESTS" in cells["test-mean-function"]["source"]


def test_what_has_not_changed_is_not_graded_again(course, printed, capsys):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in course.autograded.rglob("*.ipynb")}

    before, results = stamps(), recall(course, AREAS)
    again = grade(course, course.choose([AREAS]), timeout=TIMEOUT)
    assert before == stamps()
    assert again == [results[student] for student in sorted(results)]
    assert capsys.readouterr().out == ""


def test_what_changed_is_graded_again_and_so_is_what_ran_out_of_a_shorter_time(course, printed, capsys):
    path = course.submitted / f"untouched/{AREAS}/{AREAS}.ipynb"
    original = path.read_bytes()
    nb = load(path)
    answer = next(cell for cell in nb["cells"] if cell["id"] == "square-area")
    answer["source"] = "square_area = lambda a: a * a"
    path.write_text(dumps(nb))
    results = {r.student: r for r in grade(course, course.choose([AREAS]), timeout=TIMEOUT + 1)}
    path.write_bytes(original)
    assert capsys.readouterr().out.startswith("4 submissions have not changed and keep their result\n")
    assert results["untouched"].points == 1.5
    assert results["forever"].reason == f"Stopped after {TIMEOUT + 1} seconds: test-ring-area."


@pytest.mark.parametrize(
    ("timeout", "changes", "kept"),
    [
        (10, {"state": State.PARTLY, "seconds": 40.0}, True),
        (20, {"state": State.PARTLY}, False),
        (5, {"state": State.PARTLY}, False),
        (20, {"state": State.UNGRADABLE}, False),
        (20, {}, True),
        (5, {"seconds": 4.0}, True),
        (5, {"seconds": 6.0}, False),
        (20, {"marks": (Mark("explain-ring", None, 1, "by hand"),)}, True),
        (20, {"marks": (Mark("test-ring-area", None, 1, "by hand"),)}, False),
    ],
)
def test_a_result_is_kept_when_another_time_limit_could_not_change_it(course, timeout, changes, kept):
    (areas,) = course.choose([AREAS])
    old = Result("a", AREAS, State.GRADED, 5, timeout=10, seconds=2.0)
    assert kept == outlasts(replace(old, **changes), areas, timeout)


def test_a_damaged_record_counts_as_absent(course, printed):
    path = path_of(course, ADDING, "all-right")
    kept = path.read_bytes()
    for damage in (b"{", b"[]", b'{"student": "x"}', json.dumps(json.loads(kept) | {"state": "?"}).encode()):
        path.write_bytes(damage)
        assert "all-right" not in recall(course, ADDING)
    path.write_bytes(kept)


def test_a_later_file_that_cannot_be_graded_says_what_the_gradebook_keeps(course, results, tmp_path):
    elsewhere = replace(course, submitted=tmp_path / "submitted")
    shutil.copytree(course.submitted / "renamed", elsewhere.submitted / "renamed")
    (elsewhere.submitted / f"renamed/{ADDING}/my homework (final).ipynb").write_text("")
    shutil.copytree(course.work / "results", tmp_path / "results")
    (tmp_path / f"results/{ADDING}/all-right.json").write_text("{")  # of one who left, and damaged
    (result,) = grade(replace(elsewhere, work=tmp_path), course.choose([ADDING]))
    assert result.reason == "my homework (final).ipynb is empty. Ask for the file again."
    assert result.notes == ("The gradebook keeps the 5 points of an earlier version.",)
    assert [path.stem for path in (tmp_path / f"results/{ADDING}").iterdir()] == ["renamed"]


def test_points_given_by_hand_reach_the_report(course, printed):
    with stock.open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("explain-ring", AREAS, AREAS, "all-right")
        grade.manual_score, grade.needs_manual_grade = 0.75, False
        gradebook.db.commit()
    (result,) = (r for r in recorded(course, course.choose([AREAS])) if r.student == "all-right")
    assert (result.points, result.open_points) == (4.75, 0)


def test_a_new_question_after_grading_is_refused_in_nbgraders_words(course, printed, tmp_path, capsys):
    root = tmp_path / "course"
    shutil.copytree(course.root, root)
    shutil.rmtree(root / "autograde/work/submitted")
    source = root / f"solutions/{ADDING}/{ADDING}.ipynb"
    nb = load(source)
    added = json.loads(json.dumps(nb["cells"][3]).replace("total-price", "total-again"))
    source.write_text(dumps(nb | {"cells": [*nb["cells"], added]}))
    changed = find(root)
    shutil.copytree(course.submitted / "all-right", changed.submitted / "all-right")
    assert main(["grade", ADDING, "--course", str(root)]) == 2
    said = capsys.readouterr().err
    assert "autograde: release: nbgrader refuses 01-adding: RuntimeError: Cannot add or remove cells" in said


def is_zygote(process):
    try:
        return "bwrap" in process.name()
    except psutil.Error:  # it has ended
        return False


def test_an_interrupted_grading_says_so_and_leaves_no_process_behind(course, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(course.root, root, ignore=shutil.ignore_patterns("work"))
    hand_in(find(root), find(root).choose([ADDING]), [Student("a", "", answers={"total-price": DEAF})])
    command = [sys.executable, "-m", "autograde", "grade", ADDING, "--course", str(root)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    pipe = subprocess.PIPE
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what xdist's own processes do not
    with subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=heeds
    ) as grading:
        family = []
        while not any(is_zygote(member) for member in family):
            assert grading.poll() is None, "the grading ended before its sandbox started"
            psutil.wait_procs(family, timeout=0.1)
            family = psutil.Process(grading.pid).children(recursive=True)
        grading.send_signal(signal.SIGINT)
        _, said = grading.communicate(timeout=60)
    assert (grading.returncode, said) == (130, "autograde: interrupted; what was done so far is kept\n")
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_two_gradings_at_once_are_refused(course, capsys):
    with course.alone():
        assert main(["grade", "--course", str(course.root)]) == 2
    assert "autograde: grade: another autograde is at work in " in capsys.readouterr().err
    with pytest.raises(CourseError), course.alone(), course.alone():
        raise AssertionError("two were let in")


def test_a_question_whose_test_the_solution_itself_fails_here_is_left_to_a_person(tmp_path, capsys):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    path = root / f"solutions/{ADDING}/{ADDING}.ipynb"
    nb = load(path)
    test = next(cell for cell in nb["cells"] if cell["id"] == "test-mean-function")
    test["source"] = "v = [3.0]\nmean(v)\nassert mean.__name__ == 'mean' and isinstance(3, type(mean))"
    path.write_text(dumps(nb))
    assert main(["release", "--course", str(root), ADDING]) == 0
    course = find(root)
    hand_in(course, course.choose([ADDING]), CLASS[:2])
    results = grade(course, course.choose([ADDING]), timeout=TIMEOUT)
    assert [(r.student, r.points, r.open_points) for r in results] == [
        ("all-right", 2, 3),
        ("untouched", 0, 3),
    ]
    said = capsys.readouterr().out
    assert f"{ADDING}, test-mean-function: the solution itself gets 0 of 3 points here (" in said

    def again(**options):
        """Hand in a third submission, grade it, and say whether the solution was graded as well."""
        hand_in(course, course.choose([ADDING]), CLASS[2:3])
        kept = path_of(course, ADDING, REFERENCE)
        before = kept.stat().st_ino  # a file is replaced, not written over
        results = grade(course, course.choose([ADDING]), **{"timeout": TIMEOUT} | options)
        assert {result.open_points for result in results if result.graded} == {3}
        assert "the solution itself gets 0 of 3" in capsys.readouterr().out
        return kept.stat().st_ino != before

    assert not again()
    assert again(force=True)
    assert again(timeout=TIMEOUT - 1) is False
    nb["cells"][0]["source"] += "\n"
    path.write_text(dumps(nb))
    assert again()
    with stock.open_gradebook(course) as gradebook:
        score = gradebook.find_grade("test-mean-function", ADDING, ADDING, "all-right")
        assert (score.auto_score, score.needs_manual_grade) == (None, True)


def test_what_a_hidden_test_raised_is_not_told(course):
    assignment = course.choose([ADDING])[0]
    tests = (Outcome("test-total-price", 4, 0.0, 2.0, [], error="Seven: called with 7", hidden=True),)
    mark = marks_of(assignment.questions, Judged("graded", "", tests, ()), load(assignment.source))[0]
    assert (mark.points, mark.verdict, mark.message) == (0.0, "failed", "A hidden test did not pass.")


def test_words_of_a_hand_in_give_no_orders_to_a_terminal():
    odd = "in \x1b[2J\u202eodd\nlines"
    result = Result("a", ADDING, State.PARTLY, 1, odd, (odd,), (Mark("q", 0, 1, "failed", message=odd),))
    said = {result.reason, *result.notes, result.marks[0].message}
    assert said == {"in \\x1b[2J\\u202eodd\nlines"}


def test_a_damaged_diagnosis_is_not_believed(course):
    assignment = course.choose([ADDING])[0]
    submitted = load(assignment.source)

    def mark(diagnosis):
        outputs = [{"output_type": "display_data", "data": {DIAGNOSIS: diagnosis}, "metadata": {}}]
        tests = (
            Outcome("test-total-price", 4, 2.0, 2.0, outputs),
            Outcome("test-mean-function", 7, 3.0, 3.0, []),
        )
        return marks_of(assignment.questions, Judged("graded", "", tests, ()), submitted)[0]

    for damaged in ("text", {"verdict": "perfect"}, {}, None):
        assert mark(damaged).verdict == "correct"
    odd = mark({"verdict": "mistake", "mistakes": "x", "message": 7 * "long " * 100, "points": 99})
    assert (odd.mistakes, odd.points, len(odd.message)) == ((), 2.0, 500)
