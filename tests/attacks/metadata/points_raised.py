"""Raise the points of every test in the notebook's metadata a hundredfold.

Success: right answers earn more than they are worth.
"""

from tests.attacks.edit import nbgrader

cells = {"largest-gap": "largest_gap = 7"}
earns = {"test-largest-gap": 2}


def damage(notebook):
    for meta in nbgrader(notebook, "grade"):
        meta["points"] *= 100
    return notebook


def succeeded(outcome):
    return bool(outcome.gained)
