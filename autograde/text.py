"""What text can be written to a file, and shown in a terminal."""

from __future__ import annotations

import re

__all__ = ["harmless", "plain", "printable", "rounded"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Put a question mark for what no file can hold: half of a pair of surrogates.

    Examples
    --------
    >>> printable("half \ud800")
    'half ?'
    """
    return text.encode("utf-8", "replace").decode()


def plain(text: str) -> str:
    r"""Show the characters that give a terminal orders, or turn a line around, by their numbers.

    Examples
    --------
    >>> plain("cell \x1b[2J")
    'cell \\x1b[2J'
    """
    return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), printable(text))


def harmless(value: object) -> object:
    """Keep a spreadsheet from running a text: students choose what some of a table's cells say.

    Examples
    --------
    >>> harmless("=1+1"), harmless(-1)
    ("'=1+1", -1)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def rounded(points: float) -> str:
    """Write points with at most two decimals, half a hundredth upwards, and never as a power of ten.

    Examples
    --------
    >>> rounded(6.375), rounded(1234567.0), rounded(0.0)
    ('6.38', '1234567', '0')
    """
    return f"{round(points + 1e-9, 2):.2f}".rstrip("0").rstrip(".")
