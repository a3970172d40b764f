"""Notebook 02: the right and the wrong ways of computing sizes and counting parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from cnnkit import zoo
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.errors import ShapeError
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network
from cnnkit.shapes import output_size

__all__ = ["PRINTED_LINES", "PRINTED_TOTAL", "QUESTIONS"]

# The ledger that the audited report prints, and the total under it.
PRINTED_LINES = {"conv1": 832, "conv2": 1664, "conv3": 3328, "fc1": 131136, "fc2": 650}
PRINTED_TOTAL = 137611

COUNT_WINDOWS = "Count the windows, not the steps between them."
Draw = Callable[[np.random.Generator], Mapping[str, Any]]


def _wrong(id: str, when: str, cure: str, method: Callable[..., Any]) -> Mistake:
    return Mistake(id, when, cure, method)


SIZES = (
    Question(
        id="padding-for-same",
        code="A2-1",
        points=1,
        variable="padding_for_same",
        ask="Which padding on each side keeps the size, for a 5x5 kernel and stride 1?",
        method=lambda kernel_size: (kernel_size - 1) // 2,
        mistakes=(
            _wrong(
                "padding-of-3x3",
                "the padding that suits a 3×3 kernel is taken",
                "Ask how far this kernel reaches beyond its centre.",
                lambda kernel_size: 1,
            ),
            _wrong(
                "padding-both-sides",
                "the padding of both sides is added up",
                "Give the padding of one side.",
                lambda kernel_size: kernel_size - 1,
            ),
            _wrong(
                "padding-none",
                "no padding is thought necessary",
                "Without padding the output shrinks by kernel size − 1.",
                lambda kernel_size: 0,
            ),
            _wrong(
                "padding-rounded-up",
                "half of the kernel is rounded up",
                "The centre cell itself does not reach out: take (kernel size − 1) / 2.",
                lambda kernel_size: (kernel_size + 1) // 2,
            ),
        ),
        inputs={"kernel_size": 5},
        draw=lambda rng: {"kernel_size": int(rng.choice([5, 7, 9, 11, 13]))},
    ),
    Question(
        id="kernel-from-sizes",
        code="A2-2",
        points=1,
        variable="kernel_from_sizes",
        ask="512 to 504 without padding, stride 1: which kernel size?",
        method=lambda before, after: before - after + 1,
        mistakes=(
            _wrong(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda before, after: before - after,
            ),
            _wrong(
                "shrinks-twice",
                "the kernel is thought to reach that far on each side",
                "What is lost on both sides together is kernel size − 1.",
                lambda before, after: 2 * (before - after) + 1,
            ),
            _wrong(
                "minus-one",
                "1 is subtracted instead of added",
                "Solve after = before − kernel size + 1 for the kernel size.",
                lambda before, after: before - after - 1,
            ),
        ),
        inputs={"before": 512, "after": 504},
        draw=lambda rng: {
            "before": (n := int(rng.integers(60, 600))),
            "after": n - 2 * int(rng.integers(2, 9)),
        },
    ),
    Question(
        id="pooled-size",
        code="A2-3",
        points=1,
        variable="pooled_size",
        ask="Those 504×504 maps are pooled by 2×2 with stride 2: which size?",
        method=lambda size, before: size // 2,
        mistakes=(
            _wrong(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda size, before: (size - 2) // 2,
            ),
            _wrong(
                "stride-ignored",
                "the stride is ignored",
                "The windows move by 2 cells.",
                lambda size, before: size - 2 + 1,
            ),
            _wrong(
                "wrong-input",
                "the image before the convolution is pooled",
                "The pooling layer's input is the convolution's output.",
                lambda size, before: before // 2,
            ),
        ),
        inputs={"size": 504, "before": 512},
        draw=lambda rng: {
            "size": (n := 2 * int(rng.integers(30, 300))),
            "before": n + 2 * int(rng.integers(2, 9)),
        },
    ),
    Question(
        id="second-conv-size",
        code="A2-4",
        points=1,
        variable="second_conv_size",
        ask="The pooled maps meet 3×3 kernels, stride 1, no padding: which size?",
        method=lambda pooled, before: pooled - 2,
        mistakes=(
            _wrong(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda pooled, before: pooled - 3,
            ),
            _wrong(
                "same-assumed",
                "padding is assumed to keep the size",
                "There is no padding here.",
                lambda pooled, before: pooled,
            ),
            _wrong(
                "pooling-skipped",
                "the maps before the pooling are convolved",
                "The second convolution's input is the pooled map.",
                lambda pooled, before: before - 2,
            ),
            _wrong(
                "stride-carried-over",
                "the stride 2 of the pooling is used again",
                "This layer's stride is 1.",
                lambda pooled, before: (pooled - 3) // 2 + 1,
            ),
        ),
        inputs={"pooled": 252, "before": 504},
        draw=lambda rng: {"pooled": (n := int(rng.integers(20, 300))), "before": 2 * n},
    ),
)


def _pair(size: Callable[[int, int, int, int], int]) -> Callable[..., tuple[int, int]]:
    def method(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, int]:
        return size(*first), size(*second)

    return method


def _draw_pair(rng: np.random.Generator) -> Mapping[str, Any]:
    def layer() -> tuple[int, ...]:
        kernel, stride = int(rng.integers(3, 8)), int(rng.integers(2, 4))
        return int(rng.integers(kernel + 1, 40)), kernel, stride, int(rng.integers(1, kernel // 2 + 1))

    return {"first": layer(), "second": layer()}


ODD_SIZES = Question(
    id="odd-sizes",
    code="A2-5",
    points=2,
    variable="odd_sizes",
    ask="Output sizes of (n=9, k=7, s=3, p=1) and (n=28, k=5, s=2, p=2).",
    method=_pair(lambda n, k, s, p: (n + 2 * p - k) // s + 1),
    mistakes=(
        _wrong(
            "rounded-up",
            "the division is rounded up",
            "Round down: a window must fit entirely.",
            _pair(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        _wrong(
            "plus-one-forgotten",
            "the + 1 of the formula is left out",
            COUNT_WINDOWS,
            _pair(lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        _wrong(
            "padded-once",
            "the padding is counted on one side only",
            "Both ends are padded: n + 2p.",
            _pair(lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        _wrong(
            "padding-ignored",
            "the padding is ignored",
            "Both ends are padded: n + 2p.",
            _pair(lambda n, k, s, p: (n - k) // s + 1),
        ),
        _wrong(
            "stride-ignored",
            "the stride is ignored",
            "Divide by the stride before you add 1.",
            _pair(lambda n, k, s, p: n + 2 * p - k + 1),
        ),
        _wrong(
            "same-assumed",
            "'same' padding is assumed, so that only the stride counts",
            "Use the padding that is given.",
            _pair(lambda n, k, s, p: -(-n // s)),
        ),
    ),
    inputs={"first": (9, 7, 3, 1), "second": (28, 5, 2, 2)},
    draw=_draw_pair,
)

Architecture = Mapping[str, Any]
REPORT_CNN: Architecture = {
    "channels": (3, 32, 64, 128),
    "kernel_size": 5,
    "size": 32,
    "hidden": 64,
    "classes": 10,
}


def _report_lines(
    channels: tuple[int, ...],
    kernel_size: int,
    size: int,
    hidden: int,
    classes: int,
    *,
    weights: Callable[[int, int, int], int] = lambda k, c_in, c_out: k * k * c_in * c_out,
    conv_bias: Callable[[int, int], int] = lambda c_in, c_out: c_out,
    fc_bias: Callable[[int], int] = lambda n: n,
    pools: int | None = None,
    features: Callable[[int, int], int] = lambda c, side: c * side * side,
    slip: int = 0,
) -> dict[str, int]:
    """Count table 2 line by line; every keyword is one thing that a student may do otherwise."""
    pairs = list(pairwise(channels))
    lines = {
        f"conv{i}": weights(kernel_size, a, b) + conv_bias(a, b) for i, (a, b) in enumerate(pairs, start=1)
    }
    side = size // 2 ** (len(pairs) if pools is None else pools)
    lines["fc1"] = features(channels[-1], side) * hidden + fc_bias(hidden)
    lines["fc2"] = hidden * classes + fc_bias(classes)
    return lines | {"total": sum(lines.values()) + slip}


def _counted(**changes: Any) -> Callable[..., dict[str, int]]:
    return lambda **inputs: _report_lines(**inputs, **changes)


def _report_network(
    channels: tuple[int, ...], kernel_size: int, size: int, hidden: int, classes: int
) -> Network:
    layers: list[Any] = []
    for a, b in pairwise(channels):
        layers += [Conv2d(a, b, kernel_size, padding="same"), ReLU(), MaxPool2d(2)]
    features = channels[-1] * (size // 2 ** (len(channels) - 1)) ** 2
    return Network(
        (channels[0], size, size),
        [*layers, Flatten(), Linear(features, hidden), ReLU(), Linear(hidden, classes)],
    )


def _true_lines(**inputs: Any) -> dict[str, int]:
    ledger = _report_network(**inputs).ledger()
    lines = {row.name: row.trainable for row in ledger if row.trainable}
    return lines | {"total": ledger.total}


def _draw_architecture(rng: np.random.Generator) -> Mapping[str, Any]:
    first = int(rng.choice([8, 12, 16, 24, 48]))
    return {
        "channels": (3, first, first + int(rng.integers(3, 20)), 2 * first + int(rng.integers(3, 30))),
        "kernel_size": int(rng.choice([5, 7, 9])),
        "size": int(rng.choice([32, 40, 48, 64])),
        "hidden": int(rng.integers(40, 100)),
        "classes": int(rng.integers(11, 30)),
    }


EACH_CHANNEL = "Each kernel is as deep as its input: multiply by the number of input channels."
REPORT_PARAMETERS = Question(
    id="report-cnn-parameters",
    code="A2-6",
    points=6,
    variable="parameters",
    ask="Parameters of table 2, line by line, and their total.",
    method=_true_lines,
    mistakes=(
        _wrong(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _counted(weights=lambda k, a, b: k * k * b),
        ),
        _wrong(
            "channels-forgotten-and-slip",
            "the input channels are left out, and the sum is off by one besides",
            EACH_CHANNEL + " Then add up again.",
            _counted(weights=lambda k, a, b: k * k * b, slip=1),
        ),
        _wrong(
            "always-three-channels",
            "every convolution is given the image's 3 channels",
            "A layer's input channels are the filters of the layer before.",
            _counted(weights=lambda k, a, b: k * k * 3 * b),
        ),
        _wrong(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _counted(conv_bias=lambda a, b: 0, fc_bias=lambda n: 0),
        ),
        _wrong(
            "one-bias-per-layer",
            "each layer is given a single bias",
            "Add one bias per filter and one per output.",
            _counted(conv_bias=lambda a, b: 1, fc_bias=lambda n: 1),
        ),
        _wrong(
            "conv-bias-forgotten",
            "the convolutions' biases are left out",
            "Add one bias per filter.",
            _counted(conv_bias=lambda a, b: 0),
        ),
        _wrong(
            "bias-per-slice",
            "each slice of a kernel is given its own bias",
            "A filter has one bias, however many channels it reads.",
            _counted(conv_bias=lambda a, b: a * b),
        ),
        _wrong(
            "last-pool-forgotten",
            "the last pooling layer is left out",
            "Halve the maps once more before you flatten them.",
            lambda **inputs: _report_lines(**inputs, pools=len(inputs["channels"]) - 2),
        ),
        _wrong(
            "all-pools-forgotten",
            "the pooling layers are left out",
            "Each of them halves height and width.",
            _counted(pools=0),
        ),
        _wrong(
            "flatten-without-channels",
            "only one of the last maps is flattened",
            "Flatten all of them: channels × height × width.",
            _counted(features=lambda c, side: side * side),
        ),
        _wrong(
            "kernel-3x3",
            "the kernels are taken to be 3×3",
            "Read the kernel size in the table.",
            lambda **inputs: _report_lines(**{**inputs, "kernel_size": 3}),
        ),
        _wrong(
            "kernel-not-squared",
            "the kernel size is not squared",
            "A k×k kernel has k · k numbers per channel.",
            _counted(weights=lambda k, a, b: k * a * b),
        ),
    ),
    inputs=REPORT_CNN,
    draw=_draw_architecture,
    sums_to="total",
    lines=("conv1", "conv2", "conv3", "fc1", "fc2"),
)


def _audit(printed: Mapping[str, int], total: int, **inputs: Any) -> dict[str, Any]:
    return {
        "reported_total": total,
        "ledger_sum": sum(printed.values()),
        "missing_factor": tuple(inputs["channels"][:-1]),
        "true_total": _true_lines(**inputs)["total"],
    }


def _audited(**changes: Callable[[dict[str, Any], Mapping[str, Any]], Any]) -> Callable[..., dict[str, Any]]:
    """The right audit with single entries done otherwise."""

    def method(**inputs: Any) -> dict[str, Any]:
        right = _audit(**inputs)
        return right | {name: change(right, inputs) for name, change in changes.items()}

    return method


def _draw_audit(rng: np.random.Generator) -> Mapping[str, Any]:
    inputs = _draw_architecture(rng)
    lines = _report_lines(**inputs, weights=lambda k, a, b: k * k * b)
    total = lines.pop("total")
    return {"printed": lines, "total": total + int(rng.choice([-10, -1, 1, 10])), **inputs}


REPORT_AUDIT = Question(
    id="report-audit",
    code="A2-6b",
    points=4,
    variable="audit",
    ask="Audit the printed ledger: its total, what its lines add up to, what each line forgot, the truth.",
    method=_audit,
    mistakes=(
        _wrong(
            "total-added-again",
            "the lines are added up instead of reading the printed total",
            "Copy the total as the report prints it.",
            _audited(reported_total=lambda right, _: right["ledger_sum"]),
        ),
        _wrong(
            "print-trusted",
            "the printed total is taken for the sum of the lines",
            "Add the five lines up yourself.",
            _audited(ledger_sum=lambda right, _: right["reported_total"]),
        ),
        _wrong(
            "output-channels-instead",
            "each line is multiplied by its own filters instead of its input's channels",
            "Ask how many channels the layer reads.",
            _audited(missing_factor=lambda _, inputs: tuple(inputs["channels"][1:])),
        ),
        _wrong(
            "always-three-channels",
            "every convolution is given the image's 3 channels",
            "A layer's input channels are the filters of the layer before.",
            _audited(
                missing_factor=lambda _, inputs: (3,) * (len(inputs["channels"]) - 1),
                true_total=lambda _, inputs: _report_lines(
                    **_architecture(inputs), weights=lambda k, a, b: k * k * 3 * b
                )["total"],
            ),
        ),
        _wrong(
            "report-believed",
            "the sum of the printed lines is taken for the truth",
            "Put the missing channels in, then add up again.",
            _audited(true_total=lambda right, _: right["ledger_sum"]),
        ),
        _wrong(
            "print-believed",
            "the printed total is taken for the truth",
            "Put the missing channels in, then add up again.",
            _audited(true_total=lambda right, _: right["reported_total"]),
        ),
        _wrong(
            "biases-multiplied",
            "the whole line is multiplied by the channels, its biases included",
            "Only the weights are repeated for each channel; a filter has one bias.",
            _audited(
                true_total=lambda _, inputs: _report_lines(
                    **_architecture(inputs), conv_bias=lambda a, b: a * b
                )["total"]
            ),
        ),
    ),
    inputs={"printed": PRINTED_LINES, "total": PRINTED_TOTAL, **REPORT_CNN},
    draw=_draw_audit,
)


def _architecture(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in REPORT_CNN}


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
        _wrong(
            "bn-booked-as-dense",
            "the 40 numbers of the batch normalisation are booked under the fully connected layers",
            "Batch normalisation is a layer of its own.",
            _cs7011_otherwise(lambda right: {"all_fc": right["all_fc"] + 40}),
        ),
        _wrong(
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
        _wrong(
            "running-statistics-forgotten",
            "the running mean and variance are left out",
            "They are stored with the network: count them, as not trainable.",
            _cs7011_otherwise(lambda right: {"bn": 20, "total": right["trainable"], "not_trainable": 0}),
        ),
        _wrong(
            "statistics-trained",
            "the running mean and variance are counted as trained",
            "They are measured, not trained.",
            _cs7011_otherwise(lambda right: {"trainable": right["total"], "not_trainable": 0}),
        ),
        _wrong(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _cs7011_counted(_without_channels),
        ),
        _wrong(
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
        _wrong(
            "pool-units-included",
            "the outputs of the pooling layers are counted too",
            "Pooling has no weights: its outputs are not neurons here.",
            _conv_units(lambda row: row.units, ("conv", "pool")),
        ),
        _wrong(
            "channels-only",
            "only the filters are counted",
            "Every cell of every map is a neuron: filters × height × width.",
            _conv_units(lambda row: row.output_shape[0]),
        ),
        _wrong(
            "input-sizes",
            "each layer's inputs are counted",
            "Count what the layer puts out.",
            _conv_units(lambda row: int(np.prod(row.input_shape))),
        ),
        _wrong(
            "flatten-counted",
            "the 4096 flattened values are counted as a layer",
            "They are the convolutions' outputs, only laid out in a row.",
            lambda: _neurons() | {"fc": _neurons()["fc"] + 4096},
        ),
        _wrong(
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
        _wrong(
            "parameters-for-compute",
            "parameters are taken for work",
            "A kernel's weights are used again at every place of the map; an fc weight is used once.",
            _work(lambda row: row.trainable),
        ),
        _wrong(
            "dearer-by-parameters",
            "the layers with more parameters are taken for the dearer ones",
            "Compare your own two numbers.",
            _work(lambda row: row.multiply_adds, dearer="fc"),
        ),
        _wrong(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _work(lambda row: row.multiply_adds // (row.input_shape[0] if row.layer.kind == "conv" else 1)),
        ),
        _wrong(
            "multiplies-and-adds",
            "multiplications and additions are counted apart",
            "One multiply-add is one multiplication together with its addition.",
            _work(lambda row: 2 * row.multiply_adds),
        ),
    ),
)


def _pa2(padding: int) -> int:
    return zoo.pa2_2019(padding)["fc1"].input_shape[0]


def _pa2_answer() -> dict[str, int]:
    fits = next(padding for padding in range(5) if _pa2(padding) == 6272)
    return {"padding": fits, "features_with_1": _pa2(1), "total": zoo.pa2_2019(fits).ledger().total}


PA2_PADDING = Question(
    id="pa2-padding",
    code="A2-10",
    points=2,
    variable="pa2",
    ask="Which padding fits FC1's 6272 inputs, what does padding 1 give, and the total?",
    method=_pa2_answer,
    mistakes=(
        _wrong(
            "one-is-same",
            "padding 1 is taken for 'same' with a 5×5 kernel",
            "Padding 1 keeps the size for 3×3 kernels only: follow the size through the layers.",
            lambda: {"padding": 1, "features_with_1": 6272, "total": zoo.pa2_2019().ledger().total},
        ),
        _wrong(
            "total-with-padding-1",
            "the total is counted with the 4608 inputs of padding 1",
            "Count the network whose FC1 has 6272 inputs.",
            lambda: _pa2_answer() | {"total": zoo.pa2_2019(1).ledger().total},
        ),
        _wrong(
            "rounded-up",
            "the last pooling is rounded up to 7",
            "Pooling rounds down: 13 by 2 gives 6.",
            lambda: _pa2_answer() | {"features_with_1": 128 * 7 * 7},
        ),
        _wrong(
            "channels-only",
            "one of the last maps is counted without its 128 channels",
            "Flatten all of them: channels × height × width.",
            lambda: _pa2_answer() | {"features_with_1": _pa2(1) // 128},
        ),
        _wrong(
            "classes-201",
            "the 20 classes are read as 201",
            "The 1 behind the 20 is a footnote mark.",
            lambda: _pa2_answer() | {"total": zoo.pa2_2019().ledger().total + 181 * 257},
        ),
    ),
)


def _convnetjs() -> dict[str, Any]:
    network = zoo.convnetjs_mnist()
    return {
        "layers": 1 + sum(stage.layer.kind != "flatten" for stage in network),
        "parameters": network.ledger().total,
        "impossible": _first_impossible((10, 15)),
    }


def _first_impossible(kernels: tuple[int, int]) -> str:
    size = 24
    for place, (kernel, pool) in enumerate(zip(kernels, (2, 3), strict=True), start=1):
        for name, window, stride, padding in (("conv", kernel, 1, 2), ("pool", pool, pool, 0)):
            try:
                size = output_size(size, window, stride, padding)
            except ShapeError:
                return f"{name}{place}"
    return "none"


def _convnetjs_otherwise(**changes: Any) -> Callable[[], dict[str, Any]]:
    return lambda: _convnetjs() | changes


CONVNETJS = Question(
    id="convnetjs-layers",
    code="A2-11",
    points=2,
    variable="convnetjs",
    ask="Layers and parameters of the ConvNetJS network; the first impossible layer with kernels 10 and 15.",
    method=_convnetjs,
    choices=("none", "conv1", "pool1", "conv2", "pool2", "fc"),
    mistakes=(
        _wrong(
            "no-feasibility-check",
            "a size of −1 is accepted",
            "A layer cannot be smaller than one cell: check each kernel against its padded input.",
            _convnetjs_otherwise(impossible="none"),
        ),
        _wrong(
            "noticed-late",
            "the layer after the impossible one is named",
            "Name the first layer whose kernel does not fit.",
            _convnetjs_otherwise(impossible="pool2"),
        ),
        _wrong(
            "input-not-counted",
            "the input is not counted as a layer",
            "ConvNetJS counts it: its list begins with type 'input'.",
            _convnetjs_otherwise(layers=8),
        ),
        _wrong(
            "written-layers-only",
            "only the six lines of the listing are counted",
            "ConvNetJS inserts the ReLUs, and a fully connected layer before the softmax.",
            _convnetjs_otherwise(layers=6),
        ),
        _wrong(
            "fc-forgotten",
            "the fully connected layer before the softmax is forgotten",
            "ConvNetJS inserts it, with 256 inputs and 10 outputs.",
            _convnetjs_otherwise(layers=8, parameters=208 + 3216),
        ),
        _wrong(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _convnetjs_otherwise(parameters=5994 - 8 - 16 - 10),
        ),
    ),
)


def _sees(measure: Callable[[Network, str], int]) -> Callable[[], dict[str, int]]:
    return lambda: {
        "conv4": measure(zoo.cs7011(), "conv4"),
        "pool3": measure(zoo.cs7011(), "pool3"),
        "report_conv3": measure(zoo.report_cnn(), "conv3"),
    }


def _kernels_up_to(network: Network, name: str, kinds: tuple[str, ...] = ("conv", "pool")) -> list[int]:
    names = [stage.name for stage in network]
    stages = list(network)[: names.index(name) + 1]
    return [stage.layer.kernel_size for stage in stages if stage.layer.kind in kinds]  # type: ignore[attr-defined]


RECEPTIVE_FIELDS = Question(
    id="receptive-fields",
    code="A2-12",
    points=2,
    variable="receptive_fields",
    ask="Receptive fields of CONV4 and POOL3 in CS7011, and of the third convolution of table 2.",
    method=_sees(lambda network, name: network[name].receptive_field.size[0]),
    mistakes=(
        _wrong(
            "strides-ignored",
            "the strides of the pooling layers are ignored",
            "After a stride of 2, one step in the map is two steps in the image.",
            _sees(lambda network, name: 1 + sum(k - 1 for k in _kernels_up_to(network, name))),
        ),
        _wrong(
            "kernels-summed",
            "the kernel sizes are added up",
            "A kernel adds (k − 1) steps, and a step grows with every stride.",
            _sees(lambda network, name: sum(_kernels_up_to(network, name))),
        ),
        _wrong(
            "pooling-forgotten",
            "the pooling windows themselves are left out",
            "A 2×2 pooling window adds one step too.",
            _sees(lambda network, name: _without_pool_windows(network, name)),
        ),
        _wrong(
            "own-kernel-only",
            "only the layer's own kernel is counted",
            "Its input has seen something already: go back to the image.",
            _sees(lambda network, name: _kernels_up_to(network, name)[-1]),
        ),
    ),
)


def _without_pool_windows(network: Network, name: str) -> int:
    size, jump = 1, 1
    for kernel, pooled in zip(
        _kernels_up_to(network, name),
        [k in _kernels_up_to(network, name, ("pool",)) and k == 2 for k in _kernels_up_to(network, name)],
        strict=True,
    ):
        size += 0 if pooled else (kernel - 1) * jump
        jump *= 2 if pooled else 1
    return size


def _size_probes(rng: np.random.Generator, count: int = 12) -> Mapping[str, Any]:
    """Draw legal layers, and for every fourth an impossible one."""
    probes: dict[str, Probe] = {}
    while len(probes) < count:
        impossible = len(probes) % 4 == 3
        kernel, stride = int(rng.integers(1, 8)), int(rng.integers(1, 4))
        padding = int(rng.integers(0, kernel // 2 + 1))
        size = int(rng.integers(kernel + 1, 70))
        if impossible:
            kernel = size + 2 * padding + int(rng.integers(1, 9))
        label = f"size {size}, kernel {kernel}, stride {stride}, padding {padding}"
        arguments = {"size": size, "kernel_size": kernel, "stride": stride, "padding": padding}
        probes[label] = Probe(label, arguments)
    return {"probes": tuple(probes.values())}


def _checked(formula: Callable[[int, int, int, int], int]) -> Callable[[int, int, int, int], int]:
    def out_size(n: int, k: int, s: int, p: int) -> int:
        if k > n + 2 * p:
            raise ValueError("the kernel does not fit")
        return formula(n, k, s, p)

    return out_size


OUT_SIZE = FunctionQuestion(
    id="out-size",
    code="A2-13a",
    points=1,
    variable="out_size",
    ask="Write out_size(size, kernel_size, stride, padding).",
    method=output_size,
    mistakes=(
        _wrong(
            "no-feasibility-check",
            "sizes of 0 and below are returned for kernels that do not fit",
            "Raise a ValueError where the kernel is larger than the padded input.",
            lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        ),
        _wrong(
            "rounded-up",
            "the division is rounded up",
            "Round down: a window must fit entirely.",
            _checked(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        _wrong(
            "plus-one-forgotten",
            "the + 1 of the formula is left out",
            COUNT_WINDOWS,
            _checked(lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        _wrong(
            "padded-once",
            "the padding is counted on one side only",
            "Both ends are padded: size + 2 * padding.",
            _checked(lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        _wrong(
            "padding-ignored",
            "the padding is ignored",
            "Both ends are padded: size + 2 * padding.",
            _checked(lambda n, k, s, p: (n - k) // s + 1),
        ),
        _wrong(
            "stride-ignored",
            "the stride is ignored",
            "Divide by the stride before you add 1.",
            _checked(lambda n, k, s, p: n + 2 * p - k + 1),
        ),
        _wrong(
            "not-rounded",
            "the division is not rounded",
            "Half a window does not exist: use //.",
            _checked(lambda n, k, s, p: (n + 2 * p - k) / s + 1),  # type: ignore[arg-type, return-value]
        ),
    ),
    inputs=_size_probes(np.random.default_rng(13)),
    draw=lambda rng: _size_probes(rng, 200),
)


def _parameter_probes(rng: np.random.Generator, count: int = 10) -> Mapping[str, Any]:
    probes: dict[str, Probe] = {}
    while len(probes) < count:
        a, b, k = (int(n) for n in rng.integers((2, 2, 2), (130, 130, 12)))
        label = f"in {a}, out {b}, kernel {k}" + (", no bias" if len(probes) % 3 == 2 else "")
        arguments = {"in": a, "out": b, "kernel_size": k, "bias": len(probes) % 3 != 2}
        probes[label] = Probe(label, arguments)
    return {"probes": tuple(probes.values())}


N_PARAMS = FunctionQuestion(
    id="n-params",
    code="A2-13b",
    points=1,
    variable="n_params",
    ask="Write n_params(in_channels, out_channels, kernel_size, bias=True).",
    method=lambda a, b, k, bias=True: Conv2d(a, b, k, bias=bias).parameters,
    mistakes=(
        _wrong(
            "channels-forgotten",
            "the input channels are left out",
            EACH_CHANNEL,
            lambda a, b, k, bias=True: k * k * b + bias * b,
        ),
        _wrong(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter.",
            lambda a, b, k, bias=True: k * k * a * b,
        ),
        _wrong(
            "bias-always",
            "the biases are counted even when there are none",
            "Look at the argument `bias`.",
            lambda a, b, k, bias=True: k * k * a * b + b,
        ),
        _wrong(
            "one-bias-per-layer",
            "the layer is given a single bias",
            "Add one bias per filter.",
            lambda a, b, k, bias=True: k * k * a * b + bias,
        ),
        _wrong(
            "bias-per-slice",
            "each slice of a kernel is given its own bias",
            "A filter has one bias, however many channels it reads.",
            lambda a, b, k, bias=True: (k * k + bias) * a * b,
        ),
        _wrong(
            "kernel-not-squared",
            "the kernel size is not squared",
            "A k×k kernel has k · k numbers per channel.",
            lambda a, b, k, bias=True: k * a * b + bias * b,
        ),
    ),
    inputs=_parameter_probes(np.random.default_rng(31)),
    draw=lambda rng: _parameter_probes(rng, 200),
)

QUESTIONS: tuple[Question, ...] = (
    *SIZES,
    ODD_SIZES,
    REPORT_PARAMETERS,
    REPORT_AUDIT,
    CS7011_PARAMETERS,
    CS7011_NEURONS,
    CS7011_WORK,
    PA2_PADDING,
    CONVNETJS,
    RECEPTIVE_FIELDS,
    OUT_SIZE,
    N_PARAMS,
)
