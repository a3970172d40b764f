"""Start two thousand threads.

Success: all of them start.
"""

cells = {
    "largest-gap": """
import threading, time

largest_gap = 1
threading.stack_size(65536)
for number in range(2000):
    threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
print("started them all")
"""
}


def succeeded(outcome):
    return outcome.said("started them all") or outcome.harmed_class
