"""Which neuron of a layer is meant, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnkit.errors import ArgumentError
from cnnkit.nn.inspect.layer import require_indices
from cnnkit.shapes import shape_text

__all__ = ["Target", "Unit", "class_scores", "part_of", "require_unit", "unit_scores"]

Unit = int | Sequence[int]
Target = int | Sequence[int] | NDArray[Any] | Tensor | None


def require_unit(function: str, unit: object, shape: tuple[int, ...], layer: str) -> tuple[int, ...]:
    """Return `unit` as (channel,) or (channel, row, column) of a layer whose output is `shape`.

    Raises
    ------
    ArgumentError
        It has another form, or is past the end of the layer.

    Examples
    --------
    >>> require_unit("top_patches", (3, 0, 8), (256, 8, 8), "conv4")
    Traceback (most recent call last):
    cnnkit.errors.ArgumentError: top_patches: `unit` is (3, 0, 8), expected a channel or (channel, row, \
column) inside (256, 8, 8), what `conv4` gives. Count from 0.
    """
    each = tuple(unit) if isinstance(unit, Sequence) and not isinstance(unit, str) else (unit,)
    if len(each) in {1, len(shape)}:
        try:
            return tuple(
                require_indices(function, "unit", n, size, layer)[0]
                for n, size in zip(each, shape, strict=False)
            )
        except ArgumentError:
            pass
    form = "a channel or (channel, row, column)" if len(shape) == 3 else "a whole number"
    raise ArgumentError(
        f"{function}: `unit` is {unit!r}, expected {form} inside {shape_text(shape)}, what `{layer}` gives."
        " Count from 0."
    )


def unit_scores(function: str, output: Tensor, unit: object, layer: str) -> Tensor:
    """Return what a neuron gave for each image, (N,); of a channel, its strongest place in each."""
    wanted = require_unit(function, unit, tuple(output.shape[1:]), layer)
    score = output[:, wanted[0]]
    for n in wanted[1:]:
        score = score[:, n]
    if score.ndim == 1:
        return score
    flat = score.flatten(1)
    return flat.gather(1, flat.argmax(1, keepdim=True))[:, 0]


def part_of(target: Target, count: int, part: slice) -> Any:
    """Return the targets of a part of `count` images; what is one for all stays as it is.

    Examples
    --------
    >>> part_of([3, 1, 2], 3, slice(1, 3)), part_of(7, 3, slice(1, 3))
    ([1, 2], 7)
    """
    plain = target.tolist() if isinstance(target, Tensor | np.ndarray) else target
    return plain[part] if isinstance(plain, Sequence) and len(plain) == count else plain


def class_scores(function: str, logits: Tensor, target: object, argument: str = "target") -> Tensor:
    """Return the logit of a class for each image, (N,); of the model's own answer where `target` is None.

    Raises
    ------
    ArgumentError
        `target` is no class, or not one for each image.
    """
    if logits.ndim != 2:
        raise ArgumentError(
            f"{function}: the model gives {shape_text(tuple(logits.shape))}, expected (N, classes)."
            " Name a layer and a unit of it instead."
        )
    if target is None:
        return logits.max(dim=1).values
    classes = require_indices(function, argument, target, logits.shape[1], "the output")
    if len(classes) == 1:
        classes *= len(logits)
    if len(classes) != len(logits):
        raise ArgumentError(
            f"{function}: `{argument}` holds {len(classes)} classes for {len(logits)} images, expected 1 or"
            f" {len(logits)}. Give the labels of these images."
        )
    return logits[torch.arange(len(logits)), torch.tensor(classes, device=logits.device)]
