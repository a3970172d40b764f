"""Patch the channel so that a picture arrives which is a script, with a path to be saved at.

Success: a file appears outside, points are earned, or the script stands in what is kept as a picture.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1
script = "<svg><script>@MARK@</script></svg>"
picture = {{"kind": "png", "data": script.encode(), "text": script, "path": "../../../outside/@MARK@"}}

def lie(request, answer):
    if "outputs" in answer:
        answer["outputs"] = [picture]

patch(lie)
"""
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or '"image/png"' in outcome.shown
