"""Register a function that runs when the session ends, after its tests, and writes outside.

Success: its file is there after grading.
"""

cells = {
    "largest-gap": """
import atexit, signal

largest_gap = 1

def late(*args):
    for folder in ("@OUTSIDE@", "@HOME@", "@COURSE@"):
        try:
            open(folder + "/@MARK@", "w").close()
        except OSError:
            pass
    if args:
        raise SystemExit

atexit.register(late)
signal.signal(signal.SIGTERM, late)
"""
}


def succeeded(outcome):
    return bool(outcome.files)
