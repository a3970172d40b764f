"""A student's notebook on disk: which one is meant, and whether its checks are as they were given out."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cnnkit.answers import ALL, EvidenceQuestion, Question
from cnnkit.errors import ArgumentError, DataDamagedError, DataNotFoundError, did_you_mean

__all__ = ["Homework", "find", "notebooks"]

FOLDER = "notebooks"
Cell = dict[str, Any]


@dataclass(frozen=True)
class Homework:
    """A notebook of the course, as a student has saved it.

    Parameters
    ----------
    path : Path
        The file; its name says which notebook it is.

    Raises
    ------
    DataDamagedError
        The file is no notebook.
    """

    path: Path

    def __post_init__(self) -> None:
        self.cells  # noqa: B018 - what cannot be read never comes to exist

    @property
    def name(self) -> str:
        """The notebook's name, such as ``02-shapes-and-parameters``."""
        return self.path.stem

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells, each source one text."""
        try:
            notebook = json.loads(self.path.read_text(encoding="utf-8"))
            cells: list[Cell] = [dict(cell) for cell in notebook["cells"]]
            for cell in cells:
                cell["source"] = "".join(cell["source"])
                cell["metadata"] = dict(cell.get("metadata", {}))
                cell["cell_type"] = str(cell["cell_type"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataDamagedError(
                f"notebook: {self.path} is no notebook ({error!s:.80}), expected what JupyterLab saves."
                " Take the last good copy: File, Revert Notebook to Checkpoint."
            ) from None
        return cells

    @property
    def questions(self) -> list[Question | EvidenceQuestion]:
        """The questions that this notebook was given out with; none for a file of another name."""
        number = re.match(r"0*(\d+)-", self.name)
        return [entry for entry in ALL if number and entry.code.startswith(f"A{number[1]}-")]

    @property
    def graded(self) -> dict[str, Cell]:
        """The cells that carry points, by their ids, in the notebook's order; of copies the first."""
        found: dict[str, Cell] = {}
        for cell in self.cells:
            about = cell["metadata"].get("nbgrader", {})
            if about.get("grade"):
                found.setdefault(str(about.get("grade_id")), cell)
        return found

    @property
    def damage(self) -> list[str]:
        """What was done to the graded cells that should not have been: one sentence each."""
        marked = [cell for cell in self.cells if "grade_id" in cell["metadata"].get("nbgrader", {})]
        ids = Counter(str(cell["metadata"]["nbgrader"]["grade_id"]) for cell in marked)
        said = [f"`{id}` is there {count} times: keep one." for id, count in ids.items() if count > 1]
        said += [
            f"`test-{question.id}` is missing: the check of {question.code} was deleted. Copy it back from"
            " the notebook as it was given out."
            for question in self.questions
            if f"test-{question.id}" not in ids
        ]
        written = "\n".join(cell["source"] for cell in self.cells if cell["cell_type"] == "code")
        said += [
            f"`{question.id}` is missing: the cell with the answer to {question.code} was deleted, or is no"
            " code any more. Copy it back from the notebook as it was given out."
            for question in self.questions
            if f"test-{question.id}" in ids and not _bound(getattr(question, "variable", ""), written)
        ]
        said += [
            f"`{cell['metadata']['nbgrader']['grade_id']}` was changed: the grader runs its own."
            for cell in marked
            if cell["metadata"]["nbgrader"].get("locked") and not _as_given_out(cell)
        ]
        return said


def _bound(name: str, source: str) -> bool:
    """Whether some line gives `name` a value, or defines it."""
    return (
        re.search(rf"^\s*(?:def\s+|class\s+)?{re.escape(name)}\b\s*[=(:\[,]", source, re.MULTILINE)
        is not None
    )


def _as_given_out(cell: Cell) -> bool:
    """Whether a locked cell still has the checksum that nbgrader gave it."""
    about = cell["metadata"]["nbgrader"]
    if "checksum" not in about:
        return True
    parts = [cell["source"], cell["cell_type"], *(str(bool(about.get(key))) for key in KINDS)]
    parts.append(about["grade_id"])
    if about.get("grade"):
        parts.append(str(float(about["points"])))
    return bool(about["checksum"] == hashlib.md5("".join(parts).encode()).hexdigest())


KINDS = ("grade", "solution", "locked")  # in the order in which nbgrader's checksum takes them


def find(name: str, start: Path | None = None) -> Homework:
    """Find a notebook of the course.

    Parameters
    ----------
    name : str
        Its number (``02`` or ``2``), its name, the beginning of its name, or the path of a file.
    start : Path, optional
        Where to look: there, in its ``notebooks``, and in the folders above. Default: the current folder.

    Raises
    ------
    ArgumentError
        No notebook, or several, are meant, or one without questions.
    DataNotFoundError
        There are no notebooks, or not the file.
    DataDamagedError
        The file is no notebook.
    """
    if name.endswith(".ipynb"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise DataNotFoundError(f"find: `name` is {name!r}, expected a file that exists. Check the path.")
        return _with_questions(name, Homework(path.resolve()))
    known = notebooks(start or Path.cwd())
    number = f"{int(name):02d}" if re.fullmatch(r"\d{1,2}", name) else name
    meant = [path for stem, path in known.items() if stem == number or stem.startswith(number)]
    exact = [path for path in meant if path.stem == number]
    if len(exact or meant) == 1:
        return _with_questions(name, Homework((exact or meant)[0]))
    listed = ", ".join(known)
    folder = next(iter(known.values())).parent.parent
    renamed = [each.name for each in sorted(folder.glob(f"*/{number}*.ipynb"))]
    if not meant and renamed:
        raise ArgumentError(
            f"find: `name` is {name!r}, and there is {renamed[0]}, expected the name that it was given out"
            f" with. Rename it: {re.sub(r' ?[(][0-9]+[)]|-Copy[0-9]+', '', renamed[0])}."
        )
    if meant:
        several = ", ".join(path.stem for path in meant)
        raise ArgumentError(f"find: `name` is {name!r}, which {several} begin with. Give the whole name.")
    raise ArgumentError(
        f"find: `name` is {name!r}, expected one of {listed}. {did_you_mean(name, known, 'Give its number.')}"
    )


def _with_questions(name: str, homework: Homework) -> Homework:
    if homework.graded or homework.questions:
        return homework
    raise ArgumentError(
        f"find: `name` is {name!r}, expected a notebook with questions: in {homework.path.name} there is"
        " nothing to check or to hand in. Give the number of another, such as 01."
    )


def notebooks(start: Path) -> dict[str, Path]:
    """Return the nearest folder's notebooks, by name; those that lie in a folder of their own name.

    Raises
    ------
    DataNotFoundError
        There are none in `start`, nor in a folder above it.
    """
    for folder in (start, *start.parents):
        for place in (folder / FOLDER, folder):
            found = {path.stem: path for path in sorted(place.glob("*/*.ipynb")) if _is_one(path)}
            if found:
                return found
    raise DataNotFoundError(
        f"find: there are no notebooks of the course in {start}, nor above it. Change to the folder that you"
        " unpacked, or give a path: cnnkit check path/to/notebook.ipynb."
    )


def _is_one(path: Path) -> bool:
    return path.parent.name == path.stem and re.match(r"\d\d-", path.stem) is not None
