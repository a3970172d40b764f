"""The same images in other colours: grey, or one grey channel three times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ShapeError
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from cnnkit.data.dataset import Dataset

__all__ = ["grey", "rgb"]

Images = NDArray[np.uint8]

# ITU-R BT.601's 0.299, 0.587 and 0.114 in 65,536ths, as Pillow's convert("L") has them: whole numbers give
# the same greys, and so the same hashes, on every machine.
LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)


def grey(dataset: Dataset) -> Dataset:
    """Return a data set of colour images in grey; see `Dataset.grey`."""
    _require(dataset, "grey", 3, "It is grey already: use it as it is.")
    return _changed(dataset, "grey", _to_grey)


def rgb(dataset: Dataset) -> Dataset:
    """Return a data set of grey images with three equal channels; see `Dataset.rgb`."""
    _require(dataset, "rgb", 1, "It has colours already: use it as it is.")
    return _changed(dataset, "rgb", _to_rgb)


def _to_grey(images: Images) -> Images:
    mixed = np.full((len(images), 1, *images.shape[2:]), 0x8000, dtype=np.uint32)
    for channel, weight in enumerate(LUMA):
        mixed[:, 0] += images[:, channel] * weight
    return (mixed >> 16).astype(np.uint8)


def _to_rgb(images: Images) -> Images:
    return np.repeat(images, 3, axis=1)


def _changed(dataset: Dataset, colours: str, change: Callable[[Images], Images]) -> Dataset:
    train, validation, test = (replace(split, images=change(split.images)) for split in dataset.splits)
    return replace(
        dataset,
        name=f"{dataset.name} in {colours}",
        train=train,
        validation=replace(validation, training=train),
        test=replace(test, training=train),
        stand_in=dataset.stand_in and f"{dataset.stand_in} in {colours}",
    )


def _require(dataset: Dataset, function: str, channels: int, cure: str) -> None:
    found = dataset.input_shape
    if found[0] != channels:
        raise ShapeError(
            f"{function}: `{dataset.name}` has images of {shape_text(found)}, expected {channels}"
            f" channel{'s' if channels > 1 else ''}. {cure}"
        )
