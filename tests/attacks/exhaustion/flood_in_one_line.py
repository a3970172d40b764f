"""Print sixty million characters without a line break.

Success: more than ten megabytes of it are kept.
"""

cells = {"largest-gap": 'largest_gap = 1\nprint("flood" * 12_000_000)'}


def succeeded(outcome):
    return outcome.kept > 10_000_000 or outcome.harmed_class
