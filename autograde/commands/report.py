"""``autograde report``: the class report and its tables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograde.commands.parts import Commands
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("report", parents=[common], help="write the class report and its CSV tables")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--to", type=Path, metavar="DIR", help="default: report/ in the course's work folder")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import report
    from autograde.result import damaged

    course = find(options.course)
    assignments = course.choose(options.assignments)
    folder = options.to or course.work / "report"
    lost = [path for assignment in assignments for path in damaged(course, assignment.name)]
    for path in lost:
        print(f"report: {path} cannot be read and is left out. Run `autograde grade` again.", file=sys.stderr)
    print(report.write(course, assignments, folder, course.title))
    return 1 if lost else 0
