"""Grade a class: what is new or changed is run, the rest is remembered, and every submission gets its row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from itertools import chain

from autograde import cluster, engine, intake, variants
from autograde.course import Assignment, Course
from autograde.gradebook import Writer
from autograde.grading import Graded
from autograde.intake import Submission
from autograde.notebook import loads
from autograde.progress import Bar
from autograde.regrade import keep_source
from autograde.result import REFERENCE, Result, State, forget, recall, record, reference
from autograde.task import Kit, Task, grader, kit_of, task_of, work_of

__all__ = ["fingerprint", "grade", "outlasts"]

PATIENCE = 4  # times a student's seconds: the solution ends, and may have more to train
TIMEOUT = 30  # seconds for each cell, nbgrader's own default


def grade(
    course: Course,
    assignments: Sequence[Assignment],
    *,
    timeout: int = TIMEOUT,
    workers: int | None = None,
    force: bool = False,
    sandbox: bool = True,
    scheduler: str = "",
) -> list[Result]:
    """Grade what was handed in and return every submission's result.

    Parameters
    ----------
    course : Course
        Its ``submitted`` folder is graded; scores go to its gradebook, results to its work folder.
    assignments : sequence of Assignment
        Which of them to grade.
    timeout : int
        Seconds after which a cell is interrupted; the cells after it are still run.
    workers : int, optional
        How many submissions to grade at once, by default one per core.
    force : bool
        Grade again even what has not changed.
    sandbox : bool
        False runs students' code with your own rights.
    scheduler : str
        The address of a Dask scheduler, whose workers grade; by default processes of this machine do.

    Returns
    -------
    list of Result
        One for each assignment and student.

    Raises
    ------
    CourseError
        Nothing was handed in.
    StockError
        nbgrader's gradebook refuses the assignments.
    ClusterError
        `scheduler` is no address, cannot be reached, or nobody works for it.
    """
    if scheduler:
        cluster.require_address(scheduler)
    submissions = intake.collect(course, assignments)
    round_ = _Round(course, {assignment.name: assignment for assignment in assignments}, timeout)
    changed = [submission for submission in submissions if round_.needs_grading(submission, force)]
    if changed:
        students = sorted({submission.student for submission in submissions})
        kept = sum(1 for result in round_.results if result.fingerprint)
        with Writer(course, assignments, students) as writer, Bar(len(changed), kept) as bar:
            round_.finished = bar.finished
            by_digest = {kit.digest: kit for kit in round_.kits.values()}
            tasks = chain(round_.references(changed, force), round_.tasks(changed))
            if scheduler:
                stream = cluster.run(tasks, by_digest, scheduler, bar.started, sandbox=sandbox)
            else:
                crew = workers or engine.cores()
                stream = engine.run(tasks, by_digest, crew, bar.started, sandbox=sandbox)
            where = {(submission.student, submission.assignment): submission for submission in changed}
            with closing(stream):
                for result, notebook in round_.checked(stream):
                    submission = where[result.student, result.assignment]
                    whole = replace(result, work=work_of(submission), kit=round_.graded_with(submission))
                    for stored in writer.store(submission, whole, notebook):
                        round_.done(stored)
            for stored in writer.stored():
                round_.done(stored)
    everybody = {submission.student for submission in submissions}
    for assignment in assignments:
        forget(course, assignment.name, everybody)
    return sorted(round_.results, key=lambda result: (result.assignment, result.student))


class _Round:
    """One round of grading: what was known before, and what has come of it so far."""

    def __init__(self, course: Course, assignments: Mapping[str, Assignment], timeout: int) -> None:
        self.course, self.assignments, self.timeout = course, assignments, timeout
        self.before = {name: recall(course, name) for name in assignments}
        self.kits = {name: kit_of(course, assignment) for name, assignment in assignments.items()}
        self.variants = {
            name: variants.handed(course, assignment) for name, assignment in assignments.items()
        }
        self.whose: dict[tuple[str, str], str] = {}  # hand-ins with numbers that are not their student's
        self.results: list[Result] = []
        self.unfit: dict[str, set[str]] = {}  # of each assignment, once its solution is graded
        self.finished: Callable[[Result], None] = lambda result: None

    def needs_grading(self, submission: Submission, force: bool) -> bool:
        """Say whether a submission is to be run; if not, its result is known."""
        if submission.notebook is None:
            self.refuse(submission)
            return False
        old = self.old(submission)
        if old is None or force or old.fingerprint != self.fingerprint(submission):
            return True
        if not outlasts(old, self.assignments[submission.assignment], self.timeout):
            return True
        self.results.append(old)
        return False

    def references(self, submissions: Sequence[Submission], force: bool) -> Iterator[Task]:
        """Yield the instructor's own solutions: a test that they do not pass here can judge nobody.

        One that was graded before, with the same tests and in the same time, is not graded again.
        """
        timeout = self.timeout * PATIENCE
        for name in dict.fromkeys(submission.assignment for submission in submissions):
            assignment, kit = self.assignments[name], self.kits[name]
            solution = Submission(REFERENCE, name, assignment.source)
            now, old = fingerprint(solution, kit), reference(self.course, name)
            same = old is not None and old.fingerprint == now and outlasts(old, assignment, timeout)
            if old is None or force or not same:
                yield task_of(solution, kit, timeout, now)
            else:
                self.unfit[name] = told_unfit(old)

    def checked(self, stream: Iterable[Graded]) -> Iterator[Graded]:
        """Yield what comes of students' work, with the questions left open that the solution fails."""
        early: list[Graded] = []
        for result, notebook in stream:
            if result.student == REFERENCE:
                if result.graded:
                    record(self.course, result)
                self.unfit[result.assignment] = told_unfit(result)
                early, ready = [], early
            else:
                ready = [(result, notebook)]
            for one, its in ready:
                if one.assignment not in self.unfit:
                    early.append((one, its))
                else:
                    yield self.told(_left_open(one, self.unfit[one.assignment])), its
        yield from early

    def tasks(self, submissions: Sequence[Submission]) -> Iterator[Task]:
        """Yield what is to be run, each read when it is asked for."""
        for submission in submissions:
            kit, source = self.kits[submission.assignment], self.source(submission)
            task = task_of(submission, kit, self.timeout, self.fingerprint(submission), source)
            if (known := self.variants[submission.assignment]) and (
                whose := known.whose(submission.student, loads(task.notebook))
            ):
                self.whose[submission.student, submission.assignment] = whose
            yield task

    def source(self, submission: Submission) -> bytes:
        """Return the instructor's notebook with a student's own numbers, if they have any."""
        known = self.variants[submission.assignment]
        return known.source(submission.student) if known else b""

    def told(self, result: Result) -> Result:
        """Return a result that says so if its notebook has somebody else's numbers."""
        whose = self.whose.get((result.student, result.assignment))
        known = self.variants[result.assignment]
        return variants.told(result, whose, list(known.drawn.standard)) if whose and known else result

    def fingerprint(self, submission: Submission) -> str:
        return fingerprint(submission, self.kits[submission.assignment], self.source(submission))

    def graded_with(self, submission: Submission) -> str:
        """Keep the instructor's notebook, and return its hash."""
        return keep_source(self.course, self.source(submission) or self.kits[submission.assignment].source)

    def old(self, submission: Submission) -> Result | None:
        return self.before[submission.assignment].get(submission.student)

    def refuse(self, submission: Submission) -> None:
        result = _not_graded(submission, self.assignments[submission.assignment], self.old(submission))
        record(self.course, result)
        self.done(result)

    def done(self, result: Result) -> None:
        self.results.append(result)
        self.finished(result)


def told_unfit(reference: Result) -> set[str]:
    """Return the questions whose test the instructor's solution does not pass, and say so."""
    failed = [m for m in reference.marks if m.points is not None and m.points < m.max_points]
    if not reference.graded:
        print(f"{reference.assignment}: the solution could not be graded. {reference.reason}")
    for mark in failed:
        print(
            f"{reference.assignment}, {mark.question}: the solution itself gets {mark.points:g} of"
            f" {mark.max_points:g} points here ({mark.message or mark.verdict}). This question is left"
            " to you: docs/authoring.md says what a test can use, and `nbgrader autograde` can more."
        )
    return {mark.question for mark in failed}


def _left_open(result: Result, questions: set[str]) -> Result:
    marks = (
        replace(mark, points=None, verdict="by hand", mistakes=(), message="")
        if mark.question in questions and mark.points is not None
        else mark
        for mark in result.marks
    )
    return replace(result, marks=tuple(marks))


def _not_graded(submission: Submission, assignment: Assignment, old: Result | None) -> Result:
    assert submission.state is not None
    notes = submission.notes
    if old is not None and old.graded:
        notes += (f"The gradebook keeps the {old.points:g} points of an earlier version.",)
    elif old is not None:
        notes = old.notes
    return Result(
        submission.student, assignment.name, submission.state, assignment.points, submission.reason, notes
    )


def outlasts(old: Result, assignment: Assignment, timeout: int) -> bool:
    """Say whether the same submission would get the same result again, with this time for each cell.

    Not if it ran out of the time that it had, or took longer than there is now; nor if a test was left to a
    person, for the solution may have run out of time.
    """
    if timeout == old.timeout:
        return True
    if old.state is not State.GRADED or old.seconds > timeout:
        return False
    tests = {question.id for question in assignment.questions if not question.by_hand}
    return all(mark.points is not None for mark in old.marks if mark.question in tests)


def fingerprint(submission: Submission, kit: Kit, source: bytes = b"") -> str:
    """Hash a submission together with what it is graded with: the assignment's kit, and the grader.

    And, where its student has numbers of their own, the notebook with them.
    """
    grounds = f"{version('nbgrader')} {grader()} {kit.digest} {work_of(submission)} "
    return hashlib.sha256(grounds.encode() + source).hexdigest()
