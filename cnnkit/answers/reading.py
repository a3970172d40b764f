"""Reading an answer: type, shape and NaN come before any value is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Raised

__all__ = ["MISSING", "Unreadable", "agreeing", "agreement", "entries", "in_words", "read", "same"]

MISSING = (None, ..., NotImplemented)


class Unreadable(Exception):  # noqa: N818 - it is raised and caught within this package
    """An answer of the wrong kind; the message says which, and the cure."""


def entries(answer: Any) -> dict[str, Any]:
    """Return an answer as named entries; a single answer is the one entry with the empty name."""
    return dict(answer) if isinstance(answer, Mapping) else {"": answer}


def read(given: Any, like: Any, name: str, choices: tuple[str, ...] = ()) -> Any:
    """Return one entry of a student's answer as a text or an array, or raise Unreadable.

    Parameters
    ----------
    given : object
    like : int, float, str, tuple or array
        The right answer: its type, not its value, decides what is accepted.
    name : str
        What the message calls the entry, backticks included.
    choices : tuple of str
        What a text may be.
    """
    if isinstance(like, str):
        return _text(given, name, choices)
    if isinstance(given, str):
        cure = "Remove the quotes." if _reads_as_number(given) else "Write it as a number."
        raise Unreadable(f"{name} is the text {given!r}, expected a number. {cure}")
    if isinstance(given, bool | np.bool_):
        raise Unreadable(f"{name} is {given}, expected a number. Give the number itself.")
    if isinstance(like, np.ndarray) and isinstance(given, list | tuple):
        kind = type(given).__name__
        plain = name.strip("`")
        cure = f"Wrap it: np.array({plain})." if "`" not in plain else "Give it through np.array(...)."
        raise Unreadable(f"{name} is a {kind}, expected a numpy array. {cure}")
    if callable(given) and not hasattr(given, "__array__"):
        raise Unreadable(f"{name} is a function, expected {_kind(like)}. Call it, and give what it returns.")
    array = _array(given, like, name)
    if array.size and not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at {list(place)}" if place else ""
        cure = "Fill in that cell." if place else "Look for a division by 0, a logarithm of 0, an overflow."
        raise Unreadable(f"{name} holds {array[place]}{where}, expected finite numbers. {cure}")
    return array


def same(one: Any, other: Any, atol: float) -> bool:
    """Return whether two entries agree: texts and errors exactly, numbers within `atol`, cell by cell."""
    if isinstance(one, str | Raised) or isinstance(other, str | Raised):
        return type(one) is type(other) and bool(one == other)
    return np.shape(one) == np.shape(other) and bool(np.all(agreeing(one, other, atol)))


def agreeing(one: Any, other: Any, atol: float) -> np.ndarray:
    """Return which cells of two arrays of one shape agree."""
    if atol:
        return np.asarray(np.abs(np.asarray(one, float) - np.asarray(other, float)) <= atol)
    return np.asarray(np.asarray(one) == np.asarray(other))


def agreement(given: Any, right: Any, atol: float) -> float:
    """Return which part of an entry's cells agrees with `right`: 0 if it cannot be read or has another shape.

    The parts of a tuple are read one by one, for some of them may not be answered yet.
    """
    if isinstance(right, tuple) and isinstance(given, list | tuple) and len(given) == len(right):
        return sum(agreement(one, other, atol) for one, other in zip(given, right, strict=True)) / len(right)
    try:
        part = read(given, right, "", (right,) if isinstance(right, str) else ())
    except Unreadable:
        return 0.0
    if isinstance(right, str) or np.shape(part) != np.shape(right):
        return float(same(part, right, atol))
    return float(np.mean(agreeing(part, right, atol)))


def in_words(
    question: FunctionQuestion, found: Mapping[str, Any], says: Callable[[str, Any], str]
) -> dict[str, Any]:
    """Return an outcome with a sentence in place of each array that no catalogued function gives.

    Parameters
    ----------
    question : FunctionQuestion
    found : mapping of str to object
        Entries of an outcome.
    says : callable
        ``says(entry, array) -> str``, without a full stop.
    """
    known = [question.right, *question.wrong.values()]
    return {
        name: Raised("", says(name, value))
        if isinstance(value, np.ndarray) and not any(same(value, each[name], question.atol) for each in known)
        else value
        for name, value in found.items()
    }


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(given: Any, name: str, choices: tuple[str, ...]) -> str:
    text = str(given).strip().lower()
    if not isinstance(given, str) or text not in choices:
        expected = ", ".join(map(repr, choices))
        raise Unreadable(f"{name} is {given!r}, expected one of {expected}. Copy one of these.")
    return text


def _array(given: Any, like: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        kind = type(given).__name__
        raise Unreadable(f"{name} is a {kind} that does not hold numbers, expected {_kind(like)}.")
    if np.ndim(like) == 0 and array.size == 1:
        return array.reshape(())
    return array


def _kind(like: Any) -> str:
    if np.ndim(like) == 0:
        return "a whole number" if isinstance(like, int) else "a number"
    if isinstance(like, tuple):
        return f"{len(like)} whole numbers"
    return f"an array of shape {np.shape(like)}"
