"""The network through whose layers pictures are compared: ours by default, VGG-19 where it can be had."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from cnnkit.errors import ArgumentError
from cnnkit.nn.names import require_known
from cnnkit.nn.published import fetched
from cnnkit.nn.style.activity import features, require_layers
from cnnkit.nn.trained import pretrained

__all__ = ["NAMES", "LossNetwork", "loss_network"]

NAMES = ("cifar10", "vgg19")
WITHOUT = "take the network that comes with the course: model='cifar10'"
# Of the training images, which are not needed to use a network that they trained.
CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@dataclass(frozen=True, eq=False)
class LossNetwork:
    """A trained network, how its images were normalised, and which of its layers stand for what.

    Parameters
    ----------
    model : torch.nn.Sequential
        Copied, put into evaluation mode and frozen.
    content, style : tuples of str, names of its layers
    mean, std : three floats each
        Of the images that it was trained on, 0 to 1.
    name : str

    Raises
    ------
    ArgumentError
        No chain of layers, or no such layer; the nearest are listed.
    """

    model: nn.Sequential
    content: tuple[str, ...]
    style: tuple[str, ...]
    mean: tuple[float, ...] = CIFAR10[0]
    std: tuple[float, ...] = CIFAR10[1]
    name: str = "your own"

    def __post_init__(self) -> None:
        for part in ("content", "style"):
            names = require_layers("LossNetwork", self.model, getattr(self, part))
            object.__setattr__(self, part, tuple(names))
        # a copy: yours may be in training, and goes on with it
        object.__setattr__(self, "model", copy.deepcopy(self.model).eval().requires_grad_(False))

    def __repr__(self) -> str:
        return f"LossNetwork({self.name}, content {', '.join(self.content)}, style {', '.join(self.style)})"

    def __call__(self, image: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Return what the layers make of pictures (N, 3, H, W) from 0 to 1; those of content and style."""
        wanted = tuple(dict.fromkeys((*self.content, *self.style))) if layers is None else layers
        mean, std = (torch.tensor(each, device=image.device)[:, None, None] for each in (self.mean, self.std))
        return features(self.model, (image - mean) / std, wanted)


def loss_network(
    model: str | nn.Sequential | LossNetwork = "cifar10",
    content: Sequence[str] | None = None,
    style: Sequence[str] | None = None,
) -> LossNetwork:
    """Return a network to compare pictures with.

    Parameters
    ----------
    model : "cifar10", "vgg19", a torch.nn.Sequential, or a LossNetwork
        "cifar10": `cnnkit.nn.pretrained`'s, which comes with the course. "vgg19": torchvision's, trained on
        ImageNet, 548 MB, downloaded once and checked. One of your own is taken to want images normalised as
        CIFAR-10's; if it does not, make a `LossNetwork` of it.
    content, style : names of layers, instead of those that are usual for that network

    Raises
    ------
    ArgumentError
        No such network or layer; one of your own without layers.
    DownloadError
        VGG-19's weights are not here and cannot be fetched, or are damaged.

    Examples
    --------
    >>> loss_network("cifar10")
    LossNetwork(cifar10, content relu3, style conv1, relu2, relu3, relu4)
    """
    if isinstance(model, nn.Sequential):
        if content is None or style is None:
            missing = "content" if content is None else "style"
            raise ArgumentError(
                f"loss_network: `{missing}` is None, expected names of layers for a network of your own."
                " Say which: content=['relu3'], style=['relu1', 'relu2']."
            )
        return LossNetwork(model, tuple(content), tuple(style))
    if not isinstance(model, LossNetwork):
        model = _named(require_known("loss_network", "model", model, NAMES))
    if content is None and style is None:
        return model
    return LossNetwork(
        model.model,
        tuple(model.content if content is None else content),
        tuple(model.style if style is None else style),
        model.mean,
        model.std,
        model.name,
    )


@cache
def _named(name: str) -> LossNetwork:
    if name == "vgg19":
        # conv4_2's ReLU for the content, the first ReLU of each of five blocks for the style
        return LossNetwork(_vgg19(), ("22",), ("1", "6", "11", "20", "29"), *IMAGENET, name)
    # colours are in the first convolution, whose ReLU comes only after the pooling
    model = pretrained(name).model
    assert isinstance(model, nn.Sequential)
    return LossNetwork(model, ("relu3",), ("conv1", "relu2", "relu3", "relu4"), *CIFAR10, name)


def _vgg19() -> nn.Sequential:
    from torchvision.models import vgg19

    with torch.device("meta"):  # its classifier alone would be half a gigabyte of numbers that nobody needs
        whole = vgg19(init_weights=False)
    wanted = {
        name.removeprefix("features."): value
        for name, value in fetched("loss_network", vgg19_url(), WITHOUT).items()
        if name.startswith("features.")
    }
    model: nn.Sequential = whole.features
    model.load_state_dict(wanted, assign=True)
    return model


def vgg19_url() -> str:
    """Return where torchvision offers the weights."""
    from torchvision.models import VGG19_Weights

    url: str = VGG19_Weights.IMAGENET1K_V1.url
    return url
