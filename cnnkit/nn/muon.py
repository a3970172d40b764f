"""Muon: steps that turn a convolution's filters as a whole instead of weight by weight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Muon", "orthogonal"]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's: fast rather than exact
STEPS = 5
EPSILON = 1e-7


class Muon(torch.optim.Optimizer):
    """Muon for the filters of convolutions, AdamW with the same rate and decay for all else.

    Parameters
    ----------
    params : iterable of parameters
    lr : float
        As for AdamW: a filter's step is scaled to the size that AdamW's steps have.
    weight_decay : float, decoupled: each step takes `lr` times this share off every weight
    momentum, nesterov : of the filters' averaged gradient
    betas, eps : AdamW's, for all else

    Notes
    -----
    The averaged gradient of a convolution, a matrix of (out_channels, in_channels * kH * kW), is replaced by
    the nearest matrix whose rows are orthonormal: every direction that the gradient has takes the same step,
    also those that a few strong ones hide. ``torch.optim.Muon`` takes matrices only, and no other parameter
    beside them. Sources: Jordan et al. (2024), kellerjordan.github.io/posts/muon; the scale: Liu et al.
    (2025), arXiv:2502.16982.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float = 0.01,
        weight_decay: float = 0.01,
        momentum: float = 0.95,
        nesterov: bool = True,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
    ) -> None:
        for name, value, most in (
            ("lr", lr, float("inf")),
            ("weight_decay", weight_decay, float("inf")),
            ("momentum", momentum, 1),
            ("betas[0]", betas[0], 1),
            ("betas[1]", betas[1], 1),
        ):
            if not 0 <= value < most:
                raise ValueError(f"{name} is {value}")
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov}
        super().__init__(params, defaults | {"betas": tuple(betas), "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the gradients that are there."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    kind = _turned if weight.ndim == 4 else _scaled
                    step = kind(weight.grad, self.state[weight], group)
                    weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(step, alpha=group["lr"])
        return loss


def _turned(grad: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    """Return Muon's step for filters, from the gradient and the sums so far."""
    if not state:
        state["average"] = torch.zeros_like(grad)
    average = state["average"].lerp_(grad, 1 - group["momentum"])
    step = grad.lerp(average, group["momentum"]) if group["nesterov"] else average
    matrix = step.flatten(1)
    scale = 0.2 * sqrt(max(matrix.shape))
    return orthogonal(matrix).mul_(scale).view(grad.shape)


def _scaled(grad: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    """Return Adam's step."""
    first, second = group["betas"]
    if not state:
        state |= {
            "step": torch.zeros(()),
            "average": torch.zeros_like(grad),
            "square": torch.zeros_like(grad),
        }
    state["step"] += 1
    average = state["average"].lerp_(grad, 1 - first)
    square = state["square"].lerp_(grad.square(), 1 - second)
    corrections = [1 - beta ** int(state["step"]) for beta in (first, second)]
    step: Tensor = average / corrections[0] / ((square / corrections[1]).sqrt_() + group["eps"])
    return step


def orthogonal(matrix: Tensor) -> Tensor:
    """Return nearly the nearest matrix with orthonormal rows, or columns where it has fewer of those.

    Parameters
    ----------
    matrix : (M, N) tensor of float

    Returns
    -------
    (M, N) tensor; the singular values are 0.7 to 1.2 instead of 1

    Notes
    -----
    Five Newton-Schulz steps, an odd polynomial of the matrix each: products only, no decomposition.

    Examples
    --------
    >>> values = torch.linalg.svdvals(orthogonal(torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.5, 0.5]])))
    >>> bool((values > 0.7).all() and (values < 1.2).all())
    True
    """
    a, b, c = COEFFICIENTS
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm().clamp(min=EPSILON)
    for _ in range(STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if matrix.shape[0] > matrix.shape[1] else x
