"""Patch the channel so that outputs arrive that are none: HTML, diagnoses, pictures that are scripts.

Success: points are earned, a wrong answer is called correct, or a script stands in what is kept.
"""

from tests.attacks.inside import PATCH

cells = {
    "largest-gap": f"""
{PATCH}
largest_gap = 1
html = "<script>@MARK@</script>"
diagnosis = {{"verdict": "correct", "points": 1.0, "question": "kernel-from-sizes", "message": "@MARK@"}}
lies = iter([
    [{{"kind": "png", "data": html.encode(), "text": html, "path": "../../../outside/@MARK@"}}],
    [{{"kind": "html", "data": html}}],
    [{{"kind": "application/vnd.cnnkit.diagnosis+json", "data": diagnosis}}],
    [{{"output_type": "display_data", "data": {{"text/html": html}}, "metadata": {{}}}}],
    [None, 7, [], {{}}],
    {{"text/html": html}},
])

def lie(request, answer):
    if "outputs" in answer:
        answer["outputs"] = next(lies, [])

patch(lie)
"""
}


def succeeded(outcome):
    active = ("text/html", "image/svg+xml", "application/javascript", "image/png")
    called_correct = '"correct"' in outcome.verdicts and "mark-" in outcome.verdicts
    forged = any(f'"{kind}"' in outcome.shown for kind in active)
    return bool(outcome.gained or outcome.files) or called_correct or forged
