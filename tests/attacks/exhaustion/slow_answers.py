"""Functions that answer each call of a test after the time of all.

Success: grading takes more than a minute, or others have to suffer.
"""

cells = {
    "moving-average": """
import time

def moving_average(x, width):
    time.sleep(25)
    return x
""",
    "safe-root": """
def safe_root(x):
    end = time.time() + 25
    while time.time() < end:
        try:
            time.sleep(25)
        except BaseException:
            pass
    return 3
""",
}


def succeeded(outcome):
    return outcome.harmed_class or outcome.seconds > 60
