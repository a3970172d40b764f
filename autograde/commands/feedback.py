"""``autograde feedback``: a page for each student."""

from __future__ import annotations

import argparse

from autograde.commands.parts import Commands
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("feedback", parents=[common], help="write a page for each student")
    parser.description = (
        "Write what each student may read: points, mistakes, their own answers, the graders' comments."
    )
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument(
        "--mark-scheme", action="store_true", help="show how the texts that a person reads are marked"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import envelope, feedback

    course = find(options.course)
    assignments = course.choose(options.assignments)
    with course.alone():
        sent = feedback.write(course, assignments, mark_scheme=options.mark_scheme)
        packed = envelope.pack(course, sent)
    waiting = sum(1 for each in sent if each.open_points)
    print(f"{len(sent)} pages: {course.feedback}")
    if waiting:
        say = "says" if waiting == 1 else "say"
        print(f"{waiting} of them {say} that a person has still to read an answer.")
    for each in packed:
        print(each)
    return 0
