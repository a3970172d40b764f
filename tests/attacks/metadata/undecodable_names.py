"""Hand in, beside nothing else, a file whose name is no text in any encoding.

Success: grading ends there, and others have to suffer.
"""

import os


def files(folder):
    (folder / "01-prices.ipynb").unlink()
    with open(os.fsencode(folder) + b"/\xff\xfe.txt", "w") as file:
        file.write("@MARK@")


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
