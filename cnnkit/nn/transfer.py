"""Taking over what a network has learnt: freeze parts of it, count what is left to learn, ResNet-18.

::

    model = nn.transfer.resnet18(classes=10)
    nn.transfer.freeze(model, but=("layer4", "fc"))
    print(nn.transfer.count(model))
    nn.fit(model, data, epochs=5, lr=0.01)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import nn

from cnnkit.errors import ArgumentError, DownloadError
from cnnkit.nn.held import hold, let_go
from cnnkit.nn.inspect.layer import find_layer, require_module
from cnnkit.nn.names import require_whole
from cnnkit.nn.published import fetched
from cnnkit.nn.trained import pretrained as course_network

__all__ = ["Count", "Share", "count", "freeze", "resnet18", "unfreeze"]

HEADINGS = ("part", "trained", "frozen")
UNTRAINED = "build it untrained: resnet18(pretrained=False)"


def freeze(model: nn.Module, *layers: str, but: str | Iterable[str] = ()) -> nn.Module:
    """Keep parts of a model as they are while the rest is trained: weights, and batch norm's statistics.

    ``requires_grad = False`` alone does not stop the running means and variances of batch normalisation: they
    move with every batch that passes in training mode. Frozen here, it normalises with those it has.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    *layers : str
        As ``model.named_modules()`` names them; a layer with all that is in it. None: the whole model.
    but : str, or several
        What shall be trained instead, where it is shorter to say so.

    Returns
    -------
    torch.nn.Module
        `model`

    Raises
    ------
    ArgumentError
        No such layer, and the nearest are listed; both `layers` and `but`; no torch module, such as a run.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(72, 2))
    >>> count(freeze(model, but="3"))
    part   trained  frozen
    0            0     224
    1            0      16
    3          146       0
    total      146     240
    """
    require_module("freeze", model)
    kept = [but] if isinstance(but, str) else list(but)
    if layers and kept:
        raise ArgumentError(
            f"freeze: `layers` are {', '.join(layers)} and `but` is {', '.join(kept)}, expected one of them."
            " Say what is frozen, or what is not."
        )
    trained = {id(part) for name in kept for part in find_layer("freeze", model, name).modules()}
    for root in [find_layer("freeze", model, name) for name in layers] or [model]:
        for part in root.modules():
            if id(part) not in trained:
                hold(part)
    return model


def unfreeze(model: nn.Module, *layers: str) -> nn.Module:
    """Let layers, or the whole model, be trained again; see `freeze`.

    Raises
    ------
    ArgumentError
        No such layer, and the nearest are listed.
    """
    require_module("unfreeze", model)
    for root in [find_layer("unfreeze", model, name) for name in layers] or [model]:
        for part in root.modules():
            let_go(part)
    return model


@dataclass(frozen=True)
class Share:
    """How many parameters of one part of a model are trained, and how many are not."""

    name: str
    trained: int
    frozen: int


@dataclass(frozen=True, repr=False)
class Count:
    """The parameters of a model, part by part; its text is a table.

    Attributes
    ----------
    parts : tuple of Share
        The model's direct children that have parameters, in their order.
    """

    parts: tuple[Share, ...]

    @property
    def trained(self) -> int:
        """How many parameters are trained."""
        return sum(part.trained for part in self.parts)

    @property
    def frozen(self) -> int:
        """How many parameters stay as they are."""
        return sum(part.frozen for part in self.parts)

    @property
    def total(self) -> int:
        """How many parameters there are."""
        return self.trained + self.frozen

    def __repr__(self) -> str:
        rows = [*self.parts, Share("total", self.trained, self.frozen)]
        cells = [HEADINGS, *((row.name, f"{row.trained:,}", f"{row.frozen:,}") for row in rows)]
        wide, trained, frozen = (max(map(len, column)) for column in zip(*cells, strict=True))
        return "\n".join(f"{a:<{wide}}  {b:>{trained}}  {c:>{frozen}}" for a, b, c in cells)


def count(model: nn.Module) -> Count:
    """Count the parameters that are trained and those that are frozen; one that parts share counts once.

    Parameters
    ----------
    model : torch.nn.Module
        Also one on torch's "meta" device, which has shapes but no numbers.

    Examples
    --------
    >>> import torch
    >>> with torch.device("meta"):
    ...     model = resnet18(classes=10, pretrained=False)
    >>> counted = count(freeze(model, but=("layer4", "fc")))
    >>> f"{counted.total:,}, {counted.trained:,} of them trained, {counted.frozen:,} frozen"
    '11,181,642, 8,398,858 of them trained, 2,782,784 frozen'
    """
    require_module("count", model)
    seen: set[int] = set()
    parts = []
    own = [("(itself)", list(model.parameters(recurse=False)))]
    for name, weights in [*own, *((name, list(part.parameters())) for name, part in model.named_children())]:
        fresh = [weight for weight in weights if id(weight) not in seen]
        seen.update(map(id, fresh))
        if fresh:
            parts.append(Share(name, _size(fresh, trained=True), _size(fresh, trained=False)))
    return Count(tuple(parts))


def _size(weights: Sequence[nn.Parameter], *, trained: bool) -> int:
    return sum(weight.numel() for weight in weights if weight.requires_grad is trained)


def resnet18(classes: int = 10, *, pretrained: bool = True, stand_in: bool = True) -> nn.Module:
    """Return torchvision's ResNet-18 with a last layer `fc` for so many classes, not yet trained.

    Parameters
    ----------
    classes : int
    pretrained : bool
        With the weights that torchvision offers, trained on ImageNet: 45 MB, downloaded once and checked.
        They expect images (N, 3, 224, 224), normalised with ImageNet's mean and standard deviation.
    stand_in : bool
        Where those weights cannot be had, return the course's own network "five_classes" instead, which was
        trained on five classes of CIFAR-10 and takes images (N, 3, 32, 32), and say so. Its parts are
        conv1, bn1, relu1, pool1, ... and fc; there is no layer4.

    Returns
    -------
    torch.nn.Module
        11,181,642 parameters with ten classes; the one that stands in for it has 113,962.

    Raises
    ------
    DownloadError
        The weights are not here and cannot be fetched, or are damaged, and `stand_in` is False.

    Notes
    -----
    Source: K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR 2016.
    """
    require_whole("resnet18", "classes", classes, 1)
    from torchvision.models import ResNet18_Weights
    from torchvision.models import resnet18 as build

    weights = None
    if pretrained:
        try:
            weights = fetched("resnet18", ResNet18_Weights.IMAGENET1K_V1.url, UNTRAINED)
        except DownloadError as error:
            if not stand_in:
                raise
            return _instead(classes, error)
    model: nn.Module = build()
    if weights is not None:
        model.load_state_dict(weights)
    model.fc = nn.Linear(512, classes)
    return model


def _instead(classes: int, error: DownloadError) -> nn.Module:
    """Return the course's own network for transfer, and say that it is not the one that was asked for."""
    model = course_network("five_classes").model
    assert isinstance(model, nn.Sequential)
    last = model[-1]
    assert isinstance(last, nn.Linear)
    model.fc = nn.Linear(last.in_features, classes)
    why = str(error).removeprefix("resnet18: ").partition(". Connect")[0]
    # Printed and not a warning: nbgrader takes whatever a test cell says on stderr for a failure.
    print(
        "⚠ resnet18 is not here, five_classes stands in for it:"
        " ANOTHER NETWORK, 32 × 32 PIXELS, OTHER ACCURACIES."
        f"\n  Why: {why}."
        "\n  For ResNet-18 without weights: resnet18(pretrained=False)."
    )
    return model
