"""What ConvNetJS makes of its definitions: every layer, the inserted ones too, with its options and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnnkit.convnetjs.catalogue import (
    ACTIVATIONS,
    LAYERS,
    LOSSES,
    NOT_PORTED,
    check_options,
)
from cnnkit.errors import ArgumentError, ShapeError, did_you_mean

__all__ = ["LayerSpec", "Size", "complete", "layer_names", "size_up"]


class Size(NamedTuple):
    """Width, height and depth of a volume, in ConvNetJS's order."""

    sx: int
    sy: int
    depth: int

    @property
    def cells(self) -> int:
        """How many numbers it holds."""
        return self.sx * self.sy * self.depth

    @property
    def rows_first(self) -> tuple[int, int, int]:
        """(sy, sx, depth), the order in which ConvNetJS stores a volume."""
        return self.sy, self.sx, self.depth

    def __str__(self) -> str:
        return "x".join(map(str, self))


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a network in ConvNetJS's words.

    Parameters
    ----------
    type : str, as ConvNetJS's ``layer_type``
    options : mapping, every default filled in
    input_size, output_size : Size
    number : int
        Its place in the network, from 1; the input counts, and there is no flatten.
    definition : int
        The definition that it comes from, from 1; 0 where a snapshot does not say.
    """

    type: str
    options: Mapping[str, Any]
    input_size: Size
    output_size: Size
    number: int
    definition: int

    @property
    def filter_size(self) -> Size:
        """Size of each filter of a conv or fc layer."""
        if self.type == "fc":
            return Size(1, 1, self.input_size.cells)
        return Size(self.options["sx"], self.options["sy"], self.input_size.depth)

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        weighted = self.type in ("conv", "fc")
        return (self.filter_size.cells + 1) * self.output_size.depth if weighted else 0


class Wanted(NamedTuple):
    """A layer whose sizes are not known yet."""

    type: str
    options: dict[str, Any]
    definition: int


def complete(layer_defs: Iterable[Mapping[str, Any]], function: str = "complete") -> tuple[LayerSpec, ...]:
    """Check definitions and insert the layers that ConvNetJS inserts.

    Parameters
    ----------
    layer_defs : iterable of mapping
        Definitions as the demo writes them, each with a ``type``.
    function : str
        Who asks; messages begin with it.

    Returns
    -------
    tuple of LayerSpec
        `activation` and `drop_prob` have become layers; softmax, svm and regression have their fully
        connected layer; a conv or fc layer with a relu behind it starts with a bias of 0.1.

    Raises
    ------
    ArgumentError
        An unknown type or option, a missing option, a wrong value, or a network that does not go from
        an input to one loss.
    ShapeError
        A layer whose output would have no cells. ConvNetJS checks nothing here: it makes a layer of
        -1x-1 and trains on.

    Notes
    -----
    As ``Net.makeLayers`` in ConvNetJS.

    Examples
    --------
    >>> defs = [{"type": "input", "out_sx": 24, "out_sy": 24, "out_depth": 1}]
    >>> defs += [{"type": "conv", "sx": 5, "filters": 8, "pad": 2, "activation": "relu"}]
    >>> defs += [{"type": "softmax", "num_classes": 10}]
    >>> [f"{spec.type} {spec.output_size}" for spec in complete(defs)]
    ['input 24x24x1', 'conv 24x24x8', 'relu 24x24x8', 'fc 1x1x10', 'softmax 1x1x10']
    """
    definitions = [_checked(definition, place, function) for place, definition in enumerate(layer_defs, 1)]
    _check_ends(definitions, function)
    wanted = [layer for definition in definitions for layer in _desugared(definition)]
    return size_up(wanted, function)


def _checked(definition: Mapping[str, Any], place: int, function: str) -> Wanted:
    if not isinstance(definition, Mapping):
        raise ArgumentError(
            f"{function}: definition {place} is {definition!r}, expected a mapping from options to values."
            " Write {'type': 'pool', 'sx': 2}."
        )
    if "type" not in definition:
        raise ArgumentError(
            f"{function}: `type` of definition {place} is missing, expected one of {', '.join(LAYERS)}."
            " Add type:'conv', for example."
        )
    kind = definition["type"]
    if not isinstance(kind, str) or kind not in LAYERS:
        ported = "ConvNetJS has it, this port has not." if kind in NOT_PORTED else did_you_mean(kind, LAYERS)
        raise ArgumentError(
            f"{function}: `type` of definition {place} is {kind!r}, expected one of {', '.join(LAYERS)}."
            f" {ported}"
        )
    given = {name: value for name, value in definition.items() if name != "type"}
    options = check_options(function, f"definition {place} ({kind})", kind, given, LAYERS[kind])
    return Wanted(kind, options, place)


def _check_ends(definitions: Sequence[Wanted], function: str) -> None:
    if not definitions:
        raise ArgumentError(
            f"{function}: `layer_defs` is empty, expected at least an input and a loss."
            " Begin with {type:'input', out_sx:24, out_sy:24, out_depth:1}."
        )
    first, last = definitions[0], definitions[-1]
    if first.type != "input":
        raise ArgumentError(
            f"{function}: definition 1 is {first.type}, expected input."
            " Begin with {type:'input', out_sx:24, out_sy:24, out_depth:1}."
        )
    if last.type not in LOSSES:
        raise ArgumentError(
            f"{function}: definition {last.definition}, the last, is {last.type}, expected one of"
            f" {', '.join(LOSSES)}. End with {{type:'softmax', num_classes:10}}."
        )
    for definition in definitions[1:-1]:
        if definition.type in ("input", *LOSSES):
            where = "the first" if definition.type == "input" else "the last"
            raise ArgumentError(
                f"{function}: definition {definition.definition} of {last.definition} is {definition.type},"
                f" expected it as {where} one only. Move or remove it."
            )


def _desugared(definition: Wanted) -> list[Wanted]:
    kind, options, place = definition
    own = {name: value for name, value in options.items() if name not in ("activation", "drop_prob")}
    activation = options.get("activation")
    if kind == "dropout":
        own["drop_prob"] = options["drop_prob"]
    if kind in ("conv", "fc"):
        # ConvNetJS: "relus like a bit of positive bias to get gradients early"
        own.setdefault("bias_pref", 0.1 if activation == "relu" else 0.0)
    layers = [Wanted(kind, own, place)]
    if kind in LOSSES:
        outputs = own.pop("num_neurons" if kind == "regression" else "num_classes")
        inserted = {"num_neurons": outputs, "bias_pref": 0.0, "l1_decay_mul": 0.0, "l2_decay_mul": 1.0}
        layers.insert(0, Wanted("fc", inserted, place))
    if activation in ACTIVATIONS:
        layers.append(Wanted(activation, {}, place))
    if "drop_prob" in options and kind != "dropout":
        layers.append(Wanted("dropout", {"drop_prob": options["drop_prob"]}, place))
    return layers


def size_up(
    wanted: Iterable[Wanted | tuple[str, dict[str, Any], int]], function: str
) -> tuple[LayerSpec, ...]:
    """Give each layer its number and its sizes.

    Parameters
    ----------
    wanted : iterable of (type, options, definition), the input first
    function : str

    Returns
    -------
    tuple of LayerSpec

    Raises
    ------
    ShapeError
        A layer whose output would have no cells; the message has its number.
    """
    specs: list[LayerSpec] = []
    for number, (kind, given, definition) in enumerate(wanted, 1):
        options = dict(given)
        size = specs[-1].output_size if specs else Size(*(options[f"out_{axis}"] for axis in Size._fields))
        output = size
        if kind in ("conv", "pool"):
            options.setdefault("sy", options["sx"])
            output = _windows(function, kind, options, size, number, definition)
        elif kind == "fc":
            output = Size(1, 1, options["num_neurons"])
        elif kind in LOSSES:
            output = Size(1, 1, size.cells)
        specs.append(LayerSpec(kind, options, size, output, number, definition))
    return tuple(specs)


def _windows(
    function: str, kind: str, options: Mapping[str, Any], size: Size, number: int, definition: int
) -> Size:
    pad, stride = options["pad"], options["stride"]
    sx, sy = (
        (axis + 2 * pad - options[name]) // stride + 1
        for axis, name in zip(size[:2], ("sx", "sy"), strict=True)
    )
    if sx >= 1 and sy >= 1:
        return Size(sx, sy, options["filters"] if kind == "conv" else size.depth)
    name, axis = ("sx", size.sx) if sx < 1 else ("sy", size.sy)
    padding = f" with {pad} of padding at each end" if pad else ""
    source = f"{kind}, definition {definition}" if definition else kind
    raise ShapeError(
        f"{function}: `{name}` of layer {number} ({source}) is {options[name]},"
        f" expected at most {axis + 2 * pad}: its input is {size}{padding}, and its output would be"
        f" {sx}x{sy}."
        " Use a smaller filter, more padding, or less pooling before it."
    )


def layer_names(specs: Iterable[LayerSpec]) -> tuple[str, ...]:
    """Return a name for each layer, as `cnnkit.Network` gives them: conv1, conv2, fc.

    Examples
    --------
    >>> sizes = {"out_sx": 8, "out_sy": 8, "out_depth": 1}
    >>> layer_names(size_up([("input", sizes, 1), ("relu", {}, 2), ("relu", {}, 3)], "example"))
    ('input', 'relu1', 'relu2')
    """
    types = [spec.type for spec in specs]
    return tuple(
        kind if types.count(kind) == 1 else f"{kind}{types[: place + 1].count(kind)}"
        for place, kind in enumerate(types)
    )
