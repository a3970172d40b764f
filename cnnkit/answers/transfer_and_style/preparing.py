"""Images made ready for a network that others trained: size, mean and deviation, A7-3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.answers.scaling import forgotten

__all__ = ["QUESTIONS"]

Array = NDArray[Any]

# Of ImageNet's photographs, pixels from 0 to 1: what torchvision's networks were trained with.
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])


def _repeated(images: Array, factor: int) -> Array:
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def _tiled(images: Array, factor: int) -> Array:
    return np.tile(images, (1, 1, factor, factor))


def _normal(x: Array, mean: Array, std: Array) -> Array:
    normal: Array = (x / 255 - mean) / std
    return normal


def _prepare(
    enlarge: Callable[[Array, int], Array] = _repeated,
    normal: Callable[[Array, Array, Array], Array] = _normal,
) -> Callable[..., Array]:
    """Return a function that prepares images in these two steps."""

    def prepare(images: Array, factor: int, mean: Array, std: Array) -> Array:
        return normal(enlarge(images, factor).astype(float), mean[:, None, None], std[:, None, None])

    return prepare


def _own_statistics(x: Array, mean: Array, std: Array) -> Array:
    own: Array = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / x.std(axis=(0, 2, 3), keepdims=True)
    return own


def _images(rng: np.random.Generator, statistics: bool = True) -> Mapping[str, Any]:
    probes = []
    for count, factor, side in ((2, 2, 4), (1, 3, 5), (2, 7, 2)):
        images = rng.integers(256, size=(count, 3, side, side + 1), dtype=np.uint8)
        drawn = rng.uniform(0.3, 0.6, 3).round(3), rng.uniform(0.15, 0.3, 3).round(3)
        mean, std = (MEAN, STD) if factor == 7 else drawn
        label = f"{count} images of {side} × {side + 1}, factor {factor}"
        probes.append(Probe(label, {"images": images, "factor": factor, "mean": mean, "std": std}))
    return {"probes": tuple(probes)}


PREPARE = FunctionQuestion(
    id="prepare-images",
    code="A7-3a",
    points=1,
    variable="prepare_images",
    ask="Write prepare_images(images, factor, mean, std): each pixel factor times as large, then normalised.",
    method=_prepare(),
    inputs=_images(np.random.default_rng(73)),
    draw=_images,
    mistakes=(
        *forgotten(_prepare),
        Mistake(
            "scaled-first",
            "the pixels are divided by std before the mean is subtracted",
            "Mind the parentheses: first subtract, then divide.",
            _prepare(normal=lambda x, mean, std: x / 255 / std - mean),
        ),
        Mistake(
            "undone",
            "the formula is turned round, as if normalised numbers were to become pixels",
            "Subtract the mean, then divide by std.",
            _prepare(normal=lambda x, mean, std: x / 255 * std + mean),
        ),
        Mistake(
            "exchanged",
            "mean and std are exchanged",
            "Subtract the mean, then divide by std.",
            _prepare(normal=lambda x, mean, std: (x / 255 - std) / mean),
        ),
        Mistake(
            "own-statistics",
            "the images are normalised by their own mean and std",
            "The network knows the numbers of the images that it was trained on: use those that are given.",
            _prepare(normal=_own_statistics),
        ),
        Mistake(
            "one-number-for-all-channels",
            "one mean and one std are used for all channels",
            "Give them the shape (3, 1, 1), so that each channel gets its own.",
            _prepare(normal=lambda x, mean, std: (x / 255 - mean.mean()) / std.mean()),
        ),
        Mistake(
            "channels-reversed",
            "blue is normalised as if it were red",
            "The channels come in the order red, green, blue, in images, mean and std.",
            _prepare(normal=lambda x, mean, std: (x / 255 - mean[::-1]) / std[::-1]),
        ),
        Mistake(
            "tiled",
            "the whole image is repeated side by side",
            "Repeat each pixel: x.repeat(factor, axis=...), once for each axis.",
            _prepare(enlarge=_tiled),
        ),
        Mistake(
            "one-axis",
            "only the width is enlarged",
            "Repeat along both axes, height and width.",
            _prepare(enlarge=lambda images, factor: images.repeat(factor, axis=3)),
        ),
        Mistake(
            "not-enlarged",
            "the images keep their size",
            "Repeat each pixel along both axes.",
            _prepare(enlarge=lambda images, factor: images),
        ),
    ),
)


# --- the sizes that ResNet-18 makes of an image ------------------------------------------------------------

Half = Callable[[int, int], int]  # (size, kernel) -> size, with stride 2


def _padded(size: int, kernel: int) -> int:
    return (size + 2 * (kernel // 2) - kernel) // 2 + 1


def _sizes(
    half: Half = _padded,
    image: Callable[[int], int] = lambda size: size,
    halving: tuple[str, ...] = ("conv1", "maxpool", "layer2", "layer3", "layer4"),
) -> dict[str, int]:
    kernels = {"conv1": 7, "maxpool": 3, "layer1": 3, "layer2": 3, "layer3": 3, "layer4": 3}

    def chain(size: int) -> dict[str, int]:
        found = {}
        for name, kernel in kernels.items():
            size = half(size, kernel) if name in halving else size
            found[name] = size
        return found

    of = {size: chain(image(size)) for size in (112, 224, 32)}
    return of[112] | {"layer4 of 224": of[224]["layer4"], "layer4 of 32": of[32]["layer4"]}


SIZES = Question(
    id="resnet-sizes",
    code="A7-3b",
    points=1,
    variable="resnet_sizes",
    ask="Images of 112 × 112 in ResNet-18: how high are the maps after each part? And of 224, of 32?",
    method=_sizes,
    mistakes=(
        Mistake(
            "halves-rounded-down",
            "halves are rounded down",
            "All these layers are padded by half their kernel: half of an odd size is rounded up.",
            lambda: _sizes(half=lambda size, kernel: size // 2),
        ),
        Mistake(
            "padding-forgotten",
            "the padding is left out",
            "conv1 is padded by 3, the pooling and the 3×3 convolutions by 1.",
            lambda: _sizes(half=lambda size, kernel: max((size - kernel) // 2 + 1, 0)),
        ),
        Mistake(
            "pooling-forgotten",
            "the pooling behind conv1 is left out",
            "It halves the maps before layer1.",
            lambda: _sizes(halving=("conv1", "layer2", "layer3", "layer4")),
        ),
        Mistake(
            "conv1-keeps-the-size",
            "conv1 is thought to keep the size",
            "It has stride 2.",
            lambda: _sizes(halving=("maxpool", "layer2", "layer3", "layer4")),
        ),
        Mistake(
            "layer1-halves",
            "layer1 is thought to halve the maps as well",
            "Its stride is 1: the pooling has just halved them.",
            lambda: _sizes(halving=("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4")),
        ),
        Mistake(
            "always-224",
            "the sizes are those of images of 224 × 224, which every drawing of ResNet shows",
            "Begin with the images that you have.",
            lambda: _sizes(image=lambda size: 224),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (PREPARE, SIZES)
