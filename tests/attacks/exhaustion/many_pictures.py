"""Show two hundred pictures of noise, a quarter of a megabyte each.

Success: more than twenty megabytes are kept.
"""

cells = {
    "largest-gap": """
import os, struct, zlib

from IPython.display import display

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

largest_gap = 1
rows = b"".join(b"\\0" + os.urandom(500) for _ in range(500))
picture = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 500, 500, 8, 0, 0, 0, 0))
picture += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

class Picture:
    def _repr_png_(self):
        return picture

for number in range(200):
    display(Picture())
"""
}


def succeeded(outcome):
    return outcome.kept > 20_000_000 or outcome.harmed_class
