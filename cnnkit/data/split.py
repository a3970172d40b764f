"""A split: images with their labels, in memory, that nobody can change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.data.choice import stratified
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional.arguments import whole
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from cnnkit.data.augment import Augmentation
    from cnnkit.data.loader import Loader

__all__ = ["Split"]

AT_ONCE = 5000  # images summed together: the sums need whole numbers of 64 bits


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Images with their labels, one of a data set's three parts.

    Parameters
    ----------
    name : "train", "validation" or "test"
    images : (N, C, H, W) array of uint8
    labels : (N,) array of int, 0 to K - 1
    classes : K strings
    training : Split or None
        The training split, whose mean and standard deviation normalise this one; None if it is its own.

    Raises
    ------
    ShapeError
        Not four axes, no image at all, or not as many labels as images.
    ArgumentError
        Images that are not uint8, or a label that is no class.

    Examples
    --------
    >>> from cnnkit import data
    >>> train = data.load("digits").train
    >>> len(train), train.images.shape, train.images.dtype, train.labels[:5]
    (1295, (1295, 1, 28, 28), dtype('uint8'), array([0, 1, 5, 7, 8]))
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    training: Split | None = field(default=None)

    def __post_init__(self) -> None:
        images, labels = np.asarray(self.images), np.asarray(self.labels)
        if images.dtype != np.uint8:
            raise ArgumentError(
                f"{self.name}: `images` are {images.dtype}, expected uint8, 0 to 255."
                " Convert them: images.astype(np.uint8)."
            )
        if images.ndim != 4 or 0 in images.shape:
            raise ShapeError(
                f"{self.name}: `images` have shape {shape_text(images.shape)}, expected (N, C, H, W) with"
                " at least 1 along each axis. Grey images need an axis for their one channel."
            )
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise ShapeError(
                f"{self.name}: `labels` are {labels.dtype} of shape {shape_text(labels.shape)}, expected"
                f" {len(images)} integers, one for each image. Check what they were read from."
            )
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if len(wrong):
            raise ArgumentError(
                f"{self.name}: `labels` holds {labels[wrong[0]]} at place {wrong[0]}, expected 0 to"
                f" {len(self.classes) - 1}, the numbers of the {len(self.classes)} classes."
                f" {len(wrong)} of {len(labels)} labels are out of range: check what they were read from."
            )
        object.__setattr__(self, "images", _read_only(images))
        object.__setattr__(self, "labels", _read_only(labels.astype(np.int64)))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} images of {shape_text(self.input_shape)}>"

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one image, (C, H, W)."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    @cached_property
    def hash(self) -> str:
        """SHA-256 of shape, images and labels, 64 hexadecimal digits; names do not count."""
        digest = hashlib.sha256(f"{self.images.shape}".encode())
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(self.labels.astype("<i8").data)
        return digest.hexdigest()

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each channel of the *training* split, 0 to 1."""
        return self._moments[0] if self.training is None else self.training.mean

    @property
    def std(self) -> NDArray[np.float64]:
        """Standard deviation of each channel of the *training* split, 0 to 1; 1 if it is constant."""
        return self._moments[1] if self.training is None else self.training.std

    @cached_property
    def _moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # Sums of whole numbers are exact, so that neither order nor machine changes the result.
        channels = self.images.shape[1]
        totals, squares = [0] * channels, [0] * channels
        for start in range(0, len(self), AT_ONCE):
            part = self.images[start : start + AT_ONCE].astype(np.uint32)
            for channel in range(channels):
                values = part[:, channel]
                totals[channel] += int(values.sum(dtype=np.int64))
                squares[channel] += int((values * values).sum(dtype=np.int64))
        count = self.images.size // channels
        mean = [total / (255 * count) for total in totals]
        std = [
            sqrt((square * count - total**2) / (255 * count) ** 2) or 1.0
            for total, square in zip(totals, squares, strict=True)
        ]
        return _read_only(np.array(mean)), _read_only(np.array(std))

    def take(self, count: int, seed: int = 0) -> Split:
        """Return `count` of the images, each class with its share, in their order.

        Parameters
        ----------
        count : int, 1 to len(split)
        seed : int, at least 0
            The same seed takes the same images, on every machine.

        Returns
        -------
        Split
            Of the same name, normalised as this one is.

        Raises
        ------
        ArgumentError
            More images than there are.

        Examples
        --------
        >>> from cnnkit import data
        >>> few = data.load("digits").train.take(20)
        >>> np.bincount(few.labels)
        array([2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
        """
        count = whole("take", "count", count, 1)
        if count > len(self):
            raise ArgumentError(
                f"take: `count` is {count}, expected 1 to {len(self)}, the images of {self.name}."
                f" Write for instance count={len(self)}."
            )
        chosen = stratified(self.labels, count, whole("take", "seed", seed, 0))
        return Split(self.name, self.images[chosen], self.labels[chosen], self.classes, self.training or self)

    def loader(
        self,
        batch_size: int,
        *,
        augment: str | Augmentation | Callable[[Any], Any] | Sequence[Any] | None = None,
        shuffle: bool | None = None,
        seed: int = 0,
        drop_last: bool = False,
    ) -> Loader:
        """Return the images in batches, as torch tensors; see `cnnkit.data.Loader`.

        Examples
        --------
        >>> from cnnkit import data
        >>> train = data.load("digits").train
        >>> x, y = next(iter(train.loader(64, augment="shift")))
        >>> tuple(x.shape), x.dtype, y.dtype
        ((64, 1, 28, 28), torch.float32, torch.int64)
        """
        from cnnkit.data.loader import Loader

        return Loader(self, batch_size, augment=augment, shuffle=shuffle, seed=seed, drop_last=drop_last)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
