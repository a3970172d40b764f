"""What every test shares."""

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import settings

# The same examples on every run and no limit on seconds: a slow machine must not fail a test.
settings.register_profile("cnnkit", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("cnnkit")


@pytest.fixture(scope="session")
def torch_twin():
    """Return a function layer -> torch module; the repr of a layer is code that torch understands."""
    from torch import nn

    # torch warns where Softmax must guess its dimension
    names = vars(nn) | {"Softmax": partial(nn.Softmax, dim=1)}
    return lambda layer: eval(repr(layer), names)


@dataclass(frozen=True)
class Part:
    """A split of the kind that training asks for, without files."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    @property
    def hash(self):
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()

    def take(self, count, seed=0):
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:count])
        return Part(self.images[chosen], self.labels[chosen])

    def loader(self, batch_size, *, shuffle=False, seed=0, augment=None):
        import torch

        assert 1 <= batch_size <= len(self)
        order = np.arange(len(self))
        if shuffle:
            order = np.random.default_rng(seed).permutation(len(self))
        batches = [order[at : at + batch_size] for at in range(0, len(self), batch_size)]
        x = torch.from_numpy(self.images).float() / 64 - 2
        return [(x[chosen], torch.from_numpy(self.labels[chosen])) for chosen in batches]


@dataclass(frozen=True)
class Blobs:
    """Grey 6x6 images whose brightest corner is their class, in noise: learnt in seconds, not perfectly."""

    train: Part
    validation: Part
    test: Part
    name: str = "blobs"
    stand_in: str | None = None
    classes: tuple[str, ...] = ("top left", "top right", "bottom left", "bottom right")
    input_shape: tuple[int, int, int] = (1, 6, 6)


def small_data(train=90, validation=60, test=80, noise=55, seed=0, **named):
    """Return Blobs of these sizes."""
    rng = np.random.default_rng(seed)
    parts = []
    for count in (train, validation, test):
        labels = np.arange(count) % 4
        images = rng.normal(100, noise, (count, 1, 6, 6))
        for place, label in enumerate(labels):
            row, column = 3 * (label // 2), 3 * (label % 2)
            images[place, 0, row : row + 3, column : column + 3] += 60
        parts.append(Part(images.clip(0, 255).astype(np.uint8), labels.astype(np.int64)))
    return Blobs(*parts, **named)


@pytest.fixture(scope="session")
def blobs():
    """Return the function `small_data`."""
    return small_data
