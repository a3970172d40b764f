"""``otter run`` on the same submissions, in an environment of its own.

Otter has another format, and the conversion keeps the work the same: the student's notebook without its test
cells, and for each test cell one exception-based test file that runs the instructor's text on the student's
names. Two things differ. Otter runs all tests after the last cell, and a test of it passes or fails: one with
partial credit passes here if it gives full points.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from grading import meter
from grading.classes import Class, Notebook
from grading.graders import Grader, Scores, together
from grading.meter import Used

__all__ = ["Otter", "installed"]

VERSION = "7.0.0"
TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}
TEXT = {text!r}


@test_case(points={points!r})
def test(env):
    names = dict(env)
    exec(compile(TEXT, {name!r}, "exec"), names)
    value = names.get("value_of_the_cell")
    assert value is None or value >= {points!r}, value
"""


@cache
def installed(place: Path) -> Path:
    """Install Otter below `place`, beside what is installed here in the same versions.

    Returns
    -------
    Path
        Its Python.

    Raises
    ------
    MeterError
        It cannot be installed; the text is the reason.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise meter.MeterError("there is no uv to install it with")
    folder = place / "otter"
    python = folder / "bin" / "python"
    versions = place / "versions.txt"
    versions.write_text(
        "".join(f"{one.name}=={one.version}\n" for one in distributions() if _public(one.name))
    )
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*install, "--constraints", str(versions), f"otter-grader=={VERSION}"],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise meter.MeterError(f"it cannot be installed: {ran.stderr.strip()[-500:]}")
    packages = next(folder.glob("lib/python*/site-packages"))
    # torch and all else that a notebook imports, as this Python has it
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _public(name: str) -> bool:
    return name not in ("cnnkit", "otter-grader")


class Otter(Grader):
    """``otter run``: one command for each submission.

    Parameters
    ----------
    course : Class
    python : Path
        One that has Otter.
    """

    name = "otter run"

    def __init__(self, course: Class, python: Path) -> None:
        super().__init__(course)
        self.python = python

    @property
    def autograder(self) -> Path:
        """The configuration that Otter grades with."""
        return self.course.root / "autograder.zip"

    @property
    def results(self) -> Path:
        """Where each submission's results go."""
        return self.course.work / "otter"

    def prepare(self, count: int) -> None:
        """Hand in a class without test cells, and write the tests in Otter's format."""
        for student in self.course.hand_in(count):
            path = self.course.work / "submitted" / student / self.course.name / f"{self.course.name}.ipynb"
            notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
            notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in self.course.points]
            path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
            (self.results / student).mkdir(parents=True)
        with zipfile.ZipFile(self.autograder, "w") as packed:
            packed.writestr("otter_config.json", json.dumps({"lang": "python"}))
            for name, text in self.tests():
                packed.writestr(f"tests/{name}.py", text)

    def tests(self) -> Iterator[tuple[str, str]]:
        """Yield each test's name and its file."""
        for cell in self.course.source["cells"]:
            if (points := self.course.points.get(cell["id"])) is not None:
                tree = ast.parse("".join(cell["source"]))
                if isinstance(last := tree.body[-1], ast.Expr):
                    target = ast.Name("value_of_the_cell", ast.Store())
                    tree.body[-1] = ast.Assign([target], last.value)
                text = ast.unparse(ast.fix_missing_locations(tree))
                yield cell["id"], TEST.format(name=cell["id"], points=points, text=text)

    def commands(self, workers: int) -> Iterator[Sequence[str]]:
        """Yield one command for each submission."""
        for path in sorted((self.course.work / "submitted").glob("*/*/*.ipynb")):
            to = str(self.results / path.parts[-3])
            yield [str(self.python), "-m", "otter", "run", str(path), "-a", str(self.autograder), "-o", to]

    def grade(self, workers: int, look: float | None = None) -> Used:
        """Grade with `workers` commands at once."""
        return together(self, workers)

    def scores(self) -> Scores:
        """Return student -> test -> points; 0 where a test did not pass."""
        scores: Scores = {}
        for path in self.results.glob("*/results.json"):
            tests = json.loads(path.read_text())["tests"]
            scores[path.parent.name] = {
                test["name"].split(" - ")[0]: test["score"] for test in tests if "score" in test
            }
        return scores
