"""Where a test asks an object of a student's own class for what no message carries: operators, insides."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograde.made import Made
from autograde.names import last, root

__all__ = ["operators"]

# Functions that ask their argument for a special method.
ASKING = frozenset(
    {"len", "bool", "abs", "float", "int", "complex", "round", "hash", "iter", "next", "reversed"}
)
ASKING |= {
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "sorted",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "enumerate",
}
ASKING |= {"str", "repr", "format", "zip", "copy", "deepcopy", "vars", "dir", "asdict", "astuple", "replace"}
INSIDE = frozenset({"__dict__", "__class__", "__annotations__", "__mro__", "__slots__"})
KINDS = frozenset({"isfunction", "ismethod", "isclass", "isroutine", "isgeneratorfunction", "is_dataclass"})
KINDS |= {"fields", "get_type_hints"}
FUNCTIONS = frozenset({"FunctionType", "LambdaType", "MethodType"})
CURE = "Compute it in a read-only cell before the test, which runs on the student's side"


def operators(test: ast.Module, made: Made) -> Iterator[tuple[int, str]]:
    """Yield the lines in which a test needs an object to be here, and why that does not work."""
    for node in ast.walk(test):
        for asked in _asked(node, made):
            if kind := made.class_of(asked):
                what = f"`{_short(node)}` needs an operator or a special method of the student's class {kind}"
                yield getattr(node, "lineno", asked.lineno), f"{what}. {CURE}, or compare attributes."
                break
        else:
            if why := _of_kind(node, made):
                yield node.lineno, why  # type: ignore[attr-defined]


def _asked(node: ast.AST, made: Made) -> list[ast.expr]:
    """Return the expressions that a node asks for more than a message can say."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return []
        equal = all(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        return [x for x in sides if not (equal and _compares_fields(made, made.class_of(x)))]
    if isinstance(node, ast.Call):
        name = last(node.func)
        own = isinstance(node.func, ast.Attribute) and made.class_of(node.func.value)
        return [] if own or name not in ASKING else list(node.args)
    if isinstance(node, ast.With):
        return [item.context_expr for item in node.items]
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.target]
    if isinstance(node, ast.For | ast.comprehension):
        return [node.iter]
    if isinstance(node, ast.If | ast.While | ast.Assert | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    return [node.value] if isinstance(node, ast.Subscript | ast.Starred | ast.FormattedValue) else []


def _compares_fields(made: Made, kind: str) -> bool:
    """Say whether a class is a dataclass that is compared as dataclasses are."""
    node = made.classes.get(kind)
    if node is None:
        return False
    own = any(isinstance(x, ast.FunctionDef) and x.name == "__eq__" for x in node.body)
    marks = [mark for mark in node.decorator_list if "dataclass" in ast.unparse(mark)]
    return bool(marks) and not own and not any("eq=False" in ast.unparse(mark) for mark in marks)


def _of_kind(node: ast.AST, made: Made) -> str:
    """Say why a test cannot ask so what something is."""
    if isinstance(node, ast.Attribute) and node.attr in INSIDE:
        theirs = root(node) in made.classes or made.class_of(node.value)
        why = f"`{_short(node)}`: what is inside a student's object stays there. "
        return why + "Read its attributes, or use `isinstance` and `type(x).__name__`." if theirs else ""
    if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS and root(node) == "types":
        return f"`{_short(node)}`: a student's function is none here. Use `callable`."
    if isinstance(node, ast.Call):
        name = last(node.func)
        if name in KINDS and any(map(made.is_theirs, node.args)):
            return f"`{_short(node)}`: a student's function or class is none here. {CURE}."
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    named = any(isinstance(side, ast.Name) and side.id in made.classes for side in sides)
    if named and any(isinstance(side, ast.Call) and root(side) == "type" for side in sides):
        return f"`{_short(node)}`: a student's class is none here. Use `isinstance`."
    return ""


def _short(node: ast.AST) -> str:
    text = ast.unparse(node).strip().splitlines()[0]
    return text if len(text) <= 60 else f"{text[:57]}..."
