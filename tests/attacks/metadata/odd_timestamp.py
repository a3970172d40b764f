"""Hand in a timestamp.txt, from which nbgrader takes when the work was handed in, without a time in it.

Success: grading ends there, and others have to suffer.
"""


def files(folder):
    (folder / "timestamp.txt").write_text("the day before the deadline")


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
