"""What named layers make of pictures, with gradients: what a loss is made of."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from cnnkit.errors import ArgumentError
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.layer import find_layer

__all__ = ["features"]


def features(model: nn.Sequential, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Return the outputs of some layers of a chain, with gradients; what lies behind them is not computed.

    So a classifier of 32 × 32 pixels takes pictures of any size, as long as no layer behind its Flatten is
    asked for.

    Parameters
    ----------
    model : torch.nn.Sequential
        What `cnnkit.nn.build` makes, or ``torchvision.models.vgg19().features``. Its mode is left as it is:
        put it into evaluation mode, or batch normalisation takes the mean of this very batch.
    x : (N, C, H, W) tensor, normalised as the model was trained
    layers : sequence of str
        Names of children: "relu1", "relu3".

    Returns
    -------
    dict of name to tensor, in the order of `layers`

    Raises
    ------
    ArgumentError
        No chain; no such layer, and the nearest are listed; no layer asked for.
    ShapeError
        The model does not take pictures of this shape; the layer is named.

    Examples
    --------
    >>> import torch
    >>> from cnnkit import nn, zoo
    >>> found = features(nn.build(zoo.cs7011()), torch.zeros(1, 3, 100, 80), ["relu1", "conv3"])
    >>> {name: tuple(maps.shape) for name, maps in found.items()}
    {'relu1': (1, 64, 100, 80), 'conv3': (1, 256, 25, 20)}
    """
    names = require_layers("features", model, layers)
    children = list(model.named_children())
    wanted = max(place for place, (name, _) in enumerate(children) if name in names)
    found: dict[str, Tensor] = {}
    for place, (name, part) in enumerate(children[: wanted + 1]):
        x = forward("features", part, x)
        if name in names:
            follows = children[place + 1][1] if place < len(children) - 1 else None
            # a layer that works in place would change what was found
            found[name] = x.clone() if getattr(follows, "inplace", False) else x
    return {name: found[name] for name in names}


def require_layers(function: str, model: object, layers: Sequence[str]) -> list[str]:
    """Return the names of layers as a list; raise unless all are children of a chain."""
    if not isinstance(model, nn.Sequential):
        raise ArgumentError(
            f"{function}: `model` is of type {type(model).__name__}, expected a torch.nn.Sequential, whose"
            " children run one after the other. Take what nn.build makes, or the `features` of a VGG."
        )
    names = [layers] if isinstance(layers, str) else list(layers)
    if not names:
        raise ArgumentError(f"{function}: `layers` is empty, expected at least 1 name. Name one.")
    for name in names:
        find_layer(function, model, name)
        if "." in name:
            raise ArgumentError(
                f"{function}: `layers` holds {name!r}, a layer inside another, expected a link of the chain."
                f" Take {name.partition('.')[0]!r}."
            )
    return names
