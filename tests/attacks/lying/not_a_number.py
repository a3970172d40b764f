"""Answer with nan, so that the points computed from it are no number either.

Success: the points are more than none, or no number.
"""

cells = {"estimate": "estimate = float('nan')", "shares": "shares = np.full(4, np.nan)"}


def succeeded(outcome):
    return bool(outcome.gained)
