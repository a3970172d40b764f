"""What every system must let a student do: look at the machine; do, check and pack notebooks 01 and 02."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRST = {"01": "25", "02": "34"}  # points


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the two notebooks as they are given out."""
    for number in FIRST:
        (given,) = ROOT.glob(f"notebooks/{number}-*")
        shutil.copytree(given, tmp_path / "notebooks" / given.name)
    return tmp_path


def cnnkit(desk: Path, *words: str) -> tuple[int, str]:
    """Run a command as a terminal of any system does: the output goes through a pipe of its own letters."""
    done = subprocess.run(
        [sys.executable, "-m", "cnnkit", *words],
        cwd=desk,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode("cp1252")
    return done.returncode, done.stdout.decode("cp1252")


def written(desk: Path, number: str, wrong: dict[str, str] | None = None) -> Path:
    """Write the answers of the solution into a notebook's answer cells, but for those in `wrong`."""
    (path,) = desk.glob(f"notebooks/{number}-*/*.ipynb")
    (source,) = ROOT.glob(f"solutions/{number}-*/{path.name}")
    solved = {cell["id"]: lines(cell) for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]}
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            answer = (
                line for line in solved[cell["id"]] if "### BEGIN" not in line and "### END" not in line
            )
            cell["source"] = (wrong or {}).get(cell["id"], "\n".join(answer))
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def lines(cell: dict[str, Any]) -> list[str]:
    source = cell["source"]
    return (source if isinstance(source, str) else "".join(source)).splitlines()


def test_the_machine_has_what_the_notebooks_need(desk: Path) -> None:
    code, said = cnnkit(desk, "doctor")
    assert (code, "Python" in said) == (0, True), said


def test_a_mistake_is_named_and_the_right_answer_taken(desk: Path) -> None:
    written(desk, "02", {"padding-for-same": "padding_for_same = 4"})
    code, said = cnnkit(desk, "check", "02")
    assert code == 1
    assert "of 34 points by its checks" in said
    assert " to mend: A2-1" in said.replace("\r\n", "\n").replace("\n", " ")
    for number, points in FIRST.items():
        written(desk, number)
        code, said = cnnkit(desk, "check", number)
        assert code == 0, said
        assert f"{points} of {points} points by its checks" in said


def test_a_notebook_is_packed_to_be_handed_in(desk: Path) -> None:
    path = written(desk, "01")
    code, said = cnnkit(desk, "submit", "01")
    assert code == 0, said
    (packed,) = desk.rglob("*.zip")
    with zipfile.ZipFile(packed) as archive:
        name = next(name for name in archive.namelist() if name.endswith(path.name))
        assert archive.read(name) == path.read_bytes()
