"""What a student's code raises, as an exception of this side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["StudentError", "error_class", "known_class", "student_error"]

# Packages whose classes a test may expect by name: of an exception, or as a base of a student's class.
KNOWN = frozenset({"builtins", "numpy", "torch", "scipy", "cnnkit", "abc", "collections", "dataclasses"})
KNOWN |= {"decimal", "enum", "fractions", "io", "json", "statistics", "typing"}


class StudentError(Exception):
    """What a student's code raised; each instance is also of the known class that the student raised."""

    _ask: Callable[[str], Any] | None = None  # where there is one: fetches an attribute from the session

    def __init__(self, text: str = "", names: Sequence[str] = ()) -> None:
        Exception.__init__(self, text)
        self.text = text
        self.names = tuple(names)

    def __str__(self) -> str:
        """Return what the student's exception said."""
        return self.text

    @property
    def args(self) -> tuple[Any, ...]:  # type: ignore[override]
        """What the student's exception was made of."""
        found = self._ask("args") if self._ask else None
        return found if type(found) is tuple else (self.text,)

    def __getattr__(self, name: str) -> Any:
        """Ask the session; what Python and IPython look for behind the scenes is not there."""
        if self._ask is None or name.startswith("_"):
            raise AttributeError(f"the student's {type(self).__name__} has no {name} here")
        return self._ask(name)


def student_error(
    names: Sequence[str], text: str, classes: Mapping[str, type[StudentError]] | None = None
) -> StudentError:
    """Return an exception that ``except ValueError`` catches when the student raised a ValueError.

    Parameters
    ----------
    names : sequence of str
        The classes of the student's exception, the most special first, as ``module.name``.
    text : str
    classes : mapping, optional
        The student's classes that a test knows already, by their names.

    Examples
    --------
    >>> error = student_error(["__main__.TooSmall", "builtins.ValueError", "builtins.Exception"], "3 < 5")
    >>> isinstance(error, ValueError), type(error).__name__, str(error)
    (True, 'TooSmall', '3 < 5')
    """
    return error_class(names, classes)(text, names)


def error_class(
    names: Sequence[str], classes: Mapping[str, type[StudentError]] | None = None
) -> type[StudentError]:
    """Return a class of exceptions by the names of its bases: always a new one, or one of `classes`.

    Examples
    --------
    >>> low = error_class(["__main__.Low", "builtins.ValueError"])
    >>> lower = error_class(["__main__.Lower", "__main__.Low", "builtins.ValueError"], {"__main__.Low": low})
    >>> issubclass(lower, low), issubclass(low, ValueError)
    (True, True)
    """
    classes = classes or {}
    if names[0] in classes:
        return classes[names[0]]
    title = names[0].rpartition(".")[2]
    title = title if title.isidentifier() else "Exception"
    bases: list[type[Exception]] = []
    for name in names:
        base = classes.get(name) or known_class(name, Exception)
        if base is not None and not any(issubclass(kept, base) for kept in bases):
            bases.append(base)
    while True:
        first = () if any(issubclass(base, StudentError) for base in bases) else (StudentError,)
        try:
            kind: type[StudentError] = type(title, (*first, *bases), {})
            kind("", names)
        except TypeError:  # classes that cannot be combined, or made without arguments
            bases.pop()
        else:
            return kind


def known_class(name: str, base: type = object) -> Any:
    """Find a class among the loaded modules; nothing is imported.

    Examples
    --------
    >>> known_class("builtins.KeyError", Exception), known_class("builtins.print"), known_class("os.PathLike")
    (<class 'KeyError'>, None, None)
    """
    module, _, title = name.rpartition(".")
    if module.partition(".")[0] not in KNOWN or module not in sys.modules:
        return None
    found = vars(sys.modules[module]).get(title)
    if not isinstance(found, type) or not issubclass(found, base):
        return None
    return found if found.__module__ == module else None
