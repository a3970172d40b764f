"""Output sizes and parameters as functions, A2-13."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.answers.wording import COUNT_WINDOWS, EACH_CHANNEL
from cnnkit.layers import Conv2d
from cnnkit.shapes import output_size

__all__ = ["QUESTIONS"]


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
        Mistake(
            "no-feasibility-check",
            "sizes of 0 and below are returned for kernels that do not fit",
            "Raise a ValueError where the kernel is larger than the padded input.",
            lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        ),
        Mistake(
            "rounded-up",
            "the division is rounded up",
            "Round down: a window must fit entirely.",
            _checked(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        Mistake(
            "plus-one-forgotten",
            "the + 1 of the formula is left out",
            COUNT_WINDOWS,
            _checked(lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        Mistake(
            "padded-once",
            "the padding is counted on one side only",
            "Both ends are padded: size + 2 * padding.",
            _checked(lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        Mistake(
            "padding-ignored",
            "the padding is ignored",
            "Both ends are padded: size + 2 * padding.",
            _checked(lambda n, k, s, p: (n - k) // s + 1),
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Divide by the stride before you add 1.",
            _checked(lambda n, k, s, p: n + 2 * p - k + 1),
        ),
        Mistake(
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
        Mistake(
            "channels-forgotten",
            "the input channels are left out",
            EACH_CHANNEL,
            lambda a, b, k, bias=True: k * k * b + bias * b,
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter.",
            lambda a, b, k, bias=True: k * k * a * b,
        ),
        Mistake(
            "bias-always",
            "the biases are counted even when there are none",
            "Look at the argument `bias`.",
            lambda a, b, k, bias=True: k * k * a * b + b,
        ),
        Mistake(
            "one-bias-per-layer",
            "the layer is given a single bias",
            "Add one bias per filter.",
            lambda a, b, k, bias=True: k * k * a * b + bias,
        ),
        Mistake(
            "bias-per-slice",
            "each slice of a kernel is given its own bias",
            "A filter has one bias, however many channels it reads.",
            lambda a, b, k, bias=True: (k * k + bias) * a * b,
        ),
        Mistake(
            "kernel-not-squared",
            "the kernel size is not squared",
            "A k×k kernel has k · k numbers per channel.",
            lambda a, b, k, bias=True: k * a * b + bias * b,
        ),
    ),
    inputs=_parameter_probes(np.random.default_rng(31)),
    draw=lambda rng: _parameter_probes(rng, 200),
)

QUESTIONS: tuple[Question, ...] = (OUT_SIZE, N_PARAMS)
