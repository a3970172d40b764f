"""What a layer makes of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.images import Images, in_batches
from cnnkit.nn.inspect.layer import find_layer, output_of, require_indices, watched

__all__ = ["activations"]


def activations(
    model: nn.Module,
    images: Images,
    layer: str,
    channels: int | Sequence[int] | None = None,
    batch_size: int = 250,
) -> NDArray[Any]:
    """Return the output of one layer, in evaluation mode and without gradients.

    Parameters
    ----------
    model : torch.nn.Module
        What `cnnkit.nn.build` made, or any other. It is left as it was: its hooks, its modes, its gradients.
    images : Split, or (N, C, H, W) array or tensor, normalised as the split's loader does
    layer : str
        As ``model.named_modules()`` names it: "conv1", "layer4.0.conv2".
    channels : int, or several; None for all
        The axis of channels stays, also for one.
    batch_size : int, in images

    Returns
    -------
    (N, F, H', W') array for a convolution, (N, F) behind a Flatten

    Raises
    ------
    ArgumentError
        No such layer, and the nearest are listed; a layer that runs never or more than once; a channel past
        the last; images that are not normalised.
    ShapeError
        Images of another size, or with other channels, than the model takes; the layer is named.

    Examples
    --------
    >>> import torch
    >>> from cnnkit import nn, zoo
    >>> model = nn.build(zoo.cs7011())
    >>> activations(model, torch.zeros(2, 3, 32, 32), "conv4").shape
    (2, 256, 8, 8)
    """
    part = find_layer("activations", model, layer)
    found = []
    with evaluation_mode(model):
        for x in in_batches("activations", model, images, batch_size):
            with watched(model, part) as outputs:
                forward("activations", model, x)
            output = output_of("activations", layer, outputs)
            if channels is not None:
                chosen = require_indices("activations", "channels", channels, output.shape[1], layer)
                output = output[:, chosen]
            found.append(output.cpu().numpy())
    return np.concatenate(found)
