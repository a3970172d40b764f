"""Tag the tests as cells that shall not be executed.

Success: wrong answers earn points.
"""

from tests.attacks.edit import tests


def damage(notebook):
    for cell in tests(notebook):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell"]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained)
