"""``autograde grade``: what was handed in, graded; who was late; whose grade moved."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograde.commands.parts import Commands, positive
from autograde.course import Assignment, Course, find
from autograde.errors import SandboxError

if TYPE_CHECKING:
    from autograde.result import Result

__all__ = ["add"]

NAMED = 10  # students who handed nothing in, for each assignment


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("grade", parents=[common], help="grade what was handed in")
    parser.description = (
        "Grade what was handed in. Students' code runs in a sandbox, the tests outside of it."
    )
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--timeout", type=positive, default=30, metavar="SECONDS", help="for each cell (30)")
    parser.add_argument("--workers", type=positive, metavar="N", help="submissions at once (one per core)")
    parser.add_argument(
        "--scheduler", default="", metavar="tcp://HOST:PORT", help="grade on the Dask cluster at this address"
    )
    parser.add_argument("--force", action="store_true", help="grade again even what has not changed")
    parser.add_argument(
        "--no-sandbox", action="store_true", help="where there is none: run students' code with your rights"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from autograde import policy
    from autograde.grade import grade
    from autograde.result import State, recall

    course = find(options.course)
    assignments = course.choose(options.assignments)
    rules = policy.read(course)  # a mistake in them is told now, not after an hour
    before = {assignment.name: recall(course, assignment.name) for assignment in assignments}
    if options.no_sandbox:
        _say_what_is_unprotected()
    elif not options.scheduler:
        _require_sandbox()
    how = {"timeout": options.timeout, "workers": options.workers, "force": options.force}
    how |= {"scheduler": options.scheduler}
    with course.alone():
        results = grade(course, assignments, sandbox=not options.no_sandbox, **how)
        moved = _moved(course, before, results)
        settled = _settled(course, assignments) if rules and any(r.graded for r in results) else []
    for state, count in Counter(result.state for result in results).items():
        print(f"{count:5d} {state}")
    absent = defaultdict(list)
    for result in results:
        if result.state is State.MISSING:
            absent[result.assignment].append(result.student)
        elif not result.graded or result.reason:
            print(f"{result.student}, {result.assignment}: {result.state}. {result.reason}")
    for assignment, students in absent.items():
        more = f" and {len(students) - NAMED} more" if len(students) > NAMED else ""
        print(f"{assignment}: {State.MISSING} by {', '.join(students[:NAMED])}{more}.")
    for line in [*settled, *moved]:
        print(line)
    print(f"results: {course.work / 'results'}, gradebook: {course.shown_gradebook}. Next: autograde report")
    return 0


def _moved(
    course: Course, before: Mapping[str, Mapping[str, Result]], results: Sequence[Result]
) -> list[str]:
    """Say whose grade moved, where work was graded that had been graded before."""
    from autograde import regrade

    pairs = [(old, now) for now in results if (old := before[now.assignment].get(now.student))]
    again = [(old, now) for old, now in pairs if old.fingerprint != now.fingerprint]
    found = [moved for old, now in pairs if (moved := regrade.move(course, old, now))]
    names = dict.fromkeys(now.assignment for now in results)
    ever = [each for name in names for each in regrade.moves(course, name)]
    path = regrade.write_table(course, ever) if ever else None  # also of a run that was killed
    kept = sum(now.graded for _, now in pairs)
    if kept and not again and len(pairs) == len(results) and not found:
        return [f"Nothing is new: {kept} keep their result, and no grade moved."]
    if not found:
        return [f"{len(again)} were graded again, and no grade moved."] if again else []
    more = f"and {len(found) - NAMED} more" if len(found) > NAMED else ""
    said = f"{len(again)} were graded again, and {len(found)} results are not what they were; see {path}."
    return [said, *map(str, found[:NAMED]), *filter(None, [more])]


def _settled(course: Course, assignments: Sequence[Assignment]) -> list[str]:
    """Apply the rules, and say what came of them."""
    from autograde import report

    results = report.recorded(course, assignments)
    said = []
    for assignment in assignments:
        mine = [result for result in results if result.assignment == assignment.name]
        lost = [result.penalty for result in mine if result.penalty]
        counts = {
            f"{len(lost)} lost {sum(lost):.4g} points for being late": len(lost),
            f"{(excused := sum(r.excused for r in mine))} excused": excused,
            f"{(shared := sum(bool(r.lead) for r in mine))} graded with their group": shared,
        }
        said += (
            [f"{assignment.name}: {', '.join(filter(counts.get, counts))}."] if any(counts.values()) else []
        )
        said += [f"{r.student}, {r.assignment}: no grade yet. {r.waits}" for r in mine if r.waits]
    return said


def _require_sandbox() -> None:
    from autograde.sandbox import Bare, available

    missing = available()
    if missing:
        raise SandboxError(
            f"grade: {missing}\nWith --no-sandbox it grades all the same, but then: {Bare.unprotected}"
        )


def _say_what_is_unprotected() -> None:
    from autograde.sandbox import Bare

    print(f"--no-sandbox: {Bare.unprotected}", file=sys.stderr)
