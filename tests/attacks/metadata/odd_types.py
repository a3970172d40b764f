"""Put lists, numbers and nothing where a notebook's metadata have text and flags.

Success: wrong answers earn points, or others have to suffer.
"""

from tests.attacks.edit import tests

ODD = [None, [], {}, 10**400, "2", -1, 1e308, True]


def damage(notebook):
    for cell, odd in zip(tests(notebook), ODD, strict=True):
        cell["metadata"]["nbgrader"] |= {"points": odd, "locked": odd, "schema_version": odd}
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
