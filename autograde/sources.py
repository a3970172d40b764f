"""The text of a student's cells: where a name comes from, and which libraries it leads to.

Read by the judge from the notebook, so that nothing that runs in the session has a say in it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from autograde.names import names_of, parse

__all__ = ["Sources"]

BUILTINS = frozenset(dir(builtins))
# Ways around the text; whoever takes one is told which.
DYNAMIC = ("exec", "eval", "compile", "globals")
UNSEEN = "builtins.exec"
CHANGES = ("update", "setdefault", "__setitem__")


class Sources:
    r"""The cells that a student's session has run so far.

    Parameters
    ----------
    cells : sequence of str

    Examples
    --------
    >>> sources = Sources(["import torch.nn.functional as F", "def conv(x, w):\n    return F.conv2d(x, w)"])
    >>> sources.library_calls("conv")
    ['torch.nn.functional.conv2d']
    """

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = list(cells)

    def text(self, name: str) -> str:
        """Return the last definition or assignment of a name, "" if there is none."""
        found = self._definitions.get(name, [])
        return ast.unparse(found[-1]) if found else ""

    def library_calls(self, name: str) -> list[str]:
        """Return what of other libraries is reached from `name`, as dotted names as they are found.

        Follows the functions, classes and variables that it uses, and imports wherever they stand. What
        cannot be read, as a name made by ``exec`` or a module with a computed name, is named as well.
        """
        waiting, seen, found = [name], {name}, dict[str, None]()
        while waiting:
            here = waiting.pop(0)
            statements = self._definitions.get(here, [])
            if not statements and here not in self._imports and here not in BUILTINS:
                found.update(dict.fromkeys([f"{star}.{here}" for star in self._stars] or [UNSEEN]))
            for statement in self._imports.get(here, ()):
                found.update(dict.fromkeys(_imported(ast.parse(statement))))
            for node in statements:
                used = names_of(ast.unparse(node)).loads
                found.update(dict.fromkeys(self._reached(node, used)))
                found.update(dict.fromkeys(_imported(node)))
                found.update(dict.fromkeys(_dynamic(node)))
                fresh = [x for x in sorted(used - seen) if x in self._definitions or self._may_be_star(x)]
                waiting += fresh
                seen.update(fresh)
        return list(dict.fromkeys([*found, *self._hidden_bindings]))

    def _may_be_star(self, name: str) -> bool:
        return bool(self._stars) and name not in BUILTINS and name not in self._imports

    def _reached(self, node: ast.AST, used: frozenset[str]) -> Iterator[str]:
        """Yield the attributes of imported modules that stand in `node`, or the modules themselves."""
        chains = [chain for chain in map(_chain, ast.walk(node)) if chain]
        for name in sorted(used):
            for statement in self._imports.get(name, ()):
                plain = ast.parse(statement).body[0]
                (origin,) = _imported(plain)
                if isinstance(plain, ast.Import) and not plain.names[0].asname:
                    origin = name  # ``import torch.nn`` binds torch
                tails = [".".join(chain[1:]) for chain in chains if chain[0] == name]
                longest = [t for t in tails if not any(o != t and o.startswith(f"{t}.") for o in tails) and t]
                yield from (f"{origin}.{tail}" if tail else origin for tail in longest or [""])

    @cached_property
    def _imports(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for cell in self.cells:
            for name, statements in names_of(cell).imports.items():
                found[name] = (*found.get(name, ()), *statements)
        return found

    @cached_property
    def _hidden_bindings(self) -> list[str]:
        """What in any cell can bind any name without showing it."""
        return list(dict.fromkeys(way for cell in self.cells for way in _hidden_ways(cell)))

    @cached_property
    def _stars(self) -> list[str]:
        return [
            origin for cell in self.cells for s in names_of(cell).stars for origin in _imported(ast.parse(s))
        ]

    @cached_property
    def _definitions(self) -> dict[str, list[ast.stmt]]:
        """The statements that bind each name, in every cell, at the top level or by ``global``."""
        found: dict[str, list[ast.stmt]] = {}
        for cell in self.cells:
            for name, node in _bindings(cell):
                found.setdefault(name, []).append(node)
        return found


@lru_cache(maxsize=512)
def _hidden_ways(cell: str) -> tuple[str, ...]:
    tree = parse(cell)
    return tuple(filter(None, map(_hidden_binding, ast.walk(tree)))) if tree is not None else ()


@lru_cache(maxsize=512)
def _bindings(cell: str) -> tuple[tuple[str, ast.stmt], ...]:
    tree = parse(cell)
    return tuple((name, node) for node in _statements(tree.body if tree else []) for name in _bound_by(node))


def _statements(nodes: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a cell, those inside ``if``, ``for``, ``with`` and ``try`` one by one."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _bound_by(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        inside = {name for x in ast.walk(node) if isinstance(x, ast.Global) for name in x.names}
        return {node.name, *inside}
    if isinstance(node, ast.Import | ast.ImportFrom | ast.If | ast.Try | ast.While):
        return set()
    parts: list[ast.AST] = [node]
    if isinstance(node, ast.For | ast.AsyncFor):
        parts = [node.target]
    if isinstance(node, ast.With | ast.AsyncWith):
        parts = [item.optional_vars for item in node.items if item.optional_vars]
    names = {x for part in parts for x in ast.walk(part) if isinstance(x, ast.Name)}
    return {x.id for x in names if isinstance(x.ctx, ast.Store)}


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield what every import in `node` imports."""
    for x in ast.walk(node):
        if isinstance(x, ast.Import):
            yield from (alias.name for alias in x.names)
        elif isinstance(x, ast.ImportFrom) and x.module:
            yield from (x.module if a.name == "*" else f"{x.module}.{a.name}" for a in x.names)


def _dynamic(node: ast.AST) -> Iterator[str]:
    """Yield what a text can reach without naming it."""
    for x in ast.walk(node):
        chain = _chain(x.func if isinstance(x, ast.Call) else x)
        if isinstance(x, ast.Call) and chain and chain[-1] in ("__import__", "import_module"):
            argument = x.args[0] if x.args else None
            text = argument.value if isinstance(argument, ast.Constant) else None
            yield text if isinstance(text, str) else "importlib.import_module"
        elif isinstance(x, ast.Call) and len(chain) == 1 and chain[0] in DYNAMIC:
            yield f"builtins.{chain[0]}"
        elif chain[-2:] == ["sys", "modules"]:
            yield "sys.modules"


def _hidden_binding(node: ast.AST) -> str:
    """Return ``builtins.exec`` for a call of it, ``builtins.globals`` for a change of what that returns."""
    if isinstance(node, ast.Call) and _chain(node.func) == ["exec"]:
        return "builtins.exec"
    target = node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
    if not isinstance(target, ast.Call) or _chain(target.func) not in (["globals"], ["locals"], ["vars"]):
        return ""
    changes = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
    changes = changes or (isinstance(node, ast.Attribute) and node.attr in CHANGES)
    return "builtins.globals" if changes and not target.args else ""


def _chain(node: ast.AST) -> list[str]:
    """Return ``["F", "conv2d"]`` for ``F.conv2d``, ``["F"]`` for ``F``; [] for what is no such chain."""
    tail: list[str] = []
    while isinstance(node, ast.Attribute):
        tail.insert(0, node.attr)
        node = node.value
    return [node.id, *tail] if isinstance(node, ast.Name) else []
