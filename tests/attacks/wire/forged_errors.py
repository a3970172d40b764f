"""Patch the channel so that calls end in exceptions that are no errors: exits, interrupts, warnings,
made-up classes.

Success: points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1
NAMES = ["builtins.SystemExit", "builtins.KeyboardInterrupt", "builtins.GeneratorExit", "builtins.Warning",
         "builtins.StopIteration", "builtins.BaseException", "autograde.raised.StudentError", "os.system",
         "builtins.object", "numpy.ndarray", "IPython.core.error.UsageError", "bdb.BdbQuit", "", "..."]
turn = iter(range(10**6))

def lie(request, answer):
    if request.get("do") == "call":
        answer.pop("value", None)
        names = NAMES[next(turn) % len(NAMES):] + ["builtins.ValueError"]
        answer["raised"] = {{"mro": names, "text": "\\0" * 100}}

patch(lie)
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
