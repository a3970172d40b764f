"""ConvNetJS's definitions to a `cnnkit.Network`, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cnnkit.convnetjs.catalogue import LOSSES
from cnnkit.convnetjs.defs import parse_layer_defs
from cnnkit.convnetjs.javascript import Definition
from cnnkit.convnetjs.net import Net
from cnnkit.convnetjs.spec import LayerSpec, complete
from cnnkit.errors import ArgumentError
from cnnkit.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnnkit.network import Network, Stage

__all__ = ["layer_defs_of", "network_of"]

ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}


def network_of(source: Net | str | Iterable[Mapping[str, Any]], name: str | None = None) -> Network:
    """Describe a ConvNetJS network in torch's vocabulary.

    Parameters
    ----------
    source : Net, or the demo's text, or definitions
    name : str, optional

    Returns
    -------
    Network
        With a Flatten before the first fully connected layer, which ConvNetJS does without and does not
        count. svm and regression leave no layer: their network ends in its scores.

    Raises
    ------
    ArgumentError, ShapeError
        As `parse_layer_defs`; also a pooling layer with more padding than half its kernel, which torch
        does not allow.

    Notes
    -----
    Where ConvNetJS counts from the input as layer 1, a Network's first layer is the first behind it.

    Examples
    --------
    >>> text = '''
    ... layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});
    ... layer_defs.push({type:'conv', sx:5, filters:8, stride:1, pad:2, activation:'relu'});
    ... layer_defs.push({type:'pool', sx:2, stride:2});
    ... layer_defs.push({type:'softmax', num_classes:10});
    ... '''
    >>> network_of(text)
    Network((1, 24, 24), [
        Conv2d(1, 8, 5, padding=2),  # (8, 24, 24)
        ReLU(),                      # (8, 24, 24)
        MaxPool2d(2),                # (8, 12, 12)
        Flatten(),                   # (1152,)
        Linear(1152, 10),            # (10,)
        Softmax(),                   # (10,)
    ])
    """
    if isinstance(source, Net):
        specs = source.specs
    else:
        specs = complete(parse_layer_defs(source) if isinstance(source, str) else source, "network_of")
    sx, sy, depth = specs[0].output_size
    layers: list[Layer] = []
    for spec in specs[1:]:
        flat = any(isinstance(layer, Flatten) for layer in layers)
        if spec.type in ("fc", "softmax") and not flat:
            layers.append(Flatten())
        if spec.type not in ("svm", "regression"):
            layers.append(_layer(spec))
    return Network((depth, sy, sx), layers, name=name)


def _layer(spec: LayerSpec) -> Layer:
    options = spec.options
    if spec.type == "fc":
        return Linear(spec.input_size.cells, spec.output_size.depth)
    if spec.type == "dropout":
        return Dropout(options["drop_prob"])
    if spec.type == "softmax":
        return Softmax()
    if spec.type in ACTIVATIONS:
        return ACTIVATIONS[spec.type]()
    sx, sy, stride, pad = (options[name] for name in ("sx", "sy", "stride", "pad"))
    kernel = sx if sx == sy else (sy, sx)
    if spec.type == "conv":
        return Conv2d(spec.input_size.depth, options["filters"], kernel, stride=stride, padding=pad)
    return MaxPool2d(kernel, stride=None if stride == kernel else stride, padding=pad)


def layer_defs_of(network: Network, loss: str = "softmax") -> list[Definition]:
    """Describe a network in ConvNetJS's words.

    Parameters
    ----------
    network : Network
        Ending in Linear, or in Linear and Softmax.
    loss : "softmax", "svm" or "regression"
        Which loss follows where the network ends in its scores.

    Returns
    -------
    list of dict
        With activations and dropout as options of the layer before them, and without the last Linear,
        which ConvNetJS inserts itself.

    Raises
    ------
    ArgumentError
        A layer that ConvNetJS does not have, or a loss that it does not have.

    Notes
    -----
    ConvNetJS starts biases before a relu at 0.1, torch at random; dropout at test time differs too. The
    definitions describe the same layers, not the same start.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> for definition in layer_defs_of(zoo.convnetjs_mnist()):
    ...     print(definition)
    {'type': 'input', 'out_sx': 24, 'out_sy': 24, 'out_depth': 1}
    {'type': 'conv', 'sx': 5, 'filters': 8, 'stride': 1, 'pad': 2, 'activation': 'relu'}
    {'type': 'pool', 'sx': 2, 'stride': 2}
    {'type': 'conv', 'sx': 5, 'filters': 16, 'stride': 1, 'pad': 2, 'activation': 'relu'}
    {'type': 'pool', 'sx': 3, 'stride': 3}
    {'type': 'softmax', 'num_classes': 10}
    """
    if loss not in LOSSES:
        raise ArgumentError(
            f"layer_defs_of: `loss` is {loss!r}, expected one of {', '.join(LOSSES)}. Take one of these."
        )
    stages = list(network)
    if stages and isinstance(stages[-1].layer, Softmax):
        stages, loss = stages[:-1], "softmax"
    if not stages or not isinstance(stages[-1].layer, Linear):
        last = repr(stages[-1].layer) if stages else "nothing"
        raise ArgumentError(
            f"layer_defs_of: `network` ends in {last} before its loss, expected Linear."
            " End it with Linear, or with Linear and Softmax."
        )
    shape = (*network.input_shape, 1, 1)[:3]
    sizes = {"out_sx": shape[2], "out_sy": shape[1], "out_depth": shape[0]}
    definitions: list[Definition] = [{"type": "input", **sizes}]
    for stage in stages[:-1]:
        _append(definitions, stage)
    _require_bias(stages[-1])
    outputs = "num_neurons" if loss == "regression" else "num_classes"
    return [*definitions, {"type": loss, outputs: stages[-1].output_shape[0]}]


def _append(definitions: list[Definition], stage: Stage) -> None:
    layer, before = stage.layer, definitions[-1]
    activation = next((name for name, kind in ACTIVATIONS.items() if type(layer) is kind), None)
    foldable = before["type"] in ("conv", "fc") and "drop_prob" not in before
    if isinstance(layer, Flatten):
        return
    if activation:
        if foldable and "activation" not in before:
            before["activation"] = activation
        else:
            definitions.append({"type": activation})
    elif isinstance(layer, Dropout):
        if foldable:
            before["drop_prob"] = layer.p
        else:
            definitions.append({"type": "dropout", "drop_prob": layer.p})
    elif isinstance(layer, Linear):
        _require_bias(stage)
        definitions.append({"type": "fc", "num_neurons": layer.out_features})
    elif isinstance(layer, Conv2d | MaxPool2d):
        definitions.append(_windowed(stage, layer))
    else:
        raise _unknown(stage, "expected convolution, max pooling, Linear, relu, sigmoid, tanh or dropout")


def _windowed(stage: Stage, layer: Conv2d | MaxPool2d) -> Definition:
    axes = layer.axes(stage.input_shape)
    pads = {pad for axis in axes for pad in axis.pads}
    strides = {axis.stride for axis in axes}
    if len(pads) > 1 or len(strides) > 1:
        raise _unknown(stage, "expected one stride and one padding for all sides")
    if any(axis.dilation > 1 for axis in axes) or layer.ceil_mode or getattr(layer, "groups", 1) > 1:
        raise _unknown(stage, "expected no dilation, groups or ceil_mode")
    (sy, sx), (pad,), (stride,) = (axis.kernel_size for axis in axes), pads, strides
    kernel: Definition = {"sx": sx} if sx == sy else {"sx": sx, "sy": sy}
    if isinstance(layer, Conv2d):
        _require_bias(stage)
        return {"type": "conv", **kernel, "filters": layer.out_channels, "stride": stride, "pad": pad}
    return {"type": "pool", **kernel, "stride": stride, **({"pad": pad} if pad else {})}


def _require_bias(stage: Stage) -> None:
    if not getattr(stage.layer, "bias", True):
        raise _unknown(stage, "expected biases")


def _unknown(stage: Stage, expected: str) -> ArgumentError:
    return ArgumentError(
        f"layer_defs_of: `{stage.name}` is {stage.layer!r}, {expected}: ConvNetJS has nothing else."
        " Change the layer."
    )
