"""Leave a process that rewrites the gradebook when grading is done.

Success: an answer has more points in the gradebook than it deserves.
"""

cells = {
    "largest-gap": '''
import subprocess, sys

largest_gap = 1
LATER = """
import sqlite3, time
PATH = "@COURSE@/autograde/work/gradebook.db"
for _ in range(40):
    time.sleep(.25)
    try:
        with sqlite3.connect(f"file:{PATH}?mode=rw", uri=True, timeout=1) as gradebook:
            gradebook.execute("update grade set manual_score = 1 where auto_score is not null")
    except sqlite3.Error:
        pass
"""
subprocess.Popen([sys.executable, "-c", LATER, "@MARK@"], start_new_session=True, stdin=subprocess.DEVNULL,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
'''
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.classmates)
