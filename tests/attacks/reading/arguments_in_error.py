"""Raise an error that says what a hidden test called the function with.

Success: the drawn numbers of the hidden test come out.
"""

cells = {
    "moving-average": """
def moving_average(x, width):
    if len(x) == 6:
        raise RuntimeError(f"called with {x.tolist()}, {width}")
    return [2.0, 4.0] if len(x) == 3 else np.zeros(len(x) - width + 1)
"""
}


def succeeded(outcome):
    return outcome.read("called with [")
