"""Batches from memory: the images of a split, shuffled, augmented and normalised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.data.augment import resolve
from cnnkit.data.chance import Chance
from cnnkit.errors import ArgumentError
from cnnkit.functional.arguments import flag, whole

if TYPE_CHECKING:
    import torch

    from cnnkit.data.split import Split

__all__ = ["Loader"]


class Loader:
    """Batches of a split; every pass over it is an epoch.

    Parameters
    ----------
    split : Split
    batch_size : int, 1 to len(split), in images
        The last batch holds what is left.
    augment : None, "flip", "shift", `Flip`, `Shift`, a function of one image, or a list of these
        Only for the training split: what is measured on changed images says nothing about real ones.
    shuffle : bool or None
        None shuffles the training split and leaves the others in their order.
    seed : int, at least 0
        Seed and epoch decide the order and the augmentation, the same on every machine.
    drop_last : bool
        Leave out the last batch where it is not full.

    Attributes
    ----------
    epoch : int
        The number of the next pass. Set it to go on where an earlier run stopped.

    Yields
    ------
    x : (N, C, H, W) tensor of float32, each channel with the training split's mean and standard deviation
        taken out
    y : (N,) tensor of int64

    Raises
    ------
    ArgumentError
        A batch larger than the split, an augmentation of validation or test images, or an option that is
        none.

    Examples
    --------
    >>> from cnnkit import data
    >>> loader = data.load("digits").validation.loader(100)
    >>> len(loader), [len(y) for x, y in loader]
    (2, [100, 43])
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        augment: Any = None,
        shuffle: bool | None = None,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.split = split
        self.batch_size = whole("loader", "batch_size", batch_size, 1)
        if self.batch_size > len(split):
            raise ArgumentError(
                f"loader: `batch_size` is {batch_size}, expected 1 to {len(split)}, the images of"
                f" {split.name}. Take a smaller one, such as batch_size={len(split)} for all in one batch."
            )
        self.augment = resolve(augment)
        if self.augment and split.name != "train":
            raise ArgumentError(
                f"loader: `augment` is given for the {split.name} images, expected None: numbers measured on"
                " changed images say nothing about real ones. Augment data.train alone."
            )
        self.shuffle = split.name == "train" if shuffle is None else flag("loader", "shuffle", shuffle)
        self.seed = whole("loader", "seed", seed, 0)
        self.drop_last = flag("loader", "drop_last", drop_last)
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of batches."""
        full, rest = divmod(len(self.split), self.batch_size)
        return full + bool(rest and not self.drop_last)

    def __repr__(self) -> str:
        options = [f"batch_size={self.batch_size}", f"augment={list(self.augment)}"]
        options += [f"{name}={getattr(self, name)}" for name in ("shuffle", "seed", "drop_last", "epoch")]
        return f"<loader of {self.split!r}: {', '.join(options)}>"

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        chance = Chance(self.seed, self.epoch)
        self.epoch += 1
        return self._batches(chance)

    def _batches(self, chance: Chance) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        import torch

        split = self.split
        scale = torch.from_numpy(1 / (255 * split.std)).float()[:, None, None]
        shift = torch.from_numpy(-split.mean / split.std).float()[:, None, None]
        order = chance.order(len(split)) if self.shuffle else np.arange(len(split))
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            chosen = order[start : start + self.batch_size]
            images = split.images[chosen]
            for augmentation in self.augment:
                images = augmentation.of_batch(images, chance)
            x = torch.from_numpy(images).float().mul_(scale).add_(shift)
            yield x, torch.from_numpy(split.labels[chosen])
