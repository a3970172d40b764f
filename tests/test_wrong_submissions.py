"""Wrong but plausible submissions of the notebooks that work with networks, through the real grader.

One module of ``tests/wrong`` for each notebook names it (`NOTEBOOK`) and the cells that no question needs
(`SHOWN`), and holds its `CLASS`. The solution is run once from top to bottom, as at a student's home; its
``runs`` are handed in with every submission, so that nothing trains again but what is wrong. One command
grades the solution, the untouched release and all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from autograde.__main__ import main
from autograde.course import Assignment, Course, find
from autograde.demo import Student, hand_in
from autograde.notebook import dumps, load
from autograde.result import Result, State, recall
from tests.pages import poor_pages
from tests.wrong.submission import Wrong

ROOT = Path(__file__).resolve().parents[1]
TABLES = [
    import_module(f"tests.wrong.{path.stem}")
    for path in sorted((ROOT / "tests/wrong").glob("*.py"))
    if path.stem not in ("__init__", "submission")
]
NAMES = [table.__name__.rpartition(".")[2] for table in TABLES]
# The tests of one notebook share its graded class, those of two share nothing.
BY_TABLE = [pytest.param(table, id=name) for table, name in zip(TABLES, NAMES, strict=True)]
CASES = [
    pytest.param((table, wrong), id=f"{name}-{wrong.id}")
    for table, name in zip(TABLES, NAMES, strict=True)
    for wrong in table.CLASS
]
# What a run needs of the surroundings; official data must not decide what a test sees.
SURROUNDINGS = {"OMP_NUM_THREADS": "1", "CNNKIT_OFFLINE": "1", "CNNKIT_DATA": "", "PYTHONPATH": str(ROOT)}
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass(frozen=True)
class Class:
    """A graded class: what became of each submission, and the printed notebooks."""

    course: Course
    assignment: Assignment
    results: dict[str, Result]
    executed: Path  # the solution, run from top to bottom

    def said(self, student: str, cell: str) -> str:
        """Return what a cell of a submission left behind when it was graded, as JSON."""
        graded = self.course.autograded / student / self.assignment.name / f"{self.assignment.name}.ipynb"
        return next(
            json.dumps(found["outputs"], ensure_ascii=False)
            for found in load(graded)["cells"]
            if found.get("id") == cell
        )


@pytest.fixture(scope="module")
def class_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ModuleType], Class]:
    """Return a function table -> graded class; each is graded once, when the first test asks for it."""
    known: dict[str, Class | BaseException] = {}

    def graded(table: ModuleType) -> Class:
        if table.NOTEBOOK not in known:
            try:
                known[table.NOTEBOOK] = _graded(table, tmp_path_factory.mktemp("course"))
            except BaseException as error:  # what failed once would take as long to fail again
                known[table.NOTEBOOK] = error
        found = known[table.NOTEBOOK]
        if isinstance(found, BaseException):
            raise found
        return found

    return graded


def _graded(table: ModuleType, root: Path) -> Class:
    shutil.copytree(ROOT / "solutions" / table.NOTEBOOK, root / "solutions" / table.NOTEBOOK)
    shutil.copytree(ROOT / "cnnkit", root / "cnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data/weights", root / "data/weights")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    course = find(root)
    (assignment,) = course.assignments
    runs = _at_home(assignment, root / "home")
    students = [Student("solution", ""), Student("untouched", "", base="untouched")]
    students += [_student(assignment, wrong) for wrong in table.CLASS]
    hand_in(course, course.assignments, students)
    for student in students:
        if student.id != "untouched" and runs.exists():
            folder = course.submitted / student.id / assignment.name
            shutil.copytree(runs, folder / "runs", ignore=shutil.ignore_patterns("*.state.safetensors"))
    for wrong in table.CLASS:
        folder = course.submitted / wrong.id / assignment.name
        _delete(folder / f"{assignment.name}.ipynb", table.SHOWN)
        wrong.files(folder)
    run = subprocess.run(
        [sys.executable, "-m", "autograde", "grade", "--timeout", "120"],
        cwd=root,
        env=SURROUNDINGS | {"PATH": "/usr/bin:/bin", "HOME": str(root)},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return Class(course, assignment, recall(course, assignment.name), root / "home/executed.ipynb")


def _at_home(assignment: Assignment, home: Path) -> Path:
    """Run the solution from top to bottom in Jupyter, where a failed check stops it; return its ``runs``."""
    home.mkdir()
    (home / assignment.source.name).write_text(dumps(load(assignment.source)), encoding="utf-8")
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    command += ["--output", "executed", assignment.source.name]
    surroundings = os.environ | SURROUNDINGS | {"HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    run = subprocess.run(command, cwd=home, env=surroundings, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return home / "runs"


def _delete(path: Path, cells: tuple[str, ...]) -> None:
    """Delete cells that only show something, as students do; it spares their time."""
    nb = load(path)
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] not in cells]
    path.write_text(dumps(nb), encoding="utf-8")


def _student(assignment: Assignment, wrong: Wrong) -> Student:
    written = {cell["id"]: cell["source"] for cell in load(assignment.source)["cells"]}
    answers = dict(wrong.answers)
    for cell, (old, new) in wrong.edits.items():
        solution = _between_markers(written[cell])
        assert old in solution, f"{wrong.id}: {old!r} does not stand in the solution of {cell}"
        answers[cell] = solution.replace(old, new)
    return Student(wrong.id, wrong.story, answers=answers)


def _between_markers(source: str) -> str:
    lines = source.splitlines()
    marks = [place for place, line in enumerate(lines) if line.strip().startswith("### ")]
    return "\n".join(lines[marks[0] + 1 : marks[1]]) if marks else source


@pytest.mark.parametrize("table", BY_TABLE)
def test_the_solution_earns_everything_and_the_untouched_release_nothing(
    table: ModuleType, class_of: Callable[[ModuleType], Class]
) -> None:
    found = class_of(table)
    solution, untouched = found.results["solution"], found.results["untouched"]
    assert (solution.state, untouched.state) == (State.GRADED, State.GRADED)
    short = [mark for mark in solution.marks if mark.points not in (mark.max_points, None)]
    assert short == []
    assert {mark.verdict for mark in untouched.marks if mark.points} == set()


@pytest.mark.parametrize("table", BY_TABLE)
def test_a_page_made_of_the_notebook_shows_every_widget(
    table: ModuleType, class_of: Callable[[ModuleType], Class]
) -> None:
    assert poor_pages(load(class_of(table).executed)) == []


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_submission_is_caught_by_the_question_that_asks_for_it(
    case: tuple[ModuleType, Wrong], class_of: Callable[[ModuleType], Class]
) -> None:
    table, wrong = case
    found = class_of(table)
    result = found.results[wrong.id]
    assert result.state is State.GRADED, result.reason
    marks = {mark.question.removeprefix("test-"): mark for mark in result.marks}
    short = {name for name, mark in marks.items() if mark.points not in (mark.max_points, None)}
    shown = {name: (marks[name].points, marks[name].verdict, marks[name].mistakes) for name in short}
    expected = {each.question: (each.points, each.expected_verdict, each.mistakes) for each in wrong.caught}
    assert shown == expected, "\n".join(f"{name}: {marks[name].message}" for name in sorted(short))
    for each in wrong.caught:
        assert each.said in found.said(wrong.id, each.cell or each.question)


@pytest.mark.parametrize("table", BY_TABLE)
def test_at_least_eight_submissions_are_wrong_each_in_its_own_way(table: ModuleType) -> None:
    ways = [wrong.caught for wrong in table.CLASS]
    assert len(ways) >= 8
    assert len(set(ways)) == len(ways)


# What real reports and their courses' own code got wrong: every one of them is handed in somewhere.
WANTED = (
    "validation-augmented",
    "double-softmax",
    "measured-in-train-mode",
    "last-batch-misweighted",
    "test-used-for-selection",
    "claim-inside-noise",
    "weights-missing",
)
CAUGHT = [each for table in TABLES for wrong in table.CLASS for each in wrong.caught]


@pytest.mark.parametrize("flaw", WANTED)
def test_the_flaws_of_real_reports_are_all_among_them(flaw: str) -> None:
    assert flaw in {name for each in CAUGHT for name in each.mistakes}


def test_a_misspelt_optimizer_is_among_them() -> None:
    assert any("Did you mean 'adadelta'?" in each.said for each in CAUGHT)
