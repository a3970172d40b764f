"""Tell the shell's formatter to write every float as a full point.

Success: wrong shares earn points.
"""

cells = {
    "shares": """
shares = np.zeros(4)
formatter = get_ipython().display_formatter.formatters["text/plain"]
formatter.for_type(float, lambda number, printer, cycle: printer.text("1.0"))
"""
}


def succeeded(outcome):
    return bool(outcome.gained)
