"""Find cells in a notebook that an attack damages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["cell", "nbgrader", "tests"]


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the cell with this id."""
    found: dict[str, Any] = next(cell for cell in notebook["cells"] if cell["id"] == name)
    return found


def tests(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the test cells, in order."""
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def nbgrader(notebook: dict[str, Any], role: str) -> Iterator[dict[str, Any]]:
    """Yield nbgrader's metadata of the cells that have a role, such as ``grade``."""
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get(role):
            yield meta
