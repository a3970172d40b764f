"""A new assignment to begin with: small, of one question of each kind, and whole.

``autograde new 09-my-topic`` fills in the files of ``templates/assignment``::

    notebook.ipynb    solutions/09-my-topic/09-my-topic.ipynb
    room.py.txt       cnnkit/answers/my_topic/__init__.py
    windows.py.txt    cnnkit/answers/my_topic/windows.py
    networks.py.txt   cnnkit/answers/my_topic/networks.py
    wrong.py.txt      tests/wrong/my_topic.py

They are an assignment themselves, 00-my-topic, so that number and name are all that is exchanged.
"""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from autograde.course import Course
from autograde.errors import CourseError

__all__ = ["begin"]

TEMPLATE = Path(__file__).parent / "templates/assignment"
NAME = re.compile(r"(?P<number>\d\d)-(?P<topic>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
LONGEST = 40  # characters of a topic: the ids of its cells begin with it
FILES = {
    "notebook.ipynb": "{source}/{name}/{name}.ipynb",
    "room.py.txt": "cnnkit/answers/{package}/__init__.py",
    "windows.py.txt": "cnnkit/answers/{package}/windows.py",
    "networks.py.txt": "cnnkit/answers/{package}/networks.py",
    "wrong.py.txt": "tests/wrong/{package}.py",
}


def begin(course: Course, name: str) -> list[Path]:
    """Write a new assignment's files and return them.

    Parameters
    ----------
    course : Course
    name : str
        Two digits, a hyphen, and the topic in small letters: ``09-my-topic``.

    Raises
    ------
    CourseError
        The name is none, its number or its topic is taken, or a file cannot be written. Nothing is left.
    """
    number, topic = _parsed(course, name)
    package = topic.replace("-", "_")
    _require_free(course, name, number, package)
    title = topic.replace("-", " ").capitalize()
    written: list[Path] = []
    try:
        for template, place in FILES.items():
            target = course.root / place.format(source=course.source, name=name, package=package)
            text = (TEMPLATE / template).read_text(encoding="utf-8")
            _write(target, _filled(text, name, number, topic, package, title), written)
    except OSError as error:
        _undo(written)
        raise CourseError(
            f"new: {error.filename} cannot be written: {error.strerror}. Give yourself the right to."
        ) from None
    except BaseException:
        _undo(written)
        raise
    return [path for path in written if path.is_file()]


def _parsed(course: Course, name: str) -> tuple[int, str]:
    """Return number and topic of a name."""
    parts = NAME.fullmatch(name)
    if not parts:
        words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"^[\W\d_]+", "", name.lower())).strip("-") or "my-topic"
        given = re.match(r"\d{1,2}(?!\d)", name)
        free = int(given[0]) if given else _free(course)
        raise CourseError(
            f"new: NAME is {name!r}, expected two digits, a hyphen, and the topic in small letters, digits"
            f" and hyphens. Write {free:02d}-{words[:LONGEST].strip('-')}."
        )
    topic = parts["topic"]
    if len(topic) > LONGEST:
        raise CourseError(
            f"new: NAME is {name!r}, whose topic has {len(topic)} letters, expected at most {LONGEST}."
            " Shorten it."
        )
    if keyword.iskeyword(topic):
        raise CourseError(f"new: NAME is {name!r}, and {topic!r} is a word of Python's. Add another word.")
    return int(parts["number"]), topic


def _free(course: Course) -> int:
    taken = {int(path.name[:2]) for path in _folders(course) if path.name[:2].isdecimal()}
    return next(number for number in range(1, 101) if number not in taken)


def _folders(course: Course) -> Iterable[Path]:
    return sorted(path for path in course.source.iterdir() if path.is_dir()) if course.source.is_dir() else []


def _require_free(course: Course, name: str, number: int, package: str) -> None:
    answers = course.root / "cnnkit/answers"
    if not (answers / "__init__.py").is_file():
        raise CourseError(
            f"new: {course.root} has no cnnkit/answers, where a new assignment's answers belong. Run this in"
            " the course that this package came with, or name it with --course DIR."
        )
    same = [path.name for path in _folders(course) if path.name.startswith(f"{number:02d}-")]
    if number == 0 or same:
        said = f"the number of {same[0]}" if same else "no number of a notebook's"
        free = _free(course)
        cure = f"{free:02d} is free: {free:02d}{name[2:]}." if free < 100 else "Rename one."
        raise CourseError(f"new: NAME is {name!r}, and {number:02d} is {said}. {cure}")
    for path in (answers / package, answers / f"{package}.py", course.root / f"tests/wrong/{package}.py"):
        if path.exists():
            raise CourseError(
                f"new: NAME is {name!r}, and {path.relative_to(course.root)} is there already."
                " Choose another topic."
            )


def _filled(text: str, name: str, number: int, topic: str, package: str, title: str) -> str:
    for old, new in (
        ("00-my-topic", name),
        ("my-topic", topic),
        ("my_topic", package),
        ("My topic", title),
        ("# 0 ·", f"# {number} ·"),
        ("Notebook 00", f"Notebook {number:02d}"),
    ):
        text = text.replace(old, new)
    return re.sub(r"\bA0-(?=\d)", f"A{number}-", re.sub(r"(?<=## )0\.(?=\d)", f"{number}.", text))


def _write(target: Path, text: str, written: list[Path]) -> None:
    """Write a file that is not there yet; remember it, and the folders that it needed."""
    missing = [folder for folder in reversed(target.parents) if not folder.exists()]
    for folder in missing:
        folder.mkdir()
        written.append(folder)
    with target.open("x", encoding="utf-8") as file:
        written.append(target)
        file.write(text)


def _undo(written: list[Path]) -> None:
    for path in reversed(written):
        with suppress(OSError):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
