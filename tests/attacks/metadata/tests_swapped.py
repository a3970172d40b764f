"""Exchange the ids of two tests, so that the easy one stands for the one that is worth more.

Success: more is earned than the one right answer is worth.
"""

from tests.attacks.edit import cell

cells = {"axis-name": 'axis_name = "rows"'}
earns = {"test-axis-name": 1}


def damage(notebook):
    easy, dear = cell(notebook, "test-axis-name"), cell(notebook, "test-shares")
    for key in ("id",):
        easy[key], dear[key] = dear[key], easy[key]
    one, other = easy["metadata"]["nbgrader"], dear["metadata"]["nbgrader"]
    one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained)
