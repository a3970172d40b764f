"""What training asks of a data set; `cnnkit.data.load` gives such, and so may anyone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cnnkit.nn.config import Config

__all__ = ["Batch", "Batches", "Dataset", "Split", "batches_of", "training_batches"]

Batch = tuple[Tensor, Tensor]


class Batches(Protocol):
    """An iterable of (x, y) batches that knows how many it holds."""

    def __iter__(self) -> Iterator[Batch]: ...

    def __len__(self) -> int: ...


class Split(Protocol):
    """One part of a data set: uint8 images (N, C, H, W), int64 labels (N,)."""

    @property
    def labels(self) -> NDArray[Any]: ...

    @property
    def hash(self) -> str: ...

    def __len__(self) -> int: ...

    def take(self, count: int, seed: int = 0) -> Split: ...

    @property
    def loader(self) -> Callable[..., Batches]: ...


class Dataset(Protocol):
    """Three splits, their classes, and what stands in for what."""

    @property
    def name(self) -> str: ...

    @property
    def stand_in(self) -> str | None: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    @property
    def train(self) -> Split: ...

    @property
    def validation(self) -> Split: ...

    @property
    def test(self) -> Split: ...


def training_batches(dataset: Dataset, config: Config, epoch: int) -> Batches:
    """Return the shuffled and augmented batches of an epoch; they depend on seed and epoch alone."""
    options = {} if config.augment is None else {"augment": config.augment}
    seed = int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0])
    return dataset.train.loader(config.batch_size, shuffle=True, seed=seed, **options)


def batches_of(source: Split | Iterable[Batch], batch_size: int) -> Iterable[Batch]:
    """Return the batches of a split, in its order, or `source` itself where it is batches already."""
    loader = getattr(source, "loader", None)
    if loader is None:
        return source  # type: ignore[return-value]
    batches: Iterable[Batch] = loader(min(batch_size, len(source)), shuffle=False)  # type: ignore[arg-type]
    return batches
