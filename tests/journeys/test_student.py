"""A student's way from the zip file of the course to a grade, by the commands alone.

The kit is unpacked in an empty folder and installed in an environment of its own, which has the packages but
neither the course nor the grader.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = "01-convolution-by-hand", "02-shapes-and-parameters"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The instructor's folder, with two of the assignments."""
    root = tmp_path / "course"
    for name in ("00-start-here", FIRST, SECOND):
        shutil.copytree(ROOT / "solutions" / name, root / "solutions" / name)
    for name in ("cnnkit", "data/weights"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "data/README.md", "docs/students.md", "environment.yml", "pyproject.toml"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


@pytest.fixture
def autograde(course: Path) -> Command:
    """Return a function that runs the grader's command in the course -> exit code and what it printed."""

    def autograde(*arguments: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "autograde", *map(str, arguments)],
            cwd=course,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(course)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return autograde


@pytest.fixture
def desk(autograde: Command, own_environment: Path, tmp_path: Path) -> Path:
    """The folder of a student who has unpacked the kit and installed it."""
    assert autograde("release", "--student-kit", tmp_path / "cnnkit-kit.zip")[0] == 0
    empty = tmp_path / "student"
    empty.mkdir()
    with zipfile.ZipFile(tmp_path / "cnnkit-kit.zip") as kit:
        kit.extractall(empty)
    folder = empty / "cnnkit-kit"
    install = [own_environment, "-m", "pip", "install", "--quiet", "-e", "."]
    subprocess.run(install, cwd=folder, env=os.environ | OFFLINE | {"PYTHONPATH": ""}, check=True)
    return folder


@pytest.fixture
def cnnkit(desk: Path, own_environment: Path) -> Command:
    """Return a function that runs the student's command in the kit -> exit code and what it printed."""

    def cnnkit(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [own_environment.with_name("cnnkit"), *arguments],
            cwd=desk,
            env={"PATH": "/usr/bin:/bin", "HOME": str(desk.parent), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return cnnkit


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def write(desk: Path, name: str, answers: dict[str, str], **added: str) -> None:
    """Write answers into the cells of a notebook by their ids, add cells at its end, and save it."""
    path = desk / f"notebooks/{name}/{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"], cell["source"])
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in added]
    for id, source in added.items():
        cell = {"cell_type": "code", "id": id, "metadata": {}, "source": source}
        notebook["cells"].append(cell | {"execution_count": None, "outputs": []})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def right_answers(name: str) -> dict[str, str]:
    """Return what a student writes who knows everything, by the ids of the cells."""
    answers = {}
    for cell in cells(ROOT / f"solutions/{name}/{name}.ipynb"):
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            lines = "".join(cell["source"]).splitlines()
            answers[cell["id"]] = "\n".join(line for line in lines if "### " not in line)
    return answers


def test_a_student_unpacks_answers_checks_and_hands_in(
    desk: Path, cnnkit: Command, autograde: Command, course: Path, tmp_path: Path
) -> None:
    code, said = cnnkit("doctor")
    assert (code, said.splitlines()[-1]) == (0, "All that the notebooks need is here.")
    assert not (desk / "solutions").exists()

    # a wrong answer is told by its mistake; the rest is open
    unflipped = "np.array([[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]])"
    write(desk, FIRST, {"sobel-convolution": f"sobel_convolution = {unflipped}"})
    code, said = cnnkit("check", "01")
    assert code == 1
    (line,) = [line for line in said.splitlines() if "sobel-convolution" in line]
    assert line.startswith("✗     0 of 3  A1-3")
    assert "when the kernel slides as it is written, which is cross-correlation" in line
    assert f"{FIRST}: 0 of 25 points by its checks" in said
    assert "to mend: A1-3\n" in said

    # everything else is right
    write(desk, FIRST, {id: text for id, text in right_answers(FIRST).items() if id != "sobel-convolution"})
    code, said = cnnkit("check", "01")
    assert (code, f"{FIRST}: 22 of 25 points by its checks\nto mend: A1-3\n" in said) == (1, True)
    code, said = cnnkit("submit", "01", "--to", str(tmp_path / "too-early.zip"))
    assert (code, "`cnnkit check 01` says what is left to do." in said) == (0, True)

    # all of it is
    for name, points in ((FIRST, 25), (SECOND, 34)):
        write(desk, name, right_answers(name))
        code, said = cnnkit("check", name[:2])
        assert (code, said.splitlines()[-1]) == (0, f"{name}: {points} of {points} points by its checks")
        code, said = cnnkit("submit", name[:2])
        assert (code, f"  {name}.ipynb\n" in said) == (0, True)

    # and the grader agrees
    for student, file, name in (
        ("s01", desk / f"{FIRST}.zip", FIRST),
        ("s01", desk / f"{SECOND}.zip", SECOND),
        ("s02", tmp_path / "too-early.zip", FIRST),
    ):
        (tmp_path / "download" / student).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "download" / student / f"{name}.zip")
    code, said = autograde("intake", tmp_path / "download")
    assert (code, said.splitlines()[-1].partition(".")[0]) == (0, "3 hand-ins: 3 taken")
    assert autograde("grade")[0] == 0
    assert autograde("report", "--to", tmp_path / "report")[0] == 0
    with (tmp_path / "report/scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["student"], row["assignment"]): float(row["points"]) for row in rows if row["points"]} == {
        ("s01", FIRST): 25,
        ("s01", SECOND): 34,
        ("s02", FIRST): 22,
    }
    (s02,) = [row for row in rows if not row["points"]]
    assert (s02["student"], s02["assignment"], s02["state"]) == ("s02", SECOND, "not handed in")


TRAINS = """
import os, signal
from cnnkit import data, nn, zoo

def on_step(update):
    {then}

run = nn.fit(zoo.tfjs_mnist(), data.load("digits"), examples=3200, evaluate_every=640, lr=0.05,
             log="runs/own.jsonl", on_step=on_step, progress=False)
"""
STRAIGHT = """
from cnnkit import data, nn, zoo
how = {"examples": 3200, "evaluate_every": 640, "lr": 0.05, "progress": False}
straight = nn.fit(zoo.tfjs_mnist(), data.load("digits"), **how)
kept = nn.runlog.read("runs/own.jsonl")
print(kept.reason, [row.weights for row in kept.history] == [row.weights for row in straight.history])
"""


def test_a_run_goes_on_after_the_kernel_was_killed_in_its_middle(
    desk: Path, cnnkit: Command, own_environment: Path
) -> None:
    folder = desk / "notebooks" / SECOND
    kill = "if update.updates == 25: os.kill(os.getpid(), signal.SIGKILL)"  # as a system short of memory does
    write(desk, SECOND, right_answers(SECOND), own=TRAINS.format(then=kill))
    code, said = cnnkit("check", "02")
    assert code == 1
    assert "check: the kernel died in the cell that begins 'import os, signal'" in said
    code, said = cnnkit("submit", "02")
    assert code == 1
    assert (
        "! runs/own.jsonl: was not trained to its end. Run its cell again: it goes on where it was." in said
    )

    before = (folder / "runs/own.jsonl").read_text(encoding="utf-8")
    write(desk, SECOND, {}, own=TRAINS.format(then="pass"))
    code, said = cnnkit("check", "02")
    assert (code, said.splitlines()[-1]) == (0, f"{SECOND}: 34 of 34 points by its checks")
    after = (folder / "runs/own.jsonl").read_text(encoding="utf-8")
    assert after.startswith(before)  # nothing of it was trained twice, and nothing was lost
    resumed = json.loads(after.removeprefix(before).splitlines()[0])
    assert (resumed["event"], resumed["updates"]) == ("resume", 20)
    command = [own_environment, "-c", STRAIGHT]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "finished True"
    code, said = cnnkit("submit", "02")
    assert (code, "  runs/own.safetensors\n" in said, "!" in said) == (0, True, False)
