"""The network of table 2, and the audit of a report that miscounted it, A2-6 and A2-6b."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.wording import EACH_CHANNEL
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

__all__ = ["PRINTED_LINES", "PRINTED_TOTAL", "QUESTIONS"]

# The ledger that the audited report prints, and the total under it.
PRINTED_LINES = {"conv1": 832, "conv2": 1664, "conv3": 3328, "fc1": 131136, "fc2": 650}
PRINTED_TOTAL = 137611

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


REPORT_PARAMETERS = Question(
    id="report-cnn-parameters",
    code="A2-6",
    points=6,
    variable="parameters",
    ask="Parameters of table 2, line by line, and their total.",
    method=_true_lines,
    mistakes=(
        Mistake(
            "channels-forgotten",
            "the input channels are left out of the kernels",
            EACH_CHANNEL,
            _counted(weights=lambda k, a, b: k * k * b),
        ),
        Mistake(
            "channels-forgotten-and-slip",
            "the input channels are left out, and the sum is off by one besides",
            EACH_CHANNEL + " Then add up again.",
            _counted(weights=lambda k, a, b: k * k * b, slip=1),
        ),
        Mistake(
            "always-three-channels",
            "every convolution is given the image's 3 channels",
            "A layer's input channels are the filters of the layer before.",
            _counted(weights=lambda k, a, b: k * k * 3 * b),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _counted(conv_bias=lambda a, b: 0, fc_bias=lambda n: 0),
        ),
        Mistake(
            "one-bias-per-layer",
            "each layer is given a single bias",
            "Add one bias per filter and one per output.",
            _counted(conv_bias=lambda a, b: 1, fc_bias=lambda n: 1),
        ),
        Mistake(
            "conv-bias-forgotten",
            "the convolutions' biases are left out",
            "Add one bias per filter.",
            _counted(conv_bias=lambda a, b: 0),
        ),
        Mistake(
            "bias-per-slice",
            "each slice of a kernel is given its own bias",
            "A filter has one bias, however many channels it reads.",
            _counted(conv_bias=lambda a, b: a * b),
        ),
        Mistake(
            "last-pool-forgotten",
            "the last pooling layer is left out",
            "Halve the maps once more before you flatten them.",
            lambda **inputs: _report_lines(**inputs, pools=len(inputs["channels"]) - 2),
        ),
        Mistake(
            "all-pools-forgotten",
            "the pooling layers are left out",
            "Each of them halves height and width.",
            _counted(pools=0),
        ),
        Mistake(
            "flatten-without-channels",
            "only one of the last maps is flattened",
            "Flatten all of them: channels × height × width.",
            _counted(features=lambda c, side: side * side),
        ),
        Mistake(
            "kernel-3x3",
            "the kernels are taken to be 3×3",
            "Read the kernel size in the table.",
            lambda **inputs: _report_lines(**{**inputs, "kernel_size": 3}),
        ),
        Mistake(
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
        Mistake(
            "total-added-again",
            "the lines are added up instead of reading the printed total",
            "Copy the total as the report prints it.",
            _audited(reported_total=lambda right, _: right["ledger_sum"]),
        ),
        Mistake(
            "print-trusted",
            "the printed total is taken for the sum of the lines",
            "Add the five lines up yourself.",
            _audited(ledger_sum=lambda right, _: right["reported_total"]),
        ),
        Mistake(
            "output-channels-instead",
            "each line is multiplied by its own filters instead of its input's channels",
            "Ask how many channels the layer reads.",
            _audited(missing_factor=lambda _, inputs: tuple(inputs["channels"][1:])),
        ),
        Mistake(
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
        Mistake(
            "report-believed",
            "the sum of the printed lines is taken for the truth",
            "Put the missing channels in, then add up again.",
            _audited(true_total=lambda right, _: right["ledger_sum"]),
        ),
        Mistake(
            "print-believed",
            "the printed total is taken for the truth",
            "Put the missing channels in, then add up again.",
            _audited(true_total=lambda right, _: right["reported_total"]),
        ),
        Mistake(
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


QUESTIONS: tuple[Question, ...] = (REPORT_PARAMETERS, REPORT_AUDIT)
