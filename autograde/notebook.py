"""Notebook files: read them with clear errors, clean them for git, show them as text.

As a command, for git and pre-commit::

    python -m autograde.notebook show FILE            readable text (git's textconv)
    python -m autograde.notebook clean FILE...        outputs and stray metadata removed, in place
    python -m autograde.notebook clean --check FILE...   exit 1 if one of them is not clean

A notebook is the plain dictionary of its JSON, each cell's ``source`` joined to one string.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograde.errors import NotebookError
from autograde.text import printable

__all__ = ["LARGEST", "clean", "dumps", "graded_as", "load", "loads", "show", "text_of"]

Notebook = dict[str, Any]
Cell = dict[str, Any]

LARGEST = 50_000_000  # bytes; beyond that a notebook holds outputs, not work

NOTEBOOK_METADATA = {"kernelspec": {"display_name", "language", "name"}, "language_info": {"name"}}
CELL_METADATA = {"tags", "nbgrader"}
# `checksum` and `cell_type` belong to a release: nbgrader computes them there.
NBGRADER_METADATA = {"grade", "grade_id", "locked", "points", "schema_version", "solution", "task"}

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # JSON's way to write half a character, which no file can hold
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def load(path: Path) -> Notebook:
    """Read a notebook file.

    Parameters
    ----------
    path : Path
        A file in notebook format 4.

    Returns
    -------
    dict
        The notebook, each cell's source joined to one string.

    Raises
    ------
    NotebookError
        The file is missing, too large, not text, not JSON, cut short, or no notebook; the text says which.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise NotebookError(
                f"{path.name} has {size / 1e6:.0f} MB, expected at most {LARGEST / 1e6:.0f} MB. "
                "Clear its outputs and save it again."
            )
        return loads(path.read_bytes(), path.name)
    except OSError as error:
        raise NotebookError(f"{path.name} cannot be opened: {error.strerror}.") from None


def loads(data: bytes, name: str = "notebook") -> Notebook:
    """Read a notebook from the bytes of its file; `name` is used in error messages."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotebookError(
            f"{name} is not text, expected a notebook's JSON. Was another file renamed to .ipynb?"
        ) from None
    if not text.strip():
        raise NotebookError(f"{name} is empty. Ask for the file again.")
    try:
        nb = json.loads(text)
        if SURROGATE.search(text):
            nb = json.loads(printable(json.dumps(nb, ensure_ascii=False)))
    except json.JSONDecodeError as error:
        raise NotebookError(_not_json(name, text, error)) from None
    except RecursionError:
        raise NotebookError(f"{name} is nested too deeply to be read. Ask for the file again.") from None
    except MemoryError:
        raise NotebookError(f"{name} needs more memory than there is. Ask for the file again.") from None
    _check_shape(nb, name)
    for cell in nb["cells"]:
        cell["source"] = text_of(cell["source"])
    return nb  # type: ignore[no-any-return]


def _not_json(name: str, text: str, error: json.JSONDecodeError) -> str:
    cut_short = text.lstrip().startswith("{") and (
        error.msg.startswith("Unterminated string") or not text[error.pos :].strip()
    )
    if cut_short:
        lines = text.count("\n") + 1
        return f"{name} is cut short: its JSON breaks off in line {lines}. Ask for the file again."
    found = text.strip().splitlines()[0][:40]
    return (
        f"{name} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}), expected a notebook; "
        f"it starts with {found!r}. Ask for the .ipynb file itself."
    )


def _check_shape(nb: Any, name: str) -> None:
    if not isinstance(nb, dict) or not isinstance(nb.get("cells", nb.get("worksheets")), list):
        raise NotebookError(f"{name} is JSON, but not a notebook: it has no list of cells.")
    if nb.get("nbformat") != 4:
        raise NotebookError(
            f"{name} is in notebook format {nb.get('nbformat')}, expected 4. Save it again in JupyterLab."
        )
    if not isinstance(nb.setdefault("metadata", {}), dict):
        raise NotebookError(f"{name} is damaged: its metadata are not a table.")
    for number, cell in enumerate(nb["cells"], start=1):
        sound = (
            isinstance(cell, dict)
            and cell.get("cell_type") in ("code", "markdown", "raw")
            and isinstance(cell.setdefault("metadata", {}), dict)
            and isinstance(cell["metadata"].get("nbgrader", {}), dict)
            and _is_text(cell.get("source"))
            and isinstance(cell.get("outputs", []), list)
        )
        if not sound:
            raise NotebookError(f"{name} is damaged: cell {number} has no type, source or metadata.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(x, str) for x in value))


def text_of(value: str | list[str]) -> str:
    """Join a multi-line JSON string, which a notebook stores as a string or a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def dumps(nb: Notebook) -> str:
    """Write a notebook as Jupyter writes it: sorted keys, indent 1, sources as lists of lines."""
    cells = [{**cell, "source": text_of(cell["source"]).splitlines(keepends=True)} for cell in nb["cells"]]
    return json.dumps({**nb, "cells": cells}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def graded_as(cell: Cell) -> str:
    """Say what nbgrader does with a cell.

    Returns
    -------
    str
        ``"solution"``, ``"test"``, ``"by hand"`` (an answer graded by a person), ``"read-only"`` or ``""``.

    Examples
    --------
    >>> graded_as({"metadata": {"nbgrader": {"grade": True, "solution": False}}})
    'test'
    >>> graded_as({"metadata": {}})
    ''
    """
    meta = cell["metadata"].get("nbgrader", {})
    grade, solution = bool(meta.get("grade")), bool(meta.get("solution"))
    if meta.get("task") or (grade and solution):
        return "by hand"
    if solution:
        return "solution"
    if grade:
        return "test"
    return "read-only" if meta.get("locked") else ""


def clean(nb: Notebook) -> Notebook:
    """Return the notebook as it belongs in git: no outputs, metadata on an allow-list, ids kept.

    A graded cell takes its ``grade_id`` as id; any other cell without an id gets one from its text.
    """
    kept = {}
    for key, fields in NOTEBOOK_METADATA.items():
        if isinstance(value := nb["metadata"].get(key), dict):
            kept[key] = {field: value[field] for field in fields if field in value}
    return {
        "cells": [_clean_cell(c) for c in nb["cells"]],
        "metadata": kept,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _clean_cell(cell: Cell) -> Cell:
    meta = {key: cell["metadata"][key] for key in CELL_METADATA if cell["metadata"].get(key)}
    if not graded_as(cell):
        meta.pop("nbgrader", None)
    else:
        meta["nbgrader"] = {k: v for k, v in meta["nbgrader"].items() if k in NBGRADER_METADATA}
    text = hashlib.sha256(cell["source"].encode()).hexdigest()[:8]
    tidy: Cell = {
        "cell_type": cell["cell_type"],
        "id": meta.get("nbgrader", {}).get("grade_id") or cell.get("id") or text,
        "metadata": meta,
        "source": cell["source"],
    }
    if cell.get("attachments"):
        tidy["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        tidy |= {"outputs": [], "execution_count": None}
    return tidy


def show(nb: Notebook) -> str:
    """Lay a notebook out as text that a person, or a diff, can read."""
    return "\n".join(line for cell in nb["cells"] for line in _shown_cell(cell)) + "\n"


def _shown_cell(cell: Cell) -> Iterator[str]:
    meta = cell["metadata"].get("nbgrader", {})
    points = f"points: {meta['points']:g}" if meta.get("grade") and "points" in meta else ""
    name = str(cell.get("id", ""))
    if meta.get("grade_id", name) != name:
        name += f" (grade_id {meta['grade_id']})"
    tags = " ".join(f"#{tag}" for tag in cell["metadata"].get("tags", []))
    heading = " · ".join(x for x in (cell["cell_type"], name, graded_as(cell), points, tags) if x)
    yield f"── {heading} " + "─" * max(3, 76 - len(heading))
    yield cell["source"]
    for output in cell.get("outputs", []):
        yield from (f"  ⇒ {line}" for line in _shown_output(output).splitlines())
    yield ""


def _shown_output(output: dict[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return text_of(output.get("text", ""))
    if output.get("output_type") == "error":
        return ANSI.sub("", f"{output.get('ename')}: {output.get('evalue')}")
    data = output.get("data", {})
    other = " ".join(f"[{kind}]" for kind in sorted(data) if kind != "text/plain")
    return "\n".join(x for x in (text_of(data.get("text/plain", "")), other) if x)


def main(argv: list[str] | None = None) -> int:
    """Run ``show`` or ``clean``; return the exit code."""
    import argparse
    import sys

    parser = argparse.ArgumentParser(
        prog="python -m autograde.notebook", description="Show or clean notebooks."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    shows = commands.add_parser("show", help="print as readable text")
    shows.add_argument("files", nargs=1, type=Path, metavar="FILE")
    cleans = commands.add_parser("clean", help="remove outputs and stray metadata, in place")
    cleans.add_argument("files", nargs="+", type=Path, metavar="FILE")
    cleans.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file is not clean")
    options = parser.parse_args(argv)
    try:
        if options.command == "show":
            sys.stdout.write(show(load(options.files[0])))
            return 0
        unclean = [path for path in options.files if not _cleaned(path, write=not options.check)]
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 2
    for path in unclean:
        print(f"{path}: {'not clean' if options.check else 'cleaned'}")
    return 1 if unclean and options.check else 0


def _cleaned(path: Path, *, write: bool) -> bool:
    """Say whether the file was clean already; if not, and told to, clean it."""
    wanted = dumps(clean(load(path)))
    if path.read_text(encoding="utf-8") == wanted:
        return True
    if write:
        path.write_text(wanted, encoding="utf-8")
    return False


if __name__ == "__main__":
    raise SystemExit(main())
