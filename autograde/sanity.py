"""What is wrong with an instructor's notebook before it is released.

Every rule here stands for a way in which a notebook grades wrongly without anybody being told.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograde.notebook import Cell, Notebook, clean, dumps, graded_as, load
from autograde.unsupported import unsupported

__all__ = ["problems"]

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MARKERS = ("SOLUTION", "HIDDEN TESTS")
STATED = re.compile(r"\b(\d+(?:\.\d+)?) points\b|\bpoints\W{1,4}(\d+(?:\.\d+)?)", re.IGNORECASE)


def problems(source: Path) -> list[str]:
    """Say what is wrong with a source notebook, one line each; nothing if it can be released.

    Parameters
    ----------
    source : Path
        ``<assignment>/<assignment>.ipynb``.

    Raises
    ------
    NotebookError
        The file is not a notebook.
    """
    nb = load(source)
    found = [*_of_notebook(nb, source), *_of_ids(nb)]
    for cell in nb["cells"]:
        name = f"cell {cell.get('id') or repr(cell['source'][:30])}"
        found += [f"{name} {problem}" for problem in _of_cell(cell)]
    found += [f"cell {name}, line {line}: {why}" for name, line, why in unsupported(nb)]
    return [f"{source.name}: {problem}" for problem in found]


def _of_notebook(nb: Notebook, source: Path) -> Iterator[str]:
    others = sorted(path.name for path in source.parent.glob("*.ipynb") if path != source)
    if others:
        yield f"shares its folder with {', '.join(others)}. Keep one notebook in each assignment."
    if not nb["metadata"].get("kernelspec", {}).get("name"):
        yield "names no kernel. Open it in JupyterLab, choose one, and save it."
    total = sum(float(c["metadata"]["nbgrader"].get("points") or 0) for c in nb["cells"] if _is_graded(c))
    if not total and not source.name.startswith("00-"):  # which is only read and tried out
        yield "gives no points: no cell is marked as a test. Mark one in JupyterLab's nbgrader sidebar."
    first = next((c["source"] for c in nb["cells"] if c["cell_type"] == "markdown"), "")
    stated = {float(before or after) for before, after in STATED.findall(first)}
    if len(stated) == 1 and stated != {total}:
        yield f"says {stated.pop():g} points in its first cell, its questions add up to {total:g}."
    if dumps(nb) != dumps(clean(nb)):
        path = f"solutions/{source.parent.name}/{source.name}"
        yield f"is not clean. Run `python -m autograde.notebook clean {path}`."


def _is_graded(cell: Cell) -> bool:
    return graded_as(cell) in ("test", "by hand")


def _of_ids(nb: Notebook) -> Iterator[str]:
    for what, ids in (
        ("cell id", [cell.get("id") for cell in nb["cells"]]),
        ("grade_id", [c["metadata"]["nbgrader"].get("grade_id") for c in nb["cells"] if graded_as(c)]),
    ):
        for name, count in Counter(ids).items():
            if name and count > 1:
                yield f"has the {what} {name!r} {count} times. Give each cell its own."


def _of_cell(cell: Cell) -> Iterator[str]:
    role, meta, text = graded_as(cell), cell["metadata"].get("nbgrader", {}), cell["source"]
    if not cell.get("id"):
        yield "has no id. Run `python -m autograde.notebook clean`, or save it in JupyterLab."
    if role:
        yield from _of_metadata(cell)
    if role == "test" and cell["cell_type"] == "code":
        yield from _of_test(text)
    for marker, homes in zip(MARKERS, [("solution", "by hand"), ("test",)], strict=True):
        begins, ends = text.count(f"BEGIN {marker}"), text.count(f"END {marker}")
        if begins != ends:
            yield f"has {begins} BEGIN {marker} and {ends} END {marker}. Write them in pairs."
        if len(re.findall(rf"(?:begin|end) {marker}", text, re.IGNORECASE)) != begins + ends:
            yield f"writes BEGIN {marker} or END {marker} in small letters, which nbgrader does not know."
        if begins and role not in homes:
            yield f"holds a {marker} region, but is {role or 'not graded'}: nbgrader would not remove it."
    if role in ("test", "by hand") and not (meta.get("points") or 0) > 0:
        yield f"is graded, but has {meta.get('points', 'no')} points. Give it at least one."


def _of_metadata(cell: Cell) -> Iterator[str]:
    meta = cell["metadata"]["nbgrader"]
    grade_id = meta.get("grade_id")
    missing = [key for key in ("schema_version", "grade", "locked", "solution") if key not in meta]
    if missing:
        yield f"lacks {', '.join(missing)} in its nbgrader metadata. Set its type again in JupyterLab."
    if not isinstance(grade_id, str) or not ID.fullmatch(grade_id):
        yield f"has the grade_id {grade_id!r}, expected 1 to 64 letters, digits, - or _."
    elif cell.get("id") and cell["id"] != grade_id:
        yield f"has the grade_id {grade_id!r}, expected its own id. Run `python -m autograde.notebook clean`."


def _of_test(text: str) -> Iterator[str]:
    """Check how a test ends: what nbgrader cannot read as a number counts as full marks."""
    if re.search(r"^\s*[%!]", text, re.MULTILINE):
        return  # magics are no Python
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        yield f"is no valid Python (line {error.lineno}: {error.msg})."
        return
    asserts = any(isinstance(node, ast.Assert) for node in ast.walk(ast.Module(body, [])))
    last = body[-1] if body else None
    value = last.value if isinstance(last, ast.Expr) else None
    prints = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
    silenced = text.rstrip().endswith(";")
    if not asserts and (value is None or prints or silenced):
        yield (
            "does not end in a value, so that every answer would get full marks. "
            "End it in the points as a plain float, or use assert."
        )
