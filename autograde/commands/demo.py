"""``autograde demo``: a made-up class, carried through all of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograde.commands.parts import Commands, positive, released
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("demo", parents=[common], help="carry a made-up class through all of it")
    parser.add_argument(
        "--class", type=Path, dest="roster", metavar="FILE.toml", help="default: the built-in one"
    )
    parser.add_argument("--timeout", type=positive, default=10, metavar="SECONDS", help="for each cell (10)")
    parser.add_argument("--workers", type=positive, metavar="N", help="submissions at once (one per core)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import demo, report
    from autograde.grade import grade
    from autograde.table import print_class

    course = find(options.course)
    roster = options.roster or demo.ROSTER
    assignments = demo.handed_in(roster, course)
    students = demo.read_roster(roster, assignments)
    code = released(course, course.choose([], ungraded=True))
    if code:
        return code
    from autograde.sandbox import available

    missing = available()
    if missing:
        print(f"No sandbox here, and this class needs none: its answers are our own. ({missing})")
    print(f"{len(students)} students hand in {len(assignments)} notebooks each")
    classroom = course.elsewhere(course.work / "demo")
    with classroom.alone():
        demo.clear(classroom)
        demo.hand_in(classroom, assignments, students)
        how = {"timeout": options.timeout, "workers": options.workers, "sandbox": not missing}
        results = grade(classroom, assignments, **how)
    print_class(assignments, results)
    title = f"{course.title}, the demo class"
    print(f"report: {report.write(classroom, assignments, classroom.work / 'report', title)}")
    return 0
