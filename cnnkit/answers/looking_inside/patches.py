"""What a neuron sees of an image, and which images it likes best: A6-5."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS"]

Windows = Sequence[tuple[int, int, int]]
CS7011 = [(3, 1, 1), (2, 2, 0), (3, 1, 1), (2, 2, 0), (3, 1, 1), (3, 1, 1)]  # up to conv4
REPORT = [(5, 1, 2), (2, 2, 0), (5, 1, 2), (2, 2, 0), (5, 1, 2)]
STRIDED = [(7, 2, 0), (3, 2, 1), (3, 3, 0)]  # each fits without a rest into 63 pixels


def _box(
    windows: Windows,
    row: int,
    column: int,
    size: int,
    padded: bool = True,
    cut: bool = True,
    late: bool = False,
    jumping: bool = True,
    end: int = 0,
    swapped: bool = False,
    whole_kernels: bool = False,
) -> tuple[int, ...]:
    """Return the first and last row and column, with something changed."""
    extent, jump, start = 1, 1, 0
    for kernel, stride, padding in windows:
        step = jump * stride if late else jump
        extent += (kernel - (0 if whole_kernels else 1)) * (step if jumping else 1)
        start -= padding * step if padded else 0
        jump *= stride
    edges = []
    for place in (column, row) if swapped else (row, column):
        first = start + jump * place
        last = first + extent - 1
        edges += [max(first, 0), min(last, size - 1) + end] if cut else [first, last + end]
    return tuple(edges)


def _box_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for name, windows, size, units in (
        ("conv4 of the CS7011 network", CS7011, 32, 8),
        ("conv3 of the report's network", REPORT, 32, 8),
        ("a layer behind strided windows", STRIDED, 63, 5),
    ):
        corner = (0, units - 1) if rng.integers(2) else (units - 1, 0)
        inner = tuple(rng.permutation(np.arange(1, units - 1))[:2].tolist())
        for row, column in (corner, inner):
            label = f"unit ({row}, {column}) of {name}"
            probes.append(Probe(label, {"windows": windows, "row": row, "column": column, "size": size}))
    return {"probes": tuple(probes)}


RECEPTIVE_BOX = FunctionQuestion(
    id="receptive-box",
    code="A6-5a",
    points=2,
    variable="receptive_box",
    ask="Write receptive_box(windows, row, column, size): which rows and columns of the image a unit sees.",
    method=_box,
    whole=True,
    inputs=_box_probes(np.random.default_rng(65)),
    draw=_box_probes,
    mistakes=(
        Mistake(
            "padding-forgotten",
            "the padding is left out",
            "Padding moves the first window up and left: by padding · jump pixels of the image.",
            partial(_box, padded=False),
        ),
        Mistake(
            "not-cut",
            "the box is not cut at the image's edges",
            "Rows run from 0 to size - 1: what lies outside is padding.",
            partial(_box, cut=False),
        ),
        Mistake(
            "stride-too-early",
            "a layer's own stride is counted for its own window",
            "A stride spreads the windows of later layers: multiply the jump after the kernel was added.",
            partial(_box, late=True),
        ),
        Mistake(
            "jump-forgotten",
            "each kernel adds kernel - 1 pixels of the image",
            "It adds (kernel - 1) · jump, where jump is the product of all strides before.",
            partial(_box, jumping=False),
        ),
        Mistake(
            "end-not-in-it",
            "the last row and column are one too far",
            "Give the last pixel that is seen: first + extent - 1.",
            partial(_box, end=1),
        ),
        Mistake(
            "whole-kernels",
            "each kernel adds all of its size",
            "A kernel of 3 reaches 2 pixels farther than one pixel does.",
            partial(_box, whole_kernels=True),
        ),
        Mistake(
            "columns-first",
            "columns come before rows",
            "Return first row, last row, first column, last column.",
            partial(_box, swapped=True),
        ),
    ),
)


# --- the strongest images -----------------------------------------------------------------------------------


def _strongest(
    values: np.ndarray,
    k: int,
    sign: float = 1,
    score: Callable[[np.ndarray], np.ndarray] = lambda flat: flat.max(axis=1),
    order: tuple[int, ...] = (0, 1, 2),
) -> np.ndarray:
    """Return (k, 3): image, row and column, with something changed."""
    flat = (sign * values).reshape(len(values), -1)
    best = np.argsort(-score(flat), kind="stable")[:k]
    rows, columns = np.unravel_index(flat[best].argmax(axis=1), values.shape[1:])
    return np.stack([best, rows, columns], axis=1)[:, order]


def _all_places(values: np.ndarray, k: int) -> np.ndarray:
    flat = np.argsort(-values.ravel(), kind="stable")[:k]
    return np.stack(np.unravel_index(flat, values.shape), axis=1)


def _weakest_first(values: np.ndarray, k: int) -> np.ndarray:
    return _strongest(values, k)[::-1]


def _value_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for count, height, width, k in ((12, 4, 5, 3), (30, 3, 2, 9), (8, 1, 1, 8)):
        values = rng.normal(size=(count, height, width)) - 0.5
        favourite = int(rng.integers(count))
        values[favourite] += 2 * (height * width > 1)  # strong at several places: still one image
        label = f"{count} images, {height}×{width} places, k={k}"
        probes.append(Probe(label, {"values": values, "k": k}))
    return {"probes": tuple(probes)}


STRONGEST = FunctionQuestion(
    id="strongest",
    code="A6-5b",
    points=2,
    variable="strongest",
    ask="Write strongest(values, k): the k images that a neuron answers most strongly, and where in them.",
    method=_strongest,
    inputs=_value_probes(np.random.default_rng(66)),
    draw=_value_probes,
    mistakes=(
        Mistake(
            "image-counted-twice",
            "one image is in the list for several of its places",
            "Take each image's strongest place first, and then the strongest images.",
            _all_places,
        ),
        Mistake(
            "weakest-images",
            "the images that it answers least are listed",
            "argsort begins with the smallest: sort the negative values, or turn the order round.",
            partial(_strongest, sign=-1),
        ),
        Mistake(
            "weakest-first",
            "the right images are listed from the weakest to the strongest",
            "Begin with the strongest.",
            _weakest_first,
        ),
        Mistake(
            "mean-of-the-map",
            "images are ranked by the mean of their map",
            "A neuron that fires at one place has found what it looks for: rank by the largest value.",
            partial(_strongest, score=lambda flat: flat.mean(axis=1)),
        ),
        Mistake(
            "size-without-sign",
            "images are ranked by |value|",
            "A strongly negative value is no answer: rank by the values themselves.",
            partial(_strongest, score=lambda flat: np.abs(flat).max(axis=1)),
        ),
        Mistake(
            "column-before-row",
            "the column comes before the row",
            "Return image, row, column.",
            partial(_strongest, order=(0, 2, 1)),
        ),
    ),
)


# --- one neuron of the shipped network ----------------------------------------------------------------------

LAYER, CHANNEL, COUNT, BEST = "conv4", 55, 500, 9


@cache
def _maps(moments: str = "cifar10", layer: str = LAYER) -> np.ndarray:
    """Return what a layer of the shipped network gives for test images of shapes10, (N, F, H, W)."""
    from cnnkit.data import load
    from cnnkit.nn import as_input, pretrained
    from cnnkit.nn.inspect import activations

    run, split = pretrained("cifar10"), load("shapes10").test
    assert run.model is not None
    if moments == "cifar10":
        x = as_input("cifar10", split.images[:COUNT])
    else:
        x = next(iter(split.loader(COUNT)))[0]
    return activations(run.model, x, layer)


def _windows(layer: str) -> list[tuple[int, int, int]]:
    from cnnkit.layers import Conv2d, MaxPool2d
    from cnnkit.nn import pretrained

    network = pretrained("cifar10").network
    assert network is not None
    found = []
    for stage in network:
        if isinstance(stage.layer, Conv2d | MaxPool2d):
            window = stage.layer
            kernel, padding = _one(window.kernel_size), _one(window.padding)
            found.append((kernel, _one(window.stride if window.stride is not None else kernel), padding))
        if stage.name == layer:
            return found
    raise KeyError(layer)


def _one(value: Any) -> int:
    return int(value[0]) if isinstance(value, tuple) else int(value)


def _favourites(
    maps: Callable[[], np.ndarray] = _maps,
    channel: int = CHANNEL,
    rank: Callable[..., np.ndarray] = _strongest,
) -> dict[str, Any]:
    found = rank(maps()[:, channel], BEST)
    return {"images": found[:, 0], "box": _box(_windows(LAYER), int(found[0, 1]), int(found[0, 2]), 32)}


FAVOURITES = Question(
    id="favourites",
    code="A6-5c",
    points=1,
    variable="favourites",
    ask="The nine images that a neuron of the shipped network likes best, and what it sees of the first.",
    method=_favourites,
    weights={"images": 2, "box": 1},
    mistakes=(
        Mistake(
            "own-mean-and-deviation",
            "the images are prepared with their own mean and deviation",
            "The network expects those of the images it learnt from: as_input has them.",
            lambda: _favourites(partial(_maps, "own")),
        ),
        Mistake(
            "counted-from-one",
            "channels are counted from 1",
            "Count from 0.",
            lambda: _favourites(channel=CHANNEL - 1),
        ),
        Mistake(
            "mean-of-the-map",
            "images are ranked by the mean of their map",
            "Rank by the largest value, as `strongest` does.",
            lambda: _favourites(rank=partial(_strongest, score=lambda flat: flat.mean(axis=1))),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (RECEPTIVE_BOX, STRONGEST, FAVOURITES)
