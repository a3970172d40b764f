"""A contributor's way through CONTRIBUTING.md: its very commands, read from the page, in a fresh clone."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.missing import cannot_run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```\n(.*?)^```", PAGE, flags=re.M | re.S)
    for line in block.splitlines()
    if line.strip()
]
SMALL = "tests/test_shapes.py"  # instead of all tests, of which this is one


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed, with the environment that these tests run in."""
    if not (ROOT / ".git").exists():
        cannot_run("this is no clone, so that it cannot be cloned")
    clone = tmp_path_factory.mktemp("contributor") / "cnnkit"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True)
    (clone / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != "installed":
            (clone / ".venv" / part.name).symlink_to(part)
    (clone / ".venv/installed").touch()  # newer than what it is made from, so that nothing is installed
    return clone


@pytest.fixture(scope="module")
def shell(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a line of the page as a shell does."""
    if shutil.which("make") is None:
        cannot_run("make is not installed")
    home = tmp_path_factory.mktemp("home")
    environment = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": str(clone),  # the environment is another clone's
        "OMP_NUM_THREADS": "1",
        "GIT_AUTHOR_NAME": "c01",
        "GIT_AUTHOR_EMAIL": "c01@example.org",
        "GIT_COMMITTER_NAME": "c01",
        "GIT_COMMITTER_EMAIL": "c01@example.org",
        "GIT_EDITOR": "echo 'Say what a size is' >",
    }

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, shell=True, cwd=clone, env=environment, capture_output=True, text=True, check=False
        )

    return shell


def test_the_page_is_read_and_each_of_its_commands_is_run_below() -> None:
    assert COMMANDS == [
        "make test",
        ".venv/bin/pre-commit install",
        'git config diff.ipynb.textconv ".venv/bin/python -m autograde.notebook show"',
        "make check",
        'make test ARGS="tests/test_zoo.py -k cs7011"',
        "make docs",
        *(line for line in COMMANDS if line == "make release"),
        "git switch --create my-change",
        "git commit --all",
    ]


def test_the_pages_commands_work_in_a_fresh_clone(
    clone: Path, shell: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for line in COMMANDS[:-1]:
        if line == "make test":
            line += f" ARGS={SMALL} --assume-old=check"  # the checks come with `make check`
        elif line.startswith("make test"):
            line += " --assume-old=check"
        done = shell(line)
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        if line.startswith("make test"):
            assert re.search(r"\d+ passed", done.stdout)
    assert (clone / "build/docs/index.html").is_file()
    assert "my-change" in shell("git branch --show-current").stdout
    assert shell("git status --porcelain").stdout == ""  # nothing that these commands leave is left to commit


def test_a_notebook_is_readable_in_a_diff(
    clone: Path, shell: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    path = next(clone.glob("solutions/01-*/*.ipynb"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Convolution by hand", "Convolution on paper", 1), encoding="utf-8")
    shown = shell("git diff").stdout
    path.write_text(text, encoding="utf-8")
    assert re.search(r"^\+.*Convolution on paper", shown, flags=re.M)
    assert '"source"' not in shown


def test_the_hooks_refuse_a_commit_with_the_reason_and_then_take_it(
    clone: Path, shell: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    install, commit = next(line for line in COMMANDS if "pre-commit" in line), COMMANDS[-1]
    assert shell(install).returncode == 0
    module = clone / "cnnkit/shapes.py"
    good = module.read_text(encoding="utf-8")
    module.write_text(good + "\nsize = undefined\n", encoding="utf-8")
    refused = shell(commit)
    assert refused.returncode == 1
    assert "F821" in refused.stdout + refused.stderr
    module.write_text(good + "\n\n# A size is a whole number of pixels.\n", encoding="utf-8")
    taken = shell(commit)
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert "Say what a size is" in shell("git log -1 --format=%s").stdout


def test_ci_runs_what_the_page_says_and_nothing_that_it_does_not() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    systems = {job["runs-on"] for job in workflow["jobs"].values()}
    systems |= set(workflow["jobs"]["students"]["strategy"]["matrix"]["system"])
    assert {"ubuntu-latest", "macos-latest", "windows-latest"} <= systems
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    lines = [line for step in steps if "run" in step for line in step["run"].splitlines()]
    said = re.findall(r"`([^`\n]+)`", PAGE) + COMMANDS
    around = (
        "sudo ln ",
        "sudo sysctl ",
        "python -m pip install ",
        "cnnkit doctor",
    )  # the machine, not the course
    for line in lines:
        words = shlex.split(line.removeprefix('sudo env "PATH=$PATH" '))
        rest = [word for word in words if word not in ("--ignore", "tests/journeys")]
        assert line.startswith(around) or any(
            set(rest) <= set(shlex.split(each)) for each in said if each.isascii()
        ), line


def test_an_empty_machine_would_get_the_programs_that_the_tests_use() -> None:
    """What CI's script looks for is what tests say is missing."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    named = re.findall(
        r"is not installed(?: \(apt install ([\w-]+)\))?",
        "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")),
    )
    assert "postgresql" in named
    assert all(package in script for package in named if package)
