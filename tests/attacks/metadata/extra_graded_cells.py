"""Add graded cells of the student's own, worth fifty points each.

Success: points beyond the course's questions, or others have to suffer.
"""

import copy

from tests.attacks.edit import cell


def damage(notebook):
    for number in range(3):
        extra = copy.deepcopy(cell(notebook, "test-largest-gap"))
        extra |= {"id": f"bonus-{number}", "source": "50"}
        extra["metadata"]["nbgrader"] |= {"grade_id": f"bonus-{number}", "points": 50}
        notebook["cells"].append(extra)
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
