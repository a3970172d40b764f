"""The loss that style transfer makes small: content, style and calm, weighed against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

import torch
from torch import Tensor

from cnnkit.nn.precision import computing
from cnnkit.nn.style.grams import gram
from cnnkit.nn.style.losses import content_loss, gram_loss, total_variation
from cnnkit.nn.style.networks import LossNetwork

__all__ = ["Losses", "Objective", "Weights", "mean_losses"]


@dataclass(frozen=True)
class Weights:
    """How much content, style and calm count.

    Parameters
    ----------
    content, style, variation : float, at least 0
    """

    content: float = 1.0
    style: float = 40.0
    variation: float = 10.0


@dataclass(frozen=True)
class Losses:
    """What a picture lacks.

    Parameters
    ----------
    content, style : float
        As shares: 0 where the picture has all of it, 1 for a picture whose features are all 0. The mean
        over the layers.
    variation : float, `total_variation` of the picture
    total : float, the weighted sum
    """

    content: float
    style: float
    variation: float
    total: float


@dataclass(eq=False)
class Objective:
    """The loss of pictures, given the style.

    Each layer's loss is divided by what it would be if all features were 0. So every layer counts alike,
    and the same weights suit any loss network, however large its activations are.

    Parameters
    ----------
    network : LossNetwork
    style : (1, 3, H, W) tensor, 0 to 1
    weights : Weights
    precision : "bfloat16" or None
        With how many digits the network computes; Gram matrices are always computed in float32.
    """

    network: LossNetwork
    style: Tensor
    weights: Weights
    precision: str | None = None
    _grams: dict[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        with torch.no_grad():
            found = self._features(self.style, self.network.style)
        self._grams = {name: gram(maps) for name, maps in found.items()}  # (1, C, C) each

    def target(self, content: Tensor) -> dict[str, Tensor]:
        """Return the features that pictures with the content of (N, 3, H, W) shall have."""
        with torch.no_grad():
            return self._features(content, self.network.content)

    def parts(self, image: Tensor, target: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the losses of content, style and variation, not weighted, with gradients."""
        found = self._features(image)
        content = [content_loss(found[name], maps) / maps.square().mean() for name, maps in target.items()]
        style = [
            gram_loss(gram(found[name]), wanted) / wanted.square().sum()
            for name, wanted in self._grams.items()
        ]
        return torch.stack(content).mean(), torch.stack(style).mean(), total_variation(image)

    def _features(self, image: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        with computing(self.precision, image.device):
            found = self.network(image, layers)
        return {name: maps.float() for name, maps in found.items()}

    def total(self, parts: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Return the weighted sum."""
        weights = self.weights
        content, style, variation = parts
        return weights.content * content + weights.style * style + weights.variation * variation

    def losses(self, parts: tuple[Tensor, Tensor, Tensor]) -> Losses:
        """Return the same as plain numbers."""
        content, style, variation = (float(part.detach()) for part in parts)
        return Losses(content, style, variation, float(self.total(parts).detach()))


def mean_losses(rows: Sequence[Losses]) -> Losses:
    """Return the mean of losses.

    Examples
    --------
    >>> mean_losses([Losses(1.0, 0.0, 0.0, 1.0), Losses(0.0, 1.0, 0.0, 3.0)])
    Losses(content=0.5, style=0.5, variation=0.0, total=2.0)
    """
    return Losses(*(sum(each) / len(rows) for each in zip(*(astuple(row) for row in rows), strict=True)))
