"""Show a picture of some kilobytes that unpacks to 1.6 gigapixels in the browser that opens it.

Success: it is kept as it is.
"""

import base64
import re
import struct

cells = {
    "largest-gap": """
import struct, zlib

from IPython.display import display

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

largest_gap = 1
side = 40_000
packer = zlib.compressobj(9)
rows = b"".join(packer.compress(bytes(side // 8 + 1)) for _ in range(side)) + packer.flush()
picture = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
picture += chunk(b"IDAT", rows) + chunk(b"IEND", b"")

class Picture:
    def _repr_png_(self):
        return picture

display(Picture())
"""
}


def succeeded(outcome):
    for head in re.findall(r'"image/png": "([A-Za-z0-9+/]{32})', outcome.shown):
        width, height = struct.unpack(">II", base64.b64decode(head)[16:24])
        if width * height > 50_000_000:
            return True
    return outcome.harmed_class
