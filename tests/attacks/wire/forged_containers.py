"""Patch the channel so that answers arrive as containers with names that are code, and as nodes without
sense.

Success: a file appears outside, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
deep = 1
for _ in range(400):
    deep = ["list", [deep]]
code = "x=open('@OUTSIDE@/@MARK@','w')"
forge({{
    "largest_gap": ["named", "N(tuple): " + code, ["a"], [7]],
    "shares": ["named", "N", ["a", code, "__eq__", "_make"], [1, 2, 3, 4]],
    "estimate": ["constant", "__import__"],
    "kernel_from_sizes": ["range", 0, 2**64 - 1, 0],
    "axis_name": ["text", b"\\xff\\xfe"],
    "summary": ["dict", [["list", []], 1, 2]],
    "moving_average": ["list", deep],
    "safe_root": ["bytearray", [1, 2], {{}}, None],
}})
largest_gap = 1
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
