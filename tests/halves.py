"""Which tests belong to the student's half, that runs on every system: read from what their files import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

__all__ = ["is_students"]

# The grader, and what only Linux or a machine made for tests has.
ELSEWHERE = {
    "autograde",
    "nbgrader",
    "fcntl",
    "resource",
    "pwd",
    "grp",
    "termios",
    "playwright",
    "distributed",
}
MARKS = {"browser", "stock"}
FIXTURES = {"forked_session", "postgres", "tables"}
PROGRAMS = {"git", "make", "bash", "sh", "npm"}


def is_students(file: Path) -> bool:
    """Say whether a file of tests needs nothing but what students have.

    The grader runs on Linux alone, so a file that imports it anywhere, or a module of tests that does, is of
    the other half; so is one that opens a browser, or calls nbgrader or a Unix system's programs.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if file.name == "conftest.py":
        return file.parent.name != "browser"
    if any(name.partition(".")[0] in ELSEWHERE for name in _imported(tree)):
        return False
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in MARKS
            and ast.unparse(node.value) == "pytest.mark"
        ):
            return False
        if isinstance(node, ast.arg) and node.arg in FIXTURES:
            return False
        if isinstance(node, ast.Constant) and node.value in PROGRAMS | {"autograde"}:
            return False
    root = next(folder for folder in file.parents if folder.name == "tests").parent
    others = (root.joinpath(*name.split(".")) for name in _imported(tree) if name.startswith("tests."))
    found = (path for other in others for path in (other.with_suffix(".py"), other.parent.with_suffix(".py")))
    return all(is_students(path) for path in found if path.is_file() and path != file)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
