"""What several commands need."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TypeAlias

from autograde.course import Assignment, Course

__all__ = ["Commands", "found", "positive", "released"]

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # it has no other name


def positive(text: str) -> int:
    """Read a whole number above 0 from a command line."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def found(problems: Sequence[str], consequence: str) -> int:
    """Say what was found and what follows; return the exit code."""
    for problem in problems:
        print(problem, file=sys.stderr)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    print(f"{many}. {consequence}", file=sys.stderr)
    return 1


def released(course: Course, assignments: Sequence[Assignment], *, asked: bool = False) -> int:
    """Release, and say what came of it; `asked` is whether the course's catalogue has its say before."""
    from autograde import release

    wrong = release.problems(assignments)
    if asked and not wrong:
        wrong = release.untold(course, assignments)
    built, leaking = release.build(course, assignments) if not wrong else ([], [])
    if wrong or leaking:
        return found([*wrong, *leaking], "Nothing was released.")
    changed = {path.parent for path in release.place(built)}
    for made in built:
        assignment = made.assignment
        state = "released" if assignment.release.parent in changed else "unchanged"
        asks = f"{assignment.points:g} points, {len(assignment.questions)} questions"
        also = f", with {', '.join(made.beside)}" if made.beside else ""
        print(f"{assignment.name}: {'no points' if assignment.ungraded else asks}, {state}{also}")
    return 0
