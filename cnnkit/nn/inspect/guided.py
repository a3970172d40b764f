"""Which pixels speak for a class or a neuron: gradients, and the two that are cleaned at every ReLU."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnkit.nn.evaluate import evaluation_mode, require_tensor
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.images import Images, prepared
from cnnkit.nn.inspect.layer import find_layer, output_of, require_module, watched
from cnnkit.nn.inspect.rules import RULES, relu_rule, require_every_relu
from cnnkit.nn.inspect.unit import Target, class_scores, part_of, unit_scores

__all__ = ["deconvnet", "guided_backprop", "saliency"]

AT_ONCE = 64  # images


def saliency(
    model: nn.Module, images: Images, target: Target = None, layer: str | None = None
) -> NDArray[Any]:
    """Return the gradient of a class, or of a neuron, with respect to each pixel.

    Parameters
    ----------
    model : torch.nn.Module
        It is left as it was: its hooks, its modes, its gradients.
    images : Split, or (N, C, H, W) array or tensor, normalised as the split's loader does
    target : int, N ints, or None
        The class, or one for each image; None takes what the model itself answers. With a `layer`: its unit,
        a channel (at its strongest place in each image) or (channel, row, column).
    layer : str, optional
        As ``model.named_modules()`` names it.

    Returns
    -------
    (N, C, H, W) array of float, signed
        The map of the paper is ``abs(gradient).max(axis=1)``; `normalised` makes it colours.

    Raises
    ------
    ArgumentError
        No such layer, class or unit; images that are not normalised.
    ShapeError
        Images of another size, or with other channels, than the model takes; the layer is named.

    Notes
    -----
    Source: Simonyan, Vedaldi & Zisserman (2013), arXiv:1312.6034.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
    >>> for weight, value in zip(model.parameters(), ([[2.0, -1.0]], [[-3.0]]), strict=True):
    ...     weight.data = torch.tensor(value)
    >>> saliency(model, [[1.0, 1.0]], 0)
    array([[-6.,  3.]], dtype=float32)
    """
    return _gradient("saliency", model, images, target, layer, None)


def guided_backprop(
    model: nn.Module, images: Images, target: Target = None, layer: str | None = None
) -> NDArray[Any]:
    """Return the gradient that is positive at every ReLU: what speaks *for* a class or a neuron.

    At each ReLU a gradient passes only where it is positive and the ReLU's input was positive too.

    Parameters
    ----------
    model, images, target, layer : as for `saliency`
        Every ReLU must be an ``nn.ReLU`` module; other activations pass their plain gradient.

    Returns
    -------
    (N, C, H, W) array of float, signed

    Raises
    ------
    ArgumentError, ShapeError
        As `saliency`; also where the forward calls a ReLU as a function, which no hook can see.

    Notes
    -----
    As ``captum.attr.GuidedBackprop``. Source: Springenberg et al. (2014), arXiv:1412.6806.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
    >>> for weight, value in zip(model.parameters(), ([[2.0, -1.0]], [[-3.0]]), strict=True):
    ...     weight.data = torch.tensor(value)
    >>> float(abs(guided_backprop(model, [[1.0, 1.0]], 0)).max())
    0.0
    """
    return _gradient("guided_backprop", model, images, target, layer, "guided")


def deconvnet(
    model: nn.Module, images: Images, target: Target = None, layer: str | None = None
) -> NDArray[Any]:
    """Return the gradient that is positive at every ReLU, whatever the ReLU's input was.

    Parameters
    ----------
    model, images, target, layer : as for `guided_backprop`

    Returns
    -------
    (N, C, H, W) array of float, signed

    Raises
    ------
    ArgumentError, ShapeError
        As `guided_backprop`.

    Notes
    -----
    As ``captum.attr.Deconvolution``. Source: Zeiler & Fergus (2013), arXiv:1311.2901.
    """
    return _gradient("deconvnet", model, images, target, layer, "deconvnet")


def _gradient(
    function: str, model: nn.Module, images: Images, target: Target, layer: str | None, rule: str | None
) -> NDArray[Any]:
    require_module(function, model)
    part = model if layer is None else find_layer(function, model, layer)
    x = prepared(function, model, images)
    found = []
    with evaluation_mode(model):
        for start in range(0, len(x), AT_ONCE):
            at_once = slice(start, start + AT_ONCE)
            some = x[at_once]
            wanted = part_of(target, len(x), at_once) if layer is None else target
            plain = forward(function, model, some) if rule else None
            some = some.clone().requires_grad_()
            with torch.enable_grad(), relu_rule(model, RULES[rule]) if rule else nullcontext():
                with watched(model, part) as outputs:
                    whole = forward(function, model, some)
                if layer is None:
                    score = class_scores(function, require_tensor(function, whole), wanted)
                else:
                    score = unit_scores(function, output_of(function, layer, outputs), wanted, layer)
                total = score.sum()
            if isinstance(plain, Tensor):
                require_every_relu(function, total, whole, plain)
            (gradient,) = torch.autograd.grad(total, some)
            found.append(gradient.cpu().numpy())
    return np.concatenate(found)
