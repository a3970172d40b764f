"""What in a test's text is the student's: their functions and classes, and what these make."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from autograde.names import last, parse, root
from autograde.notebook import Notebook, graded_as

__all__ = ["Made"]

DATA = frozenset({"int", "float", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "complex"})
DATA |= {"NamedTuple", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "Counter", "defaultdict", "deque"}
DATA |= {"OrderedDict", "ndarray"}


class Made:
    """What a notebook's solutions define, and what a test makes with it.

    Parameters
    ----------
    source : dict
        The instructor's notebook.
    test : ast.Module
        A test of it.
    solved : set of str
        Names that its solutions bind.

    Attributes
    ----------
    classes : dict of str to ast.ClassDef
        The solutions' classes whose objects stay on the student's side.
    objects : dict of str to str
        Names that hold an object of such a class, and the class.
    changing : set of str
        Names that a solution's functions bind by ``global``.
    """

    def __init__(self, source: Notebook, test: ast.Module, solved: set[str]) -> None:
        self.solved = solved
        solutions = [
            tree
            for cell in source["cells"]
            if cell["cell_type"] == "code" and graded_as(cell) in ("solution", "by hand")
            if (tree := parse(cell["source"])) is not None
        ]
        nodes = [node for tree in solutions for node in ast.walk(tree)]
        found = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
        self.classes = {name: node for name, node in found.items() if not _is_data(node, found)}
        self.changing = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        self.objects: dict[str, str] = {}
        self.results: set[str] = set()
        for tree in (*solutions, test):
            for target, value in _assignments(tree):
                if kind := self.class_of(value):
                    self.objects[target] = kind
                elif tree is test and self.calls(value):
                    self.results.add(target)

    def class_of(self, node: ast.AST) -> str:
        """Return the class of the student's that an expression is an object of, "" if of none."""
        if isinstance(node, ast.Name):
            return self.objects.get(node.id, "")
        if isinstance(node, ast.BinOp):
            return self.class_of(node.left) or self.class_of(node.right)
        called = node.func if isinstance(node, ast.Call) else None
        return called.id if isinstance(called, ast.Name) and called.id in self.classes else ""

    def is_call(self, node: ast.AST) -> bool:
        """Say whether an expression calls a function of the student's, or a method of an object of theirs."""
        return isinstance(node, ast.Call) and root(node.func) in self.solved | self.objects.keys()

    def calls(self, node: ast.AST) -> bool:
        """Say whether somewhere in an expression something of the student's is called."""
        return any(map(self.is_call, ast.walk(node)))

    def is_theirs(self, node: ast.AST) -> bool:
        """Say whether an expression gives something that the student's side has made."""
        names = {x.id for x in ast.walk(node) if isinstance(x, ast.Name)}
        return self.calls(node) or bool(names & (self.solved | self.objects.keys() | self.results))


def _is_data(node: ast.ClassDef, known: Mapping[str, ast.ClassDef], depth: int = 0) -> bool:
    """Say whether objects of a class arrive as plain data, or as exceptions."""
    for base in node.bases:
        name = last(base)
        if name in DATA or name.endswith(("Error", "Exception", "Warning")):
            return True
        if name in known and depth < len(known) and _is_data(known[name], known, depth + 1):
            return True
    return False


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((x.id, node.value) for x in node.targets if isinstance(x, ast.Name))
        elif isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
