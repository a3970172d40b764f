"""Find what an instructor wrote for the solution or the hidden tests in what students will get."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from autograde.notebook import Notebook, graded_as, loads, text_of

__all__ = ["Secrets", "leaks"]

SHORTEST = 12  # characters besides spaces; anything shorter stands in any program
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
MARKER = re.compile(rf"(BEGIN|END) ({'|'.join(REGIONS)})")
OUTPUT = "\0output"  # stands for an output among a notebook's lines


class Secrets:
    """The lines of source notebooks that no student may see.

    A line that also stands in the part that students get is no secret.

    Parameters
    ----------
    *sources : dict
        The instructor's notebooks.

    Attributes
    ----------
    solution, hidden : set of str
        Lines of solutions and of hidden tests, without their indentation.
    public : set of str
        Lines that students get.
    """

    def __init__(self, *sources: Notebook) -> None:
        parts: dict[str, set[str]] = {region: set() for region in ("", *REGIONS)}
        for cell in (cell for source in sources for cell in source["cells"]):
            for region, line in _regions(cell):
                parts[region].add(line.strip())
        self.public = parts[""]
        self.solution = {line for line in parts["SOLUTION"] if _is_specific(line)} - self.public
        hidden = parts["HIDDEN TESTS"] | parts["MARK SCHEME"]
        self.hidden = {line for line in hidden if _is_specific(line)} - self.public


def _is_specific(line: str) -> bool:
    return len("".join(line.split())) >= SHORTEST


def _regions(cell: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each line of a cell with the region that it is in, '' for the students' part."""
    lines = cell["source"].splitlines()
    whole = graded_as(cell) in ("solution", "by hand") and not any("BEGIN SOLUTION" in x for x in lines)
    inside = "SOLUTION" if whole and not cell["metadata"]["nbgrader"].get("task") else ""
    for line in lines:
        marker = MARKER.search(line)
        if marker is None:
            yield inside, line
        elif not whole or marker[2] != "SOLUTION":
            inside = marker[2] if marker[1] == "BEGIN" else ""


def leaks(secrets: Secrets, files: Mapping[str, bytes], *, library: bool = False) -> list[str]:
    """Say which secrets stand in files that students get.

    Parameters
    ----------
    secrets : Secrets
        Of the source notebooks.
    files : mapping of name to bytes
        Notebooks and other files; what is not text is passed over.
    library : bool
        The files are the course's library. It implements what the course teaches, so a line of a solution may
        stand there rightly; a line of a hidden test may not.

    Returns
    -------
    list of str
        One line for each leak, with file and line.
    """
    wanted = secrets.hidden if library else secrets.hidden | secrets.solution
    found = []
    for name, data in files.items():
        for place, line in _lines(name, data):
            stripped = line.strip()
            if stripped in secrets.public:
                continue
            if not library and MARKER.search(line):
                found.append(f"{place}: a marker of the instructor's version: {stripped[:70]}")
            elif secret := next((s for s in wanted if s in stripped), None):
                kind = "hidden test" if secret in secrets.hidden else "solution"
                found.append(f"{place}: a line of a {kind}: {stripped[:70]}")
            elif line == OUTPUT:
                found.append(f"{place}: an output. A release has none.")
    return found


def _lines(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    if name.endswith(".ipynb"):
        for cell in loads(data, name)["cells"]:
            label = f"{name}, cell {cell.get('id', '?')}"
            yield from ((label, line) for line in cell["source"].splitlines())
            for output in cell.get("outputs", []):
                yield label, OUTPUT
                yield from ((label, line) for line in _texts(output))
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    yield from ((f"{name}:{number}", line) for number, line in enumerate(text.splitlines(), start=1))


def _texts(output: dict[str, Any]) -> Iterator[str]:
    for value in (output.get("text"), *output.get("data", {}).values()):
        if isinstance(value, str | list):
            yield from text_of(value).splitlines()
