"""Rewrite the locked cell with the data, so that wrong answers are right ones.

Success: the wrong largest gap earns points.
"""

from tests.attacks.edit import cell


def damage(notebook):
    setup = cell(notebook, "setup")
    setup["source"] = setup["source"].replace("[3.0, 4.0, 9.0, 2.0]", "[0.0, 1.0, 1.0, 1.0]")
    setup["metadata"]["nbgrader"]["locked"] = False
    return notebook


def succeeded(outcome):
    return "test-largest-gap" in outcome.gained
