"""The JupyterHub of docs/scale: students log in, fetch and hand in; the grader takes it from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograde.course import find
from autograde.demo import Student, hand_in
from tests.hub import GROUP, INSTRUCTOR, Browser, Hub, home, running_hub

ROOT = Path(__file__).resolve().parents[1]
ADDING = "01-adding"
COURSE = f"{home(INSTRUCTOR)}/course"
pytestmark = pytest.mark.stock


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def course(hub: Hub) -> Path:
    """The instructor's course, in their home, released to the exchange."""
    root = hub.home(INSTRUCTOR) / "course"
    shutil.copytree(ROOT / "tests/fixtures/course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    autograde(root, "release")
    for path in (root, *root.rglob("*")):
        os.chown(path, GROUP, GROUP)
    hub.run(INSTRUCTOR, sys.executable, "-m", "nbgrader", "release_assignment", ADDING, cwd=COURSE)
    return root


def autograde(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "autograde", *words, "--course", str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_wrong_password_lets_nobody_in(hub: Hub) -> None:
    guessing = Hub(hub.folder, hub.address, "guessed", hub.walls)
    with pytest.raises(OSError, match="403"):
        Browser(guessing, "s01")


def test_what_a_student_fetches_and_submits_in_the_hub_is_collected_and_graded(
    hub: Hub, course: Path
) -> None:
    students = {name: Browser(hub, name) for name in ("s01", "s02")}
    for browser in students.values():
        browser.start()
        assert browser.assignments()["released"]["assignment_id"] == ADDING
        assert browser.assignments("fetch", ADDING)["fetched"]["path"] == ADDING

    path = f"api/contents/{ADDING}/{ADDING}.ipynb"
    given = students["s01"].server(path)["content"]
    hand_in(find(course).elsewhere(hub.folder), find(course).choose([ADDING]), [Student("s01", "")])
    solved = json.loads((hub.folder / f"submitted/s01/{ADDING}/{ADDING}.ipynb").read_text(encoding="utf-8"))
    assert [cell["id"] for cell in given["cells"]] == [cell["id"] for cell in solved["cells"]]
    students["s01"].server(path, {"type": "notebook", "content": solved}, method="PUT")
    assert students["s01"].assignments("submit", ADDING)["submitted"]["assignment_id"] == ADDING
    assert "submitted" not in students["s02"].assignments()

    said = hub.run(INSTRUCTOR, sys.executable, "-m", "nbgrader", "collect", ADDING, cwd=COURSE)
    assert "Collecting submission: s01" in said
    folder = course / f"autograde/work/submitted/s01/{ADDING}"
    assert {f"{ADDING}.ipynb", "timestamp.txt"} <= {path.name for path in folder.iterdir()}

    assert "1 graded" in autograde(course, "grade", ADDING)
    result = json.loads((course / f"autograde/work/results/{ADDING}/s01.json").read_text(encoding="utf-8"))
    assert sum(mark["points"] for mark in result["marks"]) == find(course).choose([ADDING])[0].points


def test_a_student_sees_neither_the_course_nor_another_students_home(hub: Hub, course: Path) -> None:
    for place in (COURSE, home("s02"), "/srv/exchange/cnnkit/inbound"):
        with pytest.raises(AssertionError, match="Permission denied"):
            hub.run("s01", "ls", place, cwd=home("s01"))
