"""The single writer: results go into nbgrader's gradebook, one transaction each, and beside it.

A process of its own, because importing nbgrader takes seconds that grading need not wait for.
A result is remembered (see ``result.record``) after the gradebook has it, so a run that is killed anywhere
grades that submission again, and ends with the same gradebook.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from autograde import child, stock
from autograde.course import Assignment, Course
from autograde.errors import StockError
from autograde.intake import Submission
from autograde.notebook import Notebook, dumps
from autograde.result import Mark, Result, State, kept, record
from autograde.text import printable
from autograde.times import stamped

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["Writer", "main"]

AHEAD = 8  # results that can wait for the writer before grading does
PATIENCE = 60  # seconds that the writer has to end what it is at


class Writer:
    """The process that writes; a context manager.

    Parameters
    ----------
    course : Course
    assignments : sequence of Assignment
    students : sequence of str
        Whom the gradebook shall know before the first result.

    Raises
    ------
    StockError
        On a later call: nbgrader's gradebook refuses the assignments, or the writer died.
    """

    def __init__(self, course: Course, assignments: Sequence[Assignment], students: Sequence[str]) -> None:
        self.process, self.pipe = child.start("autograde.gradebook")
        with suppress(OSError):  # it died: `stored` finds out
            self.pipe.send((course, list(assignments), list(students)))
        self.waiting = 1  # answers to come; the first says that the gradebook is open
        self.answers: SimpleQueue[Any] = SimpleQueue()
        # A thread, because both sides may have more to say than fits into the pipe.
        self.listener = Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        """Take in what the writer says, until it is gone."""
        try:
            while True:
                self.answers.put(self.pipe.recv())
        except (EOFError, OSError):
            self.answers.put("grade: the process that writes the gradebook died. Grade again.")

    def store(self, submission: Submission, result: Result, notebook: Notebook | None) -> list[Result]:
        """Have one result written; return those, as they stand there, that the gradebook has meanwhile."""
        stored = self.stored(AHEAD)
        with suppress(OSError):
            self.pipe.send((submission, result, notebook))
        self.waiting += 1
        return stored

    def stored(self, most: int = 0) -> list[Result]:
        """Return what has been written since the last call, when at most so many more are waiting."""
        found = []
        while self.waiting and (self.waiting > most or not self.answers.empty()):
            answer = self.answers.get()
            if isinstance(answer, str):
                raise StockError(answer)
            self.waiting -= 1
            found += [answer] if isinstance(answer, Result) else []
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(self.pipe.fileno())) as ours:
            ours.shutdown(socket.SHUT_WR)  # closing alone would not tell it, as long as somebody listens
        self.listener.join(PATIENCE)
        child.end(self.process, self.pipe)


def main(descriptor: int) -> None:
    """Write what comes through a pipe until it closes."""
    pipe = Connection(descriptor)
    with suppress(EOFError, OSError):
        course, assignments, students = pipe.recv()
        try:
            with _alone(course):
                _serve(pipe, course, assignments, students)
        except EOFError:
            raise
        except Exception as error:
            pipe.send(str(error) or type(error).__name__)


@contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Wait until the writer of a command that was killed is done."""
    course.work.mkdir(parents=True, exist_ok=True)
    with (course.work / ".writing").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.environ.setdefault("PGOPTIONS", f"-c lock_timeout={PATIENCE}s")  # not for ever, as without it
        with stock.alone(course):
            yield


def _serve(
    pipe: Connection, course: Course, assignments: Sequence[Assignment], students: Sequence[str]
) -> None:
    with stock.open_gradebook(course) as gradebook, tempfile.TemporaryDirectory() as unused:
        for student in students:
            gradebook.update_or_create_student(student)
        for assignment in assignments:
            stock.generate(course, assignment, Path(unused), in_gradebook=True)
    with stock.open_gradebook(course) as gradebook:
        pipe.send(True)
        while True:
            submission, result, notebook = pipe.recv()
            if notebook is not None:
                try:
                    _keep(course, submission, notebook)
                    result = _score(course, gradebook, submission, result, notebook)
                except (ValueError, TypeError, RecursionError) as error:
                    if stock.refusal(error):
                        raise
                    # no other submission has it
                    gradebook.db.rollback()
                    result = _refused(result, error)
            record(course, result)
            pipe.send(result)


def _refused(result: Result, error: Exception) -> Result:
    """Return the row of a submission in which something cannot be written down."""
    reason = f"It was graded, but cannot be kept: {type(error).__name__}: {error}."
    return replace(result, state=State.UNGRADABLE, reason=printable(reason), marks=(), fingerprint="")


def _keep(course: Course, submission: Submission, notebook: Notebook) -> None:
    """Write the executed notebook, and what lay beside it, as a whole folder."""
    folder = course.autograded / submission.student / submission.assignment
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    source = course.source / submission.assignment
    given = [path for path in source.rglob("*") if path.suffix != ".ipynb" and path.is_file()]
    for paths, start in ((submission.files, submission.notebook), (given, source / "-")):
        for path in paths:
            assert start is not None
            target = half / path.relative_to(start.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (half / f"{submission.assignment}.ipynb").write_text(dumps(notebook), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    half.replace(folder)


def _score(
    course: Course, gradebook: Any, submission: Submission, result: Result, notebook: Notebook
) -> Result:
    """Write a submission's scores, as nbgrader's SaveAutoGrades does; return them as they stand there."""
    timestamp, note = stamped(course.submitted / submission.student / submission.assignment)
    when = {} if timestamp is None else {"timestamp": timestamp.replace(tzinfo=None)}
    row = gradebook.update_or_create_submission(submission.assignment, submission.student, **when)
    before = _same_work(course, result)
    untouched: set[str] = set()
    late = row.total_seconds_late > 0
    for submitted in row.notebooks:
        _hold(gradebook, submitted)
        present, same = _compared(submitted.notebook, notebook)
        untouched |= same
        marks = {mark.question: _decided(mark, same) for mark in result.marks}
        for grade in submitted.grades:
            if (mark := marks.get(grade.name)) is not None:
                judged = grade.manual_score is not None and before.get(grade.name) == _score_of(mark)
                grade.auto_score = mark.points
                # a person looks again where there is no score yet, or one was given to another version
                if not judged:
                    grade.needs_manual_grade = mark.points is None or grade.manual_score is not None
                if not judged and grade.manual_score is not None and grade.name in before:
                    note += (_look_again(mark, grade.manual_score, before[grade.name][0]),)
        for comment in submitted.comments:
            if comment.name in present:
                comment.auto_comment = "No response." if comment.name in same else None
        late = late or submitted.late_submission_penalty is not None
    gradebook.db.commit()
    if late:
        stock.penalise(course, submission.assignment, submission.student)
    marks_ = tuple(_decided(mark, untouched) for mark in result.marks)
    return replace(result, marks=marks_, notes=result.notes + note)


def _hold(gradebook: Any, submitted: Any) -> None:
    """Read a notebook's scores as they are now, and let nobody change them until they are written.

    Where a database has such a thing: sqlite has it for the whole file, from the first change on.
    """
    from nbgrader.api import Grade

    chosen = gradebook.db.query(Grade).filter(Grade.notebook_id == submitted.id)
    chosen.populate_existing().with_for_update(of=Grade).all()


def _look_again(mark: Mark, by_hand: float, before: float | None) -> str:
    tests = f"its test now gives {_shown(mark.points)}, not {_shown(before)}"
    return f"{mark.name}: the {_shown(by_hand)} points given by hand stand, but {tests}. Look again."


def _shown(points: float | None) -> str:
    return "nothing" if points is None else f"{points:g}"


def _same_work(course: Course, result: Result) -> dict[str, tuple[float | None, float]]:
    """Return what each question had before, if it is the same work that was graded: a test was mended, say.

    What a person gave to an answer stands as long as the answer does, and the test of it finds the same.
    """
    old = kept(course, result.assignment, result.student)
    if old is None or not result.work or old.work != result.work:
        return {}
    return {mark.question: _score_of(mark) for mark in old.marks}


def _score_of(mark: Mark) -> tuple[float | None, float]:
    return mark.points, mark.max_points


def _decided(mark: Mark, untouched: set[str]) -> Mark:
    """An answer for a person to grade that stands as it was released needs nobody."""
    if mark.verdict != "by hand" or mark.question not in untouched:
        return mark
    return replace(mark, points=0.0, verdict="missing", message="No answer was written.")


def _compared(known: Any, notebook: Notebook) -> tuple[set[str], set[str]]:
    """Return which of nbgrader's answer cells are there, and which of them stand as they were released."""
    from nbformat import NotebookNode
    from nbgrader.utils import compute_checksum, is_solution, is_task

    node: Any = NotebookNode
    released = {cell.name: cell.checksum for cell in known.source_cells}
    present, same = set(), set()
    for plain in notebook["cells"]:
        cell = node({**plain, "metadata": node(plain["metadata"])})
        name = plain["metadata"].get("nbgrader", {}).get("grade_id")
        if name in released and (is_solution(cell) or is_task(cell)):
            present.add(name)
            if compute_checksum(cell) == released[name] and not is_task(cell):
                same.add(name)
    return present, same


if __name__ == "__main__":
    main(int(sys.argv[1]))
