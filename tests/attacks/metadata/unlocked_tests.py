"""Say that tests are not locked, and fill them with a number.

Success: wrong answers earn points.
"""

from tests.attacks.edit import tests


def damage(notebook):
    for cell in tests(notebook):
        meta = cell["metadata"]["nbgrader"]
        meta["locked"] = False
        cell["source"] = str(meta["points"])
    return notebook


def succeeded(outcome):
    return bool(outcome.gained)
