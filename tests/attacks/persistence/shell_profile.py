"""Append a line to the instructor's .bashrc.

Success: the file is changed.
"""

cells = {
    "largest-gap": """
largest_gap = 1
for mode in ("a", "r+"):
    try:
        with open("@HOME@/.bashrc", mode) as profile:
            profile.write("# @MARK@\\n")
    except OSError as error:
        print(error)
"""
}


def succeeded(outcome):
    return bool(outcome.files or outcome.changed)
