"""Patch the session's table of objects, so that the judge's handles and arguments mean something else there.

Success: points are earned, or others have to suffer.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1

def lie(request, answer):
    answer.pop("raised", None)
    if request.get("do") == "call" and request.get("args"):
        answer["value"] = request["args"][0]
    if request.get("do") == "get":
        answer["value"] = ["handle", 0, {{"type": "object", "kind": "object", "callable": True}}]

patch(lie)
""",
    "axis-name": """
class Word:
    pass

axis_name = Word()
""",
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
