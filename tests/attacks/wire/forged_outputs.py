"""Patch the channel so that each cell's outputs hold scripts under the names of text, results and pictures.

Success: points are earned, a wrong answer is called correct, or a script stands in what is kept.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1

def lie(request, answer):
    if "outputs" in answer:
        html = "<script>@MARK@</script>"
        answer["outputs"] = [
            {{"kind": "text", "text": html, "data": {{"text/html": html}}, "text/html": html}},
            {{"kind": "result", "text": "4.0"}},
            {{"kind": "stdout", "text": html, "name": "../../../outside/@MARK@"}},
        ]

patch(lie)
"""
}


def succeeded(outcome):
    active = ("text/html", "image/svg+xml", "application/javascript", "image/png")
    return bool(outcome.gained or outcome.files) or any(f'"{kind}"' in outcome.shown for kind in active)
