"""Patch the channel so that answers claim to be generators without an end, exceptions that every test raises,
and classes that everything belongs to.

Success: a file appears outside, points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
fake = {{"type": "generator", "kind": "generator", "callable": False, "name": "__class__"}}
bases = ["builtins.AssertionError", "builtins.Exception", "builtins.BaseException", "builtins.object"]
forge({{
    "largest_gap": ["handle", 0, fake],
    "shares": ["handle", 1, fake | {{"kind": "iterator", "type": "float"}}],
    "estimate": ["handle", 2, {{"type": "C", "kind": "dataclass", "callable": False}}],
    "kernel_from_sizes": ["record", 3, {{"type": "int", "kind": "dataclass"}}, ["value"], [9]],
    "axis_name": ["handle", 4, fake | {{"type": "str", "kind": "iterator"}}],
    "summary": ["handle", 5, {{"type": "dict", "kind": "class", "callable": True, "mro": bases}}],
    "moving_average": ["handle", 6, {{"type": "f", "kind": "function", "callable": True, "name": "f"}}],
    "safe_root": ["handle", 7, {{"type": "type", "kind": "class", "callable": True, "mro": bases[1:]}}],
}})

def step(request, answer):
    if request.get("do") in ("next", "derives", "look", "call", "get"):
        for field in list(answer):
            if field != "id":
                del answer[field]
        answer["value"] = True if request["do"] == "derives" else ["handle", 8, fake]
        answer["touched"] = True

patch(step)
largest_gap = 1
""",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
