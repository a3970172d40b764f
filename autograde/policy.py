"""The rules of a class: what its instructor wrote into ``class.toml``, checked and understood.

The file lies in the work folder, beside what was handed in, because it names students. Deadlines, what being
late costs, who has more time, who is excused, who works together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from autograde.course import Course, nearest
from autograde.errors import CourseError
from autograde.handback import students_of
from autograde.late import OF, PER, LateRule
from autograde.rulebook import Keys, Rulebook, RuleError, moment, span, zone

__all__ = ["RULES", "Group", "Policy", "Terms", "read", "shown"]

RULES = "class.toml"
T = TypeVar("T")


@dataclass(frozen=True)
class Group:
    """Students who hand in one piece of work.

    Attributes
    ----------
    name : str
        What Canvas or Moodle calls them.
    members : tuple of str
    counts : str
        Whose hand-in counts, where that was decided by hand.
    """

    name: str
    members: tuple[str, ...]
    counts: str = ""

    def is_named(self, *names: str) -> bool:
        """Say whether one of these is what is left of the group's name in a download.

        Examples
        --------
        >>> Group("Team A", ("11", "12")).is_named("teama"), Group("Team A", ("11", "12")).is_named("Team AB")
        (True, False)
        """
        return _letters(self.name) in map(_letters, names)


@dataclass(frozen=True)
class Terms:
    """What holds for one assignment; all times know their zone.

    Attributes
    ----------
    assignment : str
    deadline : datetime or None
    late : LateRule or None
    extensions : dict of str to datetime
        A student's own deadline.
    excused : frozenset of str
    groups : tuple of Group
    handed_in : dict of str to datetime
        When students handed in, where the files do not say.
    """

    assignment: str
    deadline: datetime | None = None
    late: LateRule | None = None
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    excused: frozenset[str] = frozenset()
    groups: tuple[Group, ...] = ()
    handed_in: Mapping[str, datetime] = field(default_factory=dict)

    def deadline_of(self, student: str) -> datetime | None:
        """Return until when a student may hand in."""
        return self.extensions.get(student, self.deadline)

    def group_of(self, student: str) -> Group | None:
        """Return the group that a student is in."""
        return next((group for group in self.groups if student in group.members), None)


@dataclass(frozen=True)
class Policy:
    """The rules of a class.

    Attributes
    ----------
    path : Path
        The file.
    zone : tzinfo or None
        The time zone of the class, if the file names it.
    terms : dict of str to Terms
        By assignment, of all that the course has.
    """

    path: Path
    zone: tzinfo | None
    terms: Mapping[str, Terms]


def read(course: Course) -> Policy | None:
    """Read a class's rules; None if there is no such file.

    Raises
    ------
    CourseError
        The file holds mistakes; all are named, each with its line and its cure.
    """
    path = course.work / RULES
    return _Reader(course, Rulebook(path)).policy() if path.exists() else None


class _Reader:
    """Understands a rulebook, and complains into it."""

    def __init__(self, course: Course, book: Rulebook) -> None:
        self.course, self.book = course, book
        self.zone: tzinfo | None = None
        self.known: set[str] = set()  # students; empty if nobody says who they are

    def policy(self) -> Policy:
        top = dict(self.book.inside(self.book.table, (), TOP))
        if "timezone" in top:
            self.zone = self.understood(zone, top["timezone"], ("timezone",)) or UTC  # complained about once
        if "students" in top:
            self.known = self.students(top["students"])
        late = self.late_keys(top.get("late", {}), ("late",))
        groups = self.groups(top.get("groups", {}), ("groups",))
        names = {each.name: each for each in self.course.assignments}
        terms = {name: Terms(name, None, self.late(late, ("late",)), groups=groups) for name in names}
        tables = top.get("assignment", {})
        if not isinstance(tables, dict):
            self.book.complain(("assignment",), "is no table. Write [assignment.NAME] on a line alone.")
            tables = {}
        for written, table in tables.items():
            keys = ("assignment", written)
            try:
                (chosen,) = self.course.choose([written])
            except CourseError as error:
                self.book.complain(keys, f"is unknown: {str(error).removeprefix('course: ')}")
                continue
            terms[chosen.name] = self.terms(chosen.name, table, keys, late, groups)
        self.book.settle()
        return Policy(self.book.path, self.zone, terms)

    def terms(
        self, name: str, table: Any, keys: Keys, late: Mapping[str, Any], groups: tuple[Group, ...]
    ) -> Terms:
        found = dict(self.book.inside(table, keys, ASSIGNMENT))
        deadline = None
        if "deadline" in found:
            deadline = self.time(found["deadline"], (*keys, "deadline"))
        extensions = {}
        for student, value in self.by_student(found.get("extensions", {}), (*keys, "extensions")):
            if "deadline" in found and deadline is None:
                continue  # complained about already
            if (until := self.extension(value, deadline, (*keys, "extensions", student))) is not None:
                extensions[student] = until
        handed_in = {}
        for student, value in self.by_student(found.get("handed_in", {}), (*keys, "handed_in")):
            if (when := self.time(value, (*keys, "handed_in", student))) is not None:
                handed_in[student] = when
        own = self.late_keys(found.get("late", {}), (*keys, "late"))
        if "groups" in found:
            groups = self.groups(found["groups"], (*keys, "groups"))
        excused = self.listed(found.get("excused", []), (*keys, "excused"))
        rule = self.late({**late, **own}, (*keys, "late"))
        return Terms(name, deadline, rule, extensions, frozenset(excused), groups, handed_in)

    def late_keys(self, table: Any, keys: Keys) -> dict[str, Any]:
        """Return what a table says about being late, each value checked."""
        found: dict[str, Any] = {}
        for key, value in self.book.inside(table, keys, list(LATE)):
            read_as = self.understood(LATE[key], value, (*keys, key))
            if read_as is not None:
                found[key] = read_as
        return found

    def late(self, found: Mapping[str, Any], keys: Keys) -> LateRule | None:
        if not found:
            return None
        if "percent" not in found and "nothing_after" not in found:
            self.book.complain(keys, "says not what being late costs. Write percent = 1, for example.")
            return None
        rule = LateRule(**{"percent": 0.0, **found})
        now = datetime(2000, 1, 1, tzinfo=UTC)
        if rule.nothing_after and rule.nothing_after.after(now) < rule.grace.after(now):
            self.book.complain(
                (*keys, "nothing_after"), f"is {rule.nothing_after}, expected at least grace, {rule.grace}."
            )
        return rule

    def extension(self, value: Any, deadline: datetime | None, keys: Keys) -> datetime | None:
        if deadline is None:
            self.book.complain(keys, "is an extension of no deadline. Write the assignment's deadline first.")
            return None
        try:
            until: datetime | None = span(value).after(deadline)
        except RuleError:
            until = self.time(value, keys)
        if until is not None and until.astimezone(UTC) <= deadline.astimezone(UTC):
            self.book.complain(
                keys,
                f"is {value!r}, expected a time after the deadline, {shown(deadline)}. Write until when this"
                ' student has time, or for how much longer: "3 days".',
            )
            return None
        return until

    def groups(self, table: Any, keys: Keys) -> tuple[Group, ...]:
        if not isinstance(table, dict):
            self.book.complain(keys, f'is {table!r}, expected a table of lists: "Team A" = ["11", "12"].')
            return ()
        groups: list[Group] = []
        seen: dict[str, str] = {}
        for name, value in table.items():
            where = (*keys, name)
            counts = ""
            if isinstance(value, dict):
                whole = dict(self.book.inside(value, where, ("members", "counts")))
                value = whole.get("members", [])
                counts = str(whole.get("counts", ""))
            members = self.listed(value, where)
            if len(members) < 2:
                self.book.complain(where, f"has {len(members)} members, expected at least 2.")
            if counts and counts not in members:
                self.book.complain((*where, "counts"), f"is {counts!r}. {nearest(counts, members)}")
            for member in members:
                if member in seen:
                    self.book.complain(
                        where, f"lists {member!r}, who is in {seen[member]!r} too. Take one of them out."
                    )
                seen.setdefault(member, name)
            groups.append(Group(name, tuple(members), counts))
        return tuple(groups)

    def listed(self, value: Any, keys: Keys) -> list[str]:
        """Return a list of students."""
        if not isinstance(value, list) or not all(isinstance(each, str | int) for each in value):
            self.book.complain(keys, f'is {value!r}, expected a list of students: ["11", "12"].')
            return []
        students = [str(each).strip() for each in value]
        for student in {student for student in students if students.count(student) > 1}:
            self.book.complain(keys, f"lists {student!r} twice. Write it once.")
        for student in students:
            self.is_known(student, keys)
        return list(dict.fromkeys(students))

    def by_student(self, table: Any, keys: Keys) -> list[tuple[str, Any]]:
        if not isinstance(table, dict):
            self.book.complain(keys, f'is {table!r}, expected a line for each student: 11 = "...".')
            return []
        for student in table:
            self.is_known(student, (*keys, student))
        return list(table.items())

    def students(self, value: Any) -> set[str]:
        """Return who the class is, from the table that the file names."""
        try:
            return set(students_of(self.book.path.parent / str(value)))
        except CourseError as error:
            self.book.complain(("students",), f"is {value!r}. {error}")
            return set()

    def is_known(self, student: str, keys: Keys) -> None:
        if self.known and student not in self.known:
            close = get_close_matches(student, sorted(self.known), n=1)
            cure = f"Did you mean {close[0]!r}?" if close else "Write the ids that the table has."
            self.book.complain(keys, f"names {student!r}, who is not in the table of students. {cure}")

    def time(self, value: Any, keys: Keys) -> datetime | None:
        return self.understood(lambda value: moment(value, self.zone), value, keys)

    def understood(self, read_as: Callable[[Any], T], value: Any, keys: Keys) -> T | None:
        try:
            return read_as(value)
        except RuleError as wrong:
            written = str(value) if isinstance(value, date) else repr(value)
            self.book.complain(keys, f"is {written}, {wrong}")
            return None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def shown(when: datetime) -> str:
    """Return a time as it is written into the file.

    Examples
    --------
    >>> shown(datetime(2026, 3, 2, 23, 59, tzinfo=zone("Europe/Berlin")))
    '2026-03-02 23:59 CET'
    """
    return f"{when:%Y-%m-%d %H:%M %Z}"


def _percent(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise RuleError("expected a number from 0 to 100.")
    return float(value)


def _one_of(choices: Sequence[str]) -> Callable[[Any], str]:
    def chosen(value: Any) -> str:
        if value not in choices:
            raise RuleError(f"expected one of: {', '.join(choices)}. {nearest(str(value), choices)}")
        return str(value)

    return chosen


TOP = ("timezone", "students", "late", "groups", "assignment")
ASSIGNMENT = ("deadline", "excused", "extensions", "handed_in", "groups", "late")
LATE: dict[str, Callable[[Any], Any]] = {
    "percent": _percent,
    "per": _one_of(PER),
    "of": _one_of(OF),
    "grace": span,
    "at_most": _percent,
    "nothing_after": span,
}
