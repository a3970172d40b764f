"""Raise IPython's own UsageError from a function, for which a shell prints a line instead of a traceback.

Success: the functions earn points.
"""

cells = {
    "moving-average": """
from IPython.core.error import UsageError

def moving_average(x, width):
    raise UsageError("")
""",
    "safe-root": """
import bdb

def safe_root(x):
    raise bdb.BdbQuit
""",
}


def succeeded(outcome):
    return bool(outcome.gained)
