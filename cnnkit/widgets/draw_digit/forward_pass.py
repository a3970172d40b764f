"""A network as the page computes it: its layers as plain data, its weights as one row of numbers.

``forward.js`` has the arithmetic. What it does not know is computed by the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit import layers
from cnnkit.network import Network, Stage
from cnnkit.receptive import ReceptiveField

__all__ = ["ForwardPass", "field_of_page", "forward_pass"]

EPS = 1e-5  # of batch normalisation; cnnkit.nn.describe knows no other
SIMPLE: dict[type[layers.Layer], str] = {
    layers.ReLU: "relu",
    layers.ReLU6: "relu6",
    layers.Sigmoid: "sigmoid",
    layers.Tanh: "tanh",
    layers.Dropout: "same",  # in evaluation
    layers.Flatten: "same",
    layers.Softmax: "same",  # the page shows scores, and makes probabilities of them itself
}
KINDS = {layers.Conv2d: "conv", layers.MaxPool2d: "maxpool", layers.AvgPool2d: "avgpool"}


@dataclass
class ForwardPass:
    """What a page needs: `layers` as plain data, and the `weights` that they point into."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    count: int = 0

    @property
    def weights(self) -> bytes:
        """All weights, little-endian float32, one after the other."""
        return b"".join(part.astype("<f4").tobytes() for part in self.parts)

    def put(self, array: NDArray[Any]) -> list[int]:
        """Add an array to the weights, and return where it begins and how long it is."""
        self.parts.append(np.ascontiguousarray(array, dtype=np.float32).ravel())
        self.count += array.size
        return [self.count - array.size, array.size]


def forward_pass(network: Network, weights: Mapping[str, NDArray[Any]]) -> ForwardPass | None:
    """Return `network` as a page computes it, or None where it holds what the page does not know.

    Parameters
    ----------
    network : Network
    weights : mapping of "layer.weight" to arrays, as `cnnkit.nn.weights` gives them

    Examples
    --------
    >>> network = Network((1, 4, 4), [layers.Flatten(), layers.Linear(16, 2)])
    >>> page = forward_pass(network, {"fc.weight": np.ones((2, 16)), "fc.bias": np.zeros(2)})
    >>> page.layers[1]["weight"], page.layers[1]["bias"], len(page.weights)
    ([0, 32], [32, 2], 136)
    """
    found = ForwardPass()
    for stage in network.stages:
        layer = _described(stage) | _computed(stage, weights, found)
        if "kind" not in layer:
            return None
        found.layers.append(layer)
    return found


def _described(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "words": repr(stage.layer),
        "input_shape": list(stage.input_shape),
        "output_shape": list(stage.output_shape),
        "field": field_of_page(stage.receptive_field),
    }


def field_of_page(seen: ReceptiveField) -> dict[str, list[int]]:
    """Return a receptive field as plain data."""
    return {"size": list(seen.size), "jump": list(seen.jump), "start": list(seen.start)}


def _computed(stage: Stage, weights: Mapping[str, NDArray[Any]], found: ForwardPass) -> dict[str, Any]:
    """Return what forward.js needs to compute the layer; without a kind where it cannot."""
    layer = stage.layer
    if type(layer) in SIMPLE:
        return {"kind": SIMPLE[type(layer)]}
    arrays = {
        name: weights[f"{stage.name}.{name}"] for name in (*layer.weight_shapes, *layer.statistic_shapes)
    }
    if isinstance(layer, layers.Linear):
        return {"kind": "linear"} | _placed(arrays, found)
    if isinstance(layer, layers.BatchNorm1d | layers.BatchNorm2d):
        scale = arrays["weight"] / np.sqrt(arrays["running_var"].astype(np.float64) + EPS)
        shift = arrays["bias"] - arrays["running_mean"] * scale
        return {"kind": "batchnorm", "scale": found.put(scale), "shift": found.put(shift)}
    if isinstance(layer, layers.AvgPool2d) and isinstance(layer.padding, str):
        return {}  # its mean leaves the padding out
    if isinstance(layer, layers.Windowed) and type(layer) in KINDS:
        axes = layer.axes(stage.input_shape)
        window = {
            "kind": KINDS[type(layer)],
            "kernel": [axis.kernel_size for axis in axes],
            "stride": [axis.stride for axis in axes],
            "dilation": [axis.dilation for axis in axes],
            "pads": [list(axis.pads) for axis in axes],
        }
        groups = {"groups": layer.groups} if isinstance(layer, layers.Conv2d) else {}
        return window | groups | _placed(arrays, found)
    return {}


def _placed(arrays: Mapping[str, NDArray[Any]], found: ForwardPass) -> dict[str, Any]:
    return {"bias": None} | {name: found.put(array) for name, array in arrays.items()} if arrays else {}
