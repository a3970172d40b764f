"""``autograde doctor``: what this machine lacks."""

from __future__ import annotations

import argparse

from autograde.commands.parts import Commands
from autograde.course import find
from autograde.errors import CourseError

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("doctor", parents=[common], help="say what this machine lacks")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde.doctor import examine, lacks

    try:
        course = find(options.course)
    except CourseError:
        course = None
    findings = examine(course)
    for finding in findings:
        print(finding)
    if lacks(findings):
        print("Something that is required is missing (✗).")
        return 1
    print("All that is required is here.")
    return 0
