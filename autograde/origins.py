"""Where the names of a test cell come from: the judge's own side, or the student's.

- What the source notebook imports, in any cell that is no solution, the judge imports itself.
- A function that the source defines in such a cell is the instructor's: the judge defines it itself, from the
  source's text. A cell with the tag ``student-side`` is left out.
- Built-in names are the judge's, unless the source's solution binds one (an exercise that asks for ``sum``).
- Everything else is the student's.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

from autograde.names import Names, names_of, parse
from autograde.notebook import Cell, Notebook, graded_as

__all__ = ["STUDENT_SIDE", "Origins", "Prelude"]

STUDENT_SIDE = "student-side"
NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})  # a test may look a name up in them
GIVEN = frozenset(dir(builtins)) | {"get_ipython", "display", "__name__", "exit", "quit", "In", "Out", "_"}


@dataclass
class Prelude:
    """What a test cell needs before it can run.

    Attributes
    ----------
    imports : list of str
        Statements that the judge runs.
    definitions : list of str
        Functions of the instructor's, in the source's order.
    needed, wanted : set of str
        The student's variables that it cannot do without, and those that it may read on some path. What
        an instructor's ``from module import *`` brings is among them, and left alone unless `solved`.
    """

    imports: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)


class Origins:
    """Where names come from, as a source notebook has it.

    Parameters
    ----------
    source : dict
        The instructor's notebook.
    """

    def __init__(self, source: Notebook) -> None:
        self.imports: dict[str, list[str]] = {}
        self.stars: list[str] = []
        self.functions: dict[str, list[tuple[int, ast.stmt]]] = {}
        self.solved: set[str] = set()
        self.solution_imports: dict[str, list[str]] = {}
        for number, cell in enumerate(source["cells"]):
            if cell["cell_type"] == "code":
                self._read(number, cell)

    def _read(self, number: int, cell: Cell) -> None:
        names = names_of(cell["source"])
        if graded_as(cell) in ("solution", "by hand"):
            self.solved |= names.binds - names.imports.keys()
            for name, statements in names.imports.items():
                self.solution_imports.setdefault(name, []).extend(statements)
            return
        for name, statements in names.imports.items():
            known = self.imports.setdefault(name, [])
            known += [statement for statement in statements if statement not in known]
        self.stars += [star for star in names.stars if star not in self.stars]
        if graded_as(cell) == "test" or STUDENT_SIDE in cell["metadata"].get("tags", []):
            return
        tree = parse(cell["source"])
        for node in tree.body if tree else []:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.setdefault(node.name, []).append((number, node))

    def prelude(self, source: str, number: int) -> Prelude:
        """Say what a test needs.

        Parameters
        ----------
        source : str
            The test's text.
        number : int
            Where the source notebook has it.
        """
        prelude = Prelude(imports=list(self.stars))
        found: dict[int, str] = {}
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
                elif (function := self._function(name, number)) is not None:
                    text = ast.unparse(function)
                    found[function.lineno + 10**6 * self._place(name, function)] = text
                    waiting.append(names_of(text))
                elif name not in GIVEN or name in self.solved:
                    (prelude.needed if name in names.needs else prelude.wanted).add(name)
        prelude.definitions = [found[key] for key in sorted(found)]
        return prelude

    def _function(self, name: str, number: int) -> ast.stmt | None:
        """Return the instructor's last definition before the test, unless a solution binds the name too."""
        if name in self.solved:
            return None
        before = [node for place, node in self.functions.get(name, []) if place < number]
        return before[-1] if before else None

    def _place(self, name: str, function: ast.stmt) -> int:
        return next(place for place, node in self.functions[name] if node is function)
