"""Augmentations: a batch of images, each moved or mirrored by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnkit.data.chance import Chance
from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import whole

__all__ = ["Augmentation", "Each", "Flip", "Shift", "resolve"]

Images = NDArray[np.uint8]


@runtime_checkable
class Augmentation(Protocol):
    """What changes a batch: called with (N, C, H, W) uint8 images, which it may overwrite, and a Chance."""

    def of_batch(self, images: Images, chance: Chance) -> Images:
        """Return the changed batch, of the same shape and type."""
        ...


@dataclass(frozen=True)
class Flip:
    """Mirror every second image, by chance, left to right.

    Examples
    --------
    >>> x = np.arange(3, dtype=np.uint8).reshape(1, 1, 1, 3)
    >>> [Flip().of_batch(x.copy(), Chance(seed))[0, 0, 0].tolist() for seed in range(3)]
    [[2, 1, 0], [2, 1, 0], [0, 1, 2]]
    """

    def of_batch(self, images: Images, chance: Chance) -> Images:
        """Return the batch, some of its images mirrored."""
        mirrored = chance.below(2, len(images)) == 1
        images[mirrored] = images[mirrored, :, :, ::-1]
        return images


@dataclass(frozen=True)
class Shift:
    """Move each image by up to `pixels` along each axis; what comes in from outside is black.

    As torchvision's ``RandomCrop(size, padding=pixels)``.

    Raises
    ------
    ArgumentError
        `pixels` is no whole number of at least 1.
    """

    pixels: int = 4

    def __post_init__(self) -> None:
        whole("Shift", "pixels", self.pixels, 1)

    def of_batch(self, images: Images, chance: Chance) -> Images:
        """Return the batch, each image moved."""
        pixels = self.pixels
        padded = np.pad(images, ((0, 0), (0, 0), (pixels, pixels), (pixels, pixels)))
        # (N, 1, 2·pixels + 1, 2·pixels + 1, C, H, W): every place that an image can move to
        places = sliding_window_view(padded, images.shape[1:], axis=(1, 2, 3))
        down, right = chance.below(2 * pixels + 1, 2, len(images))
        moved: Images = places[np.arange(len(images)), 0, down, right]
        return moved


@dataclass(frozen=True)
class Each:
    """Change one image at a time with a transform of ``torchvision.transforms.v2``, or any function.

    Slower than the others. The transform gets a (C, H, W) uint8 tensor and returns one of the same shape;
    torch's random numbers are seeded for each batch, and are afterwards as if nothing had drawn any.
    """

    transform: Callable[[Any], Any]

    def of_batch(self, images: Images, chance: Chance) -> Images:
        """Return the batch, each image changed.

        Raises
        ------
        ArgumentError
            The transform returned something else than a uint8 tensor of the same shape.
        """
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(chance.below(2**31, 1)[0]))
            changed = [self.transform(image) for image in torch.from_numpy(images)]
        for image in changed:
            got = (
                f"{str(image.dtype).removeprefix('torch.')} of {tuple(image.shape)}"
                if isinstance(image, torch.Tensor)
                else type(image).__name__
            )
            expected = f"uint8 of {images.shape[1:]}"
            if got != expected:
                raise ArgumentError(
                    f"loader: `augment` returned {got}, expected {expected}. Leave out ToDtype, Normalize and"
                    " Resize: the loader converts and normalises after the augmentation."
                )
        return torch.stack(changed).numpy()


NAMED: dict[str, Augmentation] = {"flip": Flip(), "shift": Shift()}


def resolve(augment: Any) -> tuple[Augmentation, ...]:
    """Return what `augment` stands for: a name, an augmentation, a function, or several of them.

    Raises
    ------
    ArgumentError
        None of these, or an unknown name.

    Examples
    --------
    >>> resolve(["flip", Shift(2)])
    (Flip(), Shift(pixels=2))
    """
    if augment is None:
        return ()
    if isinstance(augment, str):
        return (_named(augment),)
    if isinstance(augment, Sequence):
        return tuple(each for part in augment for each in resolve(part))
    if isinstance(augment, Augmentation):
        return (augment,)
    if callable(augment):
        return (Each(augment),)
    raise ArgumentError(
        f"loader: `augment` is {augment!r}, expected {_known()}, a function of one image, or a list of these."
        ' Write for instance augment=["flip", "shift"].'
    )


def _named(name: str) -> Augmentation:
    if name in NAMED:
        return NAMED[name]
    near = get_close_matches(name.lower(), NAMED, n=1, cutoff=0.5)
    cure = f'Did you mean "{near[0]}"?' if near else "Take one of these, or give a function of one image."
    raise ArgumentError(f"loader: `augment` is {name!r}, expected {_known()}. {cure}")


def _known() -> str:
    return " or ".join(f'"{name}"' for name in NAMED)
