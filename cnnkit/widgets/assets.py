"""The JavaScript and the styles of a widget, as the one module and the one sheet that its page loads.

A page gets a widget's module as a text, which has no address that a neighbour could be imported from. So
what a module imports from its neighbours is put in front of it, each file once. The files remain modules
that node runs as they lie.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["script", "style"]

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', flags=re.MULTILINE)


def script(name: str) -> str:
    """Return the module `name`.js, with what it imports from its neighbours in front of it.

    Examples
    --------
    >>> text = script("layer_shapes")
    >>> text.count("function layerShape("), text.count("export default"), "import {" in text
    (1, 1, False)
    """
    return "\n".join(IMPORT.sub("", text) for text in _needed(name, {}).values())


def _needed(name: str, found: dict[str, str]) -> dict[str, str]:
    """Add to `found` the texts of all that `name` imports, and then its own."""
    if name not in found:
        text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        for neighbour in IMPORT.findall(text):
            _needed(neighbour, found)
        found[name] = text
    return found


def style(name: str) -> str:
    """Return the styles of the module `name`.js and of all that it imports, those that have any.

    Examples
    --------
    >>> ".cnnkit-widget" in style("layer_shapes"), ".cnnkit-layer-shapes" in style("layer_shapes")
    (True, True)
    """
    sheets = [FOLDER / f"{each}.css" for each in _needed(name, {})]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets if sheet.exists())
