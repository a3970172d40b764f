"""Images of one's own for the networks that come with the course."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.names import require_known
from cnnkit.shapes import shape_text

__all__ = ["MOMENTS", "as_input"]

# Mean and standard deviation of each channel, of the images that the networks were trained on, 0 to 1.
MNIST = ((0.13066661803610333,), (0.3081035751616447,))
CIFAR10 = (
    (0.49168853162445536, 0.48243798296228213, 0.4466648514093137),
    (0.24518943284320563, 0.2427821639031295, 0.260737311807811),
)
MOMENTS = {"digits": MNIST, "cifar10": CIFAR10}


def as_input(name: str, images: ArrayLike) -> Tensor:
    """Bring images of one's own into the form that a trained network of the course takes.

    Parameters
    ----------
    name : str
        The network, as `pretrained` knows it.
    images : (N, C, H, W) array of uint8, 0 to 255
        As large, and with as many channels, as the network was trained on.

    Returns
    -------
    (N, C, H, W) tensor of float32
        Each channel less the mean of the images that the network was trained on, divided by their standard
        deviation. A data set's own loader does this with its own numbers; a stand-in's are others.

    Raises
    ------
    ArgumentError
        No such network; images that are not uint8.
    ShapeError
        Not four axes, or not as many channels.

    Examples
    --------
    >>> from cnnkit import nn, strokes
    >>> one = strokes.draw([[(14, 4), (14, 24)]], centred=True)
    >>> nn.pretrained("digits").model(as_input("digits", one[None, None])).argmax().item()
    1
    """
    require_known("as_input", "name", name, sorted(MOMENTS))
    x: Any = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in MOMENTS[name])
    if x.dtype != np.uint8:
        raise ArgumentError(
            f"as_input: `images` are {x.dtype}, expected uint8, 0 to 255."
            " Convert them: np.rint(255 * images).astype(np.uint8) where they run from 0 to 1."
        )
    if x.ndim != 4 or x.shape[1] != len(mean):
        one = (
            "A single grey image is image[None, None]."
            if len(mean) == 1
            else "A single image is image[None]."
        )
        raise ShapeError(
            f"as_input: `images` has shape {shape_text(x.shape)}, expected (N, {len(mean)}, H, W). {one}"
        )
    return (torch.from_numpy(x.copy()).float() / 255 - mean) / std
