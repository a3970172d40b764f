"""A class's results as a table for the terminal."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence

from autograde.course import Assignment
from autograde.result import Mark, Result, State

__all__ = ["print_class", "remarks"]

NARROW = 15  # characters of an assignment's name side by side
QUOTED = 70  # characters of a message
WIDTH = 132  # where there is no terminal to ask


def print_class(assignments: Sequence[Assignment], results: Iterable[Result]) -> None:
    """Print every student with the points of each assignment, and what there is to say."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    students: dict[str, dict[str, Result]] = {}
    for result in results:
        students.setdefault(result.student, {})[result.assignment] = result
    table = Table(pad_edge=False)
    table.add_column("student", no_wrap=True)
    for assignment in assignments:
        heading = textwrap.fill(assignment.name, NARROW)  # breaks at hyphens too
        table.add_column(f"{heading}\nof {assignment.points:g}", justify="right")
    table.add_column("what was found", ratio=1)
    for student, own in sorted(students.items()):
        points = [own[a.name] for a in assignments if a.name in own]
        cells = [f"{r.points:.4g}" if r.graded else Text("–", style="dim") for r in points]
        found = Text("\n").join(Text(line) for r in points for line in remarks(r, several=len(points) > 1))
        table.add_row(Text(student), *cells, found)
    terminal = Console(file=sys.stdout)
    Console(file=sys.stdout, width=None if terminal.is_terminal else WIDTH).print(table)


def remarks(result: Result, *, several: bool = False) -> list[str]:
    """Say about one result what its points do not: its state, notes, and the answers that were not right.

    Parameters
    ----------
    result : Result
        Of one submission.
    several : bool
        Name the assignment before its state and notes.
    """
    whose = f"{result.assignment}: " if several else ""
    lines = []
    if result.state is not State.GRADED:
        lines.append(f"{whose}{result.state}. {result.reason}")
    lines += [f"{whose}{note}" for note in result.remarks]
    wrong = [m for m in result.marks if m.points is not None and m.points < m.max_points]
    told = [m for m in wrong if m.verdict not in ("missing", "deleted")]
    named = [f"{m.code or m.question.removeprefix('test-')} {_what(m)}" for m in told]
    missing = sum(mark.verdict == "missing" for mark in wrong)
    if missing:
        named.append(f"{missing} of {len(result.marks)} unanswered")
    return lines + (["; ".join(named)] if named else [])


def _what(mark: Mark) -> str:
    """Name the mistakes; where none was recognised, quote what the check said first."""
    said = mark.message.split(". ")[0].rstrip(".")
    return ", ".join(mark.mistakes) or textwrap.shorten(said, QUOTED, placeholder=" …") or mark.verdict
