"""What stands between the layers and behind the last one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import Array, numbers, working_type

__all__ = ["relu", "softmax"]


def relu(x: ArrayLike) -> Array:
    """Replace every negative number by 0.

    Parameters
    ----------
    x : array of numbers, of any shape

    Returns
    -------
    array of the shape and type of `x`

    Raises
    ------
    ArgumentError
        `x` holds no real numbers.

    Examples
    --------
    >>> relu([[-2, 0], [3, -1]])
    array([[0, 0],
           [3, 0]])
    """
    x = numbers("relu", "x", x)
    result: Array = np.maximum(x, x.dtype.type(0))
    return result


def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """Turn scores into probabilities: exp(x) divided by its sum.

    Parameters
    ----------
    x : array of numbers, of any shape but ()
        Scores ("logits"), in natural-log units.
    axis : int
        Along which axis the probabilities add up to 1; the last one by default.

    Returns
    -------
    array of the shape of `x`, float64 where `x` holds integers or booleans

    Raises
    ------
    ArgumentError
        `x` has no such axis, or holds no real numbers.

    Notes
    -----
    As ``torch.nn.functional.softmax``. The largest score is subtracted first: that changes no ratio,
    and exp cannot overflow. Scores that are all −∞, or hold +∞ or NaN, give NaN, as in torch.

    Examples
    --------
    >>> softmax([0.0, 0.0, np.log(2)])
    array([0.25, 0.25, 0.5 ])
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    x = numbers("softmax", "x", x)
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) or not -x.ndim <= axis < x.ndim:
        has = f"axes {-x.ndim} to {x.ndim - 1}" if x.ndim else "no axis"
        raise ArgumentError(
            f"softmax: `axis` is {axis!r}, but `x` of shape {x.shape} has {has}; expected one of them."
            " Use axis=-1 for the last one."
        )
    dtype = x.dtype.newbyteorder("=") if x.dtype.kind == "f" else np.dtype(np.float64)
    x = x.astype(working_type(dtype), copy=False)
    with np.errstate(invalid="ignore"):  # ∞ − ∞: the NaN that comes of it is the answer
        grown = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
        share = grown / grown.sum(axis=axis, keepdims=True)
    result: Array = share.astype(dtype, copy=False)
    return result
