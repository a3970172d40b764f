"""From a torch module to a description, by watching which layers its forward calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from cnnkit import layers
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import Layer
from cnnkit.network import Network
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.modules import KerasAvgPool2d, KerasConv2d, KerasMaxPool2d, LogitsBeforeSoftmax
from cnnkit.shapes import shape_text

__all__ = ["describe", "trace"]

Call = tuple[str, nn.Module, Tensor, Tensor]  # torch's name, the layer, what it took, what it gave
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def describe(module: nn.Module, input_shape: Sequence[int], name: str | None = None) -> Network:
    """Describe a torch module as a Network.

    Parameters
    ----------
    module : torch.nn.Module
        Its forward must pass the data from layer to layer and do nothing else with it.
    input_shape : (C, H, W) or (features,), one example without the batch
    name : str, optional

    Returns
    -------
    Network
        With torch's names for the layers, ``features.0`` as features_0; layers whose whole name is a number
        are named by kind. Pairs of equal numbers come back as one number. ``weights(module, network)``
        gives the weights under these names.

    Raises
    ------
    ArgumentError
        A layer or an option that cnnkit.layers does not have; or the forward does something between two
        layers (``F.relu``, ``x.view``, a skip connection), which no list of layers could show.
    ShapeError
        The module cannot take `input_shape`; torch's own words are in the message.

    Examples
    --------
    >>> describe(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), (1, 28, 28))
    Network((1, 28, 28), [
        Flatten(),        # (784,)
        Linear(784, 10),  # (10,)
    ])
    """
    parts = trace(module, input_shape)
    named = [(_name(path), _layer(path, part)) for path, part in parts]
    return Network(input_shape, [layer if given is None else (given, layer) for given, layer in named], name)


def trace(module: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, nn.Module]]:
    """Return the layers that `module` calls, with torch's names, in the order of the calls.

    Raises
    ------
    ArgumentError, ShapeError
        As `describe`.
    """
    calls: list[Call] = []

    def watch(path: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda part, inputs, output: calls.append((path, part, inputs[0], output))

    x = torch.zeros(1, *input_shape, dtype=_float_type(module), device=_device(module))
    with ExitStack() as stack:
        for path, part in module.named_modules():
            if not list(part.children()) and not isinstance(part, CONTAINERS):
                stack.callback(part.register_forward_hook(watch(path)).remove)
        stack.enter_context(evaluation_mode(module))
        try:
            result = module(x)
        except (RuntimeError, ValueError) as error:
            raise ShapeError(
                f"describe: `module` cannot take an input of {shape_text(tuple(x.shape))}:"
                f" {str(error).splitlines()[0]}. Give the `input_shape` of one example, without the batch."
            ) from error
    _require_chain(x, calls, result)
    return [(path, part) for path, part, *_ in calls if type(part) is not nn.Identity]


def _require_chain(x: Tensor, calls: list[Call], result: object) -> None:
    """Raise unless each layer takes the very tensor that the one before it gave."""
    before, last = x, "the input"
    for name, _, given, output in calls:
        if given is not before:
            raise _between(last, f"`{name}`")
        before, last = output, f"`{name}`"
    if result is not before:
        raise _between(last, "the output")


def _between(last: str, next_one: str) -> ArgumentError:
    return ArgumentError(
        f"describe: between {last} and {next_one} the forward of `module` does something that is no layer,"
        " expected layers that follow one another. Use modules such as nn.ReLU() and nn.Flatten() instead of"
        " functions; a skip connection cannot be described."
    )


def _name(path: str) -> str | None:
    """Return a name for the layer at `path`, or None where its own is only a number."""
    return None if path.isdigit() or not path else path.replace(".", "_")


def _layer(name: str, part: nn.Module) -> Layer:
    read = READERS.get(type(part))
    found = read(part) if read else None
    if found is None:
        raise ArgumentError(
            f"describe: `{name or 'module'}` is {part!r}, expected a layer that cnnkit.layers has, with its"
            " options. Describe the network without it, or count it by hand."
        )
    return found


def _conv(part: Any) -> Layer | None:
    if part.padding_mode != "zeros":
        return None
    padding = "keras-same" if type(part) is KerasConv2d else _one(part.padding)
    options = (_one(part.stride), padding, _one(part.dilation), part.groups, part.bias is not None)
    return layers.Conv2d(part.in_channels, part.out_channels, _one(part.kernel_size), *options)


def _max_pool(part: Any) -> Layer | None:
    if part.return_indices:
        return None
    padding = "keras-same" if type(part) is KerasMaxPool2d else _one(part.padding)
    return layers.MaxPool2d(
        _one(part.kernel_size), _pool_stride(part), padding, _one(part.dilation), part.ceil_mode
    )


def _avg_pool(part: Any) -> Layer | None:
    keras = type(part) is KerasAvgPool2d
    if not keras and (part.divisor_override or not (part.count_include_pad or _one(part.padding) == 0)):
        return None
    padding = "keras-same" if keras else _one(part.padding)
    return layers.AvgPool2d(_one(part.kernel_size), _pool_stride(part), padding, part.ceil_mode)


def _batch_norm(part: Any) -> Layer | None:
    usual = (part.eps, part.momentum, part.affine, part.track_running_stats) == (1e-5, 0.1, True, True)
    kind = layers.BatchNorm1d if isinstance(part, nn.BatchNorm1d) else layers.BatchNorm2d
    return kind(part.num_features) if usual else None


def _linear(part: Any) -> Layer:
    return layers.Linear(part.in_features, part.out_features, part.bias is not None)


def _flatten(part: Any) -> Layer | None:
    return layers.Flatten() if (part.start_dim, part.end_dim) == (1, -1) else None


READERS: dict[type[nn.Module], Callable[[Any], Layer | None]] = {
    nn.Conv2d: _conv,
    KerasConv2d: _conv,
    nn.MaxPool2d: _max_pool,
    KerasMaxPool2d: _max_pool,
    nn.AvgPool2d: _avg_pool,
    KerasAvgPool2d: _avg_pool,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Linear: _linear,
    nn.Flatten: _flatten,
    nn.Dropout: lambda part: layers.Dropout(part.p),
    nn.Softmax: lambda part: layers.Softmax() if part.dim in (1, -1) else None,
    LogitsBeforeSoftmax: lambda part: layers.Softmax(),
    nn.ReLU: lambda part: layers.ReLU(),
    nn.ReLU6: lambda part: layers.ReLU6(),
    nn.Sigmoid: lambda part: layers.Sigmoid(),
    nn.Tanh: lambda part: layers.Tanh(),
}


def _one(value: Any) -> Any:
    """Return a pair of equal numbers as one number."""
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def _pool_stride(part: Any) -> Any:
    stride = _one(part.stride)
    return None if stride == _one(part.kernel_size) else stride


def _float_type(module: nn.Module) -> torch.dtype:
    return next((p.dtype for p in module.parameters()), torch.float32)


def _device(module: nn.Module) -> torch.device:
    return next((p.device for p in module.parameters()), torch.device("cpu"))
