"""The graded notebook: what was handed in, with the instructor's tests and with what came of every cell.

nbgrader's formgrader shows it to whoever grades by hand.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from autograde.judge import Judged
from autograde.notebook import Cell, Notebook, graded_as
from autograde.walk import id_of

__all__ = ["executed"]

SCHEME = "mark-scheme-{}"  # the id of the cell that says how an answer is marked


def executed(source: Notebook, submitted: Notebook, judged: Judged) -> Notebook:
    """Put outputs and the instructor's tests into a hand-in, as ``nbgrader autograde`` would leave it.

    Parameters
    ----------
    source : dict
        The instructor's notebook: what its cells are for, and what they are worth, is said there alone.
    submitted : dict
        The student's.
    judged : Judged
        What came of them.

    Returns
    -------
    dict
        Each of the source's cells that nbgrader knows stands in it once, in the student's order; a deleted
        test at the end. Below each text that a person reads stands how it is marked: what the source has in
        its place.
    """
    known = {id_of(cell): cell for cell in source["cells"] if graded_as(cell)}
    nb = deepcopy(submitted)
    seen: set[str] = set()
    for place, cell in enumerate(nb["cells"]):
        _become(cell, known, seen, place)
    for run in judged.cells:
        if run.place is not None:
            nb["cells"][run.place]["outputs"] = deepcopy(run.outputs)
    for test in judged.tests:
        if test.place is None:
            nb["cells"] = [cell for cell in nb["cells"] if id_of(cell) != test.id]
    for test in judged.tests:
        if test.place is None:
            nb["cells"].append(_clean(known[test.id]))
        cell = next(cell for cell in nb["cells"] if id_of(cell) == test.id)
        cell["outputs"] = deepcopy(test.outputs)
    nb["cells"] = [beside for cell in nb["cells"] for beside in _with_scheme(cell, known, nb["cells"])]
    return nb | {"nbformat": 4, "nbformat_minor": 5}


def _become(cell: Cell, known: dict[str, Cell], seen: set[str], place: int) -> None:
    """Make a cell what the source says that it is; a second copy, or a made-up one, is none of nbgrader's."""
    name = id_of(cell)
    original = known.get(name)
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
    if name in seen or not cell.get("id"):
        cell["id"] = f"cell-{place + 1}"
    if original is None or name in seen or original["cell_type"] != cell["cell_type"]:
        cell["metadata"].pop("nbgrader", None)
        cell["id"] = f"cell-{place + 1}" if name in known else cell["id"]
        return
    seen.add(name)
    cell["id"] = original.get("id", name)
    cell["metadata"]["nbgrader"] = _role(original)
    if graded_as(original) in ("test", "read-only"):
        cell["source"] = original["source"]


def _with_scheme(cell: Cell, known: dict[str, Cell], cells: list[Cell]) -> list[Cell]:
    """Put the mark scheme below an answer that a person reads; it has no part in nbgrader's own cells."""
    name = id_of(cell)
    if "nbgrader" not in cell["metadata"] or name not in known or graded_as(known[name]) != "by hand":
        return [cell]
    own = SCHEME.format(name)
    for number, other in enumerate(cells, start=1):
        if other.get("id") == own:  # a student's cell of that name
            other["id"] = f"cell-{number}"
    text = "\n".join(f"> {line}" for line in known[name]["source"].splitlines())
    title = (
        f"> **For graders: how *{name}* is marked.** The pages of `autograde feedback` leave this out.\n>\n"
    )
    return [cell, {"cell_type": "markdown", "id": own, "metadata": {}, "source": title + text}]


def _clean(cell: Cell) -> Cell:
    own: Cell = deepcopy(cell)
    own["metadata"] = {"nbgrader": _role(cell)}
    own |= {"outputs": [], "execution_count": None}
    return own


def _role(cell: Cell) -> dict[str, Any]:
    return {**deepcopy(cell["metadata"]["nbgrader"]), "cell_type": cell["cell_type"]}
