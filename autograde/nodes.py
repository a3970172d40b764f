"""The nodes that values travel as: what msgpack can hold, so that reading them back runs nothing.

A node is None, a bool, an int of 64 bits, a float, a text or bytes; or a list that begins with a tag. What is
no plain data travels as a handle, a number that means something to its own side only.

===================  ==========================================================================
``int complex``      big integers (little-endian bytes); real and imaginary part
``text``             a text that UTF-8 cannot hold (lone surrogates)
``constant``         ``Ellipsis``, ``NotImplemented``
``list tuple set     the nodes of its items; ``dict``: of its keys and values in turn;
frozenset dict``     ``named``: a namedtuple with the names of its class and fields
``range slice``      start, stop and step
``bytearray``        bytes
``array scalar``     numpy: dtype, shape, bytes; ``objects``: an array of nodes
``tensor``           torch: dtype, shape, bytes, requires_grad
``error``            an exception as a value: the names of its classes, its text
``record``           a frozen dataclass, a member of an Enum: handle, description, the names and nodes of its
                     fields
``counter ordered    collections: as ``dict``; ``default``: the name of its factory before; ``deque``: its
default deque``      longest length and its items
``fraction decimal   two integers; a text
date datetime time   numbers; the last of five and eight is the fold, and a ``timezone`` or None follows
timedelta timezone   ``timezone``: a ``timedelta`` and its name, if it has one
path view``          a text; ``keys``, ``values`` or ``items`` of a dict
``handle``           everything else: handle, description
===================  ==========================================================================
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["DEPTH", "DTYPE", "INTEGER", "ITEMS", "LARGEST", "NAME", "TENSORS", "TEXT", "Node", "WireError"]

Node = Any

DEPTH = 32  # containers inside containers, and dimensions of an array
ITEMS = 1_000_000  # values in one message
LARGEST = 128 * 2**20  # bytes of one message
INTEGER = 2**16  # bytes of one integer
NAME = 200  # characters of a name
TEXT = 4_000  # characters of an error's text

# What numpy may be asked to make of bytes: no objects, no records, no zero-sized cells.
DTYPE = re.compile(
    r"[<|](b1|[iu][1248]|f[248]|c(8|16)|[US][1-9]\d{0,6}|[mM]8(\[\d{0,9}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?)"
)
TENSORS = frozenset(
    [
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)


class WireError(ValueError):
    """What came over the wire, or should go over it, is not what may pass; the text says why."""
