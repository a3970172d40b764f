"""What every test shares."""

import sqlite3
from contextlib import closing
from functools import partial

import pytest
from hypothesis import settings

collect_ignore = ["fixtures/plain_course"]  # nbgrader runs its files, not pytest

# The same examples on every run and no limit on seconds: a slow machine must not fail a test.
settings.register_profile("cnnkit", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("cnnkit")


@pytest.fixture(scope="session")
def torch_twin():
    """Return a function layer -> torch module; the repr of a layer is code that torch understands."""
    from torch import nn

    # torch warns where Softmax must guess its dimension
    names = vars(nn) | {"Softmax": partial(nn.Softmax, dim=1)}
    return lambda layer: eval(repr(layer), names)


@pytest.fixture(scope="session")
def tables():
    """Return a function gradebook file -> everything in it, by names instead of nbgrader's random ids."""
    work = "FROM student s JOIN submitted_assignment sa ON sa.student_id = s.id JOIN assignment a ON a.id ="
    work += " sa.assignment_id"
    book = f"{work} JOIN submitted_notebook sn ON sn.assignment_id = sa.id"
    book += " JOIN notebook n ON n.id = sn.notebook_id"
    cell = "JOIN base_cell c ON c.id = x.cell_id"
    queries = {
        "courses": "SELECT id FROM course",
        "version": "SELECT * FROM alembic_version",
        "students": "SELECT * FROM student",
        "assignments": "SELECT name, duedate, course_id FROM assignment",
        "notebooks": "SELECT a.name, n.name, n.kernelspec FROM notebook n"
        " JOIN assignment a ON a.id = n.assignment_id",
        "cells": "SELECT n.name, c.name, c.type, g.max_score, g.cell_type, t.max_score, t.cell_type"
        " FROM base_cell c JOIN notebook n ON n.id = c.notebook_id LEFT JOIN grade_cells g ON g.id = c.id"
        " LEFT JOIN task_cells t ON t.id = c.id",
        "sources": "SELECT n.name, x.name, x.cell_type, x.locked, x.source, x.checksum FROM source_cell x"
        " JOIN notebook n ON n.id = x.notebook_id",
        "submissions": f"SELECT a.name, s.id, sa.timestamp, sa.extension {work}",
        "submitted": f"SELECT a.name, s.id, n.name, sn.flagged, sn.late_submission_penalty {book}",
        "grades": "SELECT a.name, s.id, n.name, c.name, x.auto_score, x.manual_score, x.extra_credit,"
        f" x.needs_manual_grade {book} JOIN grade x ON x.notebook_id = sn.id {cell}",
        "comments": "SELECT a.name, s.id, n.name, c.name, x.auto_comment, x.manual_comment"
        f" {book} JOIN comment x ON x.notebook_id = sn.id {cell}",
    }

    def read(path):
        with closing(sqlite3.connect(path)) as gradebook:
            return {
                name: sorted(gradebook.execute(query).fetchall(), key=repr) for name, query in queries.items()
            }

    return read
