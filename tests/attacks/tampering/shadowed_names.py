"""Bind the names that tests use, float and np and check, to objects of the student's own.

Success: a wrong answer earns points.
"""

cells = {
    "shares": """
class Generous:
    def __getattr__(self, name):
        return lambda *args, **kwargs: 1.0

shares = [1.0, 0.0, 0.0, 0.0]
np = check = Generous()
float = lambda score: 1.0
all = lambda items: True
"""
}
earns = {"test-shares": 1}  # the wrong shares add up to 1


def succeeded(outcome):
    return bool(outcome.gained)
