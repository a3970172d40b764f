"""Networks in ConvNetJS's JSON, both ways: what ``net.toJSON()`` gives and ``net.fromJSON()`` takes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnkit.convnetjs.catalogue import LAYERS, LOSSES, NOT_PORTED, check_options
from cnnkit.convnetjs.net import Net
from cnnkit.convnetjs.spec import LayerSpec, Size, size_up
from cnnkit.convnetjs.vol import read_vol, write_vol
from cnnkit.convnetjs.weighted import Weighted
from cnnkit.errors import ArgumentError, ShapeError, did_you_mean

__all__ = ["load_snapshot", "save_snapshot", "snapshot"]

FUNCTION = "load_snapshot"
# which options each type keeps in its JSON, in ConvNetJS's order
KEPT = {
    "input": ("out_sx", "out_sy"),
    "conv": ("sx", "sy", "stride", "l1_decay_mul", "l2_decay_mul", "pad"),
    "pool": ("sx", "sy", "stride", "pad"),
    "fc": ("l1_decay_mul", "l2_decay_mul"),
    "dropout": ("drop_prob",),
}
# what ConvNetJS takes where old files leave something out; its constructors have other defaults
MISSING: dict[str, dict[str, Any]] = {
    "conv": {"l1_decay_mul": 1.0, "l2_decay_mul": 1.0, "pad": 0},
    "pool": {"pad": 0},
    "fc": {"l1_decay_mul": 1.0, "l2_decay_mul": 1.0},
}


def load_snapshot(source: str | os.PathLike[str] | Mapping[str, Any]) -> Net:
    """Read a network from ConvNetJS's JSON.

    Parameters
    ----------
    source : path, or mapping, or str that begins with "{"
        The file, what ``json.load`` made of it, or the text of the demo's box.

    Returns
    -------
    Net
        With these weights. A snapshot keeps neither gradients nor the trainer's sums.

    Raises
    ------
    ArgumentError
        No JSON, no ``layers`` in it, a layer that this port does not have, or a missing or wrong value.
        The message has the layer's number, counted from 1.
    ShapeError
        Sizes that do not go together.

    Notes
    -----
    Numbers of a volume may stand in an object ``{"0": 0.5, ...}``, as browsers write typed arrays, or in a
    list. Integers become floats. Where an old file leaves out how weights decay, ConvNetJS takes 1 for
    both, which is not its default for a new net; so does this.

    Examples
    --------
    >>> text = "[{type:'input', out_sx:1, out_sy:1, out_depth:2}, {type:'softmax', num_classes:2}]"
    >>> net = Net(text, seed=1)
    >>> copy = load_snapshot(snapshot(net))
    >>> bool((copy.forward([[1.0, 2.0]]) == net.forward([[1.0, 2.0]])).all())
    True
    """
    layers = _layers(_read(source))
    specs = _specs(layers)
    net = Net.of_specs(specs)
    for layer, saved in zip(net.layers, layers, strict=True):
        if isinstance(layer, Weighted):
            _fill(layer, saved)
    return net


def snapshot(net: Net) -> dict[str, Any]:
    """Return the network as ConvNetJS's JSON object, ready for ``json.dump``.

    Raises
    ------
    ArgumentError
        A weight is infinite or no number: JSON cannot hold it.

    Examples
    --------
    >>> text = "[{type:'input', out_sx:1, out_sy:1, out_depth:2}, {type:'softmax', num_classes:2}]"
    >>> saved = snapshot(Net(text))
    >>> saved["layers"][0]
    {'out_depth': 2, 'out_sx': 1, 'out_sy': 1, 'layer_type': 'input'}
    >>> saved["layers"][1]["biases"]
    {'sx': 1, 'sy': 1, 'depth': 2, 'w': {'0': 0.0, '1': 0.0}}
    """
    layers = []
    for layer in net.layers:
        spec, size = layer.spec, layer.spec.output_size
        saved: dict[str, Any] = {"out_depth": size.depth, "out_sx": size.sx, "out_sy": size.sy}
        saved["layer_type"] = spec.type
        saved |= {name: spec.options[name] for name in KEPT.get(spec.type, ())}
        if spec.type in ("conv", "pool"):
            saved["in_depth"] = spec.input_size.depth
        if spec.type in ("fc", *LOSSES):
            saved["num_inputs"] = spec.input_size.cells
        if isinstance(layer, Weighted):
            owner = f"layer {spec.number} ({spec.type})"
            rows = layer.weight.value
            saved["filters"] = [write_vol("snapshot", owner, row, spec.filter_size) for row in rows]
            saved["biases"] = write_vol("snapshot", owner, layer.bias.value, Size(1, 1, size.depth))
        layers.append(saved)
    return {"layers": layers}


def save_snapshot(net: Net, path: str | os.PathLike[str]) -> Path:
    """Write the network to a file that ``net.fromJSON(JSON.parse(text))`` takes.

    Parameters
    ----------
    net : Net
    path : path
        An existing file is replaced, all at once.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        A weight is infinite or no number. `path` is not touched then.
    OSError
        The file cannot be written.
    """
    path = Path(path)
    text = json.dumps(snapshot(net), separators=(",", ":"), allow_nan=False)
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return path


def _read(source: str | os.PathLike[str] | Mapping[str, Any]) -> object:
    if isinstance(source, Mapping):
        return source
    where = "`source`"
    if isinstance(source, str) and source.lstrip().startswith("{"):
        text = source
    else:
        where = f"`source` ({os.fspath(source)})"
        text = Path(source).read_text(encoding="utf-8", errors="replace")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentError(
            f"{FUNCTION}: {where} is no JSON from line {error.lineno}, column {error.colno} on, expected what"
            " ConvNetJS's net.toJSON() gives. Was it cut off? Save it again."
        ) from None


def _layers(saved: object) -> list[Mapping[str, Any]]:
    layers = saved.get("layers") if isinstance(saved, Mapping) else None
    if not isinstance(layers, list) or not all(isinstance(layer, Mapping) for layer in layers):
        found = (
            f"the keys {', '.join(map(str, saved))}" if isinstance(saved, Mapping) else type(saved).__name__
        )
        raise ArgumentError(
            f"{FUNCTION}: `source` has {found}, expected an object with a list of `layers`."
            " Give what net.toJSON() gives."
        )
    ends = [layers[place].get("layer_type") if layers else None for place in (0, -1)]
    if ends[0] != "input" or ends[1] not in LOSSES:
        raise ArgumentError(
            f"{FUNCTION}: `layers` goes from {ends[0]!r} to {ends[-1]!r}, expected from 'input' to one of"
            f" {', '.join(LOSSES)}. Save the whole net."
        )
    return layers


def _specs(layers: list[Mapping[str, Any]]) -> tuple[LayerSpec, ...]:
    wanted = []
    for number, saved in enumerate(layers, 1):
        kind = saved.get("layer_type")
        if (
            kind not in LAYERS
            or (number > 1) == (kind == "input")
            or (kind in LOSSES and number < len(layers))
        ):
            cure = (
                "ConvNetJS has it, this port has not." if kind in NOT_PORTED else did_you_mean(kind, LAYERS)
            )
            raise ArgumentError(
                f"{FUNCTION}: `layer_type` of layer {number} is {kind!r}, expected one of"
                f" {', '.join(LAYERS)}, an input first and a loss last. {cure}"
            )
        wanted.append((kind, _options(number, kind, saved), 0))
    specs = size_up(wanted, FUNCTION)
    for spec, saved in zip(specs, layers, strict=True):
        _compare_sizes(spec, saved)
    return specs


def _options(number: int, kind: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    # what a definition calls filters or num_neurons is the depth of the output here
    count = {"conv": "filters", "fc": "num_neurons"}.get(kind, "out_depth")
    rules = {name: LAYERS[kind][name] for name in KEPT.get(kind, ())}
    if kind in ("input", "conv", "fc"):
        rules["out_depth"] = LAYERS[kind][count]
    given = {**MISSING.get(kind, {}), **{name: saved[name] for name in rules if name in saved}}
    options = check_options(FUNCTION, f"layer {number} ({kind})", kind, given, rules)
    if count != "out_depth":
        options[count] = options.pop("out_depth")
    return options


def _compare_sizes(spec: LayerSpec, saved: Mapping[str, Any]) -> None:
    wanted = {f"out_{axis}": size for axis, size in spec.output_size._asdict().items()}
    if spec.type in ("conv", "pool"):
        wanted["in_depth"] = spec.input_size.depth
    if spec.type in ("fc", *LOSSES):
        wanted["num_inputs"] = spec.input_size.cells
    for name, size in wanted.items():
        if saved.get(name, size) != size:
            raise ShapeError(
                f"{FUNCTION}: `{name}` of layer {spec.number} ({spec.type}) is {saved[name]!r}, expected"
                f" {size}: its input is {spec.input_size}. Save the whole net again."
            )


def _fill(layer: Weighted, saved: Mapping[str, Any]) -> None:
    spec = layer.spec
    owner = f"layer {spec.number} ({spec.type})"
    filters = saved.get("filters")
    count = spec.output_size.depth
    if not isinstance(filters, list) or len(filters) != count:
        found = f"{len(filters)} filters" if isinstance(filters, list) else "no list of filters"
        raise ShapeError(
            f"{FUNCTION}: {owner} has {found}, expected {count}, its out_depth. Save the whole net again."
        )
    rows = [
        read_vol(FUNCTION, f"filter {n} of {owner}", vol, spec.filter_size)
        for n, vol in enumerate(filters, 1)
    ]
    layer.weight.value[:] = np.stack(rows)
    layer.bias.value[:] = read_vol(FUNCTION, f"biases of {owner}", saved.get("biases"), Size(1, 1, count))
