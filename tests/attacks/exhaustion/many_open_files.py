"""Open five thousand files, after raising the soft limit to the hard one.

Success: all of them open.
"""

cells = {
    "largest-gap": """
import os, resource

largest_gap = 1
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
opened = []
try:
    for number in range(5000):
        opened.append(os.open(os.devnull, os.O_RDONLY))
    print("opened them all")
finally:
    for file in opened:
        os.close(file)
"""
}


def succeeded(outcome):
    return outcome.said("opened them all") or outcome.harmed_class
