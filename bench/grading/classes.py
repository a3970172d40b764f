"""A course of one assignment in a temporary folder, and a class that hands in."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["NOTEBOOKS", "ROOT", "THREADS", "Class", "students"]

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
NOTEBOOKS = {
    "numpy": ROOT / "solutions" / "02-shapes-and-parameters" / "02-shapes-and-parameters.ipynb",
    "torch": HERE / "solutions" / "01-training" / "01-training.ipynb",
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MARKER = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
EVERY = 3  # one student in so many is wrong somewhere

Notebook = dict[str, Any]


def students(count: int) -> list[str]:
    """Return the ids of a class.

    Examples
    --------
    >>> students(3)
    ['a-0000', 'b-0001', 'a-0002']
    """
    return [f"{'ab'[number % 2]}-{number:04d}" for number in range(count)]


class Class:
    """A course with one assignment, below `place`.

    Parameters
    ----------
    place : Path
        A folder that does not exist yet.
    source : Path
        The instructor's notebook.
    """

    def __init__(self, place: Path, source: Path) -> None:
        self.root = place
        self.name = source.stem
        self.source: Notebook = json.loads(source.read_text(encoding="utf-8"))
        target = place / "solutions" / self.name
        target.mkdir(parents=True)
        shutil.copy(source, target)
        shutil.copy(ROOT / "nbgrader_config.py", place)
        shutil.copytree(ROOT / "cnnkit", place / "cnnkit", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def work(self) -> Path:
        """Where hand-ins and all that comes of them lie."""
        return self.root / "autograde" / "work"

    @property
    def release(self) -> Path:
        """The students' notebook."""
        return self.root / "notebooks" / self.name / f"{self.name}.ipynb"

    @property
    def environment(self) -> dict[str, str]:
        """The environment that every grader runs in."""
        return {
            **dict.fromkeys(THREADS, "1"),
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "MPLBACKEND": "agg",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "PYTHONPATH": os.pathsep.join([str(self.root), str(ROOT)]),
        }

    @cached_property
    def points(self) -> dict[str, float]:
        """The most that each test can earn."""
        found = [cell["metadata"].get("nbgrader", {}) for cell in self.source["cells"]]
        return {cell["grade_id"]: float(cell["points"]) for cell in found if cell.get("grade")}

    def hand_in(self, count: int) -> list[str]:
        """Write a class's submissions, and forget all earlier ones and what came of them."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        for number, student in enumerate(students(count)):
            folder = self.work / "submitted" / student / self.name
            folder.mkdir(parents=True)
            text = json.dumps(self.submission(number), ensure_ascii=False, indent=1)
            (folder / f"{self.name}.ipynb").write_text(text, encoding="utf-8")
        return students(count)

    def submission(self, number: int) -> Notebook:
        """Return a notebook: the solutions, each signed, with one number changed in every third one."""
        notebook: Notebook = json.loads(self.release.read_text(encoding="utf-8"))
        change = number // EVERY % len(self.numbers) if number % EVERY == EVERY - 1 else None
        for cell in notebook["cells"]:
            if (answer := self.answers.get(cell["id"])) is not None:
                if change is not None and self.numbers[change][0] == cell["id"]:
                    answer = _changed(answer, self.numbers[change][1])
                cell["source"] = f"{answer}\n# handed in by {number}"
        return notebook

    @cached_property
    def answers(self) -> dict[str, str]:
        """The right answer of each solution cell."""
        return {
            cell["id"]: MARKER.sub("", "".join(cell["source"])).rstrip()
            for cell in self.source["cells"]
            if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code"
        }

    @cached_property
    def numbers(self) -> list[tuple[str, ast.Constant]]:
        """Every whole number in an answer, with the cell that holds it; the cells take turns."""
        found = {name: list(_numbers(answer)) for name, answer in self.answers.items()}
        turns = max(map(len, found.values()))
        return [(name, there[turn]) for turn in range(turns) for name, there in found.items() if there[turn:]]


def _numbers(source: str) -> Iterator[ast.Constant]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield node


def _changed(source: str, number: ast.Constant) -> str:
    """Return a cell with one of its numbers larger by one."""
    lines = source.split("\n")
    row, line = number.lineno - 1, lines[number.lineno - 1].encode()
    new = str(int(str(number.value)) + 1).encode()
    lines[row] = (line[: number.col_offset] + new + line[number.end_col_offset :]).decode()
    return "\n".join(lines)
