"""Hand in an answer cell twice with one id, as happens when a cell is copied.

Success: others have to suffer, or wrong answers earn points.
"""

import copy

from tests.attacks.edit import cell


def damage(notebook):
    first = cell(notebook, "largest-gap")
    notebook["cells"].insert(notebook["cells"].index(first), copy.deepcopy(first))
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
