"""What the training dashboard is asked to train: a network, from a description or from the demo's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cnnkit.convnetjs import format_layer_defs, layer_defs_of, network_of, parse_layer_defs, parse_trainer
from cnnkit.convnetjs.javascript import read_script
from cnnkit.convnetjs.options import TrainerOptions
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import Conv2d, Layer, Linear
from cnnkit.network import Network
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from cnnkit.data import Dataset

__all__ = ["Plan", "fitted", "parameter_sum", "planned"]

METHODS = {"sgd": "sgd", "adagrad": "adagrad", "adadelta": "adadelta", "windowgrad": "rmsprop"}

MOST = 40_000_000  # parameters: with their gradients and an optimizer's sums some 640 MB


@dataclass(frozen=True)
class Plan:
    """A network that can be trained, and what came with it.

    Parameters
    ----------
    network : Network
    text : str, the network in ConvNetJS's words; empty where it has none for it
    why_no_text : str, the reason then
    settings : dict of str to value, what the text's trainer asks for, in torch's words
    options : dict of str to value, likewise those that the dashboard has no control for
    note : str, what is different here from the demo's page; may be empty
    """

    network: Network
    text: str = ""
    why_no_text: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def record(self) -> dict[str, Any]:
        """Return the plan as plain data, for the page."""
        network = self.network
        return {
            "name": network.name or "",
            "input_shape": list(network.input_shape),
            "layers": [
                {
                    "name": stage.name,
                    "code": repr(stage.layer),
                    "output": shape_text(stage.output_shape),
                    "parameters": parameter_sum(stage.layer),
                }
                for stage in network
            ],
            "total": network.ledger().total,
            "text": self.text,
            "why_no_text": self.why_no_text,
        }


def planned(source: Network | str) -> Plan:
    """Read what is to be trained.

    Parameters
    ----------
    source : Network, or the text of the demo's box; nothing in it is run

    Raises
    ------
    ArgumentError, ShapeError
        The text, or the network in it, cannot be; the layer is named. Or something that is neither.

    Examples
    --------
    >>> plan = planned('''
    ... layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});
    ... layer_defs.push({type:'softmax', num_classes:10});
    ... trainer = new convnetjs.SGDTrainer(net, {method:'sgd', momentum:0.5, batch_size:20, l2_decay:0.001});
    ... ''')
    >>> plan.settings
    {'optimizer': 'sgd', 'batch_size': 20, 'weight_decay': 5e-05, 'lr': 0.01, 'momentum': 0.5}
    """
    if isinstance(source, Network):
        return _described(source)
    if not isinstance(source, str):
        raise ArgumentError(
            f"training_dashboard: `network` is of type {type(source).__name__}, expected a cnnkit Network or"
            " the text of layer_defs. Describe a torch module first: nn.describe(module, input_shape)."
        )
    definitions = parse_layer_defs(source)
    if definitions[-1]["type"] != "softmax":
        raise ArgumentError(
            f"training_dashboard: `network` ends in {definitions[-1]['type']!r}, expected softmax: cross"
            " entropy is trained here. End with {type:'softmax', num_classes:10}."
        )
    plan = Plan(network_of(source), text=source.strip())
    if read_script(source, "parse_trainer").trainer is None:
        return plan
    return _with_trainer(plan, parse_trainer(source))


def _described(network: Network) -> Plan:
    try:
        return Plan(network, text=format_layer_defs(layer_defs_of(network)))
    except (ArgumentError, ShapeError) as error:
        return Plan(network, why_no_text=str(error).removeprefix("layer_defs_of: "))


def _with_trainer(plan: Plan, trainer: TrainerOptions) -> Plan:
    """Return the plan with the trainer in torch's words."""
    if trainer.l1_decay:
        raise ArgumentError(
            f"training_dashboard: `l1_decay` is {trainer.l1_decay:g}, expected 0: torch's optimizers have no"
            " such decay. Leave it out."
        )
    batch = trainer.batch_size
    settings: dict[str, Any] = {"optimizer": METHODS[trainer.method], "batch_size": batch}
    settings["weight_decay"] = trainer.l2_decay / batch
    settings["lr"] = 1.0 if trainer.method == "adadelta" else trainer.learning_rate
    notes = []
    if trainer.l2_decay:
        notes.append(
            f"ConvNetJS divides l2_decay by the batch as well: {trainer.l2_decay:g} / {batch} is"
            f" weight_decay {settings['weight_decay']:g} here, on biases too."
        )
    options: dict[str, Any] = {}
    if trainer.method == "sgd":
        settings["momentum"] = trainer.momentum
    elif trainer.method == "windowgrad":
        options = {"alpha": trainer.ro, "eps": trainer.eps}
        notes.append("ConvNetJS's windowgrad is torch's rmsprop.")
    else:
        options = {"eps": trainer.eps} | ({"rho": trainer.ro} if trainer.method == "adadelta" else {})
    return replace(plan, settings=settings, options=options, note=" ".join(notes))


def fitted(network: Network, dataset: Dataset) -> Dataset:
    """Return the images that a network reads: the data set's own, or their middle.

    Raises
    ------
    ShapeError
        The network reads larger images than there are, other channels, or has not one output for each class.
    """
    wants, has = network.input_shape, tuple(dataset.input_shape)
    classes = len(dataset.classes)
    total = network.ledger().total
    if total > MOST:
        raise ArgumentError(
            f"training_dashboard: `network` has {total:,} parameters, expected at most {MOST:,}. Take fewer"
            " filters, or pool before the first fully connected layer."
        )
    if network.output_shape != (classes,):
        raise ShapeError(
            f"training_dashboard: `network` gives {shape_text(network.output_shape)}, expected ({classes},):"
            f" one number for each class of {dataset.name}. Give its last layer {classes} outputs."
        )
    if wants == has:
        return dataset
    cut = len(wants) == 3 and wants[0] == has[0] and wants[1] <= has[1] and wants[2] <= has[2]
    if not cut or not hasattr(dataset, "splits"):
        raise ShapeError(
            f"training_dashboard: `network` reads images of {shape_text(wants)}, {dataset.name} has"
            f" {shape_text(has)}, expected the same, or larger ones to cut the middle out of."
            " Change the network's input, or take other data."
        )
    return _middle(dataset, wants[1], wants[2])


def _middle(dataset: Dataset, height: int, width: int) -> Dataset:
    _, high, wide = dataset.input_shape
    top, left = (high - height) // 2, (wide - width) // 2
    parts = [
        replace(split, images=split.images[:, :, top : top + height, left : left + width])
        for split in dataset.splits
    ]
    train, *others = parts
    validation, test = (replace(split, training=train) for split in others)
    return replace(
        dataset, name=f"{dataset.name} cut to {height}×{width}", train=train, validation=validation, test=test
    )


def parameter_sum(layer: Layer) -> str:
    """Return a layer's parameters as one would count them by hand; empty where it has none.

    Examples
    --------
    >>> parameter_sum(Conv2d(1, 8, 5)), parameter_sum(Linear(256, 10, bias=False))
    ('5·5·1·8 + 8 = 208', '256·10 = 2,560')
    """
    shapes = layer.weight_shapes
    if not shapes:
        return ""
    if isinstance(layer, Conv2d | Linear):
        out, channels, *kernel = shapes["weight"]
        product = "·".join(map(str, [*kernel, channels, out]))
        return f"{product}{f' + {out}' if layer.bias else ''} = {layer.parameters:,}"
    return " + ".join(str(shape[0]) for shape in shapes.values()) + f" = {layer.parameters:,}"
