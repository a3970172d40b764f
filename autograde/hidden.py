"""The hidden part of a test: which lines it is, and what is left without it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

from autograde.names import parse

__all__ = ["Parts", "has_hidden_part", "hidden_lines", "parts", "visible_part"]

MARK = re.compile(r"(BEGIN|END) HIDDEN TESTS")
# What a test may end with to be looked at twice: it shows what stands there and changes nothing.
SHOWN = (ast.Name, ast.Constant, ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.expr_context)
NUMBERS = frozenset({"abs", "bool", "float", "int", "max", "min", "round", "sum"})


def visible_part(source: str) -> str:
    r"""Return a test as students have it: without its hidden regions.

    Examples
    --------
    >>> visible_part("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc")
    'a\nc'
    """
    hidden = hidden_lines(source)
    lines = enumerate(source.splitlines(), start=1)
    return "\n".join(line for number, line in lines if number not in hidden and not MARK.search(line))


def has_hidden_part(source: str) -> bool:
    """Say whether a test has lines that students do not have."""
    return bool(hidden_lines(source))


def hidden_lines(source: str) -> set[int]:
    """Return the numbers of the lines that students do not have, from 1."""
    inside, hidden = False, set()
    for number, line in enumerate(source.splitlines(), start=1):
        if mark := MARK.search(line):
            inside = mark[1] == "BEGIN"
        elif inside:
            hidden.add(number)
    return hidden


@dataclass(frozen=True)
class Parts:
    """A test in parts that can run one after another, each with its lines where the test has them.

    Attributes
    ----------
    first : str
        What stands before the hidden part.
    shown : str
        What stands behind it, at its place in the visible part: an expression that changes nothing, or
        nothing.
    rest : str
        The hidden part and what stands behind it.
    """

    first: str
    shown: str
    rest: str


@lru_cache(maxsize=512)
def parts(source: str) -> Parts | None:
    r"""Return a test in parts; None if it can only run as a whole.

    Examples
    --------
    >>> parts("x = 1\n### BEGIN HIDDEN TESTS\ny = x\n### END HIDDEN TESTS\nfloat(x)")
    Parts(first='x = 1', shown='#\nfloat(x)', rest='#\n#\ny = x\n#\nfloat(x)')
    >>> parts("if x:\n    y = 1\n    ### BEGIN HIDDEN TESTS\n    y = 2\n    ### END HIDDEN TESTS")
    """
    lines = source.splitlines()
    marks = [number for number, line in enumerate(lines) if MARK.search(line)]
    if len(marks) != 2 or not hidden_lines(source) or "__future__" in source:
        return None
    begin, end = marks
    first, hidden, last = lines[:begin], lines[begin + 1 : end], lines[end + 1 :]
    # Each must be Python by itself: no magic, and not the inside of a block.
    if any(_tree(part) is None for part in (first, hidden, last)) or not _only_shows(last):
        return None
    # IPython takes away empty lines in front: comments keep the numbers of those that follow.
    return Parts(
        "\n".join(first),
        "\n".join(["#"] * begin + last),
        "\n".join(["#"] * (begin + 1) + hidden + ["#"] + last),
    )


def _tree(lines: list[str]) -> ast.Module | None:
    text = "\n".join(lines)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    other = parse(text)  # what IPython makes of it
    return tree if other is not None and ast.dump(tree) == ast.dump(other) else None


def _only_shows(lines: list[str]) -> bool:
    tree = _tree(lines)
    if tree is None or len(tree.body) > 1:
        return False
    return all(isinstance(node, ast.Expr) and _shows(node.value) for node in tree.body)


def _shows(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        known = isinstance(node.func, ast.Name) and node.func.id in NUMBERS and not node.keywords
        return known and all(map(_shows, node.args))
    return isinstance(node, SHOWN) and all(map(_shows, ast.iter_child_nodes(node)))
