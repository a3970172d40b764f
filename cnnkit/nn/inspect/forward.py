"""A model's forward, whose error says which layer the images do not fit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from cnnkit.errors import ShapeError
from cnnkit.shapes import shape_text

__all__ = ["forward"]

CURE = "Give images of the size that the network was trained on"


def forward(function: str, model: nn.Module, x: Tensor) -> Any:
    """Return ``model(x)``.

    Raises
    ------
    ShapeError
        The images have other channels or another size than a layer takes; it is named.
    """
    try:
        return model(x)
    except (RuntimeError, ValueError) as error:
        found = _entered_last(model, x)
        if found is None:
            raise
        raise _misfit(function, x, str(error), *found) from error


def _entered_last(model: nn.Module, x: Tensor) -> tuple[str, nn.Module, Tensor] | None:
    """Run again and return the layer that fails, with its name and what it was given."""
    entered: list[tuple[str, nn.Module, Tensor]] = []

    def enter(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        return lambda part, given: entered.append((name, part, given[0]))

    def leave(part: nn.Module, given: object, output: object) -> None:
        entered.pop()

    with ExitStack() as stack:
        for name, part in model.named_modules():
            if not list(part.children()):
                stack.callback(part.register_forward_pre_hook(enter(name)).remove)
                stack.callback(part.register_forward_hook(leave).remove)
        try:
            with torch.no_grad():
                model(x)
        except (RuntimeError, ValueError):
            return entered[-1] if entered and isinstance(entered[-1][2], Tensor) else None
    return None


def _misfit(function: str, x: Tensor, said: str, name: str, part: nn.Module, given: Tensor) -> ShapeError:
    """Return the error of `part`, which was `given` something that it does not take."""
    layer = f"`{name}`" if name else "the model"
    if isinstance(part, nn.Conv2d) and given.ndim == 4 and given.shape[1] != part.in_channels:
        channels, takes = x.shape[1], part.in_channels
        cure = CURE
        if (channels, takes) == (1, 3):
            cure = "Copy a grey image's channel for a colour network: np.repeat(x, 3, axis=1)"
        elif (channels, takes) == (3, 1):
            cure = "Take grey images for a network of grey images: x.mean(1, keepdims=True)"
        got = f"{given.shape[1]} {'channel' if given.shape[1] == 1 else 'channels'}"
        return ShapeError(
            f"{function}: `images` has shape {shape_text(tuple(x.shape))} and gives {layer} {got}, expected"
            f" {takes}. {cure}."
        )
    if isinstance(part, nn.Linear):
        return ShapeError(
            f"{function}: `images` has shape {shape_text(tuple(x.shape))} and gives {layer}"
            f" {given.shape[-1]} features, expected {part.in_features}. {CURE}."
        )
    words = said.splitlines()[0].rstrip(".")
    return ShapeError(
        f"{function}: `images` has shape {shape_text(tuple(x.shape))} and gives {layer}"
        f" {shape_text(tuple(given.shape))}, expected what it takes: {words}. {CURE}."
    )
