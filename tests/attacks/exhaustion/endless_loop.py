"""Never end.

Success: grading does not end either, or the right answer in a later cell is lost.
"""

cells = {"largest-gap": "while True:\n    pass", "axis-name": 'axis_name = "rows"'}
earns = {"test-axis-name": 1}


def succeeded(outcome):
    return outcome.harmed_class or outcome.seconds > 60 or bool(outcome.lost)
