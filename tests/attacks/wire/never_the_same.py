"""Patch the session so that one name has another value each time that it is asked for.

Success: points are earned.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1
turn = iter(range(10**6))

def lie(request, answer):
    if request.get("do") in ("fetch", "call"):
        answer["value"] = next(turn) * 1.0

patch(lie)
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
