"""Which pixels of the images a layer of a torch module sees."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from cnnkit.errors import ArgumentError
from cnnkit.nn.describe import describe, trace
from cnnkit.receptive import ReceptiveField

__all__ = ["field_of"]


def field_of(function: str, model: nn.Module, layer: str, input_shape: Sequence[int]) -> ReceptiveField:
    """Return the receptive field of a layer, called by torch's name for it.

    Raises
    ------
    ArgumentError
        The model is no chain of layers that cnnkit knows, or `layer` is no link of that chain.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> from cnnkit.nn import build
    >>> field = field_of("top_patches", build(zoo.cs7011()), "conv4", (3, 32, 32))
    >>> field.size, field.jump, field.start
    ((26, 26), (4, 4), (-11, -11))
    """
    try:
        network = describe(model, input_shape)
    except ArgumentError as error:
        raise ArgumentError(
            f"{function}: what `layer` {layer!r} sees of an image is known for chains of layers alone, and"
            f" this model is none: {error}"
        ) from error
    paths = [path for path, _ in trace(model, input_shape)]
    if layer not in paths:
        raise ArgumentError(
            f"{function}: `layer` {layer!r} holds other layers or does nothing, expected a single layer."
            f" Take one of {', '.join(paths)}."
        )
    return network.stages[paths.index(layer)].receptive_field
