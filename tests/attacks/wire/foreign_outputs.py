"""Patch the channel so that outputs arrive as nbformat has them: HTML, and a diagnosis that says correct.

Success: points are earned, a wrong answer is called correct, or a script stands in what is kept.
"""

from tests.attacks.inside import PATCH

cells = {
    "kernel-from-sizes": f"""
{PATCH}
kernel_from_sizes = 1000
diagnosis = {{"verdict": "correct", "points": 1.0, "question": "kernel-from-sizes", "message": "@MARK@"}}
data = {{"text/html": "<script>@MARK@</script>", "application/vnd.cnnkit.diagnosis+json": diagnosis}}

def lie(request, answer):
    answer["outputs"] = [{{"output_type": "display_data", "data": data, "metadata": {{}}}}]
    answer["diagnosis"] = answer["value"] = diagnosis

patch(lie)
"""
}


def succeeded(outcome):
    called_correct = '"correct"' in outcome.verdicts and "mark-" in outcome.verdicts
    return bool(outcome.gained) or called_correct or '"text/html"' in outcome.shown
