"""The single writer: results go into nbgrader's gradebook, one transaction each, and beside it.

A process of its own, because importing nbgrader takes four seconds that grading need not wait for.
A result is remembered (see ``result.record``) after the gradebook has it, so a run that is killed anywhere
grades that submission again, and ends with the same gradebook.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograde import stock
from autograde.course import Assignment, Course
from autograde.errors import StockError
from autograde.notebook import Notebook, dumps
from autograde.result import Result, record

__all__ = ["Writer"]


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
        On the first `store`: nbgrader's gradebook refuses the assignments, or the writer died.
    """

    def __init__(self, course: Course, assignments: Sequence[Assignment], students: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_write, args=(theirs, course, list(assignments), list(students))
        )
        self.process.start()
        theirs.close()
        self.ready = False

    def store(self, result: Result, notebook: Notebook | None) -> None:
        """Write one result; return when the gradebook has it."""
        if not self.ready:
            self.answer()
            self.ready = True
        self.pipe.send((result, notebook))
        self.answer()

    def answer(self) -> None:
        """Wait for the writer; raise what it could not do."""
        try:
            refusal = self.pipe.recv()
        except (EOFError, OSError):
            raise StockError("grade: the process that writes the gradebook died. Grade again.") from None
        if refusal:
            raise StockError(refusal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipe.close()
        self.process.join()


def _write(pipe: Any, course: Course, assignments: list[Assignment], students: list[str]) -> None:
    _quiet()
    try:
        with stock.open_gradebook(course) as gradebook, tempfile.TemporaryDirectory() as unused:
            for student in students:
                gradebook.update_or_create_student(student)
            for assignment in assignments:
                stock.generate(course, assignment, Path(unused), in_gradebook=True)
        with stock.open_gradebook(course) as gradebook:
            pipe.send("")
            while True:
                result, notebook = pipe.recv()
                if notebook is not None:
                    _store(course, gradebook, result, notebook)
                record(course, result)
                pipe.send("")
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        pipe.send(str(error))


def _quiet() -> None:
    """Keep what libraries print off the terminal, and an interrupt of the terminal away from a transaction."""
    if hasattr(os, "setsid"):
        os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _store(course: Course, gradebook: Any, result: Result, notebook: Notebook) -> None:
    """Write one submission's scores and its executed notebook, as nbgrader's SaveAutoGrades does."""
    folder = course.autograded / result.student / result.assignment
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{result.assignment}.ipynb"
    half = target.with_suffix(".half")
    half.write_text(dumps(notebook), encoding="utf-8")
    half.replace(target)
    submission = gradebook.update_or_create_submission(result.assignment, result.student)
    marks = {mark.question: mark for mark in result.marks}
    for submitted in submission.notebooks:
        for grade in submitted.grades:
            mark = marks.get(grade.name)
            if mark is None:
                continue
            grade.auto_score = mark.points
            # a person looks again where there is no score yet, or where one was given to another version
            grade.needs_manual_grade = mark.points is None or grade.manual_score is not None
        for comment in submitted.comments:
            mark = marks.get(comment.name)
            comment.auto_comment = "No response." if mark is not None and mark.verdict == "missing" else None
    gradebook.db.commit()
