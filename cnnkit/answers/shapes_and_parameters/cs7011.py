"""Parameters, neurons and work of the CS7011 network, A2-7 to A2-9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.wording import EACH_CHANNEL

__all__ = ["QUESTIONS"]


def _cs7011_parameters() -> dict[str, int]:
    ledger = zoo.cs7011().ledger()
    lines = {row.name: row.trainable + row.statistics for row in ledger if row.trainable}
    return lines | {
        "total": ledger.total,
        "trainable": ledger.trainable,
        "not_trainable": ledger.statistics,
        "all_conv": ledger.of_kind("conv").total,
        "all_fc": ledger.of_kind("fc").total,
    }


def _cs7011_otherwise(change: Callable[[dict[str, int]], dict[str, int]]) -> Callable[[], dict[str, int]]:
    return lambda: (right := _cs7011_parameters()) | change(right)


def _cs7011_counted(count: Callable[[Any], int]) -> Callable[[], dict[str, int]]:
    """The table when every convolution and fully connected layer is counted by `count`."""

    def method() -> dict[str, int]:
        right = _cs7011_parameters()
        network = zoo.cs7011()
        lines = {s.name: count(s.layer) for s in network if s.layer.kind in ("conv", "fc")}
        by_kind = {k: sum(n for name, n in lines.items() if name.startswith(k)) for k in ("conv", "fc")}
        trainable = sum(by_kind.values()) + 20
        sums = {"all_conv": by_kind["conv"], "all_fc": by_kind["fc"]}
        return right | lines | sums | {"total": trainable + 20, "trainable": trainable}

    return method


def _without_channels(layer: Any) -> int:
    if layer.kind == "fc":
        return int(layer.parameters)
    return int(layer.out_channels * (layer.kernel_size**2 + 1))


def _without_bias(layer: Any) -> int:
    return int(np.prod(layer.weight_shapes["weight"]))


CS7011_PARAMETERS = Question(
    id="cs7011-parameters",
    code="A2-7",
    points=6,
    variable="cs7011",
    ask="The parameter table of the CS7011 network, batch normalisation included.",
    method=_cs7011_parameters,
    mistakes=(
        Mistake(
            "bn-booked-as-dense",
            "the 40 numbers of the batch normalisation are booked under the fully connected layers",
            "Batch normalisation is a layer of its own.",
            _cs7011_otherwise(lambda right: {"all_fc": right["all_fc"] + 40}),
        ),
        Mistake(
            "bn-forgotten",
            "the batch normalisation is left out",
            "It holds a scale, a shift, a running mean and a running variance for each of its 10 inputs.",
            _cs7011_otherwise(
                lambda right: {
                    "bn": 0,
                    "total": right["total"] - 40,
                    "trainable": right["trainable"] - 20,
                    "not_trainable": 0,
                }
            ),
        ),
        Mistake(
            "running-statistics-forgotten",
            "the running mean and variance are left out",
            "They are stored with the network: count them, as not trainable.",
            _cs7011_otherwise(lambda right: {"bn": 20, "total": right["trainable"], "not_trainable": 0}),
        ),
        Mistake(
            "statistics-trained",
            "the running mean and variance are counted as trained",
            "They are measured, not trained.",
            _cs7011_otherwise(lambda right: {"trainable": right["total"], "not_trainable": 0}),
        ),
        Mistake(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _cs7011_counted(_without_channels),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _cs7011_counted(_without_bias),
        ),
    ),
    sums_to="total",
    lines=("conv1", "conv2", "conv3", "conv4", "fc1", "fc2", "fc3", "bn"),
)


def _neurons() -> dict[str, int]:
    ledger = zoo.cs7011().ledger()
    return {"conv": ledger.of_kind("conv").neurons, "fc": ledger.of_kind("fc").neurons}


def _conv_units(
    measure: Callable[[Any], int], kinds: tuple[str, ...] = ("conv",)
) -> Callable[[], dict[str, int]]:
    rows = [row for row in zoo.cs7011().ledger() if row.layer.kind in kinds]
    return lambda: {**_neurons(), "conv": sum(map(measure, rows))}


CS7011_NEURONS = Question(
    id="cs7011-neurons",
    code="A2-8",
    points=2,
    variable="neurons",
    ask="Neurons of the convolutions and of the fully connected layers.",
    method=_neurons,
    mistakes=(
        Mistake(
            "pool-units-included",
            "the outputs of the pooling layers are counted too",
            "Pooling has no weights: its outputs are not neurons here.",
            _conv_units(lambda row: row.units, ("conv", "pool")),
        ),
        Mistake(
            "channels-only",
            "only the filters are counted",
            "Every cell of every map is a neuron: filters × height × width.",
            _conv_units(lambda row: row.output_shape[0]),
        ),
        Mistake(
            "input-sizes",
            "each layer's inputs are counted",
            "Count what the layer puts out.",
            _conv_units(lambda row: int(np.prod(row.input_shape))),
        ),
        Mistake(
            "flatten-counted",
            "the 4096 flattened values are counted as a layer",
            "They are the convolutions' outputs, only laid out in a row.",
            lambda: _neurons() | {"fc": _neurons()["fc"] + 4096},
        ),
        Mistake(
            "classes-forgotten",
            "the ten outputs are left out",
            "The last layer's outputs are neurons too.",
            lambda: _neurons() | {"fc": _neurons()["fc"] - 10},
        ),
    ),
)


def _work(multiply_adds: Callable[[Any], int], dearer: str | None = None) -> Callable[[], dict[str, Any]]:
    def method() -> dict[str, Any]:
        sums = {
            kind: sum(multiply_adds(row) for row in zoo.cs7011().ledger() if row.layer.kind == kind)
            for kind in ("conv", "fc")
        }
        return {**sums, "dearer": dearer or max(sums, key=lambda kind: sums[kind])}

    return method


CS7011_WORK = Question(
    id="cs7011-multiply-adds",
    code="A2-9",
    points=2,
    variable="work",
    ask="Multiply-adds of the convolutions and of the fully connected layers; which cost more?",
    method=_work(lambda row: row.multiply_adds),
    choices=("conv", "fc"),
    mistakes=(
        Mistake(
            "parameters-for-compute",
            "parameters are taken for work",
            "A kernel's weights are used again at every place of the map; an fc weight is used once.",
            _work(lambda row: row.trainable),
        ),
        Mistake(
            "dearer-by-parameters",
            "the layers with more parameters are taken for the dearer ones",
            "Compare your own two numbers.",
            _work(lambda row: row.multiply_adds, dearer="fc"),
        ),
        Mistake(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _work(lambda row: row.multiply_adds // (row.input_shape[0] if row.layer.kind == "conv" else 1)),
        ),
        Mistake(
            "multiplies-and-adds",
            "multiplications and additions are counted apart",
            "One multiply-add is one multiplication together with its addition.",
            _work(lambda row: 2 * row.multiply_adds),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (CS7011_PARAMETERS, CS7011_NEURONS, CS7011_WORK)
