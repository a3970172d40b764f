"""Sliding windows: every place where a kernel is laid on an image, as one array and without a copy."""

from __future__ import annotations

from numpy.lib.stride_tricks import as_strided

from cnnkit.errors import ShapeError
from cnnkit.functional.arguments import Array
from cnnkit.functional.border import Border
from cnnkit.shapes import Axis

__all__ = ["Axes", "lay_out", "windows"]

# rows and columns, each with its size, kernel size, stride, padding and dilation
Axes = tuple[Axis, Axis]


def lay_out(
    function: str,
    name: str,
    size: tuple[int, int],
    kernel_size: tuple[int, int],
    border: Border = ((0, 0), (0, 0)),
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    ceil_mode: bool = False,
) -> Axes:
    """Return both axes of the walk of a kernel over an image; raise where the kernel does not fit."""
    rows, columns = (
        Axis(size[i], kernel_size[i], stride[i], border[i], dilation[i], ceil_mode) for i in (0, 1)
    )
    if not (rows.fits and columns.fits):
        spread = f" with dilation {dilation}" if dilation != (1, 1) else ""
        missing = [max(0, -(-(axis.extent - axis.padded) // 2)) for axis in (rows, columns)]
        raise ShapeError(
            f"{function}: `{name}` is {kernel_size[0]} × {kernel_size[1]}{spread} and covers"
            f" {rows.extent} × {columns.extent} pixels, but `x` with its padding has"
            f" {rows.padded} × {columns.padded}; expected at most that."
            f" Use a smaller kernel, or {missing[0]} more padding for rows and {missing[1]} for columns."
        )
    return rows, columns


def windows(x: Array, axes: Axes) -> Array:
    """Return every window of the padded images `x`, as a read-only view.

    Parameters
    ----------
    x : (..., H, W) array, its padding already around it
    axes : the walk, from `lay_out`

    Returns
    -------
    (..., H', W', kH, kW) array
        Entry [..., i, j, :, :] is what the kernel sees at output cell (i, j).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(12).reshape(3, 4)
    >>> windows(x, lay_out("example", "kernel", x.shape, (2, 2), stride=(1, 2)))[1, 1]
    array([[ 6,  7],
           [10, 11]])
    """
    rows, columns = axes
    *rest, down, right = x.strides
    return as_strided(
        x,
        (*x.shape[:-2], rows.output, columns.output, rows.kernel_size, columns.kernel_size),
        (*rest, down * rows.stride, right * columns.stride, down * rows.dilation, right * columns.dilation),
        writeable=False,
    )
