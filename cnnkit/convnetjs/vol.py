"""ConvNetJS's ``Vol``, the volume of numbers, in its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnkit.convnetjs.layer import Array
from cnnkit.convnetjs.spec import Size
from cnnkit.errors import ArgumentError, ShapeError

__all__ = ["read_vol", "write_vol"]


def read_vol(function: str, owner: str, saved: object, size: Size) -> Array:
    """Return the numbers of a saved volume, flat: row by row, the channel last.

    Parameters
    ----------
    function, owner : str
        Who asks, and whose volume it is; messages name both.
    saved : mapping with ``sx``, ``sy``, ``depth`` and ``w``
        ``w`` is a list, or an object from "0" on, as typed arrays come out of ``JSON.stringify``.
    size : Size
        What it must be.

    Returns
    -------
    (sy * sx * depth,) array of float64

    Raises
    ------
    ShapeError
        Another size, or another count of numbers.
    ArgumentError
        No such mapping, or an entry that is no number.

    Examples
    --------
    >>> read_vol("example", "biases", {"sx": 1, "sy": 1, "depth": 2, "w": {"1": 0.5, "0": 0}}, Size(1, 1, 2))
    array([0. , 0.5])
    """
    if not isinstance(saved, Mapping) or "w" not in saved:
        raise ArgumentError(
            f"{function}: {owner} is {_short(saved)}, expected a volume with sx, sy, depth and w."
            " Save the whole net again."
        )
    found = tuple(saved.get(axis) for axis in Size._fields)
    if found != size:
        raise ShapeError(
            f"{function}: {owner} has the size {'x'.join(map(str, found))}, expected {size}."
            " Save the whole net again."
        )
    numbers = saved["w"]
    if isinstance(numbers, Mapping):
        missing = [place for place in range(size.cells) if str(place) not in numbers]
        if missing or len(numbers) != size.cells:
            raise ShapeError(
                f"{function}: {owner} has {len(numbers)} numbers in w, expected those from 0 to"
                f" {size.cells - 1}. Save the whole net again."
            )
        numbers = [numbers[str(place)] for place in range(size.cells)]
    if not isinstance(numbers, list) or len(numbers) != size.cells:
        found_text = f"{len(numbers)} numbers" if isinstance(numbers, list) else _short(numbers)
        raise ShapeError(
            f"{function}: {owner} has {found_text} in w, expected {size.cells}. Save the whole net again."
        )
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not np.isfinite(number):
            raise ArgumentError(
                f"{function}: {owner} has {_short(number)} in w, expected finite numbers. ConvNetJS writes"
                " null for NaN: train again with a smaller learning rate."
            )
    return np.array(numbers, dtype=np.float64)


def write_vol(function: str, owner: str, numbers: Array, size: Size) -> dict[str, Any]:
    """Return a volume as ``Vol.toJSON`` gives it, `numbers` being flat.

    Raises
    ------
    ArgumentError
        A number is infinite or NaN.

    Examples
    --------
    >>> write_vol("example", "filter", np.array([0.5, -1.0]), Size(2, 1, 1))
    {'sx': 2, 'sy': 1, 'depth': 1, 'w': {'0': 0.5, '1': -1.0}}
    """
    if not np.isfinite(numbers).all():
        raise ArgumentError(
            f"{function}: {owner} holds weights that are no finite numbers, expected finite ones."
            " Train again with a smaller learning rate."
        )
    return {**size._asdict(), "w": {str(place): number for place, number in enumerate(numbers.tolist())}}


def _short(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
