"""Start three hundred processes; each ends by itself after some seconds.

Success: all of them start.
"""

cells = {
    "largest-gap": """
import os, time

largest_gap = 1
for number in range(300):
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
print("started them all")
"""
}


def succeeded(outcome):
    return outcome.said("started them all") or outcome.harmed_class
