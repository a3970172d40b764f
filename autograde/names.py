"""Which names a cell takes from outside, and which it binds: read from its text, nothing is run."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = ["Names", "global_loads", "last", "names_of", "parse", "python_of", "root"]

RUNNERS = ("time", "timeit", "capture", "prun")  # magics that run Python


def python_of(source: str) -> str:
    r"""Return a cell as plain Python: magics and shell lines become calls of ``get_ipython()``.

    Examples
    --------
    >>> python_of("%matplotlib inline")
    "get_ipython().run_line_magic('matplotlib', 'inline')\n"
    """
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        text: str = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    except SyntaxError:
        return source
    return text


@lru_cache(maxsize=512)
def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, or None if it is no Python.

    Code inside ``%%time``, ``%time`` and their like is taken as if it stood there by itself.
    """
    try:
        tree = ast.parse(python_of(source))
    except (SyntaxError, ValueError):
        return None
    for node in list(tree.body):
        tree.body += [x for text in _inside_magic(node) for x in (parse(text) or ast.Module([], [])).body]
    return tree


def _inside_magic(node: ast.stmt) -> list[str]:
    """Return the code that a magic command runs, or might run."""
    call = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return []
    texts = [x.value for x in call.args if isinstance(x, ast.Constant) and isinstance(x.value, str)]
    runs = call.func.attr in ("run_line_magic", "run_cell_magic") and texts[:1] and texts[0] in RUNNERS
    return texts[-1:] if runs else []


@dataclass(frozen=True, eq=False)
class Names:
    """What a cell does with names of the notebook.

    Attributes
    ----------
    loads : frozenset of str
        Names that it reads before it has certainly bound them, also inside its functions.
    binds : frozenset of str
        Names that it binds at the top level, on any path.
    imports : dict of str to tuple of str
        Names that it binds by imports at the top level, and these imports as statements of their own.
    stars : tuple of str
        Its ``from module import *``, as statements.
    deletes : frozenset of str
        Names of others that it deletes.
    """

    loads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    deletes: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """The names that it cannot do without: those that it reads and nowhere binds."""
        return self.loads - self.binds


@lru_cache(maxsize=512)
def names_of(source: str) -> Names:
    r"""Read a cell's names from its text.

    Examples
    --------
    >>> names = names_of("total = scale * sum(x for x in data)\nprint(total)")
    >>> sorted(names.loads), sorted(names.binds)
    (['data', 'print', 'scale', 'sum'], ['total'])
    >>> names_of("import numpy as np\nfrom os import path").imports
    {'np': ('import numpy as np',), 'path': ('from os import path',)}
    >>> sorted(names_of("def f():\n    return g(y)\ny = 1").loads)
    ['g']
    """
    tree = parse(source)
    if tree is None:
        return Names()
    walk = _Walk()
    walk.block(tree.body)
    text = python_of(source)
    deferred = set(_deferred(ast.unparse(tree) if "_magic(" in text else text))
    return Names(
        loads=frozenset(walk.loads | (deferred - walk.bound)),
        binds=frozenset(walk.binds),
        imports=walk.imports,
        stars=tuple(walk.stars),
        deletes=frozenset(walk.deletes),
    )


def global_loads(source: str) -> frozenset[str]:
    """Return the names outside `source` that its functions read whenever they are called."""
    return frozenset(_deferred(source))


def _deferred(source: str) -> Iterator[str]:
    """Yield the global names of every function scope: they are read when it is called, later."""
    try:
        waiting = [symtable.symtable(source, "cell", "exec")]
    except (SyntaxError, ValueError, RecursionError):
        return
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        if table.get_type() != "module":
            yield from (s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced())


class _Walk(ast.NodeVisitor):
    """Follows a cell in the order in which it runs.

    ``bound`` holds the names that are certainly bound where the walk stands; what only some paths bind is in
    ``binds``. A name that is read without being in ``bound`` may come from outside.
    """

    def __init__(self, bound: Iterable[str] = ()) -> None:
        self.bound = set(bound)
        self.binds: set[str] = set()
        self.loads: set[str] = set()
        self.deletes: set[str] = set()
        self.imports: dict[str, tuple[str, ...]] = {}
        self.stars: list[str] = []

    def block(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def bind(self, name: str) -> None:
        self.bound.add(name)
        self.binds.add(name)

    def bind_import(self, name: str, statement: str) -> None:
        self.bind(name)
        self.imports[name] = (*self.imports.get(name, ()), statement)

    def paths(self, *branches: Iterable[ast.AST]) -> None:
        """Walk branches of which one runs: bound is what all of them bind."""
        before, ends = self.bound, []
        for branch in branches:
            self.bound = set(before)
            self.block(branch)
            ends.append(self.bound)
        self.bound = set.intersection(*ends)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if node.id not in self.bound:
                self.loads.add(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        else:
            if node.id not in self.bound:
                self.deletes.add(node.id)
                self.loads.add(node.id)
            self.bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self.block(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.loads.add(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.bind_import(name, ast.unparse(ast.Import([alias])))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            statement = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
            if alias.name == "*":
                self.stars.append(statement)
            elif node.module != "__future__":
                self.bind_import(alias.asname or alias.name, statement)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.block(node.decorator_list)
        self.visit_arguments(node.args)
        if node.returns is not None:
            self.visit(node.returns)
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's own names

    def visit_arguments(self, node: ast.arguments) -> None:
        """Defaults and annotations are read where the function stands; its body is `_deferred`."""
        self.block([*node.defaults, *(x for x in node.kw_defaults if x is not None)])
        every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
        self.block(x.annotation for x in every if x is not None and x.annotation is not None)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_arguments(node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.block([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        inside = _Walk(self.bound)
        inside.block(node.body)
        self.loads |= inside.loads
        self.bind(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        inside = _Walk(self.bound)
        for part in node.generators:
            inside.visit(part.iter)
            inside.visit(part.target)
            inside.block(part.ifs)
        inside.block([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.loads |= inside.loads
        for walrus in (x for x in ast.walk(node) if isinstance(x, ast.NamedExpr)):
            self.binds.add(walrus.target.id)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # noqa: N815 - ast's own names

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.paths(node.body, node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.paths([node.target, *node.body], [])
        self.block(node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815 - ast's own names

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.paths(node.body, [])
        self.block(node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        before = set(self.bound)
        self.block([*node.body, *node.orelse])
        ends = [self.bound]
        for handler in node.handlers:
            self.bound = set(before)
            self.visit(handler)
            if not _leaves(handler.body):
                ends.append(self.bound)
        self.bound = set.intersection(*ends)
        self.block(node.finalbody)

    visit_TryStar = visit_Try  # type: ignore[assignment]  # noqa: N815 - ast's own names

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self.bind(node.name)
        self.block(node.body)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self.paths(*([case] for case in node.cases), [])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def root(node: ast.AST) -> str:
    """Return the name that an expression such as ``a.b[0].c()`` begins with, "" if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def last(node: ast.AST) -> str:
    """Return the name that ``a.b`` or ``b`` ends with, "" for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
