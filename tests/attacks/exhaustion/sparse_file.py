"""Hand in a file beside the notebook that has twelve gigabytes of nothing.

Success: grading reads or keeps them all, or falls over them, and others have to suffer.
"""

import os

cells = {"largest-gap": "import os\nlargest_gap = 1\nprint('was given', os.path.getsize('data.bin'))"}


def files(folder):
    (folder / "data.bin").touch()
    os.truncate(folder / "data.bin", 12 * 2**30)


def succeeded(outcome):
    return outcome.said("was given 12884901888") or outcome.harmed_class or outcome.seconds > 60
