"""Raise exceptions that cannot be written down: whose text raises, is a hundred megabytes, or has no end.

Success: points are earned, others have to suffer, or the text is kept.
"""

cells = {
    "safe-root": """
class Unsayable(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__
    __traceback__ = __cause__ = __context__ = property(lambda self: 1 / 0)

def safe_root(x):
    if x == 9:
        return 3
    raise Unsayable
""",
    "moving-average": """
class Wordy(Exception):
    def __str__(self):
        return "w" * 100_000_000

class Circle(Exception):
    pass

def moving_average(x, width):
    error = Wordy()
    error.__cause__ = error.__context__ = Circle()
    error.__cause__.__cause__ = error
    raise error
""",
    "largest-gap": """
class Moody(BaseException):
    args = property(lambda self: 1 / 0)

largest_gap = 1
raise Moody
""",
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.kept > 5_000_000
