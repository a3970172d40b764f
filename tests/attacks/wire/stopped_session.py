"""Stop the own process by SIGSTOP: it neither answers nor ends.

Success: grading takes more than a minute, points are earned, or others have to suffer.
"""

cells = {"largest-gap": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.seconds > 60
