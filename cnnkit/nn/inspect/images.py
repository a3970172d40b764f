"""Images for a network to look at: normalised as it was trained, as many and as large as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.names import require_whole
from cnnkit.nn.sources import Split, batches_of
from cnnkit.shapes import shape_text

__all__ = ["Images", "in_batches", "matching", "prepared", "shown"]

Images = Split | Tensor | ArrayLike

LARGEST = 30.0  # standard deviations; what a loader normalises stays well below, pixels up to 255 do not
HOW = "Give a split of a data set, or what its loader gives: x, y = next(iter(split.loader(64)))"


def prepared(function: str, model: nn.Module, images: Images) -> Tensor:
    """Return all images as one tensor, of the model's type and on its device.

    Raises
    ------
    ShapeError
        A single image, none, or no rows of numbers.
    ArgumentError
        Pixels from 0 to 255 or other numbers that no loader gives; something that is no array.
    """
    if hasattr(images, "loader"):
        return torch.cat(list(in_batches(function, model, images, 250)))
    return matching(model, _checked(function, images))


def in_batches(function: str, model: nn.Module, images: Images, batch_size: int) -> Iterator[Tensor]:
    """Yield the images in their order; raises as `prepared`."""
    batch_size = require_whole(function, "batch_size", batch_size, 1)
    if hasattr(images, "loader"):
        for x, _ in batches_of(cast(Split, images), batch_size):
            yield matching(model, x)
        return
    x = _checked(function, images)
    for start in range(0, len(x), batch_size):
        yield matching(model, x[start : start + batch_size])


def shown(images: Images, chosen: NDArray[np.int64]) -> NDArray[Any]:
    """Return the chosen images as they are looked at: a split's own bytes, or else what was given."""
    pictures = images.images if hasattr(images, "images") else images
    if isinstance(pictures, Tensor):
        return pictures.detach().cpu()[torch.from_numpy(chosen)].numpy()
    return np.asarray(pictures)[chosen]


def matching(model: nn.Module, x: Tensor) -> Tensor:
    """Return `x` in the type of the model's weights, on their device."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    return x.float() if weight is None else x.to(weight.device, weight.dtype)


def _checked(function: str, images: Any) -> Tensor:
    try:
        x = images.detach() if isinstance(images, Tensor) else torch.from_numpy(np.array(images))
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{function}: `images` is of type {type(images).__name__}, expected a split, or an array"
            f" (N, C, H, W) of numbers. {HOW}."
        ) from None
    if x.ndim not in (2, 4) or 0 in x.shape:
        single = " A single image is x[None]." if x.ndim == 3 else f" {HOW}."
        raise ShapeError(
            f"{function}: `images` has shape {shape_text(tuple(x.shape))}, expected (N, C, H, W) with at"
            f" least 1 along each axis.{single}"
        )
    if not x.is_floating_point():
        raise ArgumentError(
            f"{function}: `images` are {str(x.dtype).removeprefix('torch.')}, expected floats, normalised as"
            f" the network was trained. {HOW}."
        )
    largest = float(x.abs().max())
    if not largest <= LARGEST:
        low, high = float(x.min()), float(x.max())
        raise ArgumentError(
            f"{function}: `images` run from {low:g} to {high:g}, expected normalised numbers of at most"
            f" ±{LARGEST:g}. {HOW}."
        )
    return x
