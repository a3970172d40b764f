"""First weights, by name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from math import sqrt
from typing import TypeVar

import torch
from torch import nn

from cnnkit.nn.names import require_known, require_whole

__all__ = ["INITS", "LAST_SEED", "initialise"]

M = TypeVar("M", bound=nn.Module)
Weighted = nn.Conv2d | nn.Linear
LOGIT_DEVIATION = 0.01
LAST_SEED = 2**64 - 1  # the largest that torch takes


def initialise(module: M, init: str = "kaiming", seed: int = 0) -> M:
    """Draw all weights of `module` anew, in place, and return it.

    Parameters
    ----------
    module : torch.nn.Module
    init : str
        "kaiming": normal, variance 2 / fan_in, biases 0 (He et al. 2015, arXiv:1502.01852); the last layer
        with weights, whose outputs are logits, has deviation 0.01, so that the first loss is near the
        logarithm of the number of classes.
        "xavier": uniform, variance 2 / (fan_in + fan_out), biases 0 (Glorot & Bengio 2010).
        "torch": what torch's layers draw for themselves: uniform, |w| and |b| below sqrt(1 / fan_in).
        "convnetjs": normal, variance 1 / fan_in; biases 0.1 where a ReLU follows, else 0.
        All but "torch" leave other layers to torch: batch normalisation starts as the identity.
    seed : int
        The same seed draws the same weights; torch's own random numbers are left where they were.

    Raises
    ------
    ArgumentError
        An unknown `init`; the message suggests the nearest.

    Examples
    --------
    >>> layer = initialise(nn.Linear(200, 100), "convnetjs")
    >>> round(layer.weight.std().item() * 200**0.5, 1), layer.bias.abs().sum().item()
    (1.0, 0.0)
    """
    draw = INITS[require_known("initialise", "init", init, INITS)]
    require_whole("initialise", "seed", seed, 0, LAST_SEED)
    parts = [part for part in module.modules() if not list(part.children())]
    last = max((place for place, part in enumerate(parts) if isinstance(part, Weighted)), default=None)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for place, (part, after) in enumerate(zip_longest(parts, parts[1:])):
            reset = getattr(part, "reset_parameters", None)
            if callable(reset):
                reset()
            if isinstance(part, Weighted):
                draw(part, isinstance(after, nn.ReLU | nn.ReLU6), place == last)
    return module


def _kaiming(part: Weighted, before_relu: bool, last: bool) -> None:
    if last:
        nn.init.normal_(part.weight, 0.0, LOGIT_DEVIATION)
    else:
        nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
    _bias(part, 0.0)


def _xavier(part: Weighted, before_relu: bool, last: bool) -> None:
    nn.init.xavier_uniform_(part.weight)
    _bias(part, 0.0)


def _torch(part: Weighted, before_relu: bool, last: bool) -> None:
    """Leave what ``reset_parameters`` has just drawn."""


def _convnetjs(part: Weighted, before_relu: bool, last: bool) -> None:
    nn.init.normal_(part.weight, 0.0, sqrt(1 / part.weight[0].numel()))
    _bias(part, 0.1 if before_relu else 0.0)


def _bias(part: Weighted, value: float) -> None:
    if part.bias is not None:
        nn.init.constant_(part.bias, value)


INITS: dict[str, Callable[[Weighted, bool, bool], None]] = {
    "kaiming": _kaiming,
    "xavier": _xavier,
    "torch": _torch,
    "convnetjs": _convnetjs,
}
