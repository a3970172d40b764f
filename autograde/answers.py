"""A student's own part of a graded notebook: the answers, each with what its cell showed.

What tests say and show is left out: it may quote what students must not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograde.course import Assignment
from autograde.notebook import Notebook, graded_as, load
from autograde.walk import id_of

__all__ = ["Answer", "answers_of", "asked_by", "given"]


@dataclass(frozen=True)
class Answer:
    """One cell that students write in.

    Attributes
    ----------
    id : str
        nbgrader's id of the cell.
    language : str
        ``code`` or ``markdown``.
    source : str
        What the student left there.
    released : str
        What stood there before.
    outputs : tuple of dict
        What it showed when it was graded, as a notebook stores it.
    """

    id: str
    language: str
    source: str
    released: str = ""
    outputs: tuple[dict[str, Any], ...] = ()

    @property
    def untouched(self) -> bool:
        """Whether nobody wrote in it."""
        return self.source.strip() == self.released.strip()


def answers_of(notebook: Notebook, release: Notebook) -> dict[str, Answer]:
    """Return a student's answers by the id of their cell, in the release's order.

    Parameters
    ----------
    notebook : dict
        The student's notebook. The first cell of an id counts.
    release : dict
        What the student was given.
    """
    given = {id_of(cell): cell for cell in release["cells"] if graded_as(cell) in ("solution", "by hand")}
    written: dict[str, Answer] = {}
    for cell in notebook["cells"]:
        name = id_of(cell)
        if name in given and name not in written:
            language = "code" if cell["cell_type"] == "code" else "markdown"
            outputs = tuple(cell.get("outputs", ()))
            written[name] = Answer(name, language, cell["source"], given[name]["source"], outputs)
    return {name: written[name] for name in given if name in written}


def asked_by(source: Notebook) -> Mapping[str, Sequence[str]]:
    """Return which answers each question is about: graded cell -> cells that students write in.

    A question is about the answers between it and the question before it, and about the one that it is named
    after. A text that a person grades is also its own answer.
    """
    asked: dict[str, list[str]] = {}
    writable = [id_of(cell) for cell in source["cells"] if graded_as(cell) in ("solution", "by hand")]
    waiting: list[str] = []
    for cell in source["cells"]:
        name, role = id_of(cell), graded_as(cell)
        if role == "solution":
            waiting.append(name)
        elif role == "by hand":
            asked[name] = [*waiting, name]
            waiting = []
        elif role == "test":
            namesake = name.removeprefix("test-")
            also = [namesake] if namesake in writable and namesake not in waiting else []
            asked[name] = also + waiting
            waiting = []
    return asked


def given(assignment: Assignment) -> Notebook:
    """Return what students were given; where that is not there, its cells without their text."""
    if assignment.release.is_file():
        return load(assignment.release)
    source = load(assignment.source)
    return source | {"cells": [cell | {"source": ""} for cell in source["cells"]]}
