"""A batch of images and a bank of kernels: the layer of a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ShapeError
from cnnkit.functional.arguments import (
    Array,
    common_type,
    numbers,
    pair,
    require_axes,
    whole,
    working_type,
)
from cnnkit.functional.border import Padding, extend, resolve
from cnnkit.functional.windows import lay_out, windows
from cnnkit.shapes import shape_text

__all__ = ["conv2d"]

# How many bytes are unrolled at a time: what stays in a processor's second-level cache between being
# written by the copy and read by the matrix product.
BLOCK = 2**20


def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, int] = 1,
    padding: Padding = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Array:
    """Cross-correlate a batch of images with a bank of kernels.

    Parameters
    ----------
    x : (N, C, H, W) array of numbers
    weight : (F, C / groups, kH, kW) array of numbers
    bias : (F,) array of numbers, or None
        Added to every pixel of its feature map.
    stride, dilation : int or (int, int), in pixels
        The step from window to window, and the step from tap to tap inside the kernel.
    padding : int, (pH, pW), ((top, bottom), (left, right)), "same" or "valid"; in pixels, zeros
    groups : int
        The channels and the filters are cut into so many groups that do not see each other.

    Returns
    -------
    (N, F, H', W') array with H' = floor((H + top + bottom - dilation * (kH - 1) - 1) / stride) + 1
        int64 where all hold integers or booleans, exact while every sum stays below 2**63; a uint8
        image with float32 weights gives float32.

    Raises
    ------
    ShapeError
        Not four axes; the channels of `x` and `weight`, or the sizes of `weight` and `bias`, do not
        go together; `groups` does not divide them; the kernel does not fit.
    ArgumentError
        A bad `stride`, `padding`, `dilation` or `groups`, or an array that holds no real numbers.

    Notes
    -----
    As ``torch.nn.functional.conv2d``: the kernel is not flipped (see `cnnkit.functional.correlation`).
    Each window is unrolled into a column, and one matrix product does all the sums ("im2col").
    Source: Dumoulin & Visin (2016), arXiv:1603.07285.

    Examples
    --------
    >>> conv2d(np.ones((1, 3, 5, 5)), np.ones((2, 3, 3, 3)), padding=1).shape
    (1, 2, 5, 5)
    >>> conv2d([[[[1, 2, 3], [4, 5, 6]]]], [[[[1, -1]]]], bias=[10])
    array([[[[9, 9],
             [9, 9]]]])
    """
    x, weight = numbers("conv2d", "x", x), numbers("conv2d", "weight", weight)
    bias = (
        np.zeros(len(weight) if weight.ndim else 0, bool) if bias is None else numbers("conv2d", "bias", bias)
    )
    groups = whole("conv2d", "groups", groups, 1)
    _require_matching(x, weight, bias, groups)
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    size, kernel_size = x.shape[2:], weight.shape[2:]
    border = resolve("conv2d", padding, size, kernel_size, stride, dilation)
    axes = lay_out("conv2d", "weight", size, kernel_size, border, stride, dilation)

    dtype = common_type("conv2d", x=x, weight=weight, bias=bias)
    work = working_type(dtype)
    patches = windows(extend("conv2d", x.astype(work, copy=False), border), axes)
    y = _multiply(patches, weight.astype(work, copy=False), groups)
    if bias.any():
        y += bias.astype(work)[:, None, None]
    return y.astype(dtype, copy=False)


def _multiply(patches: Array, weight: Array, groups: int) -> Array:
    """Return weight · patches: (F, C / groups, kH, kW) · (N, C, H', W', kH, kW) -> (N, F, H', W')."""
    batch, channels, height, width, kernel_height, kernel_width = patches.shape
    filters = len(weight)
    taps = channels // groups * kernel_height * kernel_width
    weight = weight.reshape(groups, filters // groups, taps)
    y = np.empty((batch, groups, filters // groups, height * width), patches.dtype)
    columns = patches.transpose(0, 1, 4, 5, 2, 3)  # (N, C, kH, kW, H', W')
    step = max(1, BLOCK // (groups * taps * width * y.itemsize))
    for image in range(batch):
        for top in range(0, height, step):
            rows = columns[image, ..., top : top + step, :]
            unrolled = rows.reshape(groups, taps, rows.shape[-2] * width)  # here the pixels are copied
            np.matmul(weight, unrolled, out=y[image, :, :, top * width : (top + step) * width])
    return y.reshape(batch, filters, height, width)


def _require_matching(x: Array, weight: Array, bias: Array, groups: int) -> None:
    missing = ", ".join(["None"] * (4 - x.ndim))
    cure = f"Add the missing axes: x[{missing}]." if x.ndim < 4 else "Join the axes in front with x.reshape."
    require_axes("conv2d", "x", x, "N C H W", cure)
    require_axes("conv2d", "weight", weight, "F C kH kW", "A single kernel is kernel[None, None].")
    filters, depth = weight.shape[:2]
    channels = x.shape[1]
    for count, name, what in ((channels, "x", "channel"), (filters, "weight", "filter")):
        if count % groups:
            plural = "s" if count > 1 else ""
            raise ShapeError(
                f"conv2d: `groups` is {groups}, but `{name}` has {count} {what}{plural};"
                f" expected a divisor of {count}. Use groups=1, or change the number of {what}s."
            )
    if depth * groups != channels:
        share = f" in {groups} groups of {channels // groups}" if groups > 1 else ""
        raise ShapeError(
            f"conv2d: `weight` has {depth} input channels, `x` has {channels}{share}."
            f" Give `weight` the shape (F, {channels // groups}, kH, kW)."
        )
    if bias.shape != (filters,):
        raise ShapeError(
            f"conv2d: `bias` has shape {shape_text(bias.shape)}, expected ({filters},):"
            f" one number for each of the {filters} filters. Give `bias` the shape ({filters},)."
        )
