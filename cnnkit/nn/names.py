"""Things that are chosen by name: a name that nobody knows is an error that suggests the nearest."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from operator import index

import numpy as np

from cnnkit.errors import ArgumentError, did_you_mean

__all__ = ["require_known", "require_number", "require_whole"]


def require_known(function: str, argument: str, value: object, known: Iterable[str]) -> str:
    """Return `value` if it is one of the `known` names; else raise and suggest the nearest.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> require_known("fit", "optimizer", "sgd", ["sgd", "adadelta"])
    'sgd'
    >>> require_known("fit", "init", "xaver", ["torch", "xavier"])
    Traceback (most recent call last):
    cnnkit.errors.ArgumentError: fit: `init` is 'xaver', expected one of torch, xavier. Did you mean 'xavier'?
    """
    names = list(known)
    if isinstance(value, str) and value in names:
        return value
    raise ArgumentError(
        f"{function}: `{argument}` is {value!r}, expected one of {', '.join(names)}."
        f" {did_you_mean(value, names)}"
    )


def require_whole(function: str, argument: str, value: object, least: int, most: int | None = None) -> int:
    """Return `value` if it is a whole number from `least` to `most`; else raise an ArgumentError."""
    if not isinstance(value, bool):
        try:
            number = index(value)  # type: ignore[arg-type]
        except TypeError:
            number = least - 1
        if number >= least and (most is None or number <= most):
            return number
    upper = "" if most is None else f" and at most {most}"
    raise ArgumentError(
        f"{function}: `{argument}` is {value!r}, expected a whole number of at least {least}{upper}."
        f" Write for instance {argument}={max(least, 1)}."
    )


def require_number(
    function: str, argument: str, value: object, least: float, most: float = float("inf"), above: bool = False
) -> float:
    """Return `value` if it is a number from `least` (or `above` it) to `most`; else raise."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
        high_enough = number > least if above else number >= least
        if high_enough and number <= most and number != float("inf"):
            return number
    lower = f"above {least:g}" if above else f"of at least {least:g}"
    upper = f" and at most {most:g}" if most != float("inf") else ""
    kind = "finite number" if isinstance(value, float) and not isfinite(value) else "number"
    raise ArgumentError(
        f"{function}: `{argument}` is {value!r}, expected a {kind} {lower}{upper}."
        f" Write {argument} as a plain number."
    )
