"""``autograde new``: the beginning of an assignment."""

from __future__ import annotations

import argparse

from autograde.commands.parts import Commands
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "new", parents=[common], help="begin a new assignment: one question of each kind"
    )
    parser.add_argument("name", metavar="NAME", help="number and topic, such as 09-my-topic")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde.template import begin

    course = find(options.course)
    with course.alone():
        written = begin(course, options.name)
    for path in written:
        print(path.relative_to(course.root))
    print(f"One question of each kind: make them yours. Next: autograde release {int(options.name[:2])}")
    return 0
