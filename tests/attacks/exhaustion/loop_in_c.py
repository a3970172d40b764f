"""Stay inside a C function that never looks at signals; after half a minute it is done.

Success: grading waits for it, or others have to suffer.
"""

cells = {
    "largest-gap": """
import collections, itertools

collections.deque(itertools.repeat(None, 4_000_000_000), maxlen=0)
print("never was stopped")
"""
}


def succeeded(outcome):
    return outcome.harmed_class or outcome.seconds > 60 or outcome.said("never was stopped")
