"""Write into the course's array, without binding its name anew.

Success: the wrong largest gap earns points.
"""

cells = {"largest-gap": "prices[:] = 0\nprices[0] = 1\nlargest_gap = 1"}


def succeeded(outcome):
    return "test-largest-gap" in outcome.gained
