"""Pooling: each window becomes its maximum or its mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import Array, common_type, flag, numbers, pair, require_axes, working_type
from cnnkit.functional.windows import Axes, lay_out
from cnnkit.shapes import Axis

__all__ = ["avg_pool2d", "max_pool2d"]

Size = int | tuple[int, int]


def max_pool2d(
    x: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Array:
    """Replace each window by its largest value.

    Parameters
    ----------
    x : (..., H, W) array of numbers
    kernel_size, padding, dilation : int or (int, int), in pixels
        The padding never wins: it is smaller than every number. It may be at most half the kernel.
    stride : int or (int, int), in pixels; the kernel size if None
    ceil_mode : bool
        Round the output size up instead of down, so that the pixels at the end are not left out. A
        last window that would start in the padding behind the image is dropped.

    Returns
    -------
    (..., H', W') array of the type of `x`, with H' as in `cnnkit.shapes.output_size`

    Raises
    ------
    ShapeError
        Fewer than two axes, or the window does not fit.
    ArgumentError
        A size that is no whole number, more padding than half the kernel, or an `x` that holds no
        real numbers.

    Notes
    -----
    As ``torch.nn.functional.max_pool2d``. NaN wins over every number, as there.

    Examples
    --------
    >>> max_pool2d([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]], 2)
    array([[3, 7]])
    >>> max_pool2d([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]], 2, ceil_mode=True)
    array([[3, 7, 1],
           [6, 1, 4]])
    """
    x, axes = _lay_out("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    return _combine(np.maximum, _surround(x, axes, _lowest(x.dtype)), axes)


def avg_pool2d(
    x: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Replace each window by its mean.

    Parameters
    ----------
    x : (..., H, W) array of numbers
    kernel_size, padding : int or (int, int), in pixels
        The padding is zeros, at most half the kernel.
    stride : int or (int, int), in pixels; the kernel size if None
    ceil_mode : bool
        As in `max_pool2d`. What a window covers beyond the padding is never counted.
    count_include_pad : bool
        Whether the zeros of the padding count as pixels of the mean.

    Returns
    -------
    (..., H', W') array
        float64 where `x` holds integers or booleans, else the type of `x`.

    Raises
    ------
    ShapeError, ArgumentError
        As `max_pool2d`.

    Notes
    -----
    As ``torch.nn.functional.avg_pool2d``.

    Examples
    --------
    >>> avg_pool2d([[1, 0, 2, 3], [3, 2, 0, 7]], 2)
    array([[1.5, 3. ]])
    >>> avg_pool2d([[4, 4], [4, 4]], 2, padding=1)
    array([[1., 1.],
           [1., 1.]])
    >>> avg_pool2d([[4, 4], [4, 4]], 2, padding=1, count_include_pad=False)
    array([[4., 4.],
           [4., 4.]])
    """
    include = flag("avg_pool2d", "count_include_pad", count_include_pad)
    x, axes = _lay_out("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    dtype = common_type("avg_pool2d", x=x)
    total = _combine(np.add, _surround(x.astype(working_type(dtype), copy=False), axes, 0), axes)
    rows, columns = (_counted(axis, include) for axis in axes)
    mean: Array = total / np.outer(rows, columns).astype(total.dtype)
    return mean if dtype.kind == "i" else mean.astype(dtype, copy=False)


def _lay_out(
    function: str,
    x: ArrayLike,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> tuple[Array, Axes]:
    x = numbers(function, "x", x)
    require_axes(function, "x", x, "... H W", "Write a single row as [[1, 2, 3]].")
    kernel_size = pair(function, "kernel_size", kernel_size, 1)
    stride = kernel_size if stride is None else pair(function, "stride", stride, 1)
    pads = pair(function, "padding", padding, 0)
    dilation = pair(function, "dilation", dilation, 1)
    ceil_mode = flag(function, "ceil_mode", ceil_mode)
    border = ((pads[0], pads[0]), (pads[1], pads[1]))
    for amount, kernel in zip(pads, kernel_size, strict=True):
        half = kernel // 2
        if amount > half:
            raise ArgumentError(
                f"{function}: `padding` is {padding!r}, expected at most half of `kernel_size`: {half} for"
                f" a kernel of {kernel}. Use padding={half}, or a larger kernel_size."
            )
    return x, lay_out(function, "kernel_size", x.shape[-2:], kernel_size, border, stride, dilation, ceil_mode)


def _surround(x: Array, axes: Axes, value: Any) -> Array:
    """Return `x` with `value` around it, as far as the last window of each axis reaches."""
    sides = []
    for axis in axes:
        before, after = axis.pads
        reach = (axis.output - 1) * axis.stride + axis.extent
        sides.append((before, max(after, reach - axis.size - before)))
    if not any(map(any, sides)):
        return x
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + sides, constant_values=value)


def _combine(ufunc: np.ufunc, x: Array, axes: Axes) -> Array:
    """Combine the cells of every window, columns first and then rows: kH + kW steps, not kH · kW."""
    for number, axis in ((-1, axes[1]), (-2, axes[0])):
        lanes = np.moveaxis(x, number, 0)
        last = (axis.output - 1) * axis.stride + 1
        taps = [lanes[start : start + last : axis.stride] for start in range(0, axis.extent, axis.dilation)]
        combined = taps[0].copy()
        for tap in taps[1:]:
            ufunc(combined, tap, out=combined)
        x = np.moveaxis(combined, 0, number)
    return np.ascontiguousarray(x)


def _lowest(dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def _counted(axis: Axis, include_padding: bool) -> Array:
    """Return how many cells of each window count: those in the image, and in its padding if so asked."""
    before, after = axis.pads if include_padding else (0, 0)
    start = np.arange(axis.output) * axis.stride - axis.pads[0]
    stop = np.minimum(start + axis.kernel_size, axis.size + after)
    counted: Array = stop - np.maximum(start, -before)
    return counted
