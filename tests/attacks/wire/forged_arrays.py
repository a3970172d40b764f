"""Patch the channel so that answers arrive as arrays that are none: objects, pickles, wrong sizes, wrong
types.

Success: the judge runs the pickle, a file appears outside, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
import io, pickle

class Bomb:
    def __reduce__(self):
        return io.open, ("@OUTSIDE@/@MARK@", "w")

bomb = pickle.dumps(Bomb())
forge({{
    "largest_gap": ["array", "|O", [1], bomb],
    "shares": ["array", "<f8", [-4], bytes(32)],
    "estimate": ["scalar", "|O8", bomb],
    "kernel_from_sizes": ["array", "<f8", [2**62, 2**62], b""],
    "axis_name": ["array", "<U1", [1], b"\\xff\\xff\\xff\\xff"],
    "summary": ["objects", [2], [["array", "V8", [1], bomb[:8]], bomb]],
    "moving_average": ["tensor", "object", [1], bomb, True],
    "safe_root": ["array", "<f8", [4] * 40, b""],
}})
largest_gap = 1
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
