"""Max pooling as a function, and what it does to a shift, A1-9 and A1-10."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.data import scribbles
from cnnkit.functional import conv2d, max_pool2d, relu

__all__ = ["QUESTIONS", "sensitivity"]

Method = Callable[..., Any]


def _pool_probe(rng: np.random.Generator, label: str, shape: tuple[int, ...], k: int, s: int) -> Probe:
    x = rng.permutation(int(np.prod(shape))).reshape(shape).astype(float) - int(np.prod(shape)) - 1
    return Probe(label, {"x": x, "kernel_size": k, "stride": s})


def _pool_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    """All values are negative: a maximum that starts from 0 shows itself."""
    return {
        "probes": (
            _pool_probe(rng, "4x4, kernel 2, stride 2", (1, 1, 4, 4), 2, 2),
            _pool_probe(
                rng, "5x7, kernel 2, stride 2 (a column and a row are left over)", (1, 2, 5, 7), 2, 2
            ),
            _pool_probe(rng, "5x6, kernel 3, stride 1 (windows overlap)", (2, 1, 5, 6), 3, 1),
            _pool_probe(rng, "7x9, kernel 2, stride 3 (gaps between windows)", (1, 2, 7, 9), 2, 3),
        )
    }


def random_pool_probes(rng: np.random.Generator, count: int = 30) -> Mapping[str, Any]:
    """Draw `count` legal calls of max_pool2d on negative values."""
    probes: list[Probe] = []
    while len(probes) < count:
        n, c, k, s = rng.integers(1, 4, 4).tolist()
        h, w = rng.integers(k, 11, 2).tolist()
        label = f"x {n}×{c}×{h}×{w}, kernel_size {k}, stride {s}"
        if label not in {probe.label for probe in probes}:
            probes.append(_pool_probe(rng, label, (n, c, h, w), k, s))
    return {"probes": tuple(probes)}


def _windows(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Return every window, (N, C, H', W', k, k)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def _max_pool(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    return max_pool2d(x, kernel_size, stride)


MAX_POOL2D = FunctionQuestion(
    id="max-pool2d",
    code="A1-9",
    points=2,
    variable="max_pool2d",
    ask="Write max_pool2d(x, kernel_size, stride).",
    method=_max_pool,
    atol=1e-8,
    mistakes=(
        Mistake(
            "rounded-up",
            "the output size is rounded up",
            "Round down: a window that would hang over the edge does not count.",
            lambda x, k, s: max_pool2d(x, k, s, ceil_mode=True),
        ),
        Mistake(
            "windows-do-not-overlap",
            "the windows move by the kernel size, whatever the stride",
            "Move by `stride`: windows may overlap or leave gaps.",
            lambda x, k, s: max_pool2d(x, k, k),
        ),
        Mistake(
            "maximum-from-zero",
            "the maximum starts from 0",
            "Values may all be negative: start from the window's own values.",
            lambda x, k, s: np.maximum(max_pool2d(x, k, s), 0),
        ),
        Mistake(
            "mean-instead",
            "the mean of each window is taken",
            "Take the largest value.",
            lambda x, k, s: _windows(x, k, s).mean(axis=(-2, -1)),
        ),
        Mistake(
            "minimum-instead",
            "the smallest value of each window is taken",
            "Take the largest value.",
            lambda x, k, s: _windows(x, k, s).min(axis=(-2, -1)),
        ),
        Mistake(
            "channels-merged",
            "the maximum is taken over the channels too",
            "Pool each channel by itself.",
            lambda x, k, s: max_pool2d(x, k, s).max(axis=1, keepdims=True),
        ),
        Mistake(
            "last-window-lost",
            "the + 1 of the size formula is left out, so the last window is missing",
            "Count the windows, not the steps between them.",
            lambda x, k, s: max_pool2d(x, k, s)[:, :, :-1, :-1],
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, k, s: max_pool2d(x, k, 1),
        ),
    ),
    inputs=_pool_probes(np.random.default_rng(9)),
    draw=random_pool_probes,
)


def sensitivity(x: np.ndarray, weight: np.ndarray, *steps: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return how much the output of a convolution and `steps` changes when the input moves by one pixel.

    Parameters
    ----------
    x : (N, 1, H, W) array of float
    weight : (F, 1, kH, kW) array of float
    steps : functions of the convolution's output, applied in turn

    Returns
    -------
    float
        ``|f(moved) - f(x)| / |f(x)|``, Euclidean, over all images at once
    """

    def features(images: np.ndarray) -> np.ndarray:
        out = conv2d(images, weight, padding=weight.shape[-1] // 2)
        for step in steps:
            out = step(out)
        return out

    before, after = features(x), features(np.roll(x, 1, axis=-1))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def _measured(layer: str, *, before: tuple[Any, ...], after: tuple[Any, ...]) -> Method:
    def method(x: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
        return {
            "layer": layer,
            "before_pooling": sensitivity(x, weight, *before),
            "after_pooling": sensitivity(x, weight, *after),
        }

    return method


def _shift_inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"x": scribbles(200, seed=int(rng.integers(1 << 31))), "weight": rng.normal(size=(8, 1, 5, 5))}


_pool_by_2 = partial(max_pool2d, kernel_size=2)
SHIFT_SENSITIVITY = Question(
    id="shift-sensitivity",
    code="A1-10",
    points=2,
    variable="shift",
    ask="Which layer makes the output less sensitive to a shift, and by how much?",
    method=_measured("max pooling", before=(relu,), after=(relu, _pool_by_2)),
    atol=0.02,
    choices=("convolution", "relu", "max pooling"),
    weights={"layer": 1, "before_pooling": 0.5, "after_pooling": 0.5},
    mistakes=(
        Mistake(
            "convolution-invariant",
            "convolution is taken to be invariant",
            "It is equivariant: the map moves along with the image. Compare your two numbers.",
            _measured("convolution", before=(relu,), after=(relu, _pool_by_2)),
        ),
        Mistake(
            "relu-invariant",
            "ReLU is taken to remove the shift",
            "It works on each cell by itself, so its output moves along. Compare the two numbers.",
            _measured("relu", before=(relu,), after=(relu, _pool_by_2)),
        ),
        Mistake(
            "relu-forgotten",
            "the ReLU is left out",
            "Apply relu to the convolution's output in both measurements.",
            _measured("max pooling", before=(), after=(_pool_by_2,)),
        ),
        Mistake(
            "measurements-exchanged",
            "the two measurements are exchanged",
            "The first is without pooling, the second with it.",
            _measured("max pooling", before=(relu, _pool_by_2), after=(relu,)),
        ),
    ),
    inputs={"x": scribbles(200, seed=1), "weight": np.random.default_rng(1).normal(size=(8, 1, 5, 5))},
    draw=_shift_inputs,
)

QUESTIONS: tuple[Question, ...] = (MAX_POOL2D, SHIFT_SENSITIVITY)
