"""What every function here asks of its arguments: real numbers, whole numbers, pairs."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import shape_text

__all__ = ["Array", "common_type", "flag", "numbers", "pair", "require_axes", "whole", "working_type"]

Array = NDArray[Any]

# What numpy calls each kind of array that is no array of real numbers, in a student's words.
OTHER_KINDS = {"U": "text", "S": "text", "T": "text", "O": "Python objects", "c": "complex numbers"}


def numbers(function: str, name: str, value: ArrayLike) -> Array:
    """Return `value` as an array of real numbers; raise where it is none."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            f"{function}: `{name}` has rows of different lengths, expected a rectangle of numbers."
            " Give every row the same length."
        ) from error
    if array.dtype.kind not in "biuf":
        what = OTHER_KINDS.get(array.dtype.kind, "values")
        cure = (
            f"Take its real part, {name}.real."
            if array.dtype.kind == "c"
            else f"Convert it first: np.array({name}, dtype=float)."
        )
        raise ArgumentError(
            f"{function}: `{name}` holds {what} (dtype {array.dtype}), expected real numbers. {cure}"
        )
    return array


def require_axes(function: str, name: str, array: Array, axes: str, cure: str) -> None:
    """Raise unless `array` has the axes named, as in ``"N C H W"``, none of the last ones empty.

    ``"... H W"`` allows any number in front.
    """
    names = axes.split()
    least = len(names) - ("..." in names)
    right = array.ndim >= least if "..." in names else array.ndim == least
    if not right:
        expected = f"{'at least ' if '...' in names else ''}{least}"
        has = f"{array.ndim} {'axis' if array.ndim == 1 else 'axes'}, shape {shape_text(array.shape)}"
        raise ShapeError(f"{function}: `{name}` has {has}, expected {expected}: ({', '.join(names)}). {cure}")
    if 0 in array.shape[-min(least, 3) :]:
        raise ShapeError(
            f"{function}: `{name}` has shape {shape_text(array.shape)}, expected at least 1 along each of its"
            f" last {min(least, 3)} axes. Check the slice that made it."
        )


def common_type(function: str, **arrays: Array) -> np.dtype[Any]:
    """Return the type to answer in: int64 where all are integers, numpy's common type otherwise."""
    if any(array.dtype.kind == "f" for array in arrays.values()):
        return np.result_type(*arrays.values())
    largest = np.iinfo(np.int64).max
    for name, array in arrays.items():
        if array.dtype == np.uint64 and array.size and array.max() > largest:
            raise ArgumentError(
                f"{function}: `{name}` holds {array.max()}, expected integers of at most {largest}."
                f" Convert it first: {name}.astype(float)."
            )
    return np.dtype(np.int64)


def working_type(dtype: np.dtype[Any]) -> DTypeLike:
    """Return the type to add up in: half precision would lose digits in every sum, as torch knows too."""
    return np.float32 if dtype == np.float16 else dtype


def whole(function: str, name: str, value: object, least: int) -> int:
    """Return `value` as an int of at least `least`; raise where it is none."""
    number = _whole(value)
    if number is None or number < least:
        raise ArgumentError(
            f"{function}: `{name}` is {value!r}, expected a whole number of at least {least}."
            f" Write for instance {name}={least}."
        )
    return number


def pair(function: str, name: str, value: object, least: int) -> tuple[int, int]:
    """Return `value`, one whole number or one for each of the two axes, as (height, width)."""
    both = value if isinstance(value, (tuple, list)) else (value, value)
    found = [_whole(each) for each in both]
    if len(found) == 2:
        height, width = found
        if height is not None and width is not None and min(height, width) >= least:
            return height, width
    raise ArgumentError(
        f"{function}: `{name}` is {value!r}, expected a whole number of at least {least}, or two of them"
        f" (height, width). Write for instance {name}={least}."
    )


def flag(function: str, name: str, value: object) -> bool:
    """Return `value` as a bool; raise where it is none: 1 and "yes" are often a slipped argument."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"{function}: `{name}` is {value!r}, expected True or False. Write {name}=True.")
    return bool(value)


def _whole(value: object) -> int | None:
    if isinstance(value, (bool, np.bool_, np.ndarray)):
        return None
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
