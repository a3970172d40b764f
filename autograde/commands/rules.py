"""``autograde rules``: deadlines, late work, groups, and what they mean."""

from __future__ import annotations

import argparse

from autograde.commands.parts import Commands
from autograde.course import find
from autograde.errors import CourseError

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "rules", parents=[common], help="deadlines, late work, groups: what they mean"
    )
    parser.description = (
        "Read the class's rules, class.toml in the course's work folder, and say what they mean for whom."
    )
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--example", action="store_true", help="write a file to begin with")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import outlook, policy, settlement

    course = find(options.course)
    assignments = course.choose(options.assignments)
    path = course.work / policy.RULES
    if options.example:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(outlook.example(course))
        except FileExistsError:
            raise CourseError(f"rules: {path} is there already. Edit it, or move it away first.") from None
        print(f"Edit {path}, then look with `autograde rules` at what it means.")
        return 0
    rules = policy.read(course)
    with course.alone():
        settlement.put_back(course, rules, assignments)
    if rules is None:
        print(
            f"There are no rules: nothing is late. `autograde rules --example` writes {path} to begin with."
        )
        return 0
    for assignment in assignments:
        print("\n".join(outlook.described(course, assignment, rules.terms[assignment.name])))
    return 0
