"""A course in a temporary folder, with secrets of its own, in which attacks and honest work are handed in."""

from __future__ import annotations

import copy
import json
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.attacks.answers import WRONG
from tests.attacks.attack import Attack, Honest
from tests.attacks.watch import files_below

__all__ = ["ASSIGNMENT", "COURSE", "ROOT", "Classroom"]

COURSE = Path(__file__).with_name("course")
ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "01-prices"
LARGEST = 100_000_000  # bytes of a file in which words of the attack are replaced
CANARIES = ("hidden", "neighbour", "gradebook", "environment", "home", "loopback", "socket")

Notebook = dict[str, Any]


class Classroom:
    """A course, a home, and a folder outside of both, below `place`.

    Parameters
    ----------
    place : Path
        An empty folder.

    Attributes
    ----------
    canaries : dict of str to str
        Kind -> a secret that stands where no student may look.
    port, address : int, str
        Where a service of the instructor's machine listens: on loopback, and on an abstract socket.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.canaries = {kind: f"canary-{kind}-{secrets.token_hex(8)}" for kind in CANARIES}
        self.address = f"service-{secrets.token_hex(8)}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._marks: dict[str, str] = {}
        self._build()

    def copied(self, place: Path) -> Classroom:
        """Return a copy of all that is there, secrets included, in another place."""
        shutil.copytree(self.place, place)
        other = copy.copy(self)
        other.place, other._marks = place, dict(self._marks)
        return other

    def _build(self) -> None:
        leftovers = shutil.ignore_patterns("work", "__pycache__", ".ipynb_checkpoints")
        shutil.copytree(COURSE, self.course, ignore=leftovers)
        config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        config += "c.Execute.timeout = 3  # as `autograde grade --timeout 3`\n"
        (self.course / "nbgrader_config.py").write_text(config, encoding="utf-8")
        shutil.copytree(ROOT / "cnnkit", self.course / "cnnkit", ignore=leftovers)
        self.home.mkdir()
        self.outside.mkdir()
        self.submitted.mkdir(parents=True)
        (self.home / ".netrc").write_text(f"password {self.canaries['home']}\n")
        (self.home / ".bashrc").write_text("# the instructor's\n")
        source = self.course / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        source.write_text(source.read_text().replace("@HIDDEN@", self.canaries["hidden"]))
        self.source: Notebook = json.loads(source.read_text())

    @property
    def course(self) -> Path:
        """The course's folder."""
        return self.place / "course"

    @property
    def home(self) -> Path:
        """The instructor's home."""
        return self.place / "home"

    @property
    def outside(self) -> Path:
        """A folder that anyone may write to, as far as the file system is concerned."""
        return self.place / "outside"

    @property
    def work(self) -> Path:
        """Where hand-ins and all that grading makes of them lie."""
        return self.course / "autograde" / "work"

    @property
    def submitted(self) -> Path:
        """Where work is handed in."""
        return self.work / "submitted"

    @property
    def gradebook(self) -> Path:
        """nbgrader's database."""
        return self.work / "gradebook.db"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the instructor's commands, a secret in it."""
        return {
            "HOME": str(self.home),
            "LMS_TOKEN": self.canaries["environment"],
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "PYTHONPATH": os.pathsep.join([str(self.course), str(ROOT)]),
            "OMP_NUM_THREADS": "1",
        }

    def mark(self, name: str) -> str:
        """Return the word by which traces of a student's are known."""
        return self._marks.setdefault(name, f"mark-{name}-{secrets.token_hex(4)}")

    def hand_in(self, attack: Attack) -> None:
        """Put an attack where nbgrader looks for what a student handed in."""
        notebook = self._notebook({**WRONG, **attack.cells})
        if attack.damage is not None:
            notebook = attack.damage(notebook)
        self._write(attack.name, notebook, attack.files)

    def hand_in_honest(self, work: Honest) -> None:
        """Put honest work there, with a line that nobody else may see."""
        notebook = self._notebook(work.cells)
        if work.damage is not None:
            notebook = work.damage(notebook)
        private = f"# {self.canaries['neighbour']}\n"
        last = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][-2]
        last["source"] = private + last["source"]
        self._write(work.name, notebook)

    def _notebook(self, answers: Mapping[str, str]) -> Notebook:
        """Return the released notebook with some cells replaced, and solutions in the other answer cells."""
        notebook = copy.deepcopy(self.source)
        for cell in notebook["cells"]:
            text = "".join(cell["source"])
            text = re.sub(r"### BEGIN HIDDEN.*?### END HIDDEN TESTS\n?", "", text, flags=re.DOTALL)
            text = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", text)
            cell["source"] = answers.get(cell["id"], text).strip("\n")
        return notebook

    def _write(self, student: str, notebook: Notebook, files: Callable[[Path], None] | None = None) -> None:
        folder = self.submitted / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook, indent=1))
        if files is not None:
            files(folder)
        meanings = {
            "@MARK@": self.mark(student),
            "@COURSE@": str(self.course),
            "@HOME@": str(self.home),
            "@OUTSIDE@": str(self.outside),
            "@PORT@": str(self.port),
            "@SOCKET@": self.address,
        }
        for path in [] if folder.is_symlink() else files_below(folder):
            if path.stat().st_size > LARGEST:
                continue
            data = path.read_bytes()
            for word, meaning in meanings.items():
                data = data.replace(word.encode(), meaning.encode())
            path.write_bytes(data)
