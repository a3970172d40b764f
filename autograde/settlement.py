"""The rules of a class, applied: results and gradebook get penalties, extensions and the grades of groups.

nbgrader's own fields hold them (the assignment's due date, a submission's time and extension, a notebook's
late penalty), so its feedback and its export say the same as we do. A group's work is graded once, as that
of whoever handed it in; the others get a row with its scores, without files: formgrader shows it once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograde.course import Assignment, Course
from autograde.filing import Row, taken_in
from autograde.late import minutes_late
from autograde.policy import Group, Policy, Terms, shown
from autograde.result import Result, State
from autograde.times import STAMP, as_stamp, stamp, stamped

__all__ = ["put_back", "settle"]

UNTOLD = "It is not known when it was handed in: it counts as in time."
APPLIED = "applied.json"  # what of the gradebook is our doing, so that it can be taken back


@dataclass
class Applied:
    """What was written into the gradebook for one assignment.

    Attributes
    ----------
    copies : dict of str to str
        Students who have the scores of another one's hand-in, and whose.
    deadline : str
        The due date, if the rules gave it.
    stamps : dict of str to list of str
        ``timestamp.txt`` of students whose time the rules give: what was there before, and what is now.
        formgrader takes for graded only what has the same time in that file and in the gradebook.
    """

    copies: dict[str, str] = field(default_factory=dict)
    deadline: str = ""
    stamps: dict[str, list[str]] = field(default_factory=dict)


def settle(
    course: Course,
    policy: Policy | None,
    assignments: Sequence[Assignment],
    results: Sequence[Result],
    gradebook: Any,
) -> list[Result]:
    """Apply a class's rules to its results, and write them into the gradebook.

    Parameters
    ----------
    course : Course
    policy : Policy or None
        None takes back what an earlier one did.
    assignments : sequence of Assignment
        Which of them.
    results : sequence of Result
        As they were graded.
    gradebook : nbgrader.api.Gradebook
        Open.

    Returns
    -------
    list of Result
        One for each student who handed in, alone or with others. Twice in a row, it changes nothing.
    """
    applied = _applied(course)
    if policy is None and not applied:
        return list(results)
    log = taken_in(course)
    settled: list[Result] = []
    for assignment in assignments:
        own = {result.student: result for result in results if result.assignment == assignment.name}
        terms = policy.terms[assignment.name] if policy else Terms(assignment.name)
        before = applied.get(assignment.name, Applied())
        _put_back(course, terms, before)
        desk = _Desk(course, assignment, terms, own, log)
        settled += desk.settled()
        now = Applied(
            desk.copies, shown(terms.deadline) if terms.deadline else "", desk.stamps(before.stamps)
        )
        # what may be ours is noted before it is: a run that is killed can be taken back all the same
        applied[assignment.name] = Applied(
            before.copies | now.copies, now.deadline or before.deadline, before.stamps | now.stamps
        )
        _note(course, applied)
        desk.stamp(now.stamps)
        desk.write(gradebook, before)
        applied[assignment.name] = now
        _note(course, applied)
    return settled


def put_back(course: Course, policy: Policy | None, assignments: Sequence[Assignment]) -> None:
    """Take away the times that earlier rules gave and these do not: a deleted line makes nobody late."""
    known = _applied(course)
    for assignment in assignments:
        terms = policy.terms[assignment.name] if policy else Terms(assignment.name)
        _put_back(course, terms, known.get(assignment.name, Applied()))


def _put_back(course: Course, terms: Terms, before: Applied) -> None:
    for student in before.stamps.keys() - terms.handed_in.keys():
        old, ours = before.stamps[student]
        path = course.submitted / student / terms.assignment / STAMP
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == ours:
            stamp(path.parent, old)


def _applied(course: Course) -> dict[str, Applied]:
    path = course.work / APPLIED
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: Applied(**fields) for name, fields in known.items()}


def _note(course: Course, applied: Mapping[str, Applied]) -> None:
    path = course.work / APPLIED
    half = path.with_suffix(f".{os.getpid()}")
    fields = {name: vars(each) for name, each in applied.items() if each != Applied()}
    half.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    half.replace(path)


class _Desk:
    """One assignment's hand-ins, under its rules."""

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        terms: Terms,
        own: Mapping[str, Result],
        log: Mapping[tuple[str, str], Row],
    ) -> None:
        self.course, self.assignment, self.terms, self.own, self.log = course, assignment, terms, own, log
        self.copies: dict[str, str] = {}
        self.results: dict[str, Result] = {}
        self.when: dict[str, datetime | None] = {}

    def settled(self) -> list[Result]:
        """Return everybody's result under the rules, without what only the gradebook knows."""
        self.results = dict(self.own)
        for group in self.terms.groups:
            self.of_group(group)
        for student in sorted(self.terms.excused - self.results.keys()):
            self.results[student] = self.nothing(student)
        for student, result in self.results.items():
            self.when[student] = self.handed_in(result.lead or student)
            self.results[student] = self.under_the_rules(result)
        return list(self.results.values())

    def of_group(self, group: Group) -> None:
        """Give all members the result of the one hand-in that counts."""
        folders = [student for student, result in self.own.items() if self.is_of(group, student)]
        there = [one for one in folders if self.own[one].state is not State.MISSING]
        if not there:
            return
        lead, why = self.chosen(group, [one for one in there if self.own[one].graded] or there)
        for stray in set(folders) - set(group.members):  # a folder that is named after the group
            del self.results[stray]
        for member in group.members:
            mine = self.own.get(member)
            if not lead:
                self.results[member] = replace(mine or self.nothing(member), waits=why)
            elif member != lead:
                noted = (*self.own[lead].notes, f"Graded with the hand-in of {group.name}. {why}".strip())
                self.results[member] = replace(self.own[lead], student=member, lead=lead, notes=noted)
                self.copies |= {member: lead} if self.own[lead].graded else {}
            else:
                said = f"Handed in for {group.name}. {why}".strip()
                self.results[member] = replace(self.own[lead], notes=(*self.own[lead].notes, said))

    def nothing(self, student: str) -> Result:
        """Return the result of a student of whom there is not even a folder."""
        said = "Nothing was handed in."
        return Result(student, self.assignment.name, State.MISSING, self.assignment.points, said)

    def is_of(self, group: Group, student: str) -> bool:
        """Say whether a folder is a member's, or, as Moodle does it, named after the group."""
        row = self.log.get((student, self.assignment.name))
        return student in group.members or group.is_named(student, row.person if row else "")

    def chosen(self, group: Group, there: Sequence[str]) -> tuple[str, str]:
        """Return whose hand-in counts, nobody if that is not known; and why, where there are several."""
        if len(there) == 1:
            return there[0], ""
        if group.counts in there:
            return group.counts, f"{len(there)} handed in; the rules say which counts."
        times = {student: self.handed_in(student) for student in there}
        known = [(when, student) for student, when in times.items() if when is not None]
        if len(known) == len(there):
            return max(known)[1], f"{len(there)} handed in; the last one counts."
        if len({self.own[student].work for student in there}) == 1 and self.own[there[0]].work:
            return there[0], f"{len(there)} handed in the same."
        listed = ", ".join(there)
        return "", (
            f"{group.name} handed in {len(there)} times ({listed}), and which came last is not known."
            f' Write "{group.name}" = {{members = [...], counts = "{there[0]}"}} into the rules.'
        )

    def folder(self, student: str) -> Path:
        return self.course.submitted / student / self.assignment.name

    def handed_in(self, student: str) -> datetime | None:
        """Return when a student handed in, if that is known."""
        return self.terms.handed_in.get(student) or stamped(self.folder(student))[0]

    def stamps(self, before: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the times that the rules give, each after what the file said without them."""
        found = {}
        for student, when in self.terms.handed_in.items():
            path = self.folder(student) / STAMP
            if path.parent.is_dir() and not path.is_symlink():
                text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
                old, ours = before.get(student, ["", ""])
                found[student] = [old if text == ours else text, as_stamp(when)]
        return found

    def stamp(self, now: Mapping[str, list[str]]) -> None:
        """Write the times that the rules give."""
        for student, (_, ours) in now.items():
            stamp(self.folder(student), ours)

    def under_the_rules(self, result: Result) -> Result:
        """Note what the rules say about a result, but the penalty, which `write` knows."""
        notes = []
        until = self.terms.extensions.get(result.student)
        if result.student in self.terms.excused:
            return replace(result, excused=True, notes=(*result.notes, "Excused."))
        if until is not None:
            notes.append(f"Has time until {shown(until)}.")
        said, waits = self.lateness(result)
        notes += [said] if said else []
        return replace(result, notes=(*result.notes, *notes), waits=result.waits or waits)

    def lateness(self, result: Result) -> tuple[str, str]:
        """Say how late it is, or why there can be no grade because nobody knows."""
        deadline, when = self.terms.deadline_of(result.student), self.when[result.student]
        row = self.log.get((result.lead or result.student, self.assignment.name))
        marked = row is not None and row.late
        if deadline is None or not result.graded:
            return "", ""
        if when is None and marked and self.terms.late is not None:
            return "", (
                "It was marked as late, but how late is not known. Look up when it was handed in and write it"
                f" under [assignment.{self.assignment.name}.handed_in] into the rules."
            )
        if when is None:
            return (
                "It is not known when it was handed in: it counts as in time." if self.untold(row) else ""
            ), ""
        if minutes := minutes_late(deadline, when):
            return f"{_long(minutes)} late, deadline {shown(deadline)}.", ""
        return ("Marked as late, but in time by the rules." if marked else ""), ""

    def untold(self, row: Row | None) -> bool:
        """Say whether nobody said that it was in time: Canvas, which marks what is late, did."""
        return self.terms.late is not None and (row is None or row.system != "canvas")

    def write(self, gradebook: Any, before: Applied) -> None:
        """Put it all into the gradebook."""
        from nbgrader.api import MissingEntry

        try:
            entry = gradebook.find_assignment(self.assignment.name)
        except MissingEntry:  # nothing of it could be graded so far
            return
        if self.terms.deadline is not None:
            entry.duedate = _stored(self.terms.deadline)
        elif before.deadline:
            entry.duedate = None
        self.take_back(gradebook, set(before.copies) - set(self.copies))
        gradebook.db.flush()
        with gradebook.db.no_autoflush:  # nbgrader adds to what it looks through, which warns otherwise
            for member in self.copies:
                gradebook.update_or_create_student(member)
                gradebook.update_or_create_submission(self.assignment.name, member)
        rows = {row.student.id: row for row in gradebook.assignment_submissions(self.assignment.name)}
        for member, lead in self.copies.items():
            if self.copy(rows[lead], rows[member]):
                said = "The gradebook keeps scores by hand of this student's own work; the group's count."
                self.results[member] = replace(
                    self.results[member], notes=(*self.results[member].notes, said)
                )
        if self.terms.deadline is not None or before.deadline:
            for student, row in rows.items():
                if student in self.results:
                    self.charge(gradebook, row, self.results[student])
        gradebook.db.commit()

    def copy(self, lead: Any, member: Any) -> bool:
        """Give a member of a group the scores of its hand-in; say whether some by hand stood in the way."""
        by_hand = False
        for theirs, ours in zip(lead.notebooks, member.notebooks, strict=True):
            scores = {grade.name: grade for grade in theirs.grades}
            for grade in ours.grades:
                grade.auto_score = float(scores[grade.name].score or 0)
                grade.needs_manual_grade = False
                by_hand = by_hand or grade.manual_score is not None or bool(grade.extra_credit)
        return by_hand

    def take_back(self, gradebook: Any, students: set[str]) -> None:
        """Give those who no longer share a group's grade what they have of their own."""
        for student in students:
            mine = self.own.get(student)
            if mine is None or not mine.graded:
                gradebook.remove_submission(self.assignment.name, student)
                continue
            row = gradebook.find_submission(self.assignment.name, student)
            marks = {mark.question: mark for mark in mine.marks}
            for grade in (grade for notebook in row.notebooks for grade in notebook.grades):
                if grade.name in marks:
                    grade.auto_score = marks[grade.name].points
                    grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None

    def charge(self, gradebook: Any, row: Any, result: Result) -> None:
        """Write when it was handed in, the extension, and what being late costs."""
        when, until = self.when[result.student], self.terms.deadline_of(result.student)
        # of their own work, if there is any, even if another's counts: formgrader compares it with the file
        own = stamped(self.folder(result.student))[0] if result.student in self.own else when
        row.timestamp = _stored(own) if own else None
        row.extension = None
        if until is not None and until != self.terms.deadline and self.terms.deadline is not None:
            row.extension = until.astimezone(UTC) - self.terms.deadline.astimezone(UTC)
        rule, penalty = self.terms.late, None
        if rule is not None and when is not None and until is not None and minutes_late(until, when):
            gradebook.db.flush()
            gradebook.db.expire(row, ["score"])
            earned = float(row.score or 0)
            penalty = rule.penalty(until, when, self.assignment.points, earned)
        for notebook in row.notebooks:
            notebook.late_submission_penalty = penalty or None


def _stored(when: datetime) -> datetime:
    """Return a time as nbgrader stores it: UTC, and nothing that says so."""
    return when.astimezone(UTC).replace(tzinfo=None)


def _long(minutes: int) -> str:
    """Say how long.

    Examples
    --------
    >>> _long(1), _long(95), _long(3000)
    ('1 minute', '1 hour 35 minutes', '2 days 2 hours')
    """
    days, rest = divmod(minutes, 1440)
    hours, rest = divmod(rest, 60)
    parts = ((days, "day"), (hours, "hour"), (rest, "minute"))
    return " ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)
