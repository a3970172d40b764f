"""A layer of a model by its name, its output while the model runs, and its channels by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import numpy as np
from torch import Tensor, nn

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.nn.names import require_whole

__all__ = ["find_layer", "output_of", "require_indices", "require_module", "watched"]

MOST = 24  # names that one error lists


def require_module(function: str, model: object) -> None:
    """Raise unless `model` is a torch module; a run holds one.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> from cnnkit.nn import pretrained
    >>> require_module("freeze", pretrained("digits"))
    Traceback (most recent call last):
    cnnkit.errors.ArgumentError: freeze: `model` is of type Run, expected a torch module. Take its `.model`.
    """
    if not isinstance(model, nn.Module):
        held = isinstance(getattr(model, "model", None), nn.Module)
        cure = "Take its `.model`." if held else "Build one: nn.build(network)."
        raise ArgumentError(
            f"{function}: `model` is of type {type(model).__name__}, expected a torch module. {cure}"
        )


def find_layer(function: str, model: nn.Module, layer: object) -> nn.Module:
    """Return the part of `model` that is called `layer`.

    Raises
    ------
    ArgumentError
        There is none, and the nearest names are listed; no torch module.

    Examples
    --------
    >>> find_layer("activations", nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), "1")
    Linear(in_features=4, out_features=2, bias=True)
    """
    require_module(function, model)
    parts: dict[str, nn.Module] = {name: part for name, part in model.named_modules() if name}
    if isinstance(layer, str) and layer in parts:
        return parts[layer]
    names = list(parts)
    some = ", ".join(names)
    if len(names) > MOST:
        near = get_close_matches(str(layer), names, n=8, cutoff=0.0)
        some = f"{len(names)} names, of which the nearest are {', '.join(near)}"
    raise ArgumentError(
        f"{function}: `layer` is {layer!r}, expected one of {some}. {did_you_mean(layer, names)}"
    )


@contextmanager
def watched(model: nn.Module, part: nn.Module) -> Iterator[list[object]]:
    """Collect what `part` gives, while it runs inside `model`.

    What follows gets a copy, so that a layer that works in place does not change what is collected.
    """
    outputs: list[object] = []

    def collect(_: nn.Module, __: object, output: object) -> object:
        outputs.append(output)
        return output.clone() if isinstance(output, Tensor) else None

    handle = part.register_forward_hook(collect)
    try:
        yield outputs
    finally:
        handle.remove()


def output_of(function: str, layer: str, outputs: Sequence[object]) -> Tensor:
    """Return the one tensor that was collected from `layer`.

    Raises
    ------
    ArgumentError
        The layer ran not at all or more than once, or gave no tensor.
    """
    if len(outputs) != 1:
        times = f"is called {len(outputs)} times" if outputs else "is never called"
        raise ArgumentError(
            f"{function}: `layer` {layer!r} {times} in one pass, expected once."
            " Take the layer before or after."
        )
    (output,) = outputs
    if not isinstance(output, Tensor):
        raise ArgumentError(
            f"{function}: `layer` {layer!r} gives a {type(output).__name__}, expected one tensor."
            " Take a layer inside it."
        )
    return output


def require_indices(function: str, argument: str, value: object, count: int, layer: str) -> list[int]:
    """Return `value`, one number or several, as numbers of channels or filters of `layer`, which has `count`.

    Raises
    ------
    ArgumentError
        One is past the last, or negative, or no whole number.

    Examples
    --------
    >>> require_indices("filter_grid", "filters", [14, 64], 64, "conv1")
    Traceback (most recent call last):
    cnnkit.errors.ArgumentError: filter_grid: `filters` holds 64, expected 0 to 63: `conv1` has 64 of them. \
Count from 0.
    """
    value = value.tolist() if isinstance(value, Tensor | np.ndarray) else value
    several: list[object] = list(value) if isinstance(value, Sequence) else [value]
    found = []
    for each in several:
        try:
            found.append(require_whole(function, argument, each, 0, count - 1))
        except ArgumentError:
            raise ArgumentError(
                f"{function}: `{argument}` holds {each!r}, expected 0 to {count - 1}: `{layer}` has {count}"
                " of them. Count from 0."
            ) from None
    if not found:
        raise ArgumentError(f"{function}: `{argument}` is empty, expected at least 1 number. Name one.")
    return found
