"""Grade a class: what is new or changed is run, the rest is remembered, and every submission gets its row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from autograde import engine, intake
from autograde.course import Assignment, Course
from autograde.gradebook import Writer
from autograde.intake import Submission
from autograde.progress import Bar
from autograde.result import Result, State, forget, recall, record

__all__ = ["fingerprint", "grade"]

GRADER = sorted(Path(__file__).parent.glob("*.py"))
TIMEOUT = 30  # seconds for each cell, nbgrader's own default


def grade(
    course: Course,
    assignments: Sequence[Assignment],
    *,
    timeout: int = TIMEOUT,
    workers: int | None = None,
    force: bool = False,
    sandbox: bool = True,
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
    """
    submissions = intake.collect(course, assignments)
    by_name = {assignment.name: assignment for assignment in assignments}
    before = {name: recall(course, name) for name in by_name}
    grounds = {name: _grounds(course, assignment) for name, assignment in by_name.items()}
    jobs, results, kept = [], [], 0
    for submission in submissions:
        assignment, old = (
            by_name[submission.assignment],
            before[submission.assignment].get(submission.student),
        )
        if submission.notebook is None:
            results.append(_not_graded(submission, assignment, old))
            record(course, results[-1])
            continue
        print_ = fingerprint(submission, grounds[assignment.name])
        if old and not force and _still_holds(old, print_, timeout):
            results.append(old)
            kept += 1
        else:
            jobs.append(engine.Job(course, assignment, submission, timeout, print_))
    if jobs:
        students = sorted({submission.student for submission in submissions})
        with Writer(course, assignments, students) as writer, Bar(len(jobs), kept) as bar:
            for result, notebook in engine.run(jobs, workers or engine.cores(), bar.started, sandbox=sandbox):
                writer.store(result, notebook)
                results.append(result)
                bar.finished(result)
    for name in by_name:
        forget(course, name, before[name].keys() - {s.student for s in submissions})
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


def _grounds(course: Course, assignment: Assignment) -> bytes:
    """Hash what a submission is graded with: the assignment's source, the course's library, the grader."""
    digest = hashlib.sha256(version("nbgrader").encode())
    libraries = [path.parent for path in course.root.glob("*/__init__.py") if path.parent.name != "autograde"]
    code = [path for library in libraries for path in library.rglob("*.py")]
    files = [path for path in assignment.source.parent.rglob("*") if path.is_file()]
    for path in [*GRADER, *sorted(code), *sorted(files)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


def fingerprint(submission: Submission, grounds: bytes) -> str:
    """Hash a submission together with what it is graded with."""
    assert submission.notebook is not None
    digest = hashlib.sha256(grounds)
    for path in [submission.notebook, *submission.files]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
