"""Grade a class: what is new or changed is run, the rest is remembered, and every submission gets its row."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version

from autograde import cluster, engine, intake
from autograde.course import Assignment, Course
from autograde.errors import NotebookError
from autograde.gradebook import Writer
from autograde.intake import Submission
from autograde.progress import Bar
from autograde.result import Result, State, forget, recall, record
from autograde.task import Kit, Task, grader, kit_of, task_of

__all__ = ["fingerprint", "grade"]

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
        The scheduler cannot be reached, or nobody works for it.
    """
    submissions = {
        (submission.student, submission.assignment): submission
        for submission in intake.collect(course, assignments)
    }
    by_name = {assignment.name: assignment for assignment in assignments}
    before = {name: recall(course, name) for name in by_name}
    kits = {name: kit_of(course, assignment) for name, assignment in by_name.items()}
    changed, results = [], []
    for submission in submissions.values():
        old = before[submission.assignment].get(submission.student)
        if submission.notebook is None:
            results.append(_not_graded(submission, by_name[submission.assignment], old))
            record(course, results[-1])
        elif old and not force and _still_holds(old, fingerprint(submission, kits), timeout):
            results.append(old)
        else:
            changed.append(submission)

    def tasks() -> Iterator[Task]:
        for submission in changed:
            print_ = fingerprint(submission, kits)
            try:
                yield task_of(submission, kits[submission.assignment], timeout, print_)
            except NotebookError as error:
                refused = replace(submission, state=State.UNGRADABLE, reason=str(error))
                results.append(_not_graded(refused, by_name[submission.assignment], None))
                record(course, results[-1])
                bar.finished(results[-1])

    if changed:
        by_digest = {kit.digest: kit for kit in kits.values()}
        kept = sum(1 for result in results if result.fingerprint)
        students = sorted({student for student, _ in submissions})
        with Writer(course, assignments, students) as writer, Bar(len(changed), kept) as bar:
            if scheduler:
                stream = cluster.run(tasks(), by_digest, scheduler, bar.started, sandbox=sandbox)
            else:
                crew = workers or engine.cores()
                stream = engine.run(tasks(), by_digest, crew, bar.started, sandbox=sandbox)
            with closing(stream):
                for result, notebook in stream:
                    submission = submissions[result.student, result.assignment]
                    results.append(writer.store(submission, result, notebook))
                    bar.finished(results[-1])
    for name in by_name:
        forget(course, name, before[name].keys() - {student for student, _ in submissions})
    return sorted(results, key=lambda result: (result.assignment, result.student))


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


def _still_holds(old: Result, print_: str, timeout: int) -> bool:
    """Say whether a kept result is what grading again would give: nothing changed, and no more time."""
    return old.fingerprint == print_ and (old.state is State.GRADED or timeout <= old.timeout)


def fingerprint(submission: Submission, kits: Mapping[str, Kit]) -> str:
    """Hash a submission together with what it is graded with: the assignment's kit, and the grader."""
    assert submission.notebook is not None
    grounds = f"{version('nbgrader')} {grader()} {kits[submission.assignment].digest} "
    digest = hashlib.sha256(grounds.encode())
    for path in [submission.notebook, *submission.files]:
        name = path.relative_to(submission.notebook.parent).as_posix()
        # a file name need not be text
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
