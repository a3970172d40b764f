"""What the names in a download say: whose file it is, whether it is late, what the student called it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Named", "participant", "read_name"]

# Canvas: <name>[_LATE]_<user>_<submission>_<file>; a file of a name that was used before gets -1, -2, ...
CANVAS = re.compile(r"(?P<person>[^_/]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<submission>\d+)_(?P<file>.+)")
# ... and what was typed, or an address: there is no file, so no number of one either
TYPED = re.compile(r"(?P<person>[^_/]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>(?:text|link)\.html)")
# Moodle: <name>_<participant>_assignsubmission_file[_]/<file>, or with the file's name at its end
MOODLE = re.compile(r"(?P<person>.+)_(?P<participant>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
MOODLE_ID = re.compile(r"\D*(?P<participant>\d+)")
ATTEMPT = re.compile(r"(?P<stem>.*?)-(?P<number>\d{1,3})(?P<suffix>\.[^.]*)?")


@dataclass(frozen=True)
class Named:
    """What the path of a file in a download says.

    Attributes
    ----------
    student : str
        What the grades come back under: Canvas's user, Moodle's participant, or the name of a folder.
    person : str
        The name that the system put there, for people to read.
    file : PurePosixPath
        What the student called it, folders included.
    late : bool
        Whether the system marked it as late.
    attempt : int
        Canvas's count of files of the same name; 0 for the first.
    system : str
        "canvas", "moodle" or "folder".
    reply : str
        How the name of a file begins that the system gives back to this student; empty for a folder.
    """

    student: str
    person: str
    file: PurePosixPath
    late: bool = False
    attempt: int = 0
    system: str = "folder"
    reply: str = ""


def read_name(path: PurePosixPath) -> Named:
    """Read the path of a file within a download.

    Examples
    --------
    >>> read_name(PurePosixPath("doejo_LATE_1204_88031_02-shapes-and-parameters-1.zip"))
    ... # doctest: +NORMALIZE_WHITESPACE
    Named(student='1204', person='doejo', file=PurePosixPath('02-shapes-and-parameters.zip'),
          late=True, attempt=1, system='canvas', reply='doejo_LATE_1204_88031_')
    >>> read_name(PurePosixPath("Jo Doe_5512_assignsubmission_file_/two.ipynb")).student
    '5512'
    >>> read_name(PurePosixPath("doejo_LATE_1204_text.html")).student
    '1204'
    >>> read_name(PurePosixPath("one/02-shapes-and-parameters/02-shapes-and-parameters.ipynb")).file
    PurePosixPath('02-shapes-and-parameters/02-shapes-and-parameters.ipynb')
    """
    first, rest = path.parts[0], path.parts[1:]
    if match := MOODLE.fullmatch(first):
        file = PurePosixPath(*rest) if rest else PurePosixPath(match["file"] or first)
        # Moodle reads the number between the first two underscores
        reply = f"{match['person'].replace('_', ' ')}_{match['participant']}_assignsubmission_file_/"
        return Named(match["participant"], match["person"], file, system="moodle", reply=reply)
    name = path.name
    if match := CANVAS.fullmatch(name):
        file, attempt = _original(match["file"])
        reply = name.removesuffix(match["file"])
        return Named(match["user"], match["person"], file, bool(match["late"]), attempt, "canvas", reply)
    if match := TYPED.fullmatch(name):
        reply = name.removesuffix(match["file"])
        file = PurePosixPath(match["file"])
        return Named(match["user"], match["person"], file, bool(match["late"]), system="canvas", reply=reply)
    if rest:
        return Named(first, first, PurePosixPath(*rest))
    return Named(path.stem, path.stem, PurePosixPath(name))


def _original(name: str) -> tuple[PurePosixPath, int]:
    """Take Canvas's count off a file's name: notebooks of a course begin, not end, with a number."""
    match = ATTEMPT.fullmatch(name)
    if match is None:
        return PurePosixPath(name), 0
    return PurePosixPath(match["stem"] + (match["suffix"] or "")), int(match["number"])


def participant(identifier: str) -> str:
    """Return the id of a student from what Moodle calls them.

    Examples
    --------
    >>> participant("Participant 5512"), participant("Teilnehmer/in5512")
    ('5512', '5512')
    """
    match = MOODLE_ID.fullmatch(identifier.strip())
    return match["participant"] if match else identifier.strip()
