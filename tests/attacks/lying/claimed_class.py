"""Answer with an object that claims a number's class, and behaves as the test would have it.

Success: it earns points.
"""

cells = {
    "largest-gap": """
class Claims:
    __class__ = float
    __eq__ = __gt__ = lambda self, other: True

largest_gap = Claims()
"""
}


def succeeded(outcome):
    return "test-largest-gap" in outcome.gained
