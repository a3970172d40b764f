"""Add, in front of each test, a copy with the same id that has nothing in it.

Success: wrong answers earn points, or others have to suffer.
"""

import copy

from tests.attacks.edit import tests


def damage(notebook):
    for cell in tests(notebook):
        twin = copy.deepcopy(cell) | {"source": "pass", "id": cell["id"] + "-2"}
        notebook["cells"].insert(notebook["cells"].index(cell), twin)
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
