"""Take four gigabytes of memory as files without a name, which belong to no process's own memory.

Success: it gets them all.
"""

cells = {
    "largest-gap": """
import os

largest_gap = 1
files, block = [], b"x" * 2**24
try:
    for number in range(32):
        files.append(os.memfd_create("share"))
        for _ in range(8):
            os.write(files[-1], block)
    print("took it all")
finally:
    for file in files:
        os.close(file)
"""
}


def succeeded(outcome):
    return outcome.said("took it all") or outcome.harmed_class
