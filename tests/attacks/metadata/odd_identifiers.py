"""Put ids into the notebook that lead out of a folder, or into a table, if they are used as names.

Success: a file appears outside, or others have to suffer.
"""

import copy

from tests.attacks.edit import cell

ODD = [
    "../../../../outside/@MARK@",
    "@OUTSIDE@/@MARK@",
    "'); drop table grade; --",
    "a\x00@MARK@",
    "x" * 5000,
    "",
]


def damage(notebook):
    for odd in ODD:
        extra = copy.deepcopy(cell(notebook, "test-largest-gap"))
        extra |= {"id": odd, "source": "1"}
        extra["metadata"]["nbgrader"] |= {"grade_id": odd}
        notebook["cells"].append(extra)
    return notebook


def succeeded(outcome):
    return bool(outcome.files or outcome.gained) or outcome.harmed_class
