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
SIZES = {"digits": 28, "cifar10": 32}  # height and width of those images


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
        Not four axes, not as many channels, or another height or width.

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
    channels, size = len(mean), SIZES[name]
    if x.ndim != 4 or x.shape[1:] != (channels, size, size):
        raise ShapeError(
            f"as_input: `images` has shape {shape_text(x.shape)}, expected (N, {channels}, {size}, {size})."
            f" {_cure(x.shape, channels, size)}."
        )
    return (torch.from_numpy(x.copy()).float() / 255 - mean) / std


def _cure(shape: tuple[int, ...], channels: int, size: int) -> str:
    """Return what brings images of this shape into the form that is expected."""
    colour = "Copy the grey channel for a colour network: np.repeat({}, 3, axis=1)"
    if len(shape) == 2:
        one = "image[None, None]"
        return f"A single grey image is {one}" if channels == 1 else colour.format(one)
    if len(shape) == 3:
        if shape[0] == channels:
            return "A single image is image[None]"
        if shape[2] == channels:
            return "The channels of a single image come first: image.transpose(2, 0, 1)[None]"
        one = "images[:, None]"
        return f"Grey images are {one}" if channels == 1 else colour.format(one)
    if len(shape) != 4:
        return "The axes are image, channel, row, column"
    if shape[1] == channels:
        return f"Resize them first, for instance by PIL's Image.resize(({size}, {size}))"
    if shape[3] == channels:
        return "The channels come second: images.transpose(0, 3, 1, 2)"
    if shape[1] == 1:
        return colour.format("images")
    return "Take the mean of the channels, as bytes: images.mean(1, keepdims=True).astype(np.uint8)"
