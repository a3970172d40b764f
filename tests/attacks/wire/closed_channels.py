"""Close every descriptor and stay alive.

Success: grading takes more than a minute, points are earned, or others have to suffer.
"""

cells = {
    "largest-gap": """
import os, time

os.closerange(0, 1000)
time.sleep(20)
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.seconds > 60
