"""What runs through a network for one image: what every layer gives, and what the loss asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnkit.errors import ArgumentError
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.layer import require_module

__all__ = ["Signal", "signals"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Signal:
    """One layer, while one image runs through it.

    Parameters
    ----------
    name : str
    activation : array, without the batch: (C, H, W), or (features,)
    gradient : array of the same shape, of the loss by the activation
    weight, weight_gradient : array, or None for a layer without weights
    """

    name: str
    activation: Array
    gradient: Array
    weight: Array | None = None
    weight_gradient: Array | None = None


def signals(model: nn.Module, image: Tensor, label: int) -> tuple[Signal, ...]:
    """Return what every layer makes of an image, and the gradients of its loss.

    Parameters
    ----------
    model : torch.nn.Sequential, as `cnnkit.nn.build` makes it
        In evaluation mode here; afterwards its modes and gradients are what they were. It gets no hooks.
    image : (C, H, W) tensor, normalised as the split's loader does
    label : int, its class

    Returns
    -------
    tuple of Signal, one for each layer, the first for the image itself, called "input"

    Raises
    ------
    ArgumentError
        `model` is no chain of layers, or `label` no class of it.
    ShapeError
        The image has another shape than the model takes.

    Examples
    --------
    >>> from cnnkit import nn, zoo
    >>> found = signals(nn.build(zoo.tfjs_mnist()), torch.zeros(1, 28, 28), label=3)
    >>> found[1].name, found[1].activation.shape, found[1].weight.shape
    ('conv1', (8, 24, 24), (8, 1, 5, 5))
    """
    require_module("signals", model)
    if not isinstance(model, nn.Sequential):
        raise ArgumentError(
            f"signals: `model` is of type {type(model).__name__}, expected a torch.nn.Sequential."
            " Describe it as a cnnkit Network and build that: nn.build(network)."
        )
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            forward("signals", model, image[None])
        with torch.enable_grad():
            return _through(model, image, label)
    finally:
        for part, training in modes:
            part.training = training


def _through(model: nn.Sequential, image: Tensor, label: int) -> tuple[Signal, ...]:
    x = image[None].detach().clone().requires_grad_()
    values: dict[str, Tensor] = {"input": x}
    for name, part in model.named_children():
        x = part(x)
        values[name] = x
    if not 0 <= label < x.shape[1]:
        raise ArgumentError(
            f"signals: `label` is {label}, expected 0 to {x.shape[1] - 1}. Give the number of a class."
        )
    weights = {
        name: weight
        for name, part in model.named_children()
        if isinstance(weight := getattr(part, "weight", None), Tensor) and weight.requires_grad
    }
    loss = functional.cross_entropy(x.float(), torch.tensor([label], device=x.device))
    found = torch.autograd.grad(loss, [*values.values(), *weights.values()], allow_unused=True)
    gradients = dict(zip(values, found, strict=False))
    slopes = dict(zip(weights, found[len(values) :], strict=True))
    return tuple(_signal(name, values, gradients, weights, slopes) for name in values)


def _signal(
    name: str,
    values: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor | None],
    weights: Mapping[str, Tensor],
    slopes: Mapping[str, Tensor | None],
) -> Signal:
    value = values[name]
    asked = gradients[name]
    weight = weights.get(name)
    slope = slopes.get(name)
    return Signal(
        name,
        _array(value[0]),
        _array((torch.zeros_like(value) if asked is None else asked)[0]),
        None if weight is None else _array(weight),
        None if weight is None else _array(torch.zeros_like(weight) if slope is None else slope),
    )


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().float().contiguous().numpy().copy()
    return array
