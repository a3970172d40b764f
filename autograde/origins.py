"""Where the names of a test cell come from: the judge's own side, or the student's.

- What the source notebook imports, in any cell that is no solution, the judge imports itself.
- What the source makes in such a cell by ``def``, or as plain data, is the instructor's: the judge makes it
  itself, from the source's text. Plain data are literals, arithmetic, and arrays made of them or drawn with a
  seed. A cell with the tag ``student-side`` is left out.
- Built-in names are the judge's, unless the source's solution binds one (an exercise that asks for ``sum``).
- Everything else is the student's.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

from autograde.names import Names, last, names_of, parse
from autograde.notebook import Cell, Notebook, graded_as

__all__ = ["GIVEN", "STUDENT_SIDE", "Origins", "Prelude"]

STUDENT_SIDE = "student-side"
NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})  # a test may look a name up in them
GIVEN = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "exit", "quit", "In", "Out", "_"}

# Functions of Python, numpy and torch that make the same data of the same arguments.
MAKERS = frozenset(
    {
        "abs", "arange", "array", "asarray", "astype", "bool_", "bytes", "complex", "concatenate",
        "copy", "diag", "dict", "enumerate", "eye", "float", "float32", "float64", "frozenset", "full",
        "hstack", "identity", "int", "int16", "int32", "int64", "int8", "len", "linspace", "list",
        "logspace", "max", "min", "ones", "ones_like", "range", "repeat", "reshape", "reversed",
        "round", "set", "sorted", "stack", "str", "sum", "tensor", "tile", "tolist", "transpose",
        "tuple", "uint8", "view", "vstack", "zeros", "zeros_like", "zip",
    }
)  # fmt: skip
# Methods of a random generator; of one with a seed that is made on the spot they draw the same numbers.
DRAWS = frozenset(
    {
        "choice", "integers", "normal", "permutation", "random", "standard_normal", "uniform",
    }
)  # fmt: skip
# Methods that change what they are called on.
CHANGERS = frozenset(
    {
        "add", "append", "clear", "discard", "extend", "fill", "insert", "pop", "popitem", "put",
        "remove", "resize", "reverse", "setdefault", "setflags", "shuffle", "sort", "update",
    }
)  # fmt: skip


@dataclass
class Prelude:
    """What a test cell needs before it can run.

    Attributes
    ----------
    imports : list of str
        Statements that the judge runs.
    definitions : list of str
        Functions and plain data of the instructor's, in the source's order.
    needed, wanted : set of str
        The student's variables that it cannot do without, and those that it may read on some path. What
        an instructor's ``from module import *`` brings is among them, and left alone unless `solved`.
    """

    imports: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)

    @property
    def asked(self) -> list[str]:
        """The student's variables that it asks for."""
        return sorted(self.needed | self.wanted)


@dataclass(frozen=True)
class _Binding:
    """A place where the instructor binds a name; without a statement if it is not the judge's to repeat."""

    place: tuple[int, int]
    statement: ast.stmt | None


class Origins:
    """Where names come from, as a source notebook has it.

    Parameters
    ----------
    source : dict
        The instructor's notebook.

    Attributes
    ----------
    imports : dict of str to list of str
        Names that cells which are no solution import, and how.
    solution_imports : dict of str to list of str
        Names that solutions import, and how.
    stars : list of str
        Every ``from module import *``.
    solved : set of str
        Names that a solution binds otherwise, or changes: the student's.
    """

    def __init__(self, source: Notebook) -> None:
        self.imports: dict[str, list[str]] = {}
        self.solution_imports: dict[str, list[str]] = {}
        self.stars: list[str] = []
        self.solved: set[str] = set()
        self._changed: set[str] = set()
        self._preludes: dict[tuple[str, int], Prelude] = {}
        self._bindings: dict[str, list[_Binding]] = {}
        code = [(number, cell) for number, cell in enumerate(source["cells"]) if cell["cell_type"] == "code"]
        for number, cell in code:
            self._read(number, cell)
        for _, cell in code:
            if graded_as(cell) != "test" and (tree := parse(cell["source"])) is not None:
                self._changed |= {name for node in ast.walk(tree) for name in self._changes(node)}

    def _read(self, number: int, cell: Cell) -> None:
        names, tree = names_of(cell["source"]), parse(cell["source"])
        if graded_as(cell) in ("solution", "by hand"):
            self.solved |= names.binds - names.imports.keys()
            for name, statements in names.imports.items():
                self.solution_imports.setdefault(name, []).extend(statements)
            return
        for name, statements in names.imports.items():
            known = self.imports.setdefault(name, [])
            known += [statement for statement in statements if statement not in known]
        self.stars += [star for star in names.stars if star not in self.stars]
        if graded_as(cell) == "test":
            return
        left_out = STUDENT_SIDE in cell["metadata"].get("tags", [])
        for line, node in enumerate(tree.body if tree else []):
            own = names_of(ast.unparse(node))
            for name in own.binds - own.imports.keys():
                statement = node if _can_repeat(node) and not left_out else None
                self._bindings.setdefault(name, []).append(_Binding((number, line), statement))

    def prelude(self, source: str, number: int) -> Prelude:
        """Say what a test needs.

        Parameters
        ----------
        source : str
            The test's text.
        number : int
            Where the source notebook has it.
        """
        if (source, number) not in self._preludes:
            self._preludes[source, number] = self._prelude(source, number)
        return self._preludes[source, number]

    def _prelude(self, source: str, number: int) -> Prelude:
        prelude = Prelude(imports=list(self.stars))
        found: dict[tuple[int, int], str] = {}
        seen: set[str] = set()
        waiting: list[Names] = [names_of(source)]
        while waiting:
            names = waiting.pop()
            for name in sorted(names.loads - seen):
                seen.add(name)
                if name in NAMESPACES:
                    prelude.wanted |= self.solved
                if name in self.imports and name not in self.solved:
                    prelude.imports += [x for x in self.imports[name] if x not in prelude.imports]
                elif (own := self.own(name, number)) is not None:
                    assert own.statement is not None
                    found[own.place] = ast.unparse(own.statement)
                    waiting.append(names_of(found[own.place]))
                elif name not in GIVEN or name in self.solved:
                    (prelude.needed if name in names.needs else prelude.wanted).add(name)
        prelude.definitions = [found[place] for place in sorted(found)]
        return prelude

    def own(self, name: str, number: int, within: frozenset[str] = frozenset()) -> _Binding | None:
        """Return the instructor's last binding of a name before a cell, if the judge can repeat it.

        Plain data can be repeated if no cell of the source changes them, and all that they are made of is
        the judge's own as well. A function can always; the names in it are looked up in their turn.
        """
        before = [binding for binding in self._bindings.get(name, []) if binding.place[0] < number]
        if name in self.solved or not before or before[-1].statement is None:
            return None
        node = before[-1].statement
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return before[-1]
        if name in self._changed or name in within:
            return None
        parts = names_of(ast.unparse(node)).loads
        if all(self._is_own(part, number, within | {name}) for part in parts):
            return before[-1]
        return None

    def _changes(self, node: ast.AST) -> set[str]:
        """Return the names whose values a piece of text changes in place, or might."""
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            return {_root(node)}
        if not isinstance(node, ast.Call):
            return set()
        into = {x.value.id for x in node.keywords if x.arg == "out" and isinstance(x.value, ast.Name)}
        given = {x.id for x in node.args if isinstance(x, ast.Name)}
        if isinstance(node.func, ast.Attribute):
            changes = node.func.attr in CHANGERS or node.func.attr.endswith("_")
            return into | given | {_root(node.func)} if changes else into
        known = isinstance(node.func, ast.Name) and (node.func.id in self.imports or node.func.id in GIVEN)
        return into if known else into | given

    def _is_own(self, name: str, number: int, within: frozenset[str]) -> bool:
        if name in self.imports or name in GIVEN:
            return name not in self.solved
        return self.own(name, number, within) is not None


def _can_repeat(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    if isinstance(node, ast.Assign):
        targets = [x for t in node.targets for x in (t.elts if isinstance(t, ast.Tuple) else [t])]
        return all(isinstance(target, ast.Name) for target in targets) and _is_plain(node.value)
    return isinstance(node, ast.AnnAssign) and node.value is not None and _is_plain(node.value)


def _is_plain(node: ast.expr) -> bool:
    """Whether an expression gives the same data whenever it is computed.

    Examples
    --------
    >>> plain = lambda text: _is_plain(ast.parse(text, mode="eval").body)
    >>> plain("np.array([[1, 2], [3, k]]) / 2"), plain("np.random.default_rng(0).normal(size=3)")
    (True, True)
    >>> plain("np.random.rand(3)"), plain("np.random.default_rng().normal()"), plain("rng.normal()")
    (False, False, False)
    """
    seeded: list[ast.expr] = []
    for part in ast.walk(node):  # from the outside in
        if isinstance(part, ast.Call):
            name = last(part.func)
            if name in DRAWS and isinstance(part.func, ast.Attribute):
                seeded.append(part.func.value)
                if not _is_seeded(part.func.value):
                    return False
            elif name not in MAKERS and part not in seeded:
                return False
        elif isinstance(part, ast.Lambda | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return True


def _is_seeded(node: ast.expr) -> bool:
    """Whether an expression is a call of ``default_rng`` with a number."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("default_rng"):
        return False
    return [type(x.value) for x in node.args if isinstance(x, ast.Constant)] == [int]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
