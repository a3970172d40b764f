"""Batches from memory against a DataLoader that makes a PIL image of each: ``python bench/data.py``.

Both hand out the same images of shapes10 as normalised float32 tensors, 64 at a time, in one process with one
thread: torchvision as its own CIFAR10 class does it (``Image.fromarray``, transforms, collate), cnnkit by
slicing arrays. They take turns, CPU time counts, and the median of the turns is shown. Without augmentation
the batches are compared before anything is timed; with it, both mirror and move by up to four pixels.
"""

from __future__ import annotations

import os

# Read once, when numpy and torch load their BLAS: so before both.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from collections.abc import Iterable
from statistics import median
from time import process_time
from typing import Any

import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cnnkit import data

BATCH, ROUNDS = 64, 5


class Pictures(Dataset[tuple[Any, int]]):
    """A split, image by image, as torchvision's CIFAR10 hands it out."""

    def __init__(self, split: data.Split, transform: Any) -> None:
        self.pixels = split.images.transpose(0, 2, 3, 1).copy()
        self.labels = split.labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


def seconds(batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Return the CPU seconds of one pass."""
    start = process_time()
    for _ in batches:
        continue
    return process_time() - start


def main() -> None:
    """Print one line for each way of augmenting."""
    torch.set_num_threads(1)
    train = data.load("shapes10").train
    end = [transforms.ToTensor(), transforms.Normalize(train.mean.tolist(), train.std.tolist())]
    moves = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
    pictures = DataLoader(Pictures(train, transforms.Compose(end)), BATCH)
    for (x, y), (wanted, labels) in zip(train.loader(BATCH, shuffle=False), pictures, strict=True):
        torch.testing.assert_close(x, wanted, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(y, labels)
    print(
        f"One epoch: {len(train):,} images of 3x32x32, shuffled, in batches of {BATCH}; one thread, CPU time,"
    )
    print(
        f"medians of {ROUNDS} turns. torch {torch.__version__}, torchvision {torchvision.__version__};",
        end=" ",
    )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    print(f"{'':<18}{'PIL DataLoader':>15}{'cnnkit':>10}{'ratio':>9}{'images/s':>12}")
    for name, augment, before in (("as they are", None, []), ("flip and shift", ["flip", "shift"], moves)):
        theirs = DataLoader(Pictures(train, transforms.Compose([*before, *end])), BATCH, shuffle=True)
        ours = train.loader(BATCH, augment=augment)
        times = [(seconds(theirs), seconds(ours)) for _ in range(ROUNDS)]
        slow, fast = (median(column) for column in zip(*times, strict=True))
        print(
            f"{name:<18}{slow:>14.2f}s{fast:>9.3f}s{slow / fast:>9.1f}{len(train) / fast:>12,.0f}", flush=True
        )


if __name__ == "__main__":
    main()
