"""Call functions and classes something that is no name: megabytes of text, code, numbers, escapes of a
terminal.

Success: a file appears outside, points are earned, others have to suffer, or the text is kept.
"""

cells = {
    "safe-root": """
def safe_root(x):
    return type("\\x1b[2J../../@MARK@<script>" + "n" * 10**6, (Exception,), {"__module__": 5})()

safe_root.__name__ = safe_root.__qualname__ = "open('@OUTSIDE@/@MARK@', 'w')" + "n" * 10**6
safe_root.__module__ = 7
safe_root.__doc__ = "d" * 10**7
safe_root.__signature__ = "(x=open('@OUTSIDE@/@MARK@', 'w'))"
""",
    "moving-average": """
class Moving(type):
    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: [cls])
    __signature__ = property(lambda cls: cls())

class moving_average(metaclass=Moving):
    def __init__(self, x, width):
        pass
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class or outcome.kept > 1_000_000
