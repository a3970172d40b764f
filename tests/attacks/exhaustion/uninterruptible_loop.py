"""Catch every interrupt and go on; after half a minute it gives up by itself.

Success: grading waits for it, or others have to suffer.
"""

cells = {
    "largest-gap": """
import time

end = time.time() + 30
while time.time() < end:
    try:
        while time.time() < end:
            pass
    except BaseException:
        pass
print("never was stopped")
"""
}


def succeeded(outcome):
    return outcome.harmed_class or outcome.seconds > 60 or outcome.said("never was stopped")
