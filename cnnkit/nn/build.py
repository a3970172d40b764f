"""From a description to a torch module with the same layer names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from cnnkit import layers
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.network import Network
from cnnkit.nn.describe import trace
from cnnkit.nn.initialise import initialise
from cnnkit.nn.modules import KerasAvgPool2d, KerasConv2d, KerasMaxPool2d, LogitsBeforeSoftmax, channels_last
from cnnkit.shapes import shape_text

__all__ = ["build", "load_weights", "weights"]

M = TypeVar("M", bound=nn.Module)


def build(
    network: Network, *, init: str = "kaiming", seed: int = 0, weights: Mapping[str, ArrayLike] | None = None
) -> nn.Sequential:
    """Make the torch module of a network.

    Parameters
    ----------
    network : Network
    init : "kaiming", "xavier", "torch" or "convnetjs"
        How the weights are drawn; see `initialise`.
    seed : int
        The same seed draws the same weights; torch's own random numbers are left where they were.
    weights : mapping of name to array, optional
        Take these instead, as `weights` or ``cnnkit.convnetjs.Net.weights`` give them.

    Returns
    -------
    torch.nn.Sequential
        Its children have the network's layer names: ``module.conv1``. It takes (N, *network.input_shape)
        and gives logits: a Softmax at the end of the network is kept as a child that passes its input
        through, because the loss applies the softmax itself.

    Raises
    ------
    ArgumentError
        `network` is no Network; `init` is unknown; `weights` lacks a name or has one too many.
    ShapeError
        An array of `weights` does not fit.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> model = build(zoo.report_cnn(), seed=1)
    >>> model.conv1
    Conv2d(3, 32, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    >>> sum(p.numel() for p in model.parameters())
    390410
    """
    if not isinstance(network, Network):
        raise ArgumentError(
            f"build: `network` is of type {type(network).__name__}, expected a cnnkit Network."
            " Describe one, or take one from cnnkit.zoo."
        )
    with torch.random.fork_rng(devices=[]):
        named = [(stage.name, module_of(stage.layer)) for stage in network]
    if network.layers and isinstance(network.layers[-1], layers.Softmax):
        named[-1] = (named[-1][0], LogitsBeforeSoftmax())
    module = channels_last(nn.Sequential(OrderedDict(named)))
    if weights is None:
        return initialise(module, init, seed)
    return load_weights(module, weights)


def weights(module: nn.Module, network: Network | None = None) -> dict[str, NDArray[Any]]:
    """Return copies of all weights and running statistics.

    Parameters
    ----------
    module : torch.nn.Module
    network : Network, optional
        What `describe` made of `module`: the weights are then named by its layers, so that
        ``build(network, weights=weights(module, network))`` computes what `module` does. Otherwise torch's
        names stand.

    Raises
    ------
    ArgumentError
        `network` has other layers than `module`.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> weights(build(zoo.tfjs_mnist()))["fc.weight"].shape
    (10, 256)
    """
    arrays = {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}
    if network is None:
        return arrays
    paths = [path for path, _ in trace(module, network.input_shape)]
    if len(paths) != len(network):
        raise ArgumentError(
            f"weights: `network` has {len(network)} layers, `module` calls {len(paths)}, expected the same."
            " Give what describe(module, input_shape) returns."
        )
    names = {path: stage.name for path, stage in zip(paths, network, strict=True)}
    renamed = {key: key.rpartition(".") for key in arrays}
    return {f"{names[path]}.{leaf}": arrays[key] for key, (path, _, leaf) in renamed.items() if path in names}


def load_weights(module: M, weights: Mapping[str, ArrayLike]) -> M:
    """Copy `weights` into `module` and return it.

    Parameters
    ----------
    module : torch.nn.Module
    weights : mapping of torch's names to arrays; ``num_batches_tracked`` may be missing

    Raises
    ------
    ArgumentError
        A name is missing, or unknown to the module.
    ShapeError
        An array has another shape than the module's. Nothing is changed then.
    """
    wanted = module.state_dict()
    optional = {name for name in wanted if name.endswith("num_batches_tracked")}
    missing, unknown = set(wanted) - set(weights) - optional, set(weights) - set(wanted)
    if missing or unknown:
        raise ArgumentError(
            f"load_weights: `weights` lacks {_listed(missing)} and has {_listed(unknown)} too many,"
            f" expected {_listed(set(wanted) - optional)}. Give the weights of this very network."
        )
    arrays = {name: np.asarray(weights[name]) for name in wanted if name in weights}
    for name, array in arrays.items():
        if array.shape != tuple(wanted[name].shape):
            raise ShapeError(
                f"load_weights: `{name}` has shape {shape_text(array.shape)}, expected"
                f" {shape_text(tuple(wanted[name].shape))}. Give the weights of this very network."
            )
    with torch.no_grad():
        for name, array in arrays.items():
            wanted[name].copy_(torch.from_numpy(np.array(array)))
    return module


@singledispatch
def module_of(layer: layers.Layer) -> nn.Module:
    """Return the torch module of one layer, its weights as torch draws them."""
    raise ArgumentError(
        f"build: the layer {layer!r} has no torch module here, expected a layer of cnnkit.layers."
        " Take one of those."
    )


@module_of.register
def _(layer: layers.Conv2d) -> nn.Module:
    keras = layer.padding == "keras-same"
    return (KerasConv2d if keras else nn.Conv2d)(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        0 if keras else layer.padding,
        layer.dilation,
        layer.groups,
        layer.bias,
    )


@module_of.register
def _(layer: layers.MaxPool2d) -> nn.Module:
    if layer.padding in layers.SAME:
        return KerasMaxPool2d(layer.kernel_size, layer.stride, 0, layer.dilation, ceil_mode=layer.ceil_mode)
    return nn.MaxPool2d(
        layer.kernel_size, layer.stride, _amount(layer), layer.dilation, ceil_mode=layer.ceil_mode
    )


@module_of.register
def _(layer: layers.AvgPool2d) -> nn.Module:
    if layer.padding in layers.SAME:
        return KerasAvgPool2d(layer.kernel_size, layer.stride, 0, layer.ceil_mode)
    return nn.AvgPool2d(layer.kernel_size, layer.stride, _amount(layer), layer.ceil_mode)


@module_of.register
def _(layer: layers.Linear) -> nn.Module:
    return nn.Linear(layer.in_features, layer.out_features, layer.bias)


@module_of.register
def _(layer: layers.BatchNorm1d) -> nn.Module:
    return nn.BatchNorm1d(layer.num_features)


@module_of.register
def _(layer: layers.BatchNorm2d) -> nn.Module:
    return nn.BatchNorm2d(layer.num_features)


@module_of.register
def _(layer: layers.Dropout) -> nn.Module:
    return nn.Dropout(layer.p)


PLAIN: dict[type[layers.Layer], type[nn.Module]] = {
    layers.Flatten: nn.Flatten,
    layers.ReLU: nn.ReLU,
    layers.ReLU6: nn.ReLU6,
    layers.Sigmoid: nn.Sigmoid,
    layers.Tanh: nn.Tanh,
}
for _kind, _module in PLAIN.items():
    module_of.register(_kind, lambda layer: PLAIN[type(layer)]())
module_of.register(layers.Softmax, lambda layer: nn.Softmax(dim=1))


def _amount(layer: layers.Windowed) -> Any:
    return 0 if layer.padding == "valid" else layer.padding


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
