"""Look for processes that may be signalled, without harming any: parents, siblings, everybody.

Success: there is one besides the own, which a real attack would have killed.
"""

cells = {
    "largest-gap": """
import os

largest_gap = 1
own, found = {1, os.getpid()}, []
for pid in range(2, 40_000):
    try:
        os.kill(pid, 0)
    except OSError:
        continue
    if pid not in own:
        found.append(pid)
print("may signal", len(found), "others" if found else "nobody")
"""
}


def succeeded(outcome):
    return outcome.said("may signal") and not outcome.said("may signal 0 nobody")
