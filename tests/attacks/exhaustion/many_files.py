"""Make fifty thousand empty files.

Success: all of them are there.
"""

cells = {
    "largest-gap": """
import os

largest_gap = 1
os.mkdir("many")
for number in range(50_000):
    os.close(os.open(f"many/{number}", os.O_CREAT | os.O_WRONLY))
print("made them all")
"""
}


def succeeded(outcome):
    return outcome.said("made them all") or outcome.harmed_class
