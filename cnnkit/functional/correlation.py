"""One image and one kernel: cross-correlation, convolution, and the flip between them.

Both lay the kernel on the image, multiply cell by cell, add up, and move on. *Cross-correlation* lays
the kernel as it is written::

    y[i, j] = Σ x[i + a, j + b] · kernel[a, b]

*Convolution*, as mathematics and signal processing define it, turns the kernel by 180° first::

    y[i, j] = Σ x[i + a, j + b] · kernel[kH − 1 − a, kW − 1 − b]

What every deep learning library calls convolution (torch's Conv2d, Keras's Conv2D, ``conv2d`` here)
is the first: the kernel is learnt, so it would simply be learnt the other way round. On paper the two
differ, and an answer has to say which one it is. A kernel that the half turn negates, such as Sobel's,
gives the same numbers with the opposite sign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.functional.arguments import Array, common_type, numbers, require_axes, working_type
from cnnkit.functional.border import Padding, extend, resolve
from cnnkit.functional.windows import lay_out, windows

__all__ = ["convolve2d", "correlate2d"]


def correlate2d(x: ArrayLike, kernel: ArrayLike, padding: Padding = 0, mode: str = "zeros") -> Array:
    """Cross-correlate one image with one kernel: the kernel is not flipped.

    Parameters
    ----------
    x : (H, W) array of numbers
    kernel : (kH, kW) array of numbers
    padding : int, (pH, pW), ((top, bottom), (left, right)), "same" or "valid"; in pixels
        "valid" is no padding. "same" keeps the size of `x`; a kernel of even size then has the odd
        row below and the odd column to the right, as in torch.
    mode : "zeros", "reflect", "replicate" or "circular"
        What stands in the padding, as in `pad`.

    Returns
    -------
    (H', W') array with H' = top + H + bottom - kH + 1, W' in the same way
        int64 where both hold integers or booleans, exact while every sum stays below 2**63.

    Raises
    ------
    ShapeError
        Not two axes, or the kernel does not fit.
    ArgumentError
        A bad `padding` or `mode`, or an array that holds no real numbers.

    Notes
    -----
    As ``scipy.signal.correlate2d(x, kernel, "valid")`` on the padded image.

    Examples
    --------
    >>> image = [[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]]
    >>> sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> correlate2d(image, sobel, padding=1)
    array([[  2,  -1,  11,  -2, -13],
           [ 10,  -4,   8,   2, -18],
           [ 14,  -1,  -5,   6,  -9]])
    >>> correlate2d(image, sobel, padding="valid")
    array([[-4,  8,  2]])
    """
    return _slide("correlate2d", x, kernel, padding, mode, flip=False)


def convolve2d(x: ArrayLike, kernel: ArrayLike, padding: Padding = 0, mode: str = "zeros") -> Array:
    """Convolve one image with one kernel: the kernel is turned by 180° first.

    Parameters, returns and errors are those of `correlate2d`; the padding is laid around the image
    before the turned kernel slides over it.

    Notes
    -----
    As ``scipy.signal.convolve2d(x, kernel, "valid")`` on the padded image. Source of the definition:
    Gonzalez & Woods, Digital Image Processing, section 3.4.

    Examples
    --------
    >>> image = [[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]]
    >>> sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> convolve2d(image, sobel, padding=1)
    array([[ -2,   1, -11,   2,  13],
           [-10,   4,  -8,  -2,  18],
           [-14,   1,   5,  -6,   9]])
    >>> convolve2d(image, sobel, padding=1, mode="reflect")
    array([[  0,   4, -16,   2,   0],
           [  0,   4,  -8,  -2,   0],
           [  0,   4,   0,  -6,   0]])
    """
    return _slide("convolve2d", x, kernel, padding, mode, flip=True)


def _slide(
    function: str, x: ArrayLike, kernel: ArrayLike, padding: Padding, mode: str, *, flip: bool
) -> Array:
    x, kernel = numbers(function, "x", x), numbers(function, "kernel", kernel)
    for name, array in (("x", x), ("kernel", kernel)):
        require_axes(function, name, array, "H W", "For batches and channels use conv2d.")
    dtype = common_type(function, x=x, kernel=kernel)
    border = resolve(function, padding, x.shape, kernel.shape)
    axes = lay_out(function, "kernel", x.shape, kernel.shape, border)
    patches = windows(extend(function, x.astype(working_type(dtype), copy=False), border, mode), axes)
    laid = np.flip(kernel) if flip else kernel
    y = np.tensordot(patches, laid.astype(patches.dtype), axes=2)  # (H', W', kH, kW) · (kH, kW)
    return y.astype(dtype, copy=False)
