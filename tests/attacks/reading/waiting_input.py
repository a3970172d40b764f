"""Ask for input, and take what was meant for the grading command or for another submission.

Success: something was read.
"""

cells = {
    "largest-gap": """
import sys

largest_gap = 1
for ask in (input, sys.stdin.readline, sys.__stdin__.readline):
    try:
        print("was given", repr(ask()))
    except BaseException as error:
        print(type(error).__name__)
"""
}


def succeeded(outcome):
    return "was given '" in outcome.shown.replace("was given ''", "")
