"""Read what a graded notebook and the gradebook say about each answer.

A check can say what it found by displaying an output of the type `DIAGNOSIS`, a table with ``question``,
``code``, ``points``, ``max_points``, ``verdict``, ``mistakes`` and ``message``. Where there is none, the
error stands in for it.
"""

from __future__ import annotations

from typing import Any

from autograde.course import Assignment, Question
from autograde.notebook import ANSI, Cell, Notebook, graded_as, text_of
from autograde.result import Mark

__all__ = ["DIAGNOSIS", "marks_of", "misread", "timed_out"]

DIAGNOSIS = "application/vnd.cnnkit.diagnosis+json"
VERDICTS = ("correct", "mistake", "several", "unrecognised", "invalid", "missing")
TIMED_OUT = "CellTimeoutError"
LONGEST = 500  # characters of a message


def marks_of(assignment: Assignment, student: str, executed: Notebook, gradebook: Any) -> tuple[Mark, ...]:
    """Return what each question earned, and settle in the gradebook what nbgrader leaves open.

    Parameters
    ----------
    assignment : Assignment
        Its questions, in order.
    student : str
        Whose work it is.
    executed : dict
        The notebook after ``nbgrader autograde``.
    gradebook : nbgrader.api.Gradebook
        Holds the scores. A graded cell that the notebook lacks earns nothing; nbgrader would leave it for a
        person to grade.
    """
    cells = {c["metadata"]["nbgrader"].get("grade_id"): c for c in executed["cells"] if _is_graded(c)}
    submission = gradebook.find_submission_notebook(assignment.name, assignment.name, student)
    marks = {}
    for grade in submission.grades:
        cell = cells.get(grade.name)
        if cell is None:
            grade.auto_score, grade.needs_manual_grade = 0.0, False
        marks[grade.name] = grade
    gradebook.db.commit()
    return tuple(_mark(q, cells.get(q.id), marks[q.id]) for q in assignment.questions if q.id in marks)


def _is_graded(cell: Cell) -> bool:
    return graded_as(cell) in ("test", "by hand")


def _mark(question: Question, cell: Cell | None, grade: Any) -> Mark:
    points = None if grade.needs_manual_grade else float(grade.score or 0)
    if cell is None:
        return Mark(question.id, points, question.points, "deleted", message="The cell was deleted.")
    if question.by_hand:
        said = ("missing", "No answer was written.") if points == 0 else ("by hand", "")
        return Mark(question.id, points, question.points, said[0], message=said[1])
    diagnosis = _diagnosis(cell)
    if diagnosis is not None:
        return Mark(question.id, points, question.points, **diagnosis)
    error, message = _complaint(cell)
    if error == "NotImplementedError":  # what nbgrader leaves in place of a solution
        return Mark(question.id, points, question.points, "missing", message="No answer was written.")
    full = points is not None and points >= question.points
    return Mark(question.id, points, question.points, "correct" if full else "failed", message=message)


def _diagnosis(cell: Cell) -> dict[str, Any] | None:
    """Return the fields of the last diagnosis that a test displayed, or None."""
    said = [x["data"][DIAGNOSIS] for x in cell.get("outputs", []) if DIAGNOSIS in x.get("data", {})]
    if not said or not isinstance(said[-1], dict) or said[-1].get("verdict") not in VERDICTS:
        return None
    mistakes = said[-1].get("mistakes")
    return {
        "verdict": said[-1]["verdict"],
        "mistakes": tuple(str(x) for x in mistakes) if isinstance(mistakes, list) else (),
        "message": str(said[-1].get("message", ""))[:LONGEST],
        "code": str(said[-1].get("code", "")),
    }


def _complaint(cell: Cell) -> tuple[str, str]:
    """Return what made a test fail, the error's name and a line about it; nothing if it passed.

    What a test wrote to stderr counts: nbgrader takes it for an error.
    """
    outputs = cell.get("outputs", [])
    errors = {x.get("ename"): str(x.get("evalue", "")) for x in outputs if x.get("output_type") == "error"}
    if TIMED_OUT in errors:
        return TIMED_OUT, "The test was stopped: it ran into the time limit."
    if errors:
        name, value = next(iter(errors.items()))
        first = [line for line in ANSI.sub("", value).splitlines() if line.strip()][:1]
        text = ": ".join([str(name), *first]).removeprefix("AssertionError: ")
        return str(name), text[:LONGEST]
    for output in outputs:
        if output.get("output_type") == "stream" and output.get("name") == "stderr":
            last = text_of(output.get("text", "")).strip().splitlines() or [""]
            text = f"The test wrote to stderr, which nbgrader counts as failed: {last[-1]}"
            return "stderr", text[:LONGEST]
    return "", ""


def misread(executed: Notebook) -> list[str]:
    """Return the tests whose value nbgrader could not read and therefore gave full marks for, each with it.

    ``np.float64(1.5)`` is such a value: only what ``float`` can read counts as partial credit.
    """
    found = []
    for cell in executed["cells"]:
        outputs = cell.get("outputs", []) if graded_as(cell) == "test" else []
        values = [
            text_of(x["data"].get("text/plain", ""))
            for x in outputs
            if x.get("output_type") == "execute_result"
        ]
        if values and not any(x.get("output_type") == "error" for x in outputs) and not _is_credit(values[0]):
            found.append(f"{cell['metadata']['nbgrader'].get('grade_id')} ended in {values[0][:40]}")
    return found


def _is_credit(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def timed_out(executed: Notebook) -> list[str]:
    """Return the cells that were stopped because they ran too long, by id."""
    return [
        str(cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id") or f"cell {number}")
        for number, cell in enumerate(executed["cells"], start=1)
        if any(output.get("ename") == TIMED_OUT for output in cell.get("outputs", []))
    ]
