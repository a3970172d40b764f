"""What a student's code does on its own side and a test looks for here: changed arguments, files and such."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autograde.made import Made
from autograde.names import last, root

__all__ = ["looks_at_arguments", "unseen"]

COMPARING = frozenset({"array_equal", "allclose", "isclose", "assert_allclose", "assert_array_equal"})
COMPARING |= {"assert_equal", "assert_almost_equal", "assert_array_almost_equal", "equal"}
FILES = frozenset({"open", "exists", "isfile", "remove", "unlink", "loadtxt", "load", "read_csv"})
WRITING = frozenset({"write_text", "write_bytes", "savetxt", "savez"})
READ_ONLY = "Do it in a read-only cell before the test, which runs on the student's side."
RETURN = "Let the function return what is to be compared, or call it in a read-only cell before the test."

Found = Iterator[tuple[int, str]]
Passed = dict[str, tuple[int, bool]]


def looks_at_arguments(test: ast.Module, made: Made) -> bool:
    """Say whether a test asks if what it gave to a student's function was changed, or came back itself.

    It sees its own copies only, so that it would pass whatever the function does.
    """
    passed = dict(_passed(test, made))
    return any(
        _same(node, made) or any(line > passed[name][0] for name, line in _looked_at(node, made, passed))
        for node in ast.walk(test)
    )


def _passed(test: ast.Module, made: Made) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Yield the names that a student's function is given, where first, and if its result is thrown away."""
    fixed = {
        target
        for target, value in _assigned(test)
        if isinstance(value, ast.Constant | ast.Tuple | ast.JoinedStr | ast.Lambda)
    }
    alone = {id(node.value) for node in ast.walk(test) if isinstance(node, ast.Expr)}
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call) and made.is_call(node)]
    for call in sorted(calls, key=lambda call: -call.lineno):  # in a dict the first one stays
        for value in [*call.args, *(word.value for word in call.keywords)]:
            if isinstance(value, ast.Name) and not made.is_theirs(value) and value.id not in fixed:
                yield value.id, (call.lineno, id(call) in alone)


def _assigned(test: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(test):
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def _looked_at(node: ast.AST, made: Made, passed: Passed) -> list[tuple[str, int]]:
    """Return which names a node compares with something that is not the student's, and its line."""
    sides: list[ast.expr] = []
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and not made.is_call(node) and last(node.func) in COMPARING:
        sides = list(node.args)
    if not sides or any(map(made.is_theirs, sides)):
        return []
    whole = {side.id for side in sides if isinstance(side, ast.Name)}
    inside = {x.id for side in sides for x in ast.walk(side) if isinstance(x, ast.Name)}
    line = getattr(node, "lineno", 0)
    return [(name, line) for name, (_, alone) in passed.items() if name in (inside if alone else whole)]


def _same(node: ast.AST, made: Made) -> bool:
    """Say whether a node asks if something from the student's side is an object of the test's."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Is | ast.IsNot):
        return False
    sides = [node.left, node.comparators[0]]
    theirs = [made.is_call(x) or (isinstance(x, ast.Name) and x.id in made.results) for x in sides]
    own = [isinstance(x, ast.Name) and not made.is_theirs(x) for x in sides]
    return (theirs[0] and own[1]) or (theirs[1] and own[0])


def unseen(test: ast.Module, made: Made, imported: set[str]) -> Found:
    """Yield where a test makes, replaces or looks for something that is only there, or only here."""
    yield from _changed(test, made)
    given = {
        x.value
        for call in ast.walk(test)
        if isinstance(call, ast.Call) and made.is_call(call)
        for x in ast.walk(call)
        if isinstance(x, ast.Constant) and isinstance(x.value, str)
    }
    classes = {node.name for node in ast.walk(test) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(test):
        why = ""
        if isinstance(node, ast.Call):
            why = _given(node, classes) if made.is_call(node) else _of_call(node, given)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            text = ast.unparse(node)
            if root(node) in imported and text != "sys.stdout":
                why = f"`{text}` is replaced here, not on the student's side. {READ_ONLY}"
        elif isinstance(node, ast.ClassDef) and any(map(made.is_theirs, node.bases)):
            why = f"`{node.name}` cannot be derived here from a class of the student's. {READ_ONLY}"
        if why:
            yield node.lineno, why  # type: ignore[attr-defined]


def _changed(test: ast.Module, made: Made) -> Found:
    """Yield where an argument, a global variable or an object is expected to be changed, or to come back."""
    passed, assigned = dict(_passed(test, made)), list(_assigned(test))
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is) and _same(node, made):
            yield node.lineno, f"`{ast.unparse(node)}`: what a function returns is a copy here. {READ_ONLY}"
        for name, line in _looked_at(node, made, passed):
            before = [
                value for target, value in assigned if target == name and value.lineno <= passed[name][0]
            ]
            if (
                isinstance(node, ast.Compare)
                and before
                and line > passed[name][0]
                and _differs(node, before[-1])
            ):
                why = (
                    f"`{name}` is copied to the student's side; a function that changes it changes the copy."
                )
                yield line, f"{why} {RETURN}"
    if any(map(made.is_call, ast.walk(test))):
        for x in ast.walk(test):
            if isinstance(x, ast.Name) and x.id in made.changing and isinstance(x.ctx, ast.Load):
                why = f"`{x.id}` is read before the test begins; a function that changes it does so later."
                yield x.lineno, f"{why} {RETURN}"


def _differs(node: ast.Compare, before: ast.expr) -> bool:
    """Say whether a test expects another value than it gave: both are written down, and not the same."""
    for side in (node.left, *node.comparators):
        try:
            if isinstance(node.ops[0], ast.Eq) and ast.literal_eval(side) != ast.literal_eval(before):
                return True
        except (ValueError, TypeError, SyntaxError, RecursionError):
            continue
    return False


def _given(call: ast.Call, classes: Iterable[str]) -> str:
    made = {root(x) for arg in call.args for x in ast.walk(arg) if isinstance(x, ast.Call)}
    for name in sorted(made & set(classes)):
        return f"an object of `{name}` is the test's own, and no student's function can have it. {READ_ONLY}"
    return ""


def _of_call(call: ast.Call, given: set[str]) -> str:
    name, text = last(call.func), ast.unparse(call)
    texts = [x.value for x in call.args if isinstance(x, ast.Constant) and isinstance(x.value, str)]
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    mode = (texts[-1] if len(call.args) > 1 and texts else "") + words.get("mode", "")
    if (name == "open" and set(mode) & set("wax")) or name in WRITING:
        return f"`{text}`: a file that a test writes is not on the student's side. {READ_ONLY}"
    if name in FILES and given & set(texts):
        return f"`{text}`: a file that a function writes stays on the student's side. {RETURN}"
    if name in ("warns", "redirect_stderr", "deprecated_call") or (
        name == "catch_warnings" and "record" in words
    ):
        return f"`{text}`: a student's warnings and error stream do not come here. {READ_ONLY}"
    return ""
