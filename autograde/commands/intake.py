"""``autograde intake``: downloads of Canvas or Moodle, sorted by student and assignment."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from autograde.commands.parts import Commands
from autograde.course import find

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("intake", parents=[common], help="take in downloads of Canvas or Moodle")
    parser.description = (
        "Sort downloaded hand-ins by student and assignment into the folder that grade reads."
    )
    parser.add_argument("downloads", nargs="+", type=Path, metavar="DOWNLOAD", help="a zip file, or a folder")
    parser.add_argument("--assignment", default="", metavar="ASSIGNMENT", help="default: what most of it is")
    parser.add_argument(
        "--times", type=Path, metavar="TABLE.csv", help="when it was handed in: Moodle's grading worksheet"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import policy
    from autograde.filing import TABLE, file_away, note_times
    from autograde.times import read_times

    course = find(options.course)
    assignment = course.choose([options.assignment])[0].name if options.assignment else ""
    rules = policy.read(course)
    times = read_times(options.times, rules.zone if rules else None) if options.times else {}
    with course.alone():
        rows = file_away(course, options.downloads, assignment)
        if options.times:
            groups = {name: each.groups for name, each in rules.terms.items()} if rules else {}
            said = note_times(course, rows, times, groups)
    for row in rows:
        if row.outcome in ("replaced", "refused") or row.late or row.note:
            print(row)
    counts = Counter(row.outcome for row in rows)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    print(f"{len(rows)} hand-ins: {counted or 'none'}. All are listed in {course.work / TABLE}.")
    if options.times:
        print(said)
    return int(counts["refused"] > 0)
