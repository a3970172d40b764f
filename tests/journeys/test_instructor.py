"""An instructor's way from a download of all submissions to grades that go back, by the commands alone."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograde.course import find
from tests.journeys import sixty
from tests.journeys.sixty import ADDING

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = {
    "canvas": (sixty.canvas, sixty.canvas_table, 1, "Adding (501)"),
    "moodle": (sixty.moodle, sixty.moodle_table, 0, "Grade"),
}
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOT_GRADED = {"54", "55", "56", "58", "59"}  # with the reason, in the report
OTHER = {"60", "61"}  # another assignment's notebook, and nothing at all


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of two small notebooks."""
    shutil.copytree(ROOT / "tests/fixtures/course", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def autograde(root: Path) -> Callable[..., tuple[int, str]]:
    """Return a function that runs a command in the course's folder -> exit code and what it printed."""

    def autograde(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "autograde", *arguments],
            cwd=root,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return autograde


def test_sixty_hand_ins_go_all_the_way_and_none_is_lost(
    root: Path, autograde: Callable[..., tuple[int, str]], system: str
) -> None:
    pack, table, identity, column = SYSTEMS[system]
    assert autograde("release")[0] == 0
    adding = next(each.source for each in find(root).assignments if each.name == ADDING).read_bytes()
    (root / "download.zip").write_bytes(sixty.zipped(pack(adding)))
    with (root / "table.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table())

    code, said = autograde("intake", "download.zip")
    assert (code, "60 hand-ins: 3 refused, 57 taken." in said) == (1, True)

    code, said = autograde("grade", ADDING, "--timeout", "20")
    assert (code, "54 graded" in said, f"{len(NOT_GRADED)} not gradable" in said) == (0, True, True)
    graded = {path: path.stat().st_mtime_ns for path in (root / "autograde/work/autograded").rglob("*.ipynb")}
    assert len(graded) == 54
    again = autograde("grade", ADDING, "--timeout", "20")[1]
    assert said.endswith(again)  # without the lines that tell how far it has come
    assert graded == {path: path.stat().st_mtime_ns for path in graded}  # nothing was run a second time

    code, said = autograde("export", ADDING, "table.csv")
    assert code == 0
    with (root / "table-graded.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    place = rows[0].index(column)
    assert [row[identity] for row in rows] == [row[identity] for row in table()]
    points = {row[identity].split()[-1]: row[place] for row in rows[1:] if row[identity].strip()}
    assert {user for user, earned in points.items() if earned == ""} == NOT_GRADED | OTHER
    assert {earned for earned in points.values() if earned} == {"5"}
    assert f"{len(NOT_GRADED | OTHER)} have no grade here" in said
