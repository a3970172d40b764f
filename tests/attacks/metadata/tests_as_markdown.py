"""Turn the tests into markdown, which nobody runs.

Success: wrong answers earn points, or their points stay open.
"""

from tests.attacks.edit import cell


def damage(notebook):
    for name in ("largest-gap", "shares", "summary"):
        test = cell(notebook, f"test-{name}")
        test["cell_type"] = "markdown"
        del test["outputs"], test["execution_count"]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or None in outcome.points.values()
