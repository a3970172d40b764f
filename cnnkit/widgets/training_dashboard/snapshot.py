"""Networks of the training dashboard in ConvNetJS's JSON, both ways."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnnkit.convnetjs import (
    Net,
    format_layer_defs,
    layer_defs_of,
    load_snapshot,
    network_of,
    snapshot,
)
from cnnkit.errors import ArgumentError
from cnnkit.widgets.training_dashboard.plan import Plan

if TYPE_CHECKING:
    from torch import nn

    from cnnkit.network import Network

__all__ = ["loaded", "saved"]


def saved(network: Network, model: nn.Module, dataset: Any) -> dict[str, Any]:
    """Return a trained network as ConvNetJS's JSON, with how its images were scaled beside the layers.

    Raises
    ------
    ArgumentError
        ConvNetJS has not all of its layers.
    """
    from cnnkit.nn import weights

    try:
        definitions = layer_defs_of(network)
    except ArgumentError as error:
        text = str(error).removeprefix("layer_defs_of: ")
        raise ArgumentError(f"snapshot: {text} `nn.weights(board.model)` holds any network.") from None
    net = Net(definitions)
    # ConvNetJS's names are by kind, whatever the network's own are.
    ours, theirs = (
        [stage.name for stage in each if stage.layer.weight_shapes] for each in (network, network_of(net))
    )
    names = dict(zip(ours, theirs, strict=True))
    arrays = weights(model)
    split = {key: key.rpartition(".") for key in arrays}
    net.load_weights({f"{names[name]}.{leaf}": arrays[key] for key, (name, _, leaf) in split.items()})
    found = snapshot(net)
    mean, std = (getattr(dataset.train, name, None) for name in ("mean", "std"))
    if mean is not None and std is not None:
        found["cnnkit"] = {
            "input": "(pixel / 255 - mean) / std",
            "mean": [float(each) for each in mean],
            "std": [float(each) for each in std],
            "data": str(getattr(dataset, "title", dataset.name)),
        }
    return found


def loaded(source: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[Plan, Mapping[str, Any], str]:
    """Return the network of a snapshot, its weights by torch's names, and what to say of it.

    Raises
    ------
    ArgumentError, ShapeError
        As `cnnkit.convnetjs.load_snapshot`; or the network ends in something else than softmax.
    """
    net = load_snapshot(source)
    if net.specs[-1].type != "softmax":
        raise ArgumentError(
            f"load: the network ends in {net.specs[-1].type!r}, expected softmax: cross entropy is trained"
            " here. Load another."
        )
    network = network_of(net, name="snapshot")
    note = f"The snapshot is the network now: {network.ledger().total:,} parameters."
    if not _scaled_here(source):
        note += (
            " ConvNetJS's own snapshots read pixels / 255; here images are normalised, so that it answers"
            " worse than there until it has learnt on."
        )
    return Plan(network, text=format_layer_defs(layer_defs_of(network))), net.weights, note


def _scaled_here(source: str | os.PathLike[str] | Mapping[str, Any]) -> bool:
    if isinstance(source, Mapping):
        return "cnnkit" in source
    text = source if isinstance(source, str) and source.lstrip().startswith("{") else None
    if text is None:
        with open(source, encoding="utf-8", errors="replace") as file:
            text = file.read()
    return '"cnnkit"' in text
