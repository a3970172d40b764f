"""What a notebook shows of its widgets where no browser runs them."""

from __future__ import annotations

import ast
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from cnnkit import widgets
from cnnkit.widgets.parts.fallback import VIEW, PicturedWidget

KINDS = [kind for kind in vars(widgets).values() if isinstance(kind, type)]
MAKERS = {kind.called for kind in KINDS if issubclass(kind, PicturedWidget)}


def widget_cells(notebook: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the cells that end in a widget, each with the function that made it."""
    made: dict[str, str] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if "%" in source or "!" in source:
            source = "\n".join(line for line in source.splitlines() if line[:1] not in "%!")
        body = ast.parse(source).body
        for line in body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and _maker(line.value):
                made[line.targets[0].id] = _maker(line.value)
        if body and isinstance(body[-1], ast.Expr):
            last = body[-1].value
            maker = made.get(last.id, "") if isinstance(last, ast.Name) else _maker(last)
            if maker:
                yield maker, cell


def _maker(value: ast.expr) -> str:
    """Return the function of `widgets` that an expression calls, or nothing."""
    if not isinstance(value, ast.Call):
        return ""
    name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return name if name in MAKERS else ""


def poor_pages(notebook: dict[str, Any]) -> list[str]:
    """Return what an executed notebook lacks where its widgets stand still: a picture, a readable text."""
    poor = []
    for maker, cell in widget_cells(notebook):
        shown = [output["data"] for output in cell["outputs"] if "data" in output]
        bundle = shown[-1] if shown else {}
        text = "".join(bundle.get("text/plain", ""))
        if not b64decode("".join(bundle.get("image/png", ""))).startswith(b"\x89PNG"):
            poor.append(f"{cell['id']}: {maker} leaves no picture")
        if len(text) < 40 or text.startswith("<") or maker.title().replace("_", "") + "(" in text:
            poor.append(f"{cell['id']}: {maker} says only {text!r}")
        if VIEW in bundle:
            poor.append(f"{cell['id']}: {maker} leaves a view, which a page would fetch a player for")
    return poor
