"""The order of grading: the student's cells as they were handed in, the tests as the source has them."""

from __future__ import annotations

from dataclasses import dataclass

from autograde.notebook import Cell, Notebook, graded_as

__all__ = ["Step", "cells_with_tests", "id_of", "is_test", "steps"]

NAME = 200  # characters; a student's notebook may hold any


@dataclass(frozen=True)
class Step:
    """One cell to run.

    Attributes
    ----------
    id : str
        The cell's ``grade_id``, else its id, else its place.
    source : str
        The text to run: the instructor's for tests and read-only cells.
    place : int or None
        Where the hand-in has it, from 0; None for a cell that only the source has.
    test : int or None
        For a test, where the source notebook has it; None for a cell of the student's half.
    points : float
        The most that a test earns.
    """

    id: str
    source: str
    place: int | None = None
    test: int | None = None
    points: float = 0.0


def id_of(cell: Cell) -> str:
    """Return a cell's ``grade_id``, else its id, else ""."""
    meta = cell["metadata"].get("nbgrader") or {}
    name = str(meta.get("grade_id") or cell.get("id") or "")
    return name[:NAME].encode("utf-8", "replace").decode()


def cells_with_tests(source: Notebook) -> list[Cell]:
    """Return the test cells of a source notebook that run."""
    return [cell for cell in source["cells"] if is_test(cell)]


def steps(source: Notebook, submitted: Notebook) -> list[Step]:
    """Say what to run, in which order.

    Parameters
    ----------
    source : dict
        The instructor's notebook. It decides which cells are tests or read-only, their text and points.
    submitted : dict
        The student's. It decides the order, and what stands in all other cells.

    Returns
    -------
    list of Step
        Every test of the source exactly once: where the hand-in has the first cell of that id as code; else,
        deleted or retyped, after the cell that stands before it in the source. Read-only cells likewise. A
        further copy of either is not run.
    """
    fixed = {id_of(cell): number for number, cell in enumerate(source["cells"]) if _is_fixed(cell)}
    plan: list[Step] = []
    for place, cell in enumerate(submitted["cells"]):
        if cell["cell_type"] != "code":
            continue
        name = id_of(cell)
        if name not in fixed:
            plan.append(Step(name or f"cell {place + 1}", cell["source"], place))
        elif all(step.id != name for step in plan):
            plan.append(_fixed_step(source, fixed[name], place))
    for name, number in fixed.items():
        if all(step.id != name for step in plan):
            plan.insert(_after(plan, source, number), _fixed_step(source, number, None))
    return plan


def _fixed_step(source: Notebook, number: int, place: int | None) -> Step:
    cell = source["cells"][number]
    if not is_test(cell):
        return Step(id_of(cell), cell["source"], place)
    points = float(cell["metadata"]["nbgrader"].get("points") or 0)
    return Step(id_of(cell), cell["source"], place, number, points)


def _after(plan: list[Step], source: Notebook, number: int) -> int:
    """Return where a missing cell belongs: behind the nearest one before it in the source that is there."""
    for cell in reversed(source["cells"][:number]):
        places = [here for here, step in enumerate(plan) if step.id == id_of(cell)]
        if places:
            return places[0] + 1
    return 0


def is_test(cell: Cell) -> bool:
    """Say whether a cell of a source notebook is a test that runs: code, with points."""
    return cell["cell_type"] == "code" and graded_as(cell) == "test"


def _is_fixed(cell: Cell) -> bool:
    return bool(id_of(cell)) and cell["cell_type"] == "code" and graded_as(cell) in ("test", "read-only")
