"""Turn the tests into raw cells and say in their metadata that they always were.

Success: wrong answers earn points, or their points stay open.
"""

from tests.attacks.edit import cell


def damage(notebook):
    for name in ("largest-gap", "shares", "summary"):
        test = cell(notebook, f"test-{name}")
        test["cell_type"] = test["metadata"]["nbgrader"]["cell_type"] = "raw"
        del test["outputs"], test["execution_count"]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or None in outcome.points.values()
