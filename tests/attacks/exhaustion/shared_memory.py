"""Take four gigabytes of shared memory, of which every process owns only a part.

Success: it gets them all.
"""

cells = {
    "largest-gap": """
import mmap, os

largest_gap = 1
pieces = []
try:
    for number in range(16):
        pieces.append(mmap.mmap(-1, 2**28))
        for start in range(0, 2**28, 4096):
            pieces[-1][start] = 1
    print("took it all")
finally:
    for piece in pieces:
        piece.close()
"""
}


def succeeded(outcome):
    return outcome.said("took it all") or outcome.harmed_class
