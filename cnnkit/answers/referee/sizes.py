"""Sizes followed through a network: cases 2, 8 and 10 of the referee."""

from __future__ import annotations

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import Misjudged, referee_case
from cnnkit.shapes import Axis

__all__ = ["QUESTIONS"]


def _second_height(size: int, kernels: tuple[int, int], padding: int) -> int:
    """Return the height that the formula gives for the second convolution, also where it is impossible."""
    pooled = Axis(Axis(size, kernels[0], padding=padding).output, 2, stride=2).output
    return Axis(pooled, kernels[1], padding=padding).output


def _pooled_upwards(size: int, kernels: tuple[int, int], padding: int) -> int:
    pooled = Axis(Axis(size, kernels[0], padding=padding).output, 2, stride=2, ceil_mode=True).output
    return Axis(pooled, kernels[1], padding=padding).output


def _second_unpadded(size: int, kernels: tuple[int, int], padding: int) -> int:
    return _second_height(size, kernels, padding) - 2 * padding


def _padded_once(size: int, kernels: tuple[int, int], padding: int) -> int:
    pooled = (size + padding - kernels[0] + 1) // 2
    return pooled + padding - kernels[1] + 1


def _without_plus_one(size: int, kernels: tuple[int, int], padding: int) -> int:
    pooled = (size + 2 * padding - kernels[0]) // 2
    return pooled + 2 * padding - kernels[1]


def _not_pooled(size: int, kernels: tuple[int, int], padding: int) -> int:
    return Axis(Axis(size, kernels[0], padding=padding).output, kernels[1], padding=padding).output


def _same(size: int, kernels: tuple[int, int], padding: int) -> int:
    return size // 2


LARGER_KERNELS = referee_case(
    id="larger-kernels",
    number=2,
    ask="The height that the formula gives for the second convolution of an enlarged network.",
    numbers=lambda **given: {"conv2_height": _second_height(**given)},
    verdict=(2, "b"),
    inputs={"size": 24, "kernels": (10, 15), "padding": 2},
    miscounted=(
        Mistake(
            "rounded-up",
            "the pooling is rounded up",
            "A window that does not fit is left out: 19 cells have room for 9 windows of two.",
            lambda **given: {"conv2_height": _pooled_upwards(**given)},
        ),
        Mistake(
            "padding-forgotten",
            "the second convolution's padding is left out",
            "Its line says `pad:2`: two rows above, and two below.",
            lambda **given: {"conv2_height": _second_unpadded(**given)},
        ),
        Mistake(
            "padded-once",
            "the padding is counted on one side only",
            "It is added at both ends.",
            lambda **given: {"conv2_height": _padded_once(**given)},
        ),
        Mistake(
            "no-plus-one",
            "the + 1 of the formula is left out",
            "Count the windows, not the steps between them.",
            lambda **given: {"conv2_height": _without_plus_one(**given)},
        ),
        Mistake(
            "pooling-skipped",
            "the pooling between the two convolutions is left out",
            "The second convolution reads what the pooling leaves.",
            lambda **given: {"conv2_height": _not_pooled(**given)},
        ),
        Mistake(
            "taken-for-same",
            "padding 2 is thought to keep the size of any map",
            "It does so for 5×5 kernels: put these kernels into the formula.",
            lambda **given: {"conv2_height": _same(**given)},
        ),
    ),
    misjudged=(
        Misjudged(
            "pooling-accused",
            1,
            "a",
            "the pooled size is thought to be rounded up",
            "Sizes are rounded down: a cell that is left over is dropped.",
        ),
        Misjudged(
            "guessing-accused",
            3,
            "c",
            "one point above guessing is taken for learning",
            "On 100 images the standard error is three points.",
        ),
        Misjudged(
            "overfitting-blamed",
            2,
            "d",
            "overfitting is blamed",
            "That shows in a high accuracy on training digits. First follow the digit through the layers.",
        ),
        Misjudged(
            "blur-believed",
            0,
            "e",
            "an explanation is believed because it sounds right",
            "Follow the sizes through the listing, and see what the second convolution has to work with.",
        ),
        Misjudged(
            "padding-believed",
            1,
            "f",
            "padding 2 is thought to keep the size of any map",
            "It does so for 5×5 kernels only.",
        ),
    ),
)


def _inputs(extra_conv: bool) -> int:
    return zoo.convnetjs_mnist(extra_conv=extra_conv)["fc"].input_shape[0]


def _classifiers() -> dict[str, int]:
    return {"before": _inputs(False), "after": _inputs(True)}


EXTRA_LAYER = referee_case(
    id="extra-layer",
    number=8,
    ask="How many numbers the classifier reads, before and after a convolution with pooling was added.",
    numbers=_classifiers,
    verdict=(3, "e"),
    inputs={},
    miscounted=(
        Mistake(
            "rounded-up",
            "the last pooling is rounded up to 2×2",
            "4×4 cells have room for one window of 3×3.",
            lambda: {"after": 4 * _inputs(True)},
        ),
        Mistake(
            "pooling-forgotten",
            "the pooling behind the new convolution is left out",
            "Two lines were added: follow the size through both.",
            lambda: {"after": _inputs(False)},
        ),
        Mistake(
            "channels-forgotten",
            "one map is counted",
            "The classifier reads all maps: channels × height × width.",
            lambda: {name: count // 16 for name, count in _classifiers().items()},
        ),
        Mistake(
            "parameters-for-inputs",
            "the classifier's parameters are given",
            "Count the numbers that go into it.",
            lambda: {name: 10 * count + 10 for name, count in _classifiers().items()},
        ),
    ),
    misjudged=(
        Misjudged(
            "count-accused",
            1,
            "a",
            "a filter is thought to read one map",
            "Each of the 16 new filters reads 16 maps; and the classifier changed as well.",
        ),
        Misjudged(
            "noise-suspected",
            2,
            "b",
            "the gap is thought to lie inside two standard errors",
            "Compute it for 5,000 images, and for the difference of two accuracies.",
        ),
        Misjudged(
            "gradients-blamed",
            3,
            "c",
            "vanishing gradients are blamed",
            "Three layers are few, and a ReLU passes a gradient whole or not at all. Look at the sizes.",
        ),
        Misjudged(
            "overfitting-believed",
            0,
            "d",
            "a lower held-out accuracy is taken for overfitting",
            "Look at the training images too: a network that learns by heart is better there.",
        ),
        Misjudged(
            "gap-believed",
            0,
            "f",
            "a training accuracy slightly above the held-out one is taken for overfitting",
            "Compare that gap in the two rows: did it grow?",
        ),
    ),
)


def _fc1(padding: int = 2) -> int:
    return zoo.pa2_2019(padding)["fc1"].input_shape[0]


def _maps(layer: str, shrunk: int = 1) -> int:
    """Return the cells of a layer's maps, each side divided by `shrunk`."""
    channels, height, width = zoo.pa2_2019()[layer].output_shape
    return channels * (height // shrunk) * (width // shrunk)


WRITTEN_SIZES = referee_case(
    id="written-sizes",
    number=10,
    ask="How many numbers FC1 reads in a network whose sizes were written down by hand.",
    numbers=lambda: {"fc1_inputs": _fc1()},
    verdict=(3, "d"),
    inputs={},
    miscounted=(
        Mistake(
            "padding-1",
            "the 5×5 convolutions are counted with padding 1",
            "The excerpt pads them by 2: follow the size from 64×64.",
            lambda: {"fc1_inputs": _fc1(1)},
        ),
        Mistake(
            "last-padded",
            "the last convolution is padded as well",
            "It has no padding, and takes two rows and two columns.",
            lambda: {"fc1_inputs": 128 * _maps("conv5", 2) // 64},
        ),
        Mistake(
            "channels-forgotten",
            "one map is counted",
            "FC1 reads all 128: channels × height × width.",
            lambda: {"fc1_inputs": _fc1() // 128},
        ),
        Mistake(
            "last-pool-forgotten",
            "the last pooling is left out",
            "The flattening comes behind it.",
            lambda: {"fc1_inputs": _maps("conv6")},
        ),
        Mistake(
            "64-maps",
            "64 maps are counted",
            "The last convolution has 128 filters.",
            lambda: {"fc1_inputs": 64 * _fc1() // 128},
        ),
    ),
    misjudged=(
        Misjudged(
            "padding-accused",
            1,
            "a",
            "padding 1 is taken for 'same' with 5×5 kernels",
            "A 5×5 window reaches two cells beyond its middle.",
        ),
        Misjudged(
            "rounding-blamed",
            3,
            "b",
            "the rounding is blamed",
            "Pooling rounds down, and the excerpt knows it. Which size comes to the last pooling?",
        ),
        Misjudged(
            "unpadded-accused",
            2,
            "c",
            "a 3×3 kernel without padding is thought to take one row",
            "It takes one at each edge.",
        ),
        Misjudged(
            "rounding-believed",
            0,
            "e",
            "13 is believed, and only the last step is checked",
            "Follow the size from the beginning: 64, and then?",
        ),
        Misjudged(
            "maps-blamed",
            3,
            "f",
            "the number of maps is blamed",
            "As many maps as the last convolution has filters; pooling keeps them all.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (LARGER_KERNELS, EXTRA_LAYER, WRITTEN_SIZES)
