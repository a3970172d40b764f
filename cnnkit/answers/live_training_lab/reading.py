"""From a saved network to its probabilities, A3-1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit import functional, zoo
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.answers.wording import FLIPPED, KEEP_KERNEL

__all__ = ["QUESTIONS", "saved_digit", "saved_network"]

Array = NDArray[np.float64]
Saved = Mapping[str, Any]
Reader = Callable[[Saved, int, int, int], Array]

ROWS_FIRST = (
    "Row by row, then along the row, channel last: shape (filters, sy, sx, depth) first, axes moved after."
)
SEEN, SEED = 1200, 2014


def _rows(layer: Saved, key: Callable[[str], Any] = int) -> Array:
    """Return the numbers of each filter in a row, (filters, n), their keys sorted by `key`."""
    return np.array([[f["w"][name] for name in sorted(f["w"], key=key)] for f in layer["filters"]], float)


def _filters_of(layer: Saved, sx: int, sy: int, depth: int) -> Array:
    return _rows(layer).reshape(-1, sy, sx, depth).transpose(0, 3, 1, 2)


def _sorted_as_text(layer: Saved, sx: int, sy: int, depth: int) -> Array:
    return _rows(layer, str).reshape(-1, sy, sx, depth).transpose(0, 3, 1, 2)


def _channel_first(layer: Saved, sx: int, sy: int, depth: int) -> Array:
    return _rows(layer).reshape(-1, depth, sy, sx)


def _columns_first(layer: Saved, sx: int, sy: int, depth: int) -> Array:
    return _rows(layer).reshape(-1, sx, sy, depth).transpose(0, 3, 2, 1)


def _flipped(layer: Saved, sx: int, sy: int, depth: int) -> Array:
    return _filters_of(layer, sx, sy, depth)[:, :, ::-1, ::-1]


def _reading_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for count, sx, sy, depth in ((2, 3, 2, 4), (8, 5, 5, 1), (3, 5, 5, 8), (2, 4, 4, 16), (1, 2, 7, 3)):
        drawn = rng.normal(size=(count, sx * sy * depth)).round(3)
        filters = [{"sx": sx, "sy": sy, "depth": depth, "w": _typed_array(row)} for row in drawn]
        layer = {"out_depth": count, "layer_type": "conv", "sx": sx, "sy": sy, "filters": filters}
        label = f"{count} filter{'s' if count > 1 else ''} of {sx}x{sy}x{depth}"
        probes.append(Probe(label, {"layer": layer, "sx": sx, "sy": sy, "depth": depth}))
    return {"probes": tuple(probes)}


def _typed_array(row: Array) -> dict[str, float]:
    return {str(place): float(number) for place, number in enumerate(row)}


FILTERS_OF = FunctionQuestion(
    id="filters-of",
    code="A3-1a",
    points=2,
    variable="filters_of",
    ask="Write filters_of(layer, sx, sy, depth): the filters of a saved layer as (filters, depth, sy, sx).",
    method=_filters_of,
    mistakes=(
        Mistake(
            "channel-first",
            "the numbers are taken channel by channel",
            ROWS_FIRST,
            _channel_first,
        ),
        Mistake(
            "channel-left-last",
            "the channel is left at the end",
            "torch and cnnkit want it second: move the last axis with transpose.",
            lambda layer, sx, sy, depth: _rows(layer).reshape(-1, sy, sx, depth),
        ),
        Mistake(
            "columns-first",
            "the numbers are taken column by column",
            ROWS_FIRST,
            _columns_first,
        ),
        Mistake(
            "keys-sorted-as-text",
            "the keys of `w` are sorted as text, where '10' comes before '2'",
            "Sort them as numbers: key=int.",
            _sorted_as_text,
        ),
        Mistake(
            "kernel-flipped", FLIPPED, "ConvNetJS does not flip either: leave the order as it is.", _flipped
        ),
        Mistake(
            "one-filter-only",
            "only the first filter is read",
            "`layer['filters']` is a list: go through all of them.",
            lambda layer, sx, sy, depth: _filters_of(layer, sx, sy, depth)[:1].repeat(
                len(layer["filters"]), 0
            ),
        ),
    ),
    inputs=_reading_probes(np.random.default_rng(1)),
    draw=_reading_probes,
)


@cache
def saved_network() -> Saved:
    """Return what the notebook saves: the demo's network after 1,200 digits, as ConvNetJS's JSON."""
    from cnnkit.convnetjs import Net, Trainer, layer_defs_of, snapshot
    from cnnkit.data import load

    train = load("digits").train
    net = Net(layer_defs_of(zoo.convnetjs_mnist()), seed=SEED)
    trainer = Trainer(net, method="adadelta", batch_size=20, l2_decay=0.001)
    trainer.train(train.images[:SEEN, :, 2:26, 2:26] / 255, train.labels[:SEEN])
    return snapshot(net)


@cache
def saved_digit() -> NDArray[np.uint8]:
    """Return the digit that the notebook shows the saved network, (1, 28, 28), 0 to 255."""
    from cnnkit.data import load

    digit: NDArray[np.uint8] = load("digits").test.images[0]
    return digit


def _probabilities(
    read: Reader = _filters_of,
    read_fc: Reader | None = None,
    crop: slice = slice(2, 26),
    scale: Callable[[Array], Array] = lambda pixels: pixels / 255,
    relu: Callable[[Array], Array] = functional.relu,
    bias: bool = True,
    ends: Callable[[Array], Array] = functional.softmax,
) -> Array:
    """Go through the saved network as the notebook's student does."""
    _, conv1, _, _, conv2, _, _, fc, _ = saved_network()["layers"]
    x = scale(saved_digit()[None, :, crop, crop].astype(float))
    for layer, pool in ((conv1, 2), (conv2, 3)):
        weight = read(layer, layer["sx"], layer["sy"], layer["in_depth"])
        x = functional.conv2d(x, weight, _biases(layer) * bias, padding=layer["pad"])
        x = functional.max_pool2d(relu(x), pool)
    weight = (read_fc or read)(fc, x.shape[3], x.shape[2], x.shape[1]).reshape(10, -1)
    logits: Array = x.reshape(1, -1) @ weight.T + _biases(fc) * bias
    probabilities: Array = ends(logits)[0]
    return probabilities


def _biases(layer: Saved) -> Array:
    saved = layer["biases"]["w"]
    return np.array([saved[name] for name in sorted(saved, key=int)], float)


PROBABILITIES = Question(
    id="snapshot-probabilities",
    code="A3-1b",
    points=1,
    variable="probabilities",
    ask="The ten probabilities that the saved network gives the digit.",
    method=_probabilities,
    atol=1e-9,
    mistakes=(
        Mistake(
            "fc-not-permuted",
            "the fully connected weights stay in ConvNetJS's order while the maps are flattened in torch's",
            "Read the fc layer with `filters_of` too: its filters see the 4×4×16 volume before them.",
            lambda: _probabilities(read_fc=_channel_first),
        ),
        Mistake(
            "channel-first",
            "all filters are read channel by channel",
            ROWS_FIRST,
            lambda: _probabilities(read=_channel_first),
        ),
        Mistake(
            "keys-sorted-as-text",
            "the keys of `w` are sorted as text, where '10' comes before '2'",
            "Sort them as numbers: key=int.",
            lambda: _probabilities(read=_sorted_as_text),
        ),
        Mistake("kernel-flipped", FLIPPED, KEEP_KERNEL, lambda: _probabilities(_flipped, _filters_of)),
        Mistake(
            "pixels-not-scaled",
            "pixels go in as 0 to 255",
            "Divide them by 255 first.",
            lambda: _probabilities(scale=lambda pixels: pixels),
        ),
        Mistake(
            "pixels-centred",
            "0.5 is subtracted from the pixels",
            "The page of 2014 only divides by 255.",
            lambda: _probabilities(scale=lambda pixels: pixels / 255 - 0.5),
        ),
        Mistake(
            "corner-crop",
            "the crop begins in the upper left corner",
            "Leave out two pixels on every side.",
            lambda: _probabilities(crop=slice(0, 24)),
        ),
        Mistake(
            "relu-forgotten",
            "the ReLUs are left out",
            "Each convolution has one behind it: look at the list of layers.",
            lambda: _probabilities(relu=lambda x: x),
        ),
        Mistake(
            "biases-forgotten",
            "the biases are left out",
            "Every saved layer with filters has `biases` too.",
            lambda: _probabilities(bias=False),
        ),
        Mistake(
            "no-softmax",
            "the softmax is left out",
            "The last layer turns the ten scores into probabilities.",
            lambda: _probabilities(ends=lambda logits: logits),
        ),
        Mistake(
            "softmax-twice",
            "the softmax is applied twice",
            "Once is enough: probabilities are no scores.",
            lambda: _probabilities(ends=lambda logits: functional.softmax(functional.softmax(logits))),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (FILTERS_OF, PROBABILITIES)
