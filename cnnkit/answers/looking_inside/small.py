"""The small network that students' functions are tried on, on their side and on the grader's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import nn

__all__ = ["IMAGE", "random_weights", "small_model"]

IMAGE = (3, 10, 12)
SHAPES = {
    "conv1.weight": (4, 3, 3, 3),
    "conv1.bias": (4,),
    "norm1.weight": (4,),
    "norm1.bias": (4,),
    "norm1.running_mean": (4,),
    "norm1.running_var": (4,),
    "conv2.weight": (5, 4, 3, 3),
    "conv2.bias": (5,),
    "fc.weight": (3, 60),
    "fc.bias": (3,),
}


def random_weights(rng: np.random.Generator, positive: bool = False) -> dict[str, Any]:
    """Draw weights and statistics for `small_model`; with `positive`, none is negative."""
    weights = {name: rng.normal(0, 0.7, shape) for name, shape in SHAPES.items()}
    weights["norm1.weight"] = rng.uniform(0.5, 1.5, 4)
    weights["norm1.running_var"] = rng.uniform(8, 20, 4)
    weights["norm1.bias"] -= 0.7  # so that some pooling windows hold zeros alone
    if positive:
        weights = {name: np.abs(array) for name, array in weights.items()}
        weights["norm1.running_mean"] *= 0
    return weights


def small_model(weights: Mapping[str, Any]) -> nn.Sequential:
    """Return a network of two convolutions, with batch normalisation and pooling, in float64."""
    import torch
    from torch import nn

    model = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 4, 3, padding=1),
            norm1=nn.BatchNorm2d(4),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(4, 5, 3),
            relu2=nn.ReLU(),
            flatten=nn.Flatten(),
            fc=nn.Linear(60, 3),
        )
    ).double()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)
    return model
