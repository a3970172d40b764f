"""The numbers that a notebook gives: found in its cells with the tag ``variant``, and exchanged for others.

Such a cell is a read-only code cell, in which a name is bound to a number or an array of numbers on a line of
its own (``before = 512``, ``image = np.array([[1, 0], [3, 2]])``), or a text, in which the same numbers stand
as whole words. A text called ``<question>-question`` speaks of that question's numbers, any other of all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from autograde.names import names_of
from autograde.notebook import Cell, Notebook, graded_as

__all__ = ["TAG", "exchanged", "given_in", "problems", "tagged", "varying"]

TAG = "variant"
Values = Mapping[str, Mapping[str, Any]]  # question -> name -> number


def tagged(nb: Notebook) -> list[Cell]:
    """Return the cells that give numbers."""
    return [cell for cell in nb["cells"] if TAG in (cell["metadata"].get("tags") or ())]


def given_in(nb: Notebook, names: Mapping[str, Any], cells: set[str] | None = None) -> dict[str, Any]:
    """Return the numbers that a notebook gives under these names, as lists and plain numbers.

    Parameters
    ----------
    nb : dict
    names : container of str
    cells : set of str, optional
        The ids of the cells to look in; by default those with the tag.
    """
    found: dict[str, Any] = {}
    chosen = tagged(nb) if cells is None else [cell for cell in nb["cells"] if cell.get("id") in cells]
    for cell in chosen:
        if cell["cell_type"] == "code":
            found |= {name: value for name, value, _ in _bound(cell["source"]) if name in names}
    return found


def varying(nb: Notebook, standard: Values) -> dict[str, dict[str, Any]]:
    """Return the numbers of those questions whose numbers a notebook gives in its cells with the tag."""
    names = set(given_in(nb, _flat(standard)))
    asked = {str(cell.get("id", "")).removeprefix("test-") for cell in nb["cells"]}
    return {id: dict(own) for id, own in standard.items() if id in asked and set(own) & names}


def problems(nb: Notebook, standard: Values) -> list[str]:
    """Say what stands in the way of exchanging a source notebook's numbers, one line each."""
    cells = tagged(nb)
    if not cells:
        return []
    own = varying(nb, standard)
    names = _flat(own)
    found = [f"cell {cell.get('id')} {said}" for cell in cells for said in _of_cell(cell, own, names)]
    given = given_in(nb, names)
    for id, numbers in own.items():
        for name, value in numbers.items():
            if name not in given:
                found.append(
                    f"{id} has the number `{name}`, which no read-only cell with the tag {TAG} gives."
                    f" Add a line `{name} = {_shown(value)}` to one."
                )
            elif given[name] != value:
                found.append(
                    f"{id} has {name} = {_shown(value)} in the catalogue, and {_shown(given[name])} in the"
                    " cell that gives it. Make them alike."
                )
        found += _of_test(nb, id, numbers)
    found += _not_drawn(nb, own, set(given))
    if not own:
        ids = ", ".join(str(cell.get("id")) for cell in cells)
        found.append(
            f"cell {ids} has the tag {TAG}, but gives no number that is drawn: the VARIANTS of"
            " this assignment's answers name none of it. Add it there, or take the tag away."
        )
    return found


def _of_cell(cell: Cell, own: Values, names: Mapping[str, Any]) -> Iterator[str]:
    if cell["cell_type"] == "code":
        if graded_as(cell) != "read-only":
            yield f"has the tag {TAG}, but is not read-only. Set that in JupyterLab: its numbers shall stay."
        return
    if graded_as(cell):
        yield f"has the tag {TAG}, but is graded. Put its numbers into a text of their own."
        return
    scalars = _scalars(cell, own, names)
    if own and not any(_word(value).search(cell["source"]) for value in scalars.values()):
        yield f"has the tag {TAG}, but none of its question's numbers stands in it as a word of its own."
    else:
        twice = [name for name, value in scalars.items() if list(scalars.values()).count(value) > 1]
        if twice:
            yield f"cannot tell {' and '.join(twice)} apart: both are {scalars[twice[0]]}. Make them differ."


def _of_test(nb: Notebook, id: str, numbers: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a test does not hand on: it would hold everybody to the standard numbers."""
    for cell in nb["cells"]:
        if cell.get("id") == f"test-{id}":
            left = [name for name in numbers if name not in names_of(cell["source"]).loads]
            if left:
                call = ", ".join(f"{name}={name}" for name in left)
                yield f"cell test-{id} does not hand its numbers on. Write check.answer(..., {call})."


def _not_drawn(nb: Notebook, own: Values, names: set[str]) -> Iterator[str]:
    """Yield the questions that are asked with drawn numbers, and which the draw does not look at.

    Some students would get numbers on which one of such a question's mistakes is right.
    """
    for cell in nb["cells"]:
        question = str(cell.get("id", "")).removeprefix("test-")
        if graded_as(cell) != "test" or question in own:
            continue
        handed = sorted(_handed(cell["source"]) & names)
        if handed:
            yield (
                f"{question} is checked with `{handed[0]}`, which is drawn for each student without a look at"
                f" its mistakes. Add it to the questions of the Numbers that draw `{handed[0]}`."
            )


def _handed(source: str) -> set[str]:
    """Return the names that a test hands on under the same name, as in ``check.answer(..., n=n)``."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    keywords = [each for node in ast.walk(tree) if isinstance(node, ast.Call) for each in node.keywords]
    return {each.arg for each in keywords if isinstance(each.value, ast.Name) and each.arg == each.value.id}


def exchanged(nb: Notebook, standard: Values, drawn: Values, *, unlocked: bool = False) -> Notebook:
    """Return a notebook with other numbers in its cells with the tag.

    Parameters
    ----------
    nb : dict
    standard, drawn : question -> name -> number
        What stands there, and what shall.
    unlocked : bool
        Take nbgrader's mark from these cells: otherwise it puts back the text that everybody else has.

    Examples
    --------
    >>> text = {"cell_type": "markdown", "metadata": {"tags": ["variant"]}, "source": "An 8×8 image, 80 rows"}
    >>> exchanged({"cells": [text]}, {"q": {"n": 8}}, {"q": {"n": 11}})["cells"][0]["source"]
    'An 11×11 image, 80 rows'
    """
    nb = deepcopy(nb)
    before, after = _flat(standard), _flat(drawn)
    for cell in tagged(nb):
        if cell["cell_type"] == "code":
            cell["source"] = _rebound(cell["source"], after)
            if unlocked:
                cell["metadata"].pop("nbgrader", None)
                cell["metadata"] |= {"editable": False, "deletable": False}  # JupyterLab still keeps it
            continue
        scalars = _scalars(cell, standard, before)
        cell["source"] = _spoken(
            cell["source"], {scalars[name]: after[name] for name in scalars if name in after}
        )
    return nb


def _spoken(text: str, numbers: Mapping[Any, Any]) -> str:
    """Put other numbers where a text speaks of these, all at once: one may be what another becomes."""
    if not numbers:
        return text
    new = {str(old): str(number) for old, number in numbers.items()}
    return re.sub("|".join(_word(old).pattern for old in numbers), lambda match: new[match[0]], text)


def _flat(values: Values) -> dict[str, Any]:
    return {name: value for own in values.values() for name, value in own.items()}


def _scalars(cell: Cell, own: Values, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain numbers that a text may speak of."""
    mine = own.get(str(cell.get("id", "")).removesuffix("-question"), names)
    return {name: value for name, value in mine.items() if isinstance(value, int | float)}


def _word(value: float) -> re.Pattern[str]:
    """Match a number that stands by itself: not as part of 2.5, A2-5 or conv5."""
    return re.compile(rf"(?<![\w.,-]){re.escape(str(value))}(?!\w|[.,]\d)")


def _bound(source: str) -> Iterator[tuple[str, Any, ast.expr]]:
    """Yield each name that a line of a cell binds to plain numbers, with them and where they stand."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for statement in body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target, value = statement.targets[0], statement.value
        if isinstance(value, ast.Call) and value.args:  # np.array([...])
            value = value.args[0]
        if isinstance(target, ast.Name):
            try:
                yield target.id, ast.literal_eval(value), value
            except (ValueError, SyntaxError):
                continue


def _rebound(source: str, values: Mapping[str, Any]) -> str:
    """Put other numbers where a cell binds these names."""
    data = source.encode()  # where a literal stands is counted in bytes
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for name, _, node in reversed(list(_bound(source))):
        if name in values:
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            data = data[:begin] + str(values[name]).encode() + data[end:]
    return data.decode()


def _shown(value: Any) -> str:
    text = str(value)
    return text if not isinstance(value, list) else f"np.array({text})"
