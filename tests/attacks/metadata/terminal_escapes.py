"""Put orders to a terminal into the ids of cells, and have grading talk about these cells.

Success: the instructor's terminal gets the orders.
"""


def damage(notebook):
    order = "\x1b]0;@MARK@\x07\x1b[2J"
    extra = {"cell_type": "code", "id": order, "metadata": {"nbgrader": {"grade_id": order}}}
    extra |= {"source": "while True:\n    pass", "outputs": [], "execution_count": None}
    notebook["cells"].insert(3, extra)
    return notebook


def succeeded(outcome):
    return "\x1b]0;mark-" in outcome.printed
