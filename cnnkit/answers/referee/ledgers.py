"""Where the parameters are, and where the work is: cases 1 and 6 of the referee."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import Misjudged, referee_case
from cnnkit.answers.wording import EACH_CHANNEL
from cnnkit.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d
from cnnkit.network import Network, Stage

__all__ = ["QUESTIONS"]


def _table_2(size: int, pools: int = 3, bias: bool = True) -> int:
    """Return the parameters of table 2, or of what it is mistaken for."""
    layers: list[Layer] = []
    for place, (before, after) in enumerate(pairwise((3, 32, 64, 128))):
        layers += [Conv2d(before, after, 5, padding=2, bias=bias), *([MaxPool2d(2)] if place < pools else [])]
    features = 128 * (size // 2**pools) ** 2
    layers += [Flatten(), Linear(features, 64, bias=bias), Linear(64, 10, bias=bias)]
    return Network((3, size, size), layers).ledger().total


def _one_kernel_each(size: int) -> int:
    return zoo.report_cnn().ledger("report").total


def _three_kernels_each(size: int) -> int:
    kernels = 2 * 25 * (32 + 64 + 128)  # two more for every filter than the report counts
    return _one_kernel_each(size) + kernels


COUNTED_BY_HAND = referee_case(
    id="counted-by-hand",
    number=1,
    ask="A ledger that was counted by hand: how many parameters has the network?",
    numbers=lambda size: {"parameters": _table_2(size)},
    verdict=(1, "d"),
    inputs={"size": 32},
    miscounted=(
        Mistake(
            "channels-forgotten",
            "the total is taken over from the excerpt",
            "Build the network with `Network`, or count each line again from its formula.",
            lambda size: {"parameters": _one_kernel_each(size)},
        ),
        Mistake(
            "always-three-channels",
            "every convolution is given the image's three channels",
            "conv2 reads the maps of conv1, not the image.",
            lambda size: {"parameters": _three_kernels_each(size)},
        ),
        Mistake(
            "biases-forgotten",
            "the biases are left out",
            "Add one for each filter and each output.",
            lambda size: {"parameters": _table_2(size, bias=False)},
        ),
        Mistake(
            "last-pool-forgotten",
            "the third pooling is left out",
            "Follow the size to the end: 32, 16, 8, and once more.",
            lambda size: {"parameters": _table_2(size, pools=2)},
        ),
    ),
    misjudged=(
        Misjudged(
            "kernels-thought-shared",
            0,
            "a",
            "sharing over the places of a map is taken for sharing between maps",
            f"{EACH_CHANNEL} That a kernel slides saves weights within one map only.",
        ),
        Misjudged(
            "sum-accused",
            3,
            "b",
            "the sum is accused from memory",
            "Add these five lines yourself: another report's total was off by one, this one adds up.",
        ),
        Misjudged(
            "poolings-accused",
            2,
            "c",
            "a pooling is overlooked",
            "There is one behind each of the three convolutions; follow the size.",
        ),
        Misjudged(
            "biases-accused",
            1,
            "e",
            "the biases are blamed",
            "A filter sums over all maps that it reads, and adds one number at the end.",
        ),
        Misjudged(
            "custom-believed",
            0,
            "f",
            "what holds for famous networks is taken for a proof",
            "It depends on the sizes: count this network.",
        ),
    ),
)


def _work(of: Callable[[Stage], int]) -> Callable[[], dict[str, int]]:
    def numbers() -> dict[str, int]:
        network = zoo.cs7011()
        return {
            kind: sum(of(stage) for stage in network if stage.layer.kind == kind) for kind in ("conv", "fc")
        }

    return numbers


def _multiply_adds(stage: Stage) -> int:
    return stage.layer.multiply_adds(stage.input_shape)


def _without_input_channels(stage: Stage) -> int:
    channels = stage.input_shape[0] if stage.layer.kind == "conv" else 1
    return _multiply_adds(stage) // channels


def _on_pooled_maps(stage: Stage) -> int:
    pooled = stage.name in ("conv1", "conv2", "conv4")
    return _multiply_adds(stage) // (4 if pooled else 1)


WHAT_IS_DEAR = referee_case(
    id="what-is-dear",
    number=6,
    ask="Multiply-adds for one image, in the convolutions and in the fully connected layers.",
    numbers=_work(_multiply_adds),
    verdict=(2, "a"),
    inputs={},
    miscounted=(
        Mistake(
            "parameters-as-work",
            "parameters are taken for multiply-adds",
            "Ask how often each weight is used for one image.",
            _work(lambda stage: stage.layer.parameters),
        ),
        Mistake(
            "biases-multiplied",
            "the biases are counted as well",
            "A bias is added, and multiplied with nothing.",
            _work(lambda stage: _multiply_adds(stage) + prod(stage.output_shape)),
        ),
        Mistake(
            "input-channels-forgotten",
            "each filter is thought to read one map",
            EACH_CHANNEL,
            _work(_without_input_channels),
        ),
        Mistake(
            "pooled-maps",
            "the convolutions are counted on the maps behind their pooling",
            "A convolution computes its whole map; the pooling comes afterwards.",
            _work(_on_pooled_maps),
        ),
        Mistake(
            "counted-twice",
            "multiplications and additions are counted separately",
            "One multiply-add is a multiplication with its addition.",
            _work(lambda stage: 2 * _multiply_adds(stage)),
        ),
    ),
    misjudged=(
        Misjudged(
            "file-size-accused",
            3,
            "b",
            "the layer behind fc1 is thought to keep its size",
            "fc2 reads the outputs of fc1: build the changed network and count it.",
        ),
        Misjudged(
            "neurons-for-parameters",
            1,
            "c",
            "neurons are taken for parameters",
            "All cells of a map share their weights: many neurons, few parameters.",
        ),
        Misjudged(
            "dropout-blamed",
            2,
            "d",
            "dropout is held responsible",
            "It is off when images are classified, and would change a part of little.",
        ),
        Misjudged(
            "once-each-believed",
            0,
            "e",
            "each parameter is thought to be used once",
            "That is so in one of the two kinds of layers: count both.",
        ),
        Misjudged(
            "memory-believed",
            0,
            "f",
            "reading a weight is thought to cost more than all its uses",
            "It is read once for a hundred images. How often is it used for them, in each kind of layer?",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (COUNTED_BY_HAND, WHAT_IS_DEAR)
