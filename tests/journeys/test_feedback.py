"""From a download of all submissions to a zip file that gives each student their page back."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograde.course import find
from tests.journeys import sixty
from tests.journeys.sixty import ADDING

ROOT = Path(__file__).resolve().parents[2]
# the participant of Moodle, the user and the file of Canvas: what each system looks for in a name
NAMES = {
    "canvas": (sixty.canvas, re.compile(r"person\d+(?:_LATE)?_(?P<user>\d+)_9?\d+_feedback-01-adding\.html")),
    "moodle": (
        sixty.moodle,
        re.compile(r"Person \d+_(?P<user>\d+)_assignsubmission_file_/feedback-01-adding\.html"),
    ),
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import


@pytest.mark.parametrize("system", NAMES)
def test_sixty_hand_ins_come_back_as_pages(tmp_path: Path, system: str) -> None:
    root = tmp_path / "course"
    shutil.copytree(ROOT / "tests/fixtures/course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)

    def autograde(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "autograde", *arguments],
            cwd=root,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout

    pack, name = NAMES[system]
    autograde("release")
    adding = next(each.source for each in find(root).assignments if each.name == ADDING).read_bytes()
    (root / "download.zip").write_bytes(sixty.zipped(pack(adding)))
    autograde("intake", "download.zip")
    autograde("grade", ADDING, "--timeout", "20")

    said = autograde("feedback", ADDING)
    work = root / "autograde/work"
    packed = work / f"feedback-{ADDING}-{system}.zip"
    # fifty as asked and nine of the ten odd ones; the tenth handed in another assignment's notebook
    assert said.startswith("59 pages: ")
    assert f"{packed}: 59 pages, for the assignment's" in said
    with zipfile.ZipFile(packed) as archive:
        pages = {name.fullmatch(each)["user"]: archive.read(each).decode() for each in archive.namelist()}  # type: ignore[index]
    assert pages.keys() == {str(user) for user in range(1, 60)}
    assert {user for user, page in pages.items() if "5 <small>of 5 points" in page} == pages.keys() - {
        *("54", "55", "56", "58", "59")
    }
    for user in ("54", "55", "56", "58", "59"):
        assert "Not gradable." in pages[user]
    for user, page in pages.items():
        assert f"feedback for <bdi>{user}</bdi>" in page
        assert "mean of three floats" not in page
        assert not re.search(r"Person \d", page)

    report = Path(autograde("report", ADDING).strip()).read_text()
    assert "Answers that look alike" in report
