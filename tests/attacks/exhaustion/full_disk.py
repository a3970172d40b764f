"""Fill the disk with a gigabyte, in the working folder and in temporary ones.

Success: it is written.
"""

cells = {
    "largest-gap": """
import tempfile

largest_gap = 1
block = b"x" * 2**24
for folder in (".", "@OUTSIDE@", tempfile.gettempdir(), "/dev/shm"):
    try:
        with open(folder + "/@MARK@", "wb") as file:
            for _ in range(64):
                file.write(block)
        print("wrote it all")
        break
    except OSError as error:
        print(error)
"""
}


def succeeded(outcome):
    return outcome.said("wrote it all") or outcome.harmed_class
