"""What a neuron sees of the image: case 3 of the referee."""

from __future__ import annotations

from collections.abc import Callable

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.referee.case import ALL_HOLD, Misjudged, referee_case
from cnnkit.layers import Conv2d, MaxPool2d

__all__ = ["QUESTIONS"]

Kernels = list[tuple[str, int]]  # kind of layer, size of its kernel


def _until(layer: str) -> Kernels:
    """Return the kernels of the CS7011 network up to a layer."""
    found: Kernels = []
    for stage in zoo.cs7011():
        if isinstance(stage.layer, Conv2d | MaxPool2d):
            found.append((stage.layer.kind, stage.layer.axes(stage.input_shape)[0].kernel_size))
        if stage.name == layer:
            break
    return found


def _field(layer: str) -> int:
    return zoo.cs7011()[layer].receptive_field.size[0]


def _whole(layer: str, axes: int = 2) -> int:
    """Return how many neurons of a map have all of their window inside the image."""
    stage = zoo.cs7011()[layer]
    field, rows = stage.receptive_field, stage.output_shape[1]
    boxes = (field.box(row, row)[0] for row in range(rows))
    inside: int = sum(int(box.stop - box.start == field.size[0]) for box in boxes)
    return inside * inside if axes == 2 else inside


def _summed(size: Callable[[Kernels], int]) -> Callable[[str], dict[str, int]]:
    return lambda layer: {"window": size(_until(layer))}


NEURON_WINDOW = referee_case(
    id="neuron-window",
    number=3,
    ask="How many rows a neuron of conv4 sees, and how many of a map see a whole window of the image.",
    numbers=lambda layer: {"window": _field(layer), "whole_windows": _whole(layer)},
    verdict=(ALL_HOLD, "e"),
    inputs={"layer": "conv4"},
    miscounted=(
        Mistake(
            "poolings-ignored",
            "pooling is thought to leave windows as they are",
            "Behind a pooling, neighbouring cells lie twice as far apart in the image.",
            _summed(lambda found: 1 + sum(size - 1 for kind, size in found if kind == "conv")),
        ),
        Mistake(
            "strides-ignored",
            "every step is counted as one pixel",
            "Behind a pooling, a step is two pixels; behind two, four.",
            _summed(lambda found: 1 + sum(size - 1 for _, size in found)),
        ),
        Mistake(
            "kernels-summed",
            "the kernel sizes are added up",
            "Each layer adds its kernel size minus one, times the step in pixels.",
            _summed(lambda found: sum(size for _, size in found)),
        ),
        Mistake(
            "third-pooling-included",
            "the pooling behind conv4 is counted as well",
            "Only layers in front of the neuron widen its window.",
            lambda layer: {"window": _field("pool3")},
        ),
        Mistake(
            "edges-forgotten",
            "every window is thought to lie inside the image",
            "Compute the first and the last row of a window: rows below 0 and above 31 are padding.",
            lambda layer: {"whole_windows": zoo.cs7011()[layer].output_shape[1] ** 2},
        ),
        Mistake(
            "one-axis-only",
            "only one axis is counted",
            "A window must fit in its rows and in its columns.",
            lambda layer: {"whole_windows": _whole(layer, axes=1)},
        ),
    ),
    misjudged=(
        Misjudged(
            "poolings-accused",
            1,
            "a",
            "the excerpt is accused of too large a window",
            "Behind a pooling, neighbouring cells lie twice as far apart, so that kernels reach further.",
        ),
        Misjudged(
            "edges-accused",
            2,
            "b",
            "padding is taken for a part of the image",
            "It gives every place a window, but its rows of zeros show nothing: compute where one begins.",
        ),
        Misjudged(
            "too-large-accused",
            3,
            "c",
            "a window is thought to end with the image",
            "It may reach into the padding on both sides: that is why nothing can be cut out there.",
        ),
        Misjudged(
            "shift-accused",
            1,
            "d",
            "the third pooling is counted, which comes behind conv4",
            "Count the poolings in front of it.",
        ),
        Misjudged(
            "shrinking-believed",
            ALL_HOLD,
            "f",
            "26 is taken for a size that shrank",
            "The verdict is right, the reason is not: these layers are padded, and a window grows.",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (NEURON_WINDOW,)
