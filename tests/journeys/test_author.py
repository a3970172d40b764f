"""An author's way from a new assignment over a question of their own to graded students, by the commands.

The code that is typed in is what ``docs/authoring.md`` shows.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograde.course import Assignment, find
from autograde.demo import Student, hand_in
from autograde.notebook import Notebook, dumps, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/authoring.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```", PAGE, flags=re.M | re.S)
NAME = "09-my-topic"
TREE = ("Makefile", "nbgrader_config.py", "pyproject.toml", "requirements.lock", "tests/wrong", "cnnkit")
TREE += ("autograde", "solutions/01-convolution-by-hand")
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Run = Callable[..., tuple[int, str, str]]


def block(marker: str) -> str:
    """Return the page's block of code with a text in it."""
    found = [each for each in BLOCKS if marker in each]
    assert len(found) == 1, f"{marker!r} stands in {len(found)} blocks of the page"
    return found[0].rstrip("\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the course, with one of its notebooks and this Python as its environment."""
    course = tmp_path / "course"
    for name in TREE:
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__", "work"))
        else:
            shutil.copy(ROOT / name, course / name)
    (course / ".venv").mkdir()
    (course / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (course / ".venv/installed").touch()  # newer than the lock: `make` has nothing to install
    return course


@pytest.fixture
def run(root: Path) -> Run:
    """Return a function that runs a command in the course's folder -> exit code, output, errors."""
    surroundings = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    surroundings |= {"OMP_NUM_THREADS": "1", "CNNKIT_OFFLINE": "1", "CNNKIT_DATA": ""}

    def run(*command: str) -> tuple[int, str, str]:
        done = subprocess.run(
            command, cwd=root, env=surroundings, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


def add_question(root: Path) -> None:
    """Type in what the page shows: a question in the catalogue, and its cells."""
    room = root / "cnnkit/answers/my_topic/windows.py"
    text = room.read_text(encoding="utf-8")
    listed = "QUESTIONS: tuple[Question, ...] = (NUMBER, MATRIX, FUNCTION, CHOICE)"
    assert listed in text
    more = block('id="my-topic-brighter"') + f"\n\n{listed[:-1]}, BRIGHTER)"
    text = text.replace(listed, more)
    room.write_text(text, encoding="utf-8")
    source = root / f"solutions/{NAME}/{NAME}.ipynb"
    nb = load(source)
    roles = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    ask = {"cell_type": "markdown", "id": "my-topic-brighter-question", "metadata": {}}
    ask["source"] = (
        "**Question A9-8 (1 point).** By how much is the mean of the image larger after max pooling?"
    )
    answer = {"solution": True, "grade_id": "my-topic-brighter"}
    test = {"grade": True, "locked": True, "points": 1, "grade_id": "test-my-topic-brighter"}
    code = {"cell_type": "code", "outputs": [], "execution_count": None}
    new: list[Any] = [
        ask,
        code
        | {"id": "my-topic-brighter", "metadata": {"nbgrader": roles | answer}}
        | {"source": block("brighter = None")},
        code
        | {"id": "test-my-topic-brighter", "metadata": {"nbgrader": roles | test}}
        | {"source": block('score = check.answer("my-topic-brighter"')},
    ]
    nb["cells"] = [*nb["cells"][:-1], *new, nb["cells"][-1]]
    nb["cells"][0]["source"] = nb["cells"][0]["source"].replace("**Points** 16", "**Points** 17")
    source.write_text(dumps(nb), encoding="utf-8")


def solved(release: Notebook, source: Notebook) -> Notebook:
    """Return a released notebook with the solution in it, whatever numbers it gives."""
    release = deepcopy(release)
    written = {cell["id"]: cell["source"] for cell in source["cells"]}
    for cell in release["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            lines = written[cell["id"]].splitlines()
            cell["source"] = "\n".join(line for line in lines if "### " not in line)
    return release


def typed(nb: Notebook) -> Notebook:
    """Put in what the first two answers come to, as who works with pencil and paper does."""
    cells = {cell["id"]: cell for cell in nb["cells"]}
    numbers: dict[str, Any] = {"np": np}
    exec("\n".join(line for line in cells["given"]["source"].splitlines() if " = " in line), numbers)
    image = np.asarray(numbers["image"])
    means = [[image[row : row + 2, col : col + 2].mean() for col in (0, 2)] for row in (0, 2)]
    cells["my-topic-number"]["source"] = f"largest = {numbers['bright']} / 9"
    cells["my-topic-matrix"]["source"] = f"averaged = np.array({np.array(means).tolist()})"
    return nb


def results(root: Path) -> dict[str, Any]:
    folder = root / f"autograde/work/results/{NAME}"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def test_a_new_assignment_is_written_checked_released_done_and_graded(root: Path, run: Run) -> None:
    code, said, _ = run("make", "--no-print-directory", *block("make new-assignment").split()[1:])
    assert (code, f"solutions/{NAME}/{NAME}.ipynb\n" in said) == (0, True)

    # A question of the author's own, with inputs that tell too little: the build fails and says why.
    add_question(root)
    room = root / "cnnkit/answers/my_topic/windows.py"
    sound = room.read_text(encoding="utf-8")
    (poor,) = re.findall(r"`(inputs=\{.*?\})`", PAGE)
    head, tail = sound.split('id="my-topic-brighter"')
    room.write_text(
        head + 'id="my-topic-brighter"' + tail.replace('inputs={"image": IMAGE}', poor, 1), encoding="utf-8"
    )
    code, _, errors = run(sys.executable, "-m", "autograde", "release", "9")
    assert (code, errors.splitlines()[0]) == (1, block("my-topic-brighter: the mistake"))
    assert errors.endswith("Nothing was released.\n")
    assert not (root / "notebooks").exists()

    # Its image can be drawn for each student, so the draw has to look at its mistakes too.
    room.write_text(sound, encoding="utf-8")
    code, _, errors = run(sys.executable, "-m", "autograde", "release", "9")
    assert code == 1
    assert "my-topic-brighter is checked with `image`, which is drawn for each student" in errors
    group = re.search(r"`(questions=\(MATRIX, CHOICE, BRIGHTER\))`", PAGE)
    assert group is not None
    assert "questions=(MATRIX, CHOICE)" in sound

    # Mended, it is released; then the numbers of three students are drawn.
    room.write_text(sound.replace("questions=(MATRIX, CHOICE)", group[1]), encoding="utf-8")
    code, said, errors = run(sys.executable, "-m", "autograde", "release", "9")
    assert (code, errors) == (0, "")
    assert said == f"{NAME}: 17 points, 8 questions, released\n"
    (root / "roster.csv").write_text("id,first_name\ns01,\ns02,\ns03,\n", encoding="utf-8")
    code, said, errors = run(sys.executable, "-m", "autograde", "release", "9", "--variants", "roster.csv")
    assert (code, errors) == (0, "")
    variants = root / "autograde/work/variants/notebooks"
    given = {name: load(variants / name / NAME / f"{NAME}.ipynb") for name in ("s01", "s02", "s03")}
    texts = [next(c["source"] for c in nb["cells"] if c["id"] == "given") for nb in given.values()]
    assert len(set(texts)) == 3

    # They are done: right, wrong in two ways, with own numbers, and with somebody else's.
    course = find(root)
    (assignment,) = course.choose(["9"])
    wrong = {"my-topic-number": "largest = bright", "my-topic-brighter": "brighter = 0"}
    hand_in(course, [assignment], [Student("right", ""), Student("wrong", "", answers=wrong)])
    for student in ("s01", "s02"):  # the second hands in the first one's notebook
        _handed_in(root, assignment, student, typed(solved(given["s01"], load(assignment.source))))
    code, said, errors = run(sys.executable, "-m", "autograde", "grade", "9", "--timeout", "120")
    assert (code, errors) == (0, ""), said
    assert "4 graded" in said

    graded = results(root)
    lost = {
        name: {
            mark["question"].removeprefix("test-my-topic-"): mark["mistakes"]
            for mark in result["marks"]
            if mark["points"] is not None and mark["points"] < mark["max_points"]
        }
        for name, result in graded.items()
    }
    assert lost["right"] == lost["s01"] == {}
    assert lost["wrong"] == {"number": ["not-divided"], "brighter": ["mean-kept"]}
    assert lost["s02"] == {"number": ["other-numbers"], "matrix": ["other-numbers"]}
    assert any("the notebook of s01" in note for note in graded["s02"]["asides"])
    assert graded["s01"]["notes"] == []

    # A second round runs nothing, and a second release gives everybody the same.
    assert run(sys.executable, "-m", "autograde", "grade", "9", "--timeout", "120")[1].startswith(
        "    4 graded"
    )
    (root / "roster.csv").write_text("id\ns04\ns03\n", encoding="utf-8")
    assert run(sys.executable, "-m", "autograde", "release", "9", "--variants", "roster.csv")[0] == 0
    assert load(variants / "s03" / NAME / f"{NAME}.ipynb") == given["s03"]


def _handed_in(root: Path, assignment: Assignment, student: str, nb: Notebook) -> None:
    path = root / f"autograde/work/submitted/{student}/{assignment.name}/{assignment.source.name}"
    path.parent.mkdir(parents=True)
    path.write_text(dumps(nb), encoding="utf-8")


def test_what_is_begun_keeps_to_the_rules_of_the_house(root: Path, run: Run) -> None:
    long = "10-" + "a-very-long-topic-of-exactly-forty-chars"
    assert len(long) == 43
    for name in (NAME, long):
        assert run(sys.executable, "-m", "autograde", "new", name)[0] == 0
    new = [
        str(path)
        for folder in ("cnnkit/answers", "tests/wrong", "solutions")
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".ipynb") and ("my" in str(path) or "very" in str(path))
    ]
    assert len(new) == 10
    tool = str(Path(sys.executable).with_name("ruff"))
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        code, said, errors = run(tool, *command, *new)
        assert code == 0, said + errors
    code, said, errors = run(sys.executable, "-m", "autograde.notebook", "clean", "--check", *new[-2:])
    assert (code, said, errors) == (0, "", "")
