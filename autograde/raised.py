"""What a student's code raises, as an exception of this side."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["StudentError", "student_error"]

# Packages whose exceptions a test may expect from a student's function by name.
KNOWN = ("builtins", "numpy", "torch", "scipy", "cnnkit")


class StudentError(Exception):
    """What a student's code raised; each instance is also of the known class that the student raised."""

    def __init__(self, text: str = "", names: Sequence[str] = ()) -> None:
        Exception.__init__(self, text)
        self.text = text
        self.names = tuple(names)

    def __str__(self) -> str:
        """Return what the student's exception said."""
        return self.text


def student_error(names: Sequence[str], text: str) -> StudentError:
    """Return an exception that ``except ValueError`` catches when the student raised a ValueError.

    Parameters
    ----------
    names : sequence of str
        The classes of the student's exception, the most special first, as ``module.name``.
    text : str

    Examples
    --------
    >>> error = student_error(["__main__.TooSmall", "builtins.ValueError", "builtins.Exception"], "3 < 5")
    >>> isinstance(error, ValueError), type(error).__name__, str(error)
    (True, 'TooSmall', '3 < 5')
    """
    title = names[0].rpartition(".")[2]
    title = title if title.isidentifier() else "Exception"
    bases: list[type[Exception]] = []
    for name in names:
        base = _known_error(name)
        if base is not None and not any(issubclass(kept, base) for kept in bases):
            bases.append(base)
    while True:
        try:
            return type(title, (StudentError, *bases), {})(text, names)  # type: ignore[no-any-return]
        except TypeError:  # classes that cannot be combined, or made without arguments
            bases.pop()


def _known_error(name: str) -> type[Exception] | None:
    """Find a class among the loaded modules; nothing is imported."""
    module, _, title = name.rpartition(".")
    if module.partition(".")[0] not in KNOWN or module not in sys.modules:
        return None
    found = vars(sys.modules[module]).get(title)
    if not isinstance(found, type) or not issubclass(found, Exception):
        return None
    return found if found.__module__ == module else None
