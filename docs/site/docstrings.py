"""griffe's extension: the few marks of reStructuredText in our docstrings, as Markdown has them."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

RULE = re.compile(r"=+(  +=+)+")


class Docstrings(Extension):
    """Turns ``text::`` before a block of code, and simple tables, into Markdown."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        """Rewrite an object's docstring before it is taken apart."""
        if obj.docstring is not None:
            lines = _tables(obj.docstring.value.splitlines())
            obj.docstring.value = re.sub(r"(?m)^::$|(?<=:):$", "", "\n".join(lines))


def _tables(lines: list[str]) -> list[str]:
    """Return the lines with each simple table as one of Markdown's."""
    made: list[str] = []
    starts: list[int] = []
    for line in lines:
        if RULE.fullmatch(line):
            if not starts:
                starts = [found.start() for found in re.finditer(r"=+", line)]
                made += ["| " * len(starts) + "|", "| --- " * len(starts) + "|"]
            else:
                starts = []
        elif starts:
            cells = [line[at:to].strip() for at, to in zip(starts, [*starts[1:], None], strict=True)]
            made.append(f"| {' | '.join(cells)} |")
        else:
            made.append(line)
    return made
