"""Several channels, filters and biases, by hand and as a function, A1-7 and A1-8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.answers.wording import FLIPPED, KEEP_KERNEL
from cnnkit.functional import conv2d, pad

__all__ = ["QUESTIONS"]


def _two_channels(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    maps: np.ndarray = conv2d(x[None], weight, bias)[0]
    return maps


TWO_CHANNELS = Question(
    id="two-channels",
    code="A1-7",
    points=2,
    variable="two_channels",
    ask="Two channels, two filters, two biases.",
    method=_two_channels,
    mistakes=(
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add each filter's bias to every cell of its map.",
            lambda x, weight, bias: _two_channels(x, weight, 0 * bias),
        ),
        Mistake(
            "channels-forgotten",
            "only the first channel is used",
            "Each filter has one kernel per channel: add up the channels' results.",
            lambda x, weight, bias: _two_channels(x[:1], weight[:, :1], bias),
        ),
        Mistake(
            "kernel-flipped",
            FLIPPED,
            KEEP_KERNEL,
            lambda x, weight, bias: _two_channels(x, weight[:, :, ::-1, ::-1], bias),
        ),
        Mistake(
            "bias-per-channel",
            "the bias is added once for each channel",
            "Add up the channels first, then add the bias once.",
            lambda x, weight, bias: _two_channels(x, weight, bias * len(x)),
        ),
        Mistake(
            "channels-exchanged",
            "each kernel meets the other channel",
            "The first kernel of a filter belongs to the first channel.",
            lambda x, weight, bias: _two_channels(x, weight[:, ::-1], bias),
        ),
        Mistake(
            "filters-exchanged",
            "the two filters' maps stand in the wrong order",
            "The first filter makes the first map.",
            lambda x, weight, bias: _two_channels(x, weight, bias)[::-1],
        ),
    ),
    inputs={
        "x": np.array([[[1, 0, 2], [0, 1, 0], [3, 0, 1]], [[0, 1, 0], [2, 0, 1], [0, 1, 0]]]),
        "weight": np.array([[[[1, 0], [0, -1]], [[0, 2], [1, 0]]], [[[0, 1], [1, 0]], [[1, 0], [0, 1]]]]),
        "bias": np.array([1, -2]),
    },
    draw=lambda rng: {
        "x": rng.integers(0, 4, (2, 3, 3)),
        "weight": rng.integers(-2, 3, (2, 2, 2, 2)),
        "bias": np.array([1, -2]),
    },
)


def _conv_probe(rng: np.random.Generator, label: str, **sizes: Any) -> Probe:
    n, c, h, w = sizes["x"]
    f, kh, kw = sizes["kernels"]
    arguments = {
        "x": rng.integers(-5, 6, (n, c, h, w)).astype(float),
        "weight": rng.integers(-3, 4, (f, c, kh, kw)).astype(float),
        "bias": rng.integers(1, 9, f).astype(float),
        "stride": sizes.get("stride", 1),
        "padding": sizes.get("padding", 0),
    }
    return Probe(label, arguments)


def _conv_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    """Six shapes that show each mistake by itself, or (drawn again) 40 random ones."""
    return {
        "probes": (
            _conv_probe(rng, "one 5x5 image, one 3x3 kernel", x=(1, 1, 5, 5), kernels=(1, 3, 3)),
            _conv_probe(rng, "height 4, width 7", x=(1, 1, 4, 7), kernels=(1, 3, 3)),
            _conv_probe(rng, "3 channels, 2 filters", x=(2, 3, 5, 6), kernels=(2, 3, 3)),
            _conv_probe(rng, "padding 2", x=(1, 2, 4, 5), kernels=(2, 3, 3), padding=2),
            _conv_probe(rng, "stride 2", x=(1, 1, 7, 8), kernels=(2, 3, 3), stride=2),
            _conv_probe(rng, "a 2x3 kernel", x=(1, 2, 5, 6), kernels=(3, 2, 3), stride=2, padding=1),
        )
    }


def random_conv_probes(rng: np.random.Generator, count: int = 40) -> Mapping[str, Any]:
    """Draw `count` legal calls of conv2d: H != W, 1x1 kernels, stride > kernel, kernel = input."""
    probes: list[Probe] = []
    while len(probes) < count:
        n, c, f, stride = rng.integers(1, 4, 4).tolist()
        h, w = rng.integers(1, 10, 2).tolist()
        padding = int(rng.integers(0, 3))
        kh, kw = (int(rng.integers(1, min(5, size + 2 * padding) + 1)) for size in (h, w))
        label = f"x {n}×{c}×{h}×{w}, weight {f}×{c}×{kh}×{kw}, stride {stride}, padding {padding}"
        if label not in {probe.label for probe in probes}:
            sizes = {"x": (n, c, h, w), "kernels": (f, kh, kw), "stride": stride, "padding": padding}
            probes.append(_conv_probe(rng, label, **sizes))
    return {"probes": tuple(probes)}


def _conv(x: Any, weight: Any, bias: Any, stride: int = 1, padding: int = 0) -> np.ndarray:
    return conv2d(x, weight, bias, stride=stride, padding=padding)


def _conv_ceil(x: Any, weight: Any, bias: Any, stride: int = 1, padding: int = 0) -> np.ndarray:
    h, w = (
        -(-(n + 2 * padding - k) // stride) * stride + k
        for n, k in zip(x.shape[2:], weight.shape[2:], strict=True)
    )
    grown = np.zeros((*x.shape[:2], h, w))
    padded = pad(x, padding)
    grown[:, :, : padded.shape[2], : padded.shape[3]] = padded
    return conv2d(grown, weight, bias, stride=stride)


CONV2D = FunctionQuestion(
    id="conv2d",
    code="A1-8",
    points=5,
    variable="conv2d",
    ask="Write conv2d(x, weight, bias, stride, padding).",
    method=_conv,
    atol=1e-8,
    mistakes=(
        Mistake(
            "kernel-flipped",
            FLIPPED,
            KEEP_KERNEL,
            lambda x, w, b, s, p: _conv(x, w[:, :, ::-1, ::-1], b, s, p),
        ),
        Mistake(
            "bias-forgotten",
            "the bias is left out",
            "Add bias[f] to every cell of map f.",
            lambda x, w, b, s, p: _conv(x, w, None, s, p),
        ),
        Mistake(
            "bias-per-channel",
            "the bias is added once for each channel",
            "Add it once, after the sum over channels.",
            lambda x, w, b, s, p: _conv(x, w, b * x.shape[1], s, p),
        ),
        Mistake(
            "channels-forgotten",
            "only the first channel is used",
            "Sum over the channels of x and weight too.",
            lambda x, w, b, s, p: _conv(x[:, :1], w[:, :1], b, s, p),
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, w, b, s, p: _conv(x, w, b, 1, p),
        ),
        Mistake(
            "stride-shrinks-only",
            "the output is smaller by the stride, but the windows still move by one cell",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, w, b, s, p: _cut(_conv(x, w, b, 1, p), _conv(x, w, b, s, p).shape),
        ),
        Mistake(
            "padding-ignored",
            "the padding is ignored",
            "Pad height and width with zeros on both sides first.",
            lambda x, w, b, s, p: _conv(x, w, b, s, 0),
        ),
        Mistake(
            "padded-behind-only",
            "all the zeros stand below and to the right",
            "Put `padding` zeros on every side.",
            lambda x, w, b, s, p: _conv(np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p))), w, b, s, 0),
        ),
        Mistake(
            "padded-once",
            "the padding stands on one side only",
            "Put `padding` zeros on every side: the size grows by 2 * padding.",
            lambda x, w, b, s, p: _conv(np.pad(x, ((0, 0), (0, 0), (p, 0), (p, 0))), w, b, s, 0),
        ),
        Mistake(
            "axes-exchanged",
            "height and width are exchanged",
            "The axes are (N, C, H, W): height comes before width.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p).swapaxes(2, 3),
        ),
        Mistake(
            "last-window-lost",
            "the + 1 of the size formula is left out, so the last window is missing",
            "Count the windows, not the steps between them.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p)[:, :, :-1, :-1],
        ),
        Mistake(
            "rounded-up",
            "the output size is rounded up",
            "Round down: a window must fit entirely.",
            _conv_ceil,
        ),
        Mistake(
            "filters-summed",
            "the filters' maps are added up",
            "Each filter makes a map of its own: the output has one channel per filter.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p).sum(axis=1, keepdims=True),
        ),
        Mistake(
            "batch-forgotten",
            "only the first image of the batch is used",
            "Do it for every image: x.shape[0] of them.",
            lambda x, w, b, s, p: _conv(x[:1], w, b, s, p),
        ),
    ),
    inputs=_conv_probes(np.random.default_rng(18)),
    draw=random_conv_probes,
)


def _cut(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return x[tuple(slice(0, size) for size in shape)]


QUESTIONS: tuple[Question, ...] = (TWO_CHANNELS, CONV2D)
