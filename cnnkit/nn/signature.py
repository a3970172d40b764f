"""A network or a data set as plain data that can be written down, compared and read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import nn

from cnnkit import layers
from cnnkit.network import Network
from cnnkit.nn.sources import Dataset

__all__ = ["data_record", "network_of", "network_record", "signature_of"]


def network_record(network: Network) -> dict[str, Any]:
    """Return a network as plain data.

    Examples
    --------
    >>> network_record(Network((4,), [layers.Linear(4, 2)]))["layers"]
    [{'name': 'fc', 'type': 'Linear', 'in_features': 4, 'out_features': 2, 'bias': True}]
    """
    described = [
        {"name": stage.name, "type": type(stage.layer).__name__} | _plain(asdict(stage.layer))
        for stage in network
    ]
    return {"name": network.name, "input_shape": list(network.input_shape), "layers": described}


def network_of(record: Mapping[str, Any]) -> Network:
    """Return the network that `network_record` wrote down.

    Raises
    ------
    KeyError, TypeError, ValueError
        The record was not written by `network_record`.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> network_of(network_record(zoo.cs7011())) == zoo.cs7011()
    True
    """
    named: list[tuple[str, layers.Layer]] = []
    for entry in record["layers"]:
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
        name, kind = str(options.pop("name")), str(options.pop("type"))
        if kind not in layers.__all__ or not issubclass(getattr(layers, kind), layers.Layer):
            raise ValueError(f"no layer is called {kind}")
        named.append((name, getattr(layers, kind)(**options)))
    return Network(record["input_shape"], named, record["name"])


def signature_of(module: nn.Module, network: Network | None) -> str:
    """Return a hash of the architecture: equal for equal layers and sizes, whatever they are called."""
    if network is None:
        shapes = [(name, list(tensor.shape)) for name, tensor in module.state_dict().items()]
        return _hash([str(module), shapes])
    record = network_record(network)
    unnamed = [{k: v for k, v in entry.items() if k != "name"} for entry in record["layers"]]
    return _hash([record["input_shape"], unnamed])


def data_record(dataset: Dataset) -> dict[str, Any]:
    """Return what a log says of a data set."""
    splits = {name: getattr(dataset, name) for name in ("train", "validation", "test")}
    return {
        "name": dataset.name,
        "stand_in": dataset.stand_in,
        "classes": list(dataset.classes),
        **{name: {"n": len(split), "hash": split.hash} for name, split in splits.items()},
    }


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}


def _hash(record: object) -> str:
    return hashlib.sha256(json.dumps(record).encode()).hexdigest()
