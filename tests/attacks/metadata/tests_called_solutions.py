"""Say that tests are answers, graded by hand, with the text of a full score.

Success: wrong answers earn points, or wait for a person who has to decide.
"""

from tests.attacks.edit import tests


def damage(notebook):
    for cell in tests(notebook):
        meta = cell["metadata"]["nbgrader"]
        meta.update(solution=True, locked=False)
        cell["source"] = str(meta["points"])
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or None in outcome.points.values()
