"""Patch the channel so that a dictionary and a set arrive whose keys all have one hash: it takes hours to
build them.

Success: grading takes more than a minute, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1
# The hash of a whole number is its remainder by 2**61 - 1.
keys = [["int", (n * (2**61 - 1)).to_bytes(12, "little", signed=True)] for n in range(100, 300_000)]
forge({{
    "summary": ["dict", [node for key in keys for node in (key, 0)]],
    "axis_name": ["set", keys],
    "shares": ["frozenset", keys],
}})
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.seconds > 60
