"""A small table as a value, whose repr shows it in text and in notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

__all__ = ["Table"]


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of text under headings, and a line about them; columns named in `numeric` are flushed right.

    Examples
    --------
    >>> Table("digits", ("split", "images"), (("train", "1,295"), ("test", "359")), "Grey.", ("images",))
    digits
    split  images
    ─────────────
    train   1,295
    test      359
    Grey.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the table as text."""
        lines = [self.headings, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = [
            "  ".join(
                cell.rjust(width) if name in self.numeric else cell.ljust(width)
                for cell, width, name in zip(line, widths, self.headings, strict=True)
            ).rstrip()
            for line in lines
        ]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join(line for line in [self.title, shown[0], rule, *shown[1:], self.caption] if line)

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        head, *body = [
            "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line) for tag, line in self._tagged()
        ]
        title = f"<b>{escape(self.title)}</b> " if self.title else ""
        return (
            f"<table><caption style='text-align:left'>{title}{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(f'<tr>{line}</tr>' for line in body)}</tbody></table>"
        )

    def _tagged(self) -> list[tuple[str, tuple[str, ...]]]:
        return [("th", self.headings), *(("td", row) for row in self.rows)]
