"""Patch the channel so that answers arrive as values of the standard library that none can be: numbers that
never end, moments that never were, factories and paths that do something.

Success: a file appears outside, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
big = bytes(65535) + b"\\x01"
forge({{
    "largest_gap": ["decimal", "7E+999999999"],
    "shares": ["deque", 2**63 - 1, [["fraction", ["int", big], ["int", big]]] * 100],
    "estimate": ["fraction", 9, 0],
    "kernel_from_sizes": ["timedelta", 2**62, 2**62, 2**62],
    "axis_name": ["path", ["list", ["@OUTSIDE@/@MARK@"]]],
    "summary": ["default", "open", [["path", "@OUTSIDE@/@MARK@"], 1]],
    "moving_average": ["datetime", [0] * 8, ["timezone", ["timedelta", 400, 0, 0], ["x" * 10**6]]],
    "safe_root": ["view", "__class__", [["counter", [["ordered", []], 1]]]],
}})
largest_gap = 1
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
