"""Style transfer by optimisation: the pixels are what is learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from cnnkit.errors import ArgumentError, TrainingError
from cnnkit.nn.interrupt import between_updates
from cnnkit.nn.names import require_known, require_number, require_whole
from cnnkit.nn.style.networks import LossNetwork, loss_network
from cnnkit.nn.style.objective import Losses, Objective, Weights
from cnnkit.nn.style.pictures import as_array, as_tensor, fitted
from cnnkit.nn.style.progress import Steps

__all__ = ["Step", "Transfer", "transfer"]

STARTS = ("content", "noise")


@dataclass(frozen=True)
class Step:
    """What `on_step` is told after each step.

    Parameters
    ----------
    step : int, from 1
    losses : Losses, of the picture before this step
    image : (3, H, W) array of uint8, the picture after it
    """

    step: int
    losses: Losses
    image: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, repr=False, eq=False)
class Transfer:
    """A picture in the style of another, and how it came about.

    Parameters
    ----------
    image : (3, H, W) array of the kind of the content: uint8, or float from 0 to 1
    history : tuple of Losses
        Of the picture before each step, and of the finished one.
    options : dict
        Everything that decides the result, every default resolved.
    """

    image: NDArray[Any]
    history: tuple[Losses, ...]
    options: dict[str, Any]

    def __repr__(self) -> str:
        first, last = self.history[0], self.history[-1]
        _, height, width = self.image.shape
        return (
            f"Transfer({height} × {width}, {len(self.history) - 1} steps:"
            f" content {first.content:.3f} -> {last.content:.3f},"
            f" style {first.style:.3f} -> {last.style:.3f}, total {first.total:.3f} -> {last.total:.3f})"
        )


def transfer(
    content: ArrayLike,
    style: ArrayLike,
    *,
    model: str | nn.Sequential | LossNetwork = "cifar10",
    content_layers: Sequence[str] | None = None,
    style_layers: Sequence[str] | None = None,
    steps: int = 100,
    content_weight: float = 1.0,
    style_weight: float = 40.0,
    variation_weight: float = 10.0,
    lr: float = 0.03,
    start: str = "content",
    size: int = 256,
    seed: int = 0,
    on_step: Callable[[Step], object] | None = None,
    progress: bool = True,
) -> Transfer:
    """Make a picture that shows the content of one picture in the style of another, by changing its pixels.

    Parameters
    ----------
    content, style : (3, H, W) arrays of uint8, or of floats from 0 to 1
        At least 16 × 16 pixels; they may differ in size.
    model : "cifar10", "vgg19", a torch.nn.Sequential, or a LossNetwork
        Through whose layers they are compared; see `loss_network`.
    content_layers, style_layers : names of layers, instead of those that are usual for `model`
    steps : int, updates of all pixels
    content_weight, style_weight, variation_weight : float, at least 0
        Weights of losses that are shares; see `Losses`. More variation makes a calmer picture.
    lr : float
        Of Adam, in brightness: how far a pixel moves in one step, at most about.
    start : "content" or "noise"
        What the picture is before the first step; noise is drawn from `seed`.
    size : int, in pixels
        The longer side of either picture, at most; a larger one is made smaller, and a line says so.
    seed : int
        With the same seed, the same machine makes the same picture.
    on_step : called with a Step after each step, optional
        KeyboardInterrupt, raised there or by the stop button, ends it with the picture as it is.
    progress : bool
        Whether to show a bar, or in a log, lines.

    Returns
    -------
    Transfer

    Raises
    ------
    ShapeError
        A grey picture, one with its channels last, or too small a one.
    ArgumentError
        A picture out of range; a bad number; no such layer, and the nearest are listed.
    DownloadError
        VGG-19's weights are asked for, and cannot be had.
    TrainingError
        The loss is no number any more; a smaller `lr` helps.

    Notes
    -----
    Source: L. Gatys, A. Ecker, M. Bethge, A Neural Algorithm of Artistic Style (2015), arXiv:1508.06576,
    with Adam in place of L-BFGS.

    Examples
    --------
    >>> from cnnkit import nn, zoo
    >>> rng = np.random.default_rng(0)
    >>> content, style = rng.integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
    >>> model = nn.style.LossNetwork(nn.build(zoo.cs7011()), content=("relu2",), style=("relu1", "relu2"))
    >>> made = transfer(content, style, model=model, steps=3, progress=False)
    >>> made.image.shape, made.image.dtype, len(made.history)
    ((3, 32, 32), dtype('uint8'), 4)
    """
    steps = require_whole("transfer", "steps", steps, 1)
    lr = require_number("transfer", "lr", lr, 0, above=True)
    seed = require_whole("transfer", "seed", seed, 0)
    require_known("transfer", "start", start, STARTS)
    if on_step is not None and not callable(on_step):
        raise ArgumentError(
            f"transfer: `on_step` is {on_step!r}, expected a function. Give its name, without brackets."
        )
    given = {
        "content_weight": content_weight,
        "style_weight": style_weight,
        "variation_weight": variation_weight,
    }
    weights = Weights(*(require_number("transfer", name, value, 0) for name, value in given.items()))
    shown = fitted("transfer", "content", as_tensor("transfer", "content", content), size)
    wanted = fitted("transfer", "style", as_tensor("transfer", "style", style), size)
    network = loss_network(model, content_layers, style_layers)
    objective = Objective(network, wanted, weights)
    options = {
        "model": network.name,
        "content_layers": network.content,
        "style_layers": network.style,
        "steps": steps,
        **given,
        "lr": lr,
        "start": start,
        "size": size,
        "seed": seed,
    }
    first = shown.clone() if start == "content" else _noise(shown, seed)
    image, history = _optimised(first, objective, objective.target(shown), steps, lr, on_step, progress)
    return Transfer(as_array(image, content), history, options)


def _noise(like: Tensor, seed: int) -> Tensor:
    return torch.rand(like.shape, generator=torch.Generator().manual_seed(seed))


def _optimised(
    image: Tensor,
    objective: Objective,
    target: dict[str, Tensor],
    steps: int,
    lr: float,
    on_step: Callable[[Step], object] | None,
    progress: bool,
) -> tuple[Tensor, tuple[Losses, ...]]:
    image.requires_grad_()
    optimizer = torch.optim.Adam([image], lr=lr)
    history: list[Losses] = []
    bar = Steps(steps, progress)
    try:
        with between_updates() as interruption:
            for step in range(1, steps + 1):
                parts = objective.parts(image, target)
                history.append(_finite(objective.losses(parts), lr))
                optimizer.zero_grad()
                objective.total(parts).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                with torch.no_grad():
                    image.clamp_(0, 1)
                bar.advance(step, history[-1])
                if on_step is not None:
                    on_step(Step(step, history[-1], as_array(image, np.zeros(0, np.uint8))))
                if interruption.asked:
                    break
    except KeyboardInterrupt:
        pass  # the picture is whole: pixels change between two of them
    finally:
        bar.close()
    image = image.detach()
    with torch.no_grad():
        history.append(objective.losses(objective.parts(image, target)))
    return image, tuple(history)


def _finite(losses: Losses, lr: float) -> Losses:
    if not np.isfinite(losses.total):
        raise TrainingError(
            f"transfer: the loss is {losses.total}, expected a finite number."
            f" Try a smaller step, lr={lr / 10:g}."
        )
    return losses
