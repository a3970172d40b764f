"""A network as plain data, for pages and files, and all that follows from it layer by layer.

``{"input_shape": [3, 32, 32], "layers": [{"kind": "Conv2d", "out_channels": 32, "kernel_size": 5}]}``:
`kind` is the layer's class, the rest are torch's argument names, and `name` is a layer's own name if it has
one. What a layer has as its input (`in_channels`, `in_features`, `num_features`) may be left out: it then
follows from the layer before. ``layers.js`` repeats the arithmetic for the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from math import prod
from typing import Any

from cnnkit import layers
from cnnkit.errors import ArgumentError, CnnkitError, ShapeError, did_you_mean
from cnnkit.layers import BatchNorm1d, BatchNorm2d, Conv2d, Layer, Linear, Shape
from cnnkit.ledger import Row
from cnnkit.network import Network, name_layers
from cnnkit.shapes import shape_text

__all__ = ["FOLLOWS", "KINDS", "checked", "code", "from_json", "stages", "to_json"]

# Every class of cnnkit.layers that is a layer to build with.
KINDS: dict[str, type[Layer]] = {
    name: getattr(layers, name) for name in layers.__all__ if name not in ("Layer", "Shape", "Windowed")
}
FOLLOWS = {
    "Conv2d": "in_channels",
    "Linear": "in_features",
    "BatchNorm1d": "num_features",
    "BatchNorm2d": "num_features",
}
Description = dict[str, Any]


def to_json(network: Network, follow: bool = False) -> Description:
    """Return a network as plain data.

    Parameters
    ----------
    network : Network
    follow : bool
        Leave out what follows from the layer before, so that it goes on following when that one changes.

    Examples
    --------
    >>> from cnnkit.layers import Conv2d
    >>> to_json(Network((1, 28, 28), [("first", Conv2d(1, 8, 5))]))["layers"]
    [{'kind': 'Conv2d', 'name': 'first', 'in_channels': 1, 'out_channels': 8, 'kernel_size': 5}]
    """
    names = tuple(stage.name for stage in network)
    kinds = [layer.kind for layer in network.layers]
    own = [
        None if name.rstrip("0123456789") == kind else name for name, kind in zip(names, kinds, strict=True)
    ]
    if name_layers(zip(own, kinds, strict=True)) != names:
        own = list(names)
    description = {
        "input_shape": list(network.input_shape),
        "layers": [
            {"kind": type(layer).__name__, **({"name": name} if name else {}), **_settings(layer, follow)}
            for name, layer in zip(own, network.layers, strict=True)
        ],
    }
    return description | ({"name": network.name} if network.name else {})


def _settings(layer: Layer, follow: bool) -> dict[str, Any]:
    """Return the settings of a layer that are not the default, as plain data."""
    following = FOLLOWS.get(type(layer).__name__) if follow else None
    values = {field.name: getattr(layer, field.name) for field in fields(layer) if field.name != following}
    default = {field.name: field.default for field in fields(layer)}
    return {name: _plain(value) for name, value in values.items() if value != default[name]}


def _plain(value: Any) -> Any:
    """Return a setting as the browser has it: no tuples, and one kind of number."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_json(description: Mapping[str, Any], called: str = "from_json") -> Network:
    """Return the network that plain data describes.

    Parameters
    ----------
    description : dict
        As in the head of this module.
    called : str
        The function that errors about the data name.

    Raises
    ------
    ArgumentError
        The data is no description, or a layer refuses a setting.
    ShapeError
        A layer cannot take what the layer before it gives.

    Examples
    --------
    >>> layers = [{"kind": "Flatten"}, {"kind": "Linear", "out_features": 10}]
    >>> from_json({"input_shape": [1, 28, 28], "layers": layers})["fc"].layer
    Linear(784, 10)
    """
    checked(description, called)
    network = Network(description["input_shape"], [], description.get("name"))
    for name, entry in zip(_names(description), description["layers"], strict=True):
        layer = KINDS[entry["kind"]](**_complete(entry, network.output_shape))
        network = _longer(network, name, layer)
    own = [entry.get("name") for entry in description["layers"]]
    given = [
        layer if name is None else (name, layer) for name, layer in zip(own, network.layers, strict=True)
    ]
    return Network(network.input_shape, given, network.name)


def checked(description: Any, called: str) -> None:
    """Refuse what is no description of a network; one that cannot work is one."""
    if not isinstance(description, Mapping) or not {"input_shape", "layers"} <= set(description):
        raise ArgumentError(
            f"{called}: `network` is {description!r}, expected a Network, or a dict with `input_shape` and"
            " `layers`. Take a network from cnnkit.zoo."
        )
    Network(description["input_shape"], [])  # which says what is wrong with the shape
    for place, entry in enumerate(description["layers"], start=1):
        if not isinstance(entry, Mapping):
            raise ArgumentError(
                f"{called}: layer {place} is {entry!r}, expected a dict with its `kind` and its settings."
                " Give one such as {'kind': 'ReLU'}."
            )
        kind = entry.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ArgumentError(
                f"{called}: layer {place} is of kind {kind!r}, expected one of {', '.join(KINDS)}."
                f" {did_you_mean(kind, KINDS)}"
            )
        known = {field.name: field.default for field in fields(KINDS[kind])}
        if not isinstance(entry.get("name"), str | None):
            raise ArgumentError(
                f"{called}: the name of layer {place} is {entry['name']!r}, expected a text. Leave it out, or"
                " give one such as 'first'."
            )
        for name in entry:
            if name not in ("kind", "name", *known):
                raise ArgumentError(
                    f"{called}: layer {place} has the setting {name!r}, expected one of"
                    f" {', '.join(known) or 'none'} for {kind}. {did_you_mean(name, known, 'Leave it out.')}"
                )
        for name, default in known.items():
            if default is MISSING and name not in entry and FOLLOWS.get(kind) != name:
                raise ArgumentError(
                    f"{called}: layer {place}, {kind}, lacks `{name}`, expected a number. Give one."
                )


def stages(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that follows from a description, also of a network that cannot work.

    Returns
    -------
    dict of
        ``rows``, one for each layer: its name, code, shapes, counts, receptive field; from the first layer
        that cannot work on, which has `problem` and `cure`, sizes and counts are None.
        ``output_shape`` and ``totals``, None if there is a problem.
        ``problem``, in the words of the error that the network would raise; None if there is none.

    Examples
    --------
    >>> given = {"input_shape": [1, 4, 4], "layers": [{"kind": "MaxPool2d", "kernel_size": 5}]}
    >>> stages(given)["rows"][0]["problem"]
    'its 5×5 kernel does not fit into the 4×4 input (4×4 with padding); the output would be 0×0'
    """
    network = Network(description["input_shape"], [])
    rows: list[dict[str, Any]] = []
    problem = None
    for name, entry in zip(_names(description), description["layers"], strict=True):
        shape = None if problem else network.output_shape
        settings = _complete(entry, shape)
        row = {"name": name, "kind": entry["kind"], "code": _call(entry["kind"], settings)}
        told: dict[str, Any] = {"problem": None, "cure": None}
        if shape is not None:
            try:
                network = _longer(network, name, KINDS[entry["kind"]](**settings))
                told |= _counts(network)
            except CnnkitError as error:
                problem = str(error)
                told = _words(error, shape)
        rows.append(UNKNOWN | row | {"input_shape": None if shape is None else list(shape)} | told)
    return {
        "rows": rows,
        "problem": problem,
        "output_shape": None if problem else list(network.output_shape),
        "totals": None if problem else _totals(network),
    }


def _names(description: Mapping[str, Any]) -> tuple[str, ...]:
    return name_layers((entry.get("name"), KINDS[entry["kind"]].kind) for entry in description["layers"])


def _longer(network: Network, name: str, layer: Layer) -> Network:
    """Return the network with one more layer, which it may refuse in its own words."""
    known = [(stage.name, stage.layer) for stage in network]
    return Network(network.input_shape, [*known, (name, layer)], network.name)


class _Unknown:
    """A number that follows from a layer which has no output."""

    def __repr__(self) -> str:
        return "?"


def _complete(entry: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
    """Return the settings of a layer, with the one that follows from the layer before filled in."""
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in entry.items()
        if name not in ("kind", "name")
    }
    name = FOLLOWS.get(entry["kind"])
    if name is None or name in given:
        return given
    if shape is None:
        return {name: _Unknown(), **given}
    return {name: prod(shape) if name == "in_features" else shape[0], **given}


def _call(kind: str, settings: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> str:
    """Return the call that makes a layer, as its repr does, also of one that cannot be made."""
    arguments = []
    for field in fields(KINDS[kind]):
        value = settings.get(field.name, field.default)
        if field.default is MISSING:
            arguments.append(repr(value))
        elif value != field.default and field.name not in leave_out:
            arguments.append(f"{field.name}={value!r}")
    return f"{kind}({', '.join(arguments)})"


def _words(error: CnnkitError, shape: Shape) -> dict[str, Any]:
    """Split what an error says, without the layer that it names, into the problem and its cure."""
    before = f"cannot take its input {shape_text(shape)}: " if isinstance(error, ShapeError) else ": "
    problem, cure = str(error).partition(before)[2].rsplit(". ", 1)
    return {"problem": problem, "cure": cure}


def _counts(network: Network) -> dict[str, Any]:
    """Return what the last layer of a network makes, holds and costs."""
    stage = network.stages[-1]
    row = Row.of(stage.name, stage.layer, stage.input_shape, stage.receptive_field)
    field = {name: list(getattr(row.receptive_field, name)) for name in ("size", "jump", "start")}
    products = _products(stage.layer, stage.output_shape)
    return {
        "output_shape": list(row.output_shape),
        "weights": prod(stage.layer.weight_shapes["weight"]) if products[1] else 0,
        "trainable": row.trainable,
        "parameter_product": products[0],
        "statistics": row.statistics,
        "reported": row.reported,
        "neurons": row.neurons,
        "units": row.units,
        "multiply_adds": row.multiply_adds,
        "multiply_add_product": products[1],
        "receptive_field": field,
    }


def _products(layer: Layer, output: Shape) -> tuple[str | None, str | None]:
    """Return the parameters and the multiply-adds as one would count them by hand."""
    if isinstance(layer, BatchNorm1d | BatchNorm2d):
        return f"2·{layer.num_features}", None
    if not isinstance(layer, Conv2d | Linear):
        return None, None
    out, into, *kernel = layer.weight_shapes["weight"]
    product = "·".join(map(str, (*kernel, into, out)))
    return product + (f" + {out}" if layer.bias else ""), "·".join(map(str, (product, *output[1:])))


UNKNOWN = dict.fromkeys(
    (
        *("name", "kind", "code", "input_shape", "output_shape", "problem", "cure", "weights", "trainable"),
        *("parameter_product", "statistics", "reported", "neurons", "units", "multiply_adds"),
        *("multiply_add_product", "receptive_field"),
    )
)


def _totals(network: Network) -> dict[str, int]:
    """Return the sums over all layers; the parameters under each convention of the ledger."""
    by_convention = {name: network.ledger(name).total for name in ("keras", "torch", "report")}
    ledger = network.ledger()
    counted = ("trainable", "statistics", "neurons", "multiply_adds")
    return by_convention | {name: getattr(ledger, name) for name in counted}


def code(network: Network, library: str = "cnnkit") -> str:
    """Return code that makes a network, imports included.

    Parameters
    ----------
    network : Network
    library : "cnnkit" or "torch"

    Notes
    -----
    Torch has no layer for Keras's "same", nor a pooling layer that takes "same"; the code then takes those of
    ``cnnkit.nn.modules``.

    Examples
    --------
    >>> from cnnkit.layers import Flatten, Linear, Softmax
    >>> print(code(Network((1, 2, 2), [Flatten(), Linear(4, 3), Softmax()]), "torch"))
    from torch import nn
    <BLANKLINE>
    model = nn.Sequential(
        nn.Flatten(),       # (4,)
        nn.Linear(4, 3),    # (3,)
        nn.Softmax(dim=1),  # (3,)
    )
    """
    if library == "cnnkit":
        used = sorted({type(layer).__name__ for layer in network.layers})
        imports = [
            "from cnnkit import Network",
            *([f"from cnnkit.layers import {', '.join(used)}"] if used else []),
        ]
        return "\n".join([*imports, "", f"network = {network!r}"])
    calls = [_torch_call(layer) for layer in network.layers]
    named = name_layers((None, layer.kind) for layer in network.layers) != tuple(s.name for s in network)
    lines = [
        f"({s.name!r}, {call})," if named else f"{call}," for s, call in zip(network, calls, strict=True)
    ]
    width = max(map(len, lines), default=0)
    borrowed = sorted({call.partition("(")[0] for call in calls if not call.startswith("nn.")})
    imports = ["from collections import OrderedDict", ""] if named else []
    imports += ["from torch import nn"]
    imports += ["", f"from cnnkit.nn.modules import {', '.join(borrowed)}"] if borrowed else []
    start, end = ("nn.Sequential(OrderedDict([", "]))") if named else ("nn.Sequential(", ")")
    commented = [
        f"    {line:{width}}  # {shape_text(s.output_shape)}" for s, line in zip(network, lines, strict=True)
    ]
    return "\n".join([*imports, "", f"model = {start}", *commented, end])


def _torch_call(layer: Layer) -> str:
    kind = type(layer).__name__
    if kind == "Softmax":
        return "nn.Softmax(dim=1)"
    settings = {field.name: getattr(layer, field.name) for field in fields(layer)}
    padding = settings.get("padding")
    pools = kind.endswith("Pool2d")
    if padding == "keras-same" or (pools and padding == "same"):
        return f"Keras{_call(kind, settings, leave_out=('padding',))}"
    return f"nn.{_call(kind, settings, leave_out=('padding',) if pools and padding == 'valid' else ())}"
