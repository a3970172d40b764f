"""What a test cell asks for and cannot have when grading is split, found before the release."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograde.made import Made
from autograde.names import names_of, parse, root
from autograde.notebook import Notebook, graded_as
from autograde.operators import operators
from autograde.origins import GIVEN, Origins
from autograde.unseen import looks_at_arguments, unseen
from autograde.walk import id_of, is_test

__all__ = ["asks_for_changes", "unsupported"]

Finding = tuple[str, int, str]

HISTORY = frozenset({"_", "__", "___", "_i", "_ih", "_oh", "_dh", "In", "Out"})
CODE = frozenset({"__code__", "__globals__", "__closure__", "__wrapped__"})
READERS = frozenset({"getsource", "getsourcelines", "getsourcefile", "getfile", "getclosurevars"})
MOCKS = frozenset({"unittest.mock", "mock"})
TEXT = (
    "the code of a student's function stays on the student's side. "
    "`name.source()` gives its text, `name.library_calls()` the libraries that it uses"
)


def unsupported(source: Notebook) -> list[Finding]:
    r"""List what in the tests of a source notebook cannot work.

    Parameters
    ----------
    source : dict
        The instructor's notebook.

    Returns
    -------
    list of (str, int, str)
        The cell's id, the line in it, and why, with a cure.

    Examples
    --------
    >>> meta = {"nbgrader": {"grade": True, "grade_id": "test-f", "points": 1, "solution": False}}
    >>> test = {"cell_type": "code", "metadata": meta, "source": "import inspect\ninspect.getsource(f)"}
    >>> solution = {"cell_type": "code", "metadata": {"nbgrader": {"solution": True}}, "source": "def f(): 1"}
    >>> [(cell, line) for cell, line, why in unsupported({"cells": [solution, test]})]
    [('test-f', 2)]
    """
    return sorted({finding for number in _tests(source) for finding in _in_test(source, number)})


def asks_for_changes(source: Notebook, test: str, solved: set[str]) -> bool:
    """Say whether a test asks if a student's function has changed its arguments, or returned one of them.

    Parameters
    ----------
    source : dict
        The instructor's notebook.
    test : str
        The test's text.
    solved : set of str
        Names that the notebook's solutions bind.
    """
    tree = parse(test)
    return tree is not None and looks_at_arguments(tree, Made(source, tree, solved))


def _tests(source: Notebook) -> list[int]:
    return [number for number, cell in enumerate(source["cells"]) if is_test(cell)]


def _in_test(source: Notebook, number: int) -> Iterator[Finding]:
    cell = source["cells"][number]
    name, text = id_of(cell), cell["source"]
    tree = parse(text)
    if tree is None:  # no Python: `sanity` says so
        return
    origins = Origins(source)
    yield from ((name, line, why) for line, why in _by_text(tree, origins))
    yield from ((name, line, why) for line, why in _made_elsewhere(tree, source, number, origins))
    yield from ((name, line, why) for line, why in _left_behind(tree, source, number))
    made = Made(source, tree, origins.solved)
    imported = {*origins.imports, *names_of(text).imports, "builtins"}
    for found in (operators(tree, made), unseen(tree, made, imported)):
        yield from ((name, line, why) for line, why in found)


def _by_text(tree: ast.Module, origins: Origins) -> Iterator[tuple[int, str]]:
    """Find what shows in the text of the test alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            why = _of_name(node, origins)
        elif isinstance(node, ast.Attribute):
            why = _of_attribute(node, origins)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            why = _of_import(node)
        else:
            continue
        if why:
            yield node.lineno, why


def _of_name(node: ast.Name, origins: Origins) -> str:
    read = isinstance(node.ctx, ast.Load)
    if node.id in HISTORY and read:
        return f"`{node.id}` is the notebook's history, which no test sees. Give the value a name."
    if node.id == "get_ipython":
        return "a magic, a shell line or `get_ipython` has no notebook to act on in a test. Use Python."
    if node.id in origins.solved and not read:
        return (
            f"`{node.id}` is the student's: changed here, it stays as it is for the student's functions. "
            "Take another name, or give it to the function as an argument."
        )
    return ""


def _of_attribute(node: ast.Attribute, origins: Origins) -> str:
    begins = root(node)
    if node.attr in CODE or (node.attr in READERS and begins == "inspect") or begins == "dis":
        return f"`{ast.unparse(node)}`: {TEXT}."
    deep = isinstance(node.value, ast.Attribute | ast.Subscript)  # a copy, perhaps: of a tensor, of a list
    if not isinstance(node.ctx, ast.Load) and begins in origins.solved and deep:
        return (
            f"`{ast.unparse(node)}` is set on an object of the student's, which is elsewhere. "
            "Do it in a read-only cell before the test."
        )
    return ""


def _of_import(node: ast.Import | ast.ImportFrom) -> str:
    names = {alias.name for alias in node.names}
    modules = {node.module} if isinstance(node, ast.ImportFrom) else names
    if modules & MOCKS or (modules == {"unittest"} and "mock" in names):
        return "what a test replaces is not replaced on the student's side. Test what is returned."
    return f"`inspect`: {TEXT}." if modules == {"inspect"} and names & READERS else ""


def _made_elsewhere(
    tree: ast.Module, source: Notebook, number: int, origins: Origins
) -> Iterator[tuple[int, str]]:
    """Find names that only another test makes, or nobody."""
    made: dict[str, str] = {}
    unseen = bool(origins.stars)  # a magic, such as %run, can make any name, too
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            unseen = unseen or "get_ipython" in names_of(cell["source"]).loads
            for name in names_of(cell["source"]).binds:
                if graded_as(cell) != "test":
                    made[name] = ""
                else:
                    made.setdefault(name, id_of(cell))
    text = source["cells"][number]["source"]
    for name in sorted(names_of(text).needs - GIVEN - HISTORY - origins.imports.keys()):
        where = made.get(name)
        if where:
            yield (
                _line(tree, name),
                f"`{name}` is made by {where}, and each test begins afresh. Make it here, or in no test.",
            )
        elif where is None and not unseen:
            yield _line(tree, name), f"`{name}` is made nowhere in the notebook. Make it here."


def _left_behind(tree: ast.Module, source: Notebook, number: int) -> Iterator[tuple[int, str]]:
    """Find names that the test makes and a cell of the student's half reads later."""
    names = names_of(source["cells"][number]["source"])
    made = names.binds - names.imports.keys()
    for cell in source["cells"][number + 1 :]:
        if cell["cell_type"] == "code" and graded_as(cell) != "test":
            names = names_of(cell["source"])
            where = id_of(cell) or "another cell"
            for name in sorted(made & names.needs):
                why = f"`{name}` is read later by {where}, and what a test makes stays in it."
                yield _line(tree, name), f"{why} Make it in a cell that is no test."
            made -= names.binds


def _line(tree: ast.Module, name: str) -> int:
    found = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    return min(found, default=1)
