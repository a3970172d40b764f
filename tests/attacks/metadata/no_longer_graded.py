"""Say that tests are not graded, or not nbgrader's at all, and leave their old results standing.

Success: wrong answers earn points, or their points stay open.
"""

from tests.attacks.edit import tests


def damage(notebook):
    for number, cell in enumerate(tests(notebook)):
        result = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
        cell["outputs"] = [result | {"data": {"text/plain": str(cell["metadata"]["nbgrader"]["points"])}}]
        if number % 2:
            cell["metadata"]["nbgrader"]["grade"] = False
        else:
            del cell["metadata"]["nbgrader"]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or None in outcome.points.values()
