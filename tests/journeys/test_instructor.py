"""An instructor's way from a download of all submissions to grades that go back, by the commands alone."""

from __future__ import annotations

import csv
import json
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


@pytest.fixture
def nbgrader_export(root: Path) -> Callable[[], dict[str, dict[str, str]]]:
    """Return a function that runs ``nbgrader export`` -> its row of the first assignment by student."""

    def nbgrader_export() -> dict[str, dict[str, str]]:
        beside = Path(sys.executable).parent
        done = subprocess.run(
            [beside / "nbgrader", "export", "--to", "nbgrader.csv"],
            cwd=root,
            env={"PYTHONPATH": str(ROOT), "PATH": f"{beside}:/usr/bin:/bin", "HOME": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with (root / "nbgrader.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == ADDING}

    return nbgrader_export


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def with_answer(notebook: bytes, question: str, answer: str) -> bytes:
    nb = json.loads(notebook)
    next(cell for cell in nb["cells"] if cell["id"] == question)["source"] = answer
    return json.dumps(nb).encode()


def test_sixty_hand_ins_go_all_the_way_and_none_is_lost(
    root: Path,
    autograde: Callable[..., tuple[int, str]],
    nbgrader_export: Callable[[], dict[str, dict[str, str]]],
    system: str,
) -> None:
    pack, table, identity, column = SYSTEMS[system]
    moodle = system == "moodle"
    source = next(each.source for each in find(root).assignments if each.name == ADDING)
    assert autograde("release")[0] == 0
    adding = source.read_bytes()
    own = {sixty.OTHER_WAY: with_answer(adding, "total-price", "total_price = 9.1 + 2.9 + 4.0 - 2e-15")}
    (root / "download.zip").write_bytes(sixty.zipped(pack(adding, own)))
    with (root / "table.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table())

    # The rules of the class, in a file that the instructor writes.
    code, said = autograde("rules", "--example")
    assert (code, "class.toml, then look with `autograde rules`" in said) == (0, True)
    rules = root / "autograde/work/class.toml"
    rules.write_text(sixty.RULES + ("" if moodle else sixty.LOOKED_UP), encoding="utf-8")

    # In: 60 hand-ins, and with Moodle's worksheet also when they came.
    code, said = autograde("intake", "download.zip", *(["--times", "table.csv"] if moodle else []))
    assert (code, "60 hand-ins: 3 refused, 57 taken." in said) == (1, True)
    assert ("01-adding: 56 of 56 times are known." in said) == moodle
    code, said = autograde("rules", ADDING)
    assert code == 0
    assert [line for line in said.splitlines() if "is late" in line] == [
        "  is late       4, 2026-03-03 00:09 CET: 10 min, 0 %",
        "  is late       5, 2026-03-03 00:10 CET: 11 min, 0.3667 %",
        *(["  is late       51, 2026-03-03 01:34 CET: 95 min, 3.167 %"] if moodle else []),
        "  is late       6, 2026-03-03 01:34 CET: 95 min, 3.167 %",
        "  is late       7, 2026-03-06 08:00 CET: 4801 min, 100 %",
    ]

    # Graded once; a second time, nothing is new.
    code, said = autograde("grade", ADDING, "--timeout", "20")
    assert (code, "54 graded" in said, f"{len(NOT_GRADED)} not gradable" in said) == (0, True, True)
    late = "4 lost 5.335" if moodle else "3 lost 5.177"
    assert f"{ADDING}: {late} points for being late, 1 excused, 1 graded with their group." in said
    assert (
        "51, 01-adding: no grade yet. It was marked as late, but how late is not known." in said
    ) != moodle
    graded = {path: path.stat().st_mtime_ns for path in (root / "autograde/work/autograded").rglob("*.ipynb")}
    assert len(graded) == 54
    again = autograde("grade", ADDING, "--timeout", "20")[1]
    assert "Nothing is new: 54 keep their result, and no grade moved." in again
    assert graded == {path: path.stat().st_mtime_ns for path in graded}  # nothing was run a second time

    # Out: every row, filled in or with the reason why not.
    expected = {str(user): "5" for user in range(1, 62)}
    expected |= dict.fromkeys(NOT_GRADED | {"60"}, "")
    expected |= {"5": "4.98", "6": "4.84", "7": "0", "9": "" if moodle else "EX", sixty.OTHER_WAY: "3"}
    expected |= {"51": "4.84" if moodle else ""}
    code, said = autograde("export", ADDING, "table.csv")
    assert code == 0
    assert filled(root, table(), identity, column) == expected
    assert "1 excused: 9" in said
    assert f"{len(NOT_GRADED) + 1} have no grade here" in said
    reasons = {row[0]: row for row in rows_of(root / "table-graded-reasons.csv")[1:]}
    assert {user: row[4] for user, row in reasons.items()} == expected
    assert all(reasons[user][5] for user in {*NOT_GRADED, *OTHER, *sixty.WHEN, "9", "10"})
    assert reasons["7"][5].startswith("3 days 8 hours 1 minute late, deadline 2026-03-02 23:59 CET.")
    assert "Has time until 2026-03-04 23:59 CET." in reasons["8"][5]
    assert reasons["61"][5] == "Graded with the hand-in of Team A."
    assert "No notebook of the course among 01-adding.docx." in reasons["54"][5]

    # nbgrader's own export says the same, where there is a grade at all.
    theirs = nbgrader_export()
    for user, points in expected.items():
        if points not in ("", "EX"):
            assert round(float(theirs[user]["score"]), 2) == float(points), user
    assert float(theirs["6"]["late_submission_penalty"]) == pytest.approx(5 * 0.02 * 95 / 60)

    # A test was too strict: it is mended, and the one whose grade moves is told, with the reason.
    source.write_bytes(source.read_bytes().replace(sixty.STRICT.encode(), sixty.MENDED.encode()))
    assert autograde("release")[0] == 0
    code, said = autograde("grade", ADDING, "--timeout", "20")
    assert "54 were graded again, and 1 results are not what they were" in said
    assert f"{sixty.OTHER_WAY}, {ADDING}: 3 -> 5 of 5 points by the tests" in said
    assert "total-price 0 -> 2, its test was changed" in said
    assert [row[0] for row in rows_of(root / "autograde/work/regrades.csv")[1:]] == [sixty.OTHER_WAY]
    assert "Nothing is new: 54 keep their result" in autograde("grade", ADDING, "--timeout", "20")[1]
    assert len(rows_of(root / "autograde/work/regrades.csv")) == 2
    assert autograde("export", ADDING, "table.csv")[0] == 0
    assert filled(root, table(), identity, column) == expected | {sixty.OTHER_WAY: "5"}


def filled(root: Path, before: list[list[str]], identity: int, column: str) -> dict[str, str]:
    """Return what was written for each student into a table that kept all its rows."""
    rows = rows_of(root / "table-graded.csv")
    place = rows[0].index(column)
    assert [row[identity] for row in rows] == [row[identity] for row in before]
    return {row[identity].split()[-1]: row[place] for row in rows[1:] if row[identity].strip()}
