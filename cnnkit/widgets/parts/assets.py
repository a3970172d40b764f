"""The JavaScript and the styles of a widget, as the one module and the one sheet that its page loads.

A page gets a widget's module as a text, which has no address that a neighbour could be imported from. So
what a module imports from its neighbours is put in front of it, each file once. The files remain modules
that node runs as they lie.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["script", "style"]

FOLDER = Path(__file__).parents[1]  # where each widget has a folder of its own
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?/[\w/]+\.js)";\n', flags=re.MULTILINE)


def script(name: str) -> str:
    """Return the module of the widget `name`, with what it imports from its neighbours in front of it.

    Or any other module by its path below this package, such as "parts/layers".

    Examples
    --------
    >>> text = script("layer_shapes")
    >>> text.count("function layerShape("), text.count("export default"), "import {" in text
    (1, 1, False)
    """
    return "\n".join(IMPORT.sub("", text) for text in _needed(_module(name), {}).values())


def style(name: str) -> str:
    """Return the styles of the widget `name`, behind those of the modules that it imports.

    Examples
    --------
    >>> ".cnnkit-widget" in style("layer_shapes"), ".cnnkit-layer-shapes" in style("layer_shapes")
    (True, True)
    """
    sheets = [path.with_suffix(".css") for path in _needed(_module(name), {})]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets if sheet.exists())


def _module(name: str) -> Path:
    return FOLDER / (f"{name}.js" if "/" in name else f"{name}/{name}.js")


def _needed(path: Path, found: dict[Path, str]) -> dict[Path, str]:
    """Add to `found` the texts of all that a module imports, and then its own."""
    if path not in found:
        text = path.read_text(encoding="utf-8")
        for neighbour in IMPORT.findall(text):
            _needed((path.parent / neighbour).resolve(), found)
        found[path] = text
    return found
