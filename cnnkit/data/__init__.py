"""Data sets in memory: images as uint8 arrays with their labels, in three fixed splits.

>>> from cnnkit import data
>>> digits = data.load("digits")
>>> x, y = next(iter(digits.train.loader(64)))
>>> x.shape
torch.Size([64, 1, 28, 28])
"""

from __future__ import annotations

from cnnkit.data.augment import Flip, Shift
from cnnkit.data.dataset import Dataset
from cnnkit.data.loader import Loader
from cnnkit.data.loading import NAMES, load
from cnnkit.data.paintings import painting
from cnnkit.data.photographs import photograph
from cnnkit.data.split import Split
from cnnkit.data.strokes import scribbles

__all__ = [
    "NAMES", "Dataset", "Flip", "Loader", "Shift", "Split", "load", "painting", "photograph", "scribbles",
]  # fmt: skip
