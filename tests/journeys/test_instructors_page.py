"""The page for instructors: each command on it, in its order, prints what the page says."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import pytest

from tests.journeys import sixty
from tests.journeys.test_instructor import ADDING, ROOT, with_answer

PAGE = ROOT / "docs/instructors.md"
BLOCK = re.compile(r"^```(console|toml|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of two small notebooks, and what Canvas and Moodle gave of one class."""
    root = tmp_path / "course"
    shutil.copytree(ROOT / "tests/fixtures/course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    adding = (root / f"solutions/{ADDING}/{ADDING}.ipynb").read_bytes()
    own = {sixty.OTHER_WAY: with_answer(adding, "total-price", "total_price = 9.1 + 2.9 + 4.0 - 2e-15")}
    for name, pack in (("submissions", sixty.canvas), ("moodle", sixty.moodle)):
        (root / f"{name}.zip").write_bytes(sixty.zipped(pack(adding, own)))
    for name, table in (("gradebook", sixty.canvas_table), ("worksheet", sixty.moodle_table)):
        with (root / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table())
    return root


def test_every_command_on_the_page_prints_what_stands_there(root: Path) -> None:
    wrong = []
    ran = 0
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "toml":
            (root / "autograde/work/class.toml").write_text(text, encoding="utf-8")
        elif kind == "diff":
            old, new = (line[1:].strip() for line in text.splitlines())
            source = root / f"solutions/{ADDING}/{ADDING}.ipynb"
            before = source.read_text(encoding="utf-8")
            source.write_text(before.replace(old, new), encoding="utf-8")
            assert source.read_text(encoding="utf-8") != before
        else:
            for command, said in COMMAND.findall(text):
                got = printed(root, command)
                ran += 1
                if not OutputChecker().check_output(said, got, ELLIPSIS):
                    wrong.append(f"$ {command}\n{got}\nexpected\n{said}")
    assert not wrong, "\n".join(wrong)
    assert ran >= 8


def printed(root: Path, command: str) -> str:
    """Run a command of the page -> what it prints."""
    program, *arguments = shlex.split(command)
    assert program == "autograde"
    done = subprocess.run(
        [sys.executable, "-m", "autograde", *arguments],
        cwd=root,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath, "HOME": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout
