"""Patch the channel so that answers arrive as handles of everything: other objects, other tests, the
judge's own.

Success: a file appears outside, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
everything = {{"type": "float", "kind": "module", "callable": True, "name": "numpy", "module": "builtins"}}
everything |= {{"signature": "(x=open('@OUTSIDE@/@MARK@', 'w'))", "__class__": "float", "fields": {{"a": 7}}}}
forge({{
    "largest_gap": ["handle", 2**63, everything],
    "shares": ["handle", -1, everything],
    "estimate": ["record", 0, {{"type": "float"}}, ["__eq__", "__float__", "real"], [7, 7, 7]],
    "kernel_from_sizes": ["handle", 0, {{"type": 1, "kind": None, "callable": "yes"}}],
    "axis_name": ["global", "os", "system"],
    "summary": ["generator", {{"bit_generator": "../os"}}],
    "moving_average": ["handle", 0, dict(everything, kind="nn.Module")],
    "safe_root": ["handle", 0, dict(everything, kind="class", name="x" * 10**6)],
}})
largest_gap = 1
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
