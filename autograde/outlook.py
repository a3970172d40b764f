"""What a class's rules mean, in words: for everybody, and for whom they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from autograde.course import Assignment, Course
from autograde.filing import taken_in
from autograde.late import Span, minutes_late
from autograde.policy import Terms, shown
from autograde.times import stamped

__all__ = ["described", "example"]

EXAMPLES = {"15 minutes": Span(minutes=15), "2 hours": Span(minutes=120), "1 day": Span(days=1)}
EXAMPLES |= {"3 days": Span(days=3), "8 days": Span(days=8)}
LABEL = 14
LISTED = 20


def described(course: Course, assignment: Assignment, terms: Terms) -> Iterator[str]:
    """Yield lines on one assignment: its deadline, what being late costs, and whom the rules name."""
    yield f"{assignment.name}, {assignment.points:g} points"
    yield _line("deadline", shown(terms.deadline) if terms.deadline else "none: nothing is late")
    if terms.late is not None and terms.deadline is not None:
        yield _line("late", str(terms.late))
        yield _line("", _examples(terms, assignment.points))
    for student, until in terms.extensions.items():
        yield _line("more time", f"{student}, until {shown(until)}")
    if terms.excused:
        yield _line("excused", ", ".join(sorted(terms.excused)))
    for group in terms.groups:
        decided = f"; what {group.counts} handed in counts" if group.counts else ""
        yield _line("group", f"{group.name}: {', '.join(group.members)}{decided}")
    for student, when in terms.handed_in.items():
        yield _line("handed in", f"{student}, {shown(when)}")
    yield from _hand_ins(course, terms)


def _line(label: str, said: str) -> str:
    return f"  {label:{LABEL}}{said}"


def _examples(terms: Terms, points: float) -> str:
    """Say what typical delays cost somebody with all points."""
    assert terms.deadline is not None
    assert terms.late is not None
    said = []
    for name, span in EXAMPLES.items():
        lost = terms.late.penalty(terms.deadline, span.after(terms.deadline), points, points)
        said.append(f"{name}: {'-' if lost else ''}{round(lost, 2):g}")
    return "; ".join(said)


def _hand_ins(course: Course, terms: Terms) -> Iterator[str]:
    """Say who is late by these rules, and of whom it is not known."""
    log = taken_in(course)
    folders = course.submitted.iterdir() if course.submitted.is_dir() else ()
    here = sorted(d.name for d in folders if (d / terms.assignment).is_dir())
    unknown, marked = [], []
    for student in here:
        when = terms.handed_in.get(student) or stamped(course.submitted / student / terms.assignment)[0]
        row = log.get((student, terms.assignment))
        deadline = terms.deadline_of(student)
        if deadline is None:
            continue
        if when is None and row is not None and row.late:
            marked.append(student)
        elif when is None and (row is None or row.system != "canvas"):
            unknown.append(student)
        elif when is not None and (minutes := minutes_late(deadline, when)):
            cost = f", {terms.late.percent_off(deadline, when):.4g} %" if terms.late else ""
            yield _line(
                "is late", f"{student}, {shown(when.astimezone(deadline.tzinfo))}: {minutes} min{cost}"
            )
    for students, said in (
        (marked, "marked as late, but nobody knows how late: no grade until it stands under handed_in"),
        (unknown, "handed in nobody knows when: in time"),
        (_nowhere(terms, here), "named in the rules, handed in nothing so far"),
    ):
        if students:
            more = f" and {len(students) - LISTED} more" if len(students) > LISTED else ""
            yield _line("note", f"{said}: {', '.join(students[:LISTED])}{more}")


def _nowhere(terms: Terms, here: list[str]) -> list[str]:
    grouped = {member for group in terms.groups for member in group.members}
    together = {
        member for group in terms.groups if set(group.members) & set(here) for member in group.members
    }
    named = terms.extensions.keys() | terms.handed_in.keys() | (grouped - together)
    return sorted(named - set(here))


def example(course: Course, now: datetime | None = None) -> str:
    """Return a file of rules to begin with, for the assignments of a course."""
    day = (now or datetime.now(UTC)).date()
    tables = "\n".join(
        ASSIGNMENT.format(name=each.name, points=f"{each.points:g}", day=day) for each in course.assignments
    )
    return HEAD.format(day=day) + tables


HEAD = """\
# The rules of the class. What stands behind a # does not count; take the # away to use a line.
# `autograde rules` says what the file means for whom, and what is wrong in it. `autograde grade`, `report`
# and `export` go by it: change it at any time, nothing needs to be graded again.
#
# Students are written as their folders in submitted/ are called: the number in Canvas's column ID, or in
# Moodle's "Participant 5512". Times are those of your clocks: "{day} 23:59".

timezone = "UTC"                  # of all times below, such as "Europe/Berlin" or "America/New_York"
# students = "canvas.csv"         # the table that Canvas or Moodle exports, beside this file: an id that is
#                                 # not in it is then an error

# [late]                          # what being late costs, in every assignment that says nothing else
# percent = 1                     # so many percent of the points ...
# per = "hour"                    # "hour" or "day": by the minute. "started hour", "started day": whole ones
# of = "possible"                 # of the points possible, as Canvas counts, or of the points "earned"
# grace = "10 minutes"            # so late costs nothing; who is later pays from the deadline on
# at_most = 50                    # percent that are never exceeded ...
# nothing_after = "7 days"        # ... until then; after that there are no points

# [groups]                        # who hand in one notebook and get one grade, in every assignment
# "Team A" = ["11", "12", "13"]   # hand in more than one, the last counts; to decide it yourself:
# "Team B" = {{ members = ["14", "15"], counts = "15" }}

"""
ASSIGNMENT = """\
[assignment.{name}]
# {points} points
# deadline = "{day} 23:59"
# excused = ["16", "17"]               # it does not count for them, neither way
# extensions.18 = "{day} 23:59"   # until then, or for how much longer: "3 days"
# handed_in.19 = "{day} 23:59"    # where neither the files nor a table of times say it
# late.percent = 0                     # only here; groups too can stand in an assignment
"""
