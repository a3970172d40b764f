"""Read and prepare nbgrader's gradebook with plain SQL, so that nothing of nbgrader is loaded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["put_secret", "scores"]

GRADES = """
select student.id, cell.name,
       coalesce(grade.manual_score, grade.auto_score) + coalesce(grade.extra_credit, 0),
       grade.needs_manual_grade and grade.manual_score is null
from grade
join base_cell as cell on cell.id = grade.cell_id
join submitted_notebook as notebook on notebook.id = grade.notebook_id
join submitted_assignment as assignment on assignment.id = notebook.assignment_id
join student on student.id = assignment.student_id
"""


def scores(database: Path) -> dict[str, dict[str, float | None]]:
    """Return student -> question -> points; None where a person has to decide."""
    found: dict[str, dict[str, float | None]] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for student, question, points, by_hand in connection.execute(GRADES):
            found.setdefault(student, {})[question] = None if by_hand else float(points or 0)
    return found


def put_secret(database: Path, student: str, secret: str) -> None:
    """Put a secret where a gradebook holds what no student may read: another student's record."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("insert or ignore into student (id) values (?)", [student])
        connection.execute("update student set last_name = ? where id = ?", [secret, student])
