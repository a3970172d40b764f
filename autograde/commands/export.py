"""``autograde export``: Canvas's or Moodle's table of grades, filled in."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograde.commands.parts import Commands
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "export", parents=[common], help="fill in Canvas's or Moodle's table of grades"
    )
    parser.add_argument("assignment", metavar="ASSIGNMENT")
    parser.add_argument("table", type=Path, metavar="TABLE.csv", help="as Canvas or Moodle exported it")
    parser.add_argument("--to", type=Path, metavar="FILE.csv", help="default: TABLE-graded.csv beside it")
    parser.add_argument("--column", default="", metavar="NAME", help="Canvas's column, if it cannot be told")
    parser.add_argument(
        "--scale", action="store_true", help="stretch points to what the system takes as full"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import report
    from autograde.filing import taken_in
    from autograde.handback import fill, reasons_of

    course = find(options.course)
    (assignment,) = course.choose([options.assignment])
    to = options.to or options.table.with_name(f"{options.table.stem}-graded.csv")
    results = report.recorded(course, [assignment])
    log = [row for row in taken_in(course).values() if row.assignment in ("", assignment.name)]
    refused = {row.student: f"Not taken in. {row.note}".strip() for row in log if row.outcome == "refused"}
    print(fill(options.table, results, to, options.column, options.scale, refused))
    print(f"Upload {to}. Why each row is as it is: {reasons_of(to)}.")
    return 0
