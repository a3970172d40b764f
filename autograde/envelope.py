"""Pages of feedback, packed as Canvas and Moodle take them back: the name of a file says whose it is."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograde.course import Course
from autograde.feedback import Sent
from autograde.filing import TABLE
from autograde.text import FORMULA

__all__ = ["Packed", "pack"]

HOW = {
    "Moodle": 'the assignment\'s "Upload multiple feedback files in a zip"',
    "Canvas": 'the assignment\'s "Re-Upload Submissions"',
}


@dataclass(frozen=True)
class Packed:
    """A zip file to upload.

    Attributes
    ----------
    path : Path
        The file.
    system : str
        "Canvas" or "Moodle".
    pages : int
        How many are in it.
    """

    path: Path
    system: str
    pages: int

    def __str__(self) -> str:
        pages = "1 page" if self.pages == 1 else f"{self.pages} pages"
        return f"{self.path}: {pages}, for {HOW[self.system]} in {self.system}"


def pack(course: Course, sent: Sequence[Sent]) -> list[Packed]:
    """Pack the pages of those whose work came in a download, a zip file for each assignment.

    Parameters
    ----------
    course : Course
        Its table of what was taken in says what each student's files were called.
    sent : sequence of Sent
        Pages that were written.

    Notes
    -----
    Moodle looks for the participant's number behind the first underscore of a folder's name. Canvas looks for
    the numbers of the user and of the file that was handed in. Sources: ``importziplib.php`` of Moodle's file
    feedback, ``infer_comment_context_from_filename`` of Canvas's assignments.
    """
    replies = _replies(course.work / TABLE)
    packed = []
    for assignment in dict.fromkeys(each.assignment for each in sent):
        pages: dict[str, list[tuple[str, Path]]] = {}
        for each in sent:
            reply = replies.get((each.student, each.assignment), "")
            if each.assignment == assignment and reply:
                system = "Moodle" if reply.endswith("/") else "Canvas"
                # Canvas would count a name with a bare number among the ids
                pages.setdefault(system, []).append((f"{reply}feedback-{each.path.name}", each.path))
        for system, files in sorted(pages.items()):
            path = course.work / f"feedback-{assignment}-{system.lower()}.zip"
            _zip(path, files)
            packed.append(Packed(path, system, len(files)))
    return packed


def _replies(path: Path) -> dict[tuple[str, str], str]:
    """Return (student, assignment) -> how a name begins; what was handed in last counts."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (_as_was(row["student"]), _as_was(row["assignment"])): _as_was(row.get("reply") or "") for row in rows
    }


def _as_was(value: str) -> str:
    """Undo what keeps a spreadsheet from running a text."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _zip(path: Path, files: Sequence[tuple[str, Path]]) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in files:
            archive.write(page, name)
    half.replace(path)
