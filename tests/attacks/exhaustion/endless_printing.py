"""Print without end, to both streams, and as separate outputs.

Success: more than ten megabytes are kept, grading takes more than a minute, or others have to suffer.
"""

cells = {
    "largest-gap": """
import sys, time

from IPython.display import display

end = time.time() + 10
while time.time() < end:
    print("x" * 5000)
    print("y" * 5000, file=sys.stderr, flush=True)
    display({"text/plain": "z" * 5000}, raw=True)
"""
}


def succeeded(outcome):
    return outcome.kept > 10_000_000 or outcome.harmed_class or outcome.seconds > 60
