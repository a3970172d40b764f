"""One output cell of a convolution, written out as a student would write it by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import Array, common_type, flag, numbers, require_axes, whole
from cnnkit.functional.border import Padding, extend, resolve
from cnnkit.functional.windows import lay_out, windows

__all__ = ["ExplainedWindow", "explain_window"]


@dataclass(frozen=True, eq=False, repr=False)
class ExplainedWindow:
    """One window, the weights laid on it, their products and the sum.

    Parameters
    ----------
    window : (kH, kW) array
        What the kernel covers, padding included.
    weight : (kH, kW) array
        The weights as they lie on the window: turned by 180° where a convolution was asked for.
    products : (kH, kW) array
        ``window * weight``
    total : int or float
        Their sum: the value of the output cell.
    """

    window: Array
    weight: Array
    products: Array
    total: int | float

    def __repr__(self) -> str:
        factors = [
            [(_factor(value), _factor(weight)) for value, weight in zip(*row, strict=True)]
            for row in zip(self.window, self.weight, strict=True)
        ]
        # Equal widths, so that the points of the products stand below each other.
        left = [max(len(value) for value, _ in column) for column in zip(*factors, strict=True)]
        right = [max(len(weight) for _, weight in column) for column in zip(*factors, strict=True)]
        rows = [
            " + ".join(
                f"{value:>{a}}·{weight:<{b}}" for (value, weight), a, b in zip(row, left, right, strict=True)
            ).rstrip()
            for row in factors
        ]
        lines = ["  " + rows[0], *("+ " + row for row in rows[1:])]
        if len(rows) > 1:
            lines.append("= " + _signed_sum(self.products.sum(axis=1)))
        equals = "=" if np.isclose(_printed(self.total), self.total, rtol=1e-12, equal_nan=True) else "≈"
        lines.append(f"{equals} {_number(self.total)}")
        return "\n".join(lines)


def explain_window(
    x: ArrayLike,
    weight: ArrayLike,
    row: int,
    col: int,
    padding: Padding = 0,
    flip: bool = False,
    *,
    mode: str = "zeros",
) -> ExplainedWindow:
    """Return how one cell of ``correlate2d(x, weight, padding, mode)`` comes about.

    Parameters
    ----------
    x : (H, W) array of numbers
    weight : (kH, kW) array of numbers
    row, col : int
        The output cell, counted from 0. Without padding the window's top left pixel is x[row, col].
    padding, mode
        As in `correlate2d`.
    flip : bool
        Explain a cell of `convolve2d` instead: the weights are turned by 180° first.

    Returns
    -------
    ExplainedWindow
        Its repr is the sum; a row of the window on each line, then the sums of the rows, then the total.

    Raises
    ------
    ShapeError
        Not two axes, or the kernel does not fit.
    ArgumentError
        There is no such output cell; a bad `padding`, `mode` or `flip`; an array that holds no real numbers.

    Examples
    --------
    >>> image = [[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]]
    >>> sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> explain_window(image, sobel, 0, 1, padding=1)
      0·(−1) + 0·0 + 0·1
    + 1·(−2) + 0·0 + 2·2
    + 3·(−1) + 2·0 + 0·1
    = 0 + 2 − 3
    = −1
    >>> explain_window(image, sobel, 0, 1, padding=1).total
    -1
    """
    name = "explain_window"
    x, weight = numbers(name, "x", x), numbers(name, "weight", weight)
    for argument, array in (("x", x), ("weight", weight)):
        require_axes(name, argument, array, "H W", "Pick one channel, as in x[0].")
    border = resolve(name, padding, x.shape, weight.shape)
    axes = lay_out(name, "weight", x.shape, weight.shape, border)
    row, col = whole(name, "row", row, 0), whole(name, "col", col, 0)
    for argument, value, axis in (("row", row, axes[0]), ("col", col, axes[1])):
        if value >= axis.output:
            raise ArgumentError(
                f"{name}: `{argument}` is {value}, expected 0 to {axis.output - 1}: the output is"
                f" {axes[0].output} × {axes[1].output}. Count from 0."
            )
    dtype = common_type(name, x=x, weight=weight)
    window = windows(extend(name, x.astype(dtype), border, mode), axes)[row, col].copy()
    laid = (np.flip(weight) if flag(name, "flip", flip) else weight).astype(dtype)
    products = window * laid
    for array in (window, laid, products):
        array.setflags(write=False)
    return ExplainedWindow(window, laid, products, products.sum().item())


def _number(value: float) -> str:
    return f"{value + 0:.6g}".replace("-", "−")  # + 0: no student writes −0


def _printed(value: float) -> float:
    return float(_number(value).replace("−", "-"))


def _factor(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _signed_sum(values: Array) -> str:
    first, *rest = values.tolist()
    return _number(first) + "".join(f" {'−' if v < 0 else '+'} {_number(abs(v))}" for v in rest)
