"""Filters of pictures whose border is known exactly: a kernel, with zeros or a mirror around the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from torch import nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.names import require_known, require_whole
from cnnkit.shapes import shape_text

__all__ = ["PADDINGS", "Filter", "apply", "box_blur", "compose", "convolution"]

Array = NDArray[Any]
Filter = Callable[[Array], Array] | nn.Module

PADDINGS = ("zeros", "reflect")  # torch's words for padding_mode


def convolution(kernel: ArrayLike, padding: str = "zeros", relu: bool = False) -> Callable[[Array], Array]:
    """Return a filter: the same kernel on every channel, stride 1, as many pixels out as in.

    Parameters
    ----------
    kernel : (kH, kW) array of numbers, both odd; not flipped, as in torch
    padding : "zeros" or "reflect"
        What stands around the picture: black, or the picture mirrored at its outermost pixels.
    relu : bool
        Whether what is negative becomes 0 afterwards: then the filter is no longer linear.

    Returns
    -------
    function (..., H, W) array to (..., H, W) array of float64

    Raises
    ------
    ShapeError
        A kernel whose sides are even or that is no matrix; later, a picture smaller than half the kernel.
    ArgumentError
        An unknown `padding`.

    Examples
    --------
    >>> right = convolution([[0, 0, 1]])
    >>> right(np.array([[1, 2, 3]])), convolution([[0, 0, 1]], "reflect")(np.array([[1, 2, 3]]))
    (array([[2., 3., 0.]]), array([[2., 3., 2.]]))
    """
    require_known("convolution", "padding", padding, PADDINGS)
    weight = np.asarray(kernel, dtype=np.float64)
    if weight.ndim != 2 or not all(side % 2 for side in weight.shape):
        raise ShapeError(
            f"convolution: `kernel` has shape {shape_text(weight.shape)}, expected (kH, kW), both odd, so"
            " that it has a middle. Write for instance np.ones((3, 3)) / 9."
        )
    reach = [side // 2 for side in weight.shape]

    def filtered(x: Array) -> Array:
        x = np.asarray(x, dtype=np.float64)
        _require_room(x, reach, padding)
        around = [(0, 0)] * (x.ndim - 2) + [(each, each) for each in reach]
        padded = np.pad(x, around, mode="constant" if padding == "zeros" else "reflect")
        windows = sliding_window_view(padded, weight.shape, axis=(-2, -1))  # type: ignore[call-overload]
        y = np.tensordot(windows, weight, axes=2)  # (..., H, W)
        return np.asarray(np.maximum(y, 0) if relu else y)

    return filtered


def _require_room(x: Array, reach: list[int], padding: str) -> None:
    least = [1, 1] if padding == "zeros" else [each + 1 for each in reach]
    if x.ndim < 2 or x.shape[-2] < least[0] or x.shape[-1] < least[1]:
        raise ShapeError(
            f"convolution: the picture has shape {shape_text(x.shape)}, expected (..., H, W) with at least"
            f" {least[0]} rows and {least[1]} columns. Give a larger picture."
        )


def box_blur(size: int = 3, padding: str = "zeros") -> Callable[[Array], Array]:
    """Return the filter that makes each pixel the mean of the `size` × `size` pixels around it.

    Parameters
    ----------
    size : int, odd
    padding : "zeros" or "reflect"; see `convolution`

    Examples
    --------
    >>> white = np.ones((5, 5))
    >>> box_blur()(white).round(3)[0]
    array([0.444, 0.667, 0.667, 0.667, 0.444])
    >>> box_blur(padding="reflect")(white).round(3)[0]
    array([1., 1., 1., 1., 1.])
    """
    size = require_whole("box_blur", "size", size, 1)
    if size % 2 == 0:
        raise ArgumentError(
            f"box_blur: `size` is {size}, expected an odd number, so that there is a middle."
            f" Write size={size + 1}."
        )
    return convolution(np.full((size, size), 1 / size**2), padding)


def compose(*filters: Filter) -> Callable[[Array], Array]:
    """Return the filter that applies all of these, the first one first.

    Parameters
    ----------
    *filters : functions of an array, or torch modules

    Examples
    --------
    >>> compose(lambda x: x + 1, lambda x: 2 * x)(np.array([1.0]))
    array([4.])
    """

    def composed(x: Array) -> Array:
        for filter in filters:
            x = apply("compose", filter, x)
        return x

    return composed


def apply(function: str, filter: Filter, x: Array) -> Array:
    """Return what a filter makes of one picture; a module gets it as a batch of one, in evaluation mode.

    Raises
    ------
    ArgumentError
        `filter` can be called in neither way.
    ShapeError
        What comes out has another shape than what went in.
    """
    if isinstance(filter, nn.Module):
        weight = next(iter(filter.parameters()), torch.zeros(()))
        with evaluation_mode(filter), torch.no_grad():
            y = filter(torch.from_numpy(np.array(x))[None].to(weight.device, weight.dtype))[0].cpu().numpy()
    elif callable(filter):
        y = np.asarray(filter(x))
    else:
        raise ArgumentError(
            f"{function}: `filter` is {filter!r}, expected a function of an array, or a torch module."
            " Take one: box_blur()."
        )
    if y.shape != np.shape(x):
        raise ShapeError(
            f"{function}: the filter makes {shape_text(y.shape)} of {shape_text(np.shape(x))}, expected the"
            " same shape, so that it can be applied again. Pad the picture inside the filter."
        )
    return np.asarray(y)
