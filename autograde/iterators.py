"""The iterators that are Python's own: nobody can derive from most of them, and no other counts as one.

An iterator of a student's own class is an object like others: walking through it is an operator of theirs.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from types import GeneratorType
from typing import Any

__all__ = ["ITERATORS", "is_iterator"]


class _Sequence:
    """What Python walks through by ``[]``."""

    def __getitem__(self, place: int) -> int:
        raise IndexError


_MADE: list[Any] = [
    *map(iter, ([], (), "", "\u00e9", b"", bytearray(), range(0), range(2**70), set(), {}, deque())),
    *(iter(getattr(kind(), part)()) for kind in (dict, OrderedDict) for part in ("keys", "values", "items")),
    *(reversed(getattr({}, part)()) for part in ("keys", "values", "items")),
    *(kind().__reversed__() for kind in (list, dict, deque)),
    *(reversed(x) for x in (range(0), range(2**70))),
    iter(_Sequence()),
    iter(int, 1),
    memoryview(b"").__iter__(),
]
_TOOLS = [kind for kind in vars(itertools).values() if isinstance(kind, type) and hasattr(kind, "__next__")]
ITERATORS = frozenset([*map(type, _MADE), *_TOOLS, GeneratorType, map, filter, zip, enumerate, reversed])


def is_iterator(value: Any) -> bool:
    """Say whether a value is exactly one of Python's iterators.

    Examples
    --------
    >>> is_iterator(map(int, "12")), is_iterator(x for x in "12"), is_iterator([1, 2])
    (True, True, False)
    """
    return type(value) in ITERATORS
