"""The demo's text to definitions and trainer options, and back to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from cnnkit.convnetjs.javascript import Definition, Value, read_script
from cnnkit.convnetjs.options import TrainerOptions
from cnnkit.convnetjs.spec import complete
from cnnkit.errors import ArgumentError

__all__ = ["format_layer_defs", "parse_layer_defs", "parse_trainer"]


def parse_layer_defs(text: str) -> list[Definition]:
    """Read the definitions of layers from the demo's JavaScript, without running it.

    Parameters
    ----------
    text : str
        Lines such as ``layer_defs.push({type:'pool', sx:2, stride:2});``. Comments, the lines that make
        the net and the trainer, either kind of quote, trailing commas and missing semicolons are fine.

    Returns
    -------
    list of dict
        One for each definition, as written; `Net` and `network_of` take it.

    Raises
    ------
    ArgumentError
        A statement that is none of the demo's, an unknown layer type or option, a missing option, or a
        wrong value. The message has the definition's number and suggests the nearest name.
    ShapeError
        A layer that does not fit its input. The message has the layer's number in the network.

    Notes
    -----
    ConvNetJS runs this text with ``eval`` and checks neither names nor sizes.

    Examples
    --------
    >>> parse_layer_defs('''
    ... layer_defs = [];
    ... layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1}); // a crop of 28x28
    ... layer_defs.push({type:'softmax', num_classes:10});
    ... ''')[1]
    {'type': 'softmax', 'num_classes': 10}
    """
    definitions = read_script(text, "parse_layer_defs").definitions
    complete(definitions, "parse_layer_defs")
    return definitions


def parse_trainer(text: str, release: str = "0.3.0") -> TrainerOptions:
    """Read the trainer's options from the demo's JavaScript, without running it.

    Parameters
    ----------
    text : str
        It may hold definitions of layers too.
    release : "0.3.0" (npm) or "head"
        Whose defaults and methods count: `eps` is 1e-6 in "0.3.0" and 1e-8 in "head", and only "head" has
        nesterov.

    Returns
    -------
    TrainerOptions

    Raises
    ------
    ArgumentError
        No line makes a trainer, or an unknown method, an unknown option or a wrong value. ConvNetJS
        takes an unknown method for sgd and ignores unknown options.

    Examples
    --------
    >>> line = "trainer = new convnetjs.SGDTrainer(net, {method:'adadelta', batch_size:20, l2_decay:0.001});"
    >>> options = parse_trainer(line)
    >>> options.method, options.batch_size, options.ro, options.eps
    ('adadelta', 20, 0.95, 1e-06)
    """
    given = read_script(text, "parse_trainer").trainer
    if given is None:
        raise ArgumentError(
            "parse_trainer: `text` makes no trainer, expected one. Add the line"
            " trainer = new convnetjs.SGDTrainer(net, {method:'adadelta', batch_size:20, l2_decay:0.001});"
        )
    return TrainerOptions.of(given, release, "parse_trainer")


def format_layer_defs(layer_defs: Iterable[Mapping[str, Any]], trainer: TrainerOptions | None = None) -> str:
    """Write definitions as the demo's text, ready to be pasted into its box.

    Parameters
    ----------
    layer_defs : iterable of mapping
    trainer : TrainerOptions, optional
        Adds the lines that make the net and the trainer.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError, ShapeError
        As `parse_layer_defs`.

    Examples
    --------
    >>> defs = [{"type": "input", "out_sx": 2, "out_sy": 1, "out_depth": 3}]
    >>> defs += [{"type": "softmax", "num_classes": 2}]
    >>> print(format_layer_defs(defs, TrainerOptions(batch_size=20)))
    layer_defs = [];
    layer_defs.push({type:'input', out_sx:2, out_sy:1, out_depth:3});
    layer_defs.push({type:'softmax', num_classes:2});
    <BLANKLINE>
    net = new convnetjs.Net();
    net.makeLayers(layer_defs);
    <BLANKLINE>
    trainer = new convnetjs.SGDTrainer(net, {method:'sgd', batch_size:20, eps:1e-06});
    """
    definitions = list(layer_defs)
    complete(definitions, "format_layer_defs")
    lines = ["layer_defs = [];", *(f"layer_defs.push({_object(definition)});" for definition in definitions)]
    if trainer is not None:
        stated = {"method", "eps"}
        options = {
            option.name: getattr(trainer, option.name)
            for option in fields(trainer)
            if option.name in stated or getattr(trainer, option.name) != option.default
        }
        options.pop("release", None)
        lines += ["", "net = new convnetjs.Net();", "net.makeLayers(layer_defs);", ""]
        lines += [f"trainer = new convnetjs.SGDTrainer(net, {_object(options)});"]
    return "\n".join(lines)


def _object(options: Mapping[str, Value]) -> str:
    return f"{{{', '.join(f'{name}:{_literal(value)}' for name, value in options.items())}}}"


def _literal(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
