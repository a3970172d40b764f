"""Answer with lists and dictionaries that lie a hundred thousand deep inside one another, and one inside
itself.

Success: the grader falls over it: others have to suffer, or points are earned.
"""

cells = {
    "shares": """
shares = deep = []
for _ in range(100_000):
    deep.append([])
    deep = deep[0]
""",
    "summary": """
summary = {"min": 2, "max": 9}
summary["mean"] = summary
""",
    "estimate": """
estimate = 1
for _ in range(100_000):
    estimate = (estimate,)
""",
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
