"""The transform networks that come with the course, and painting with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from cnnkit.errors import ArgumentError
from cnnkit.nn import trained
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.names import require_known
from cnnkit.nn.style.networks import loss_network
from cnnkit.nn.style.objective import Losses, Objective, Weights
from cnnkit.nn.style.pictures import as_array, as_tensor, fitted
from cnnkit.nn.style.records import StyleRun, read
from cnnkit.nn.style.training import measure

__all__ = ["Measured", "folder", "pretrained", "shipped", "stylise", "verify"]

TOLERANCE = 0.02  # relative, of each loss: photographs are decoded a little differently elsewhere


def folder() -> Path:
    """Return where they lie, each with its log and its card."""
    return trained.FOLDER / "style"


def shipped() -> list[str]:
    """Return the names of the styles that come with the course.

    Examples
    --------
    >>> shipped()
    ['ink', 'mosaic', 'waves']
    """
    return sorted(log.stem for log in folder().glob("*.jsonl"))


def pretrained(name: str) -> StyleRun:
    """Return a transform network that comes with the course, as the run that trained it.

    Parameters
    ----------
    name : str
        One of `shipped`. Its card, ``data/weights/style/NAME.md``, says what it was trained on.

    Raises
    ------
    ArgumentError
        No style of that name; the nearest one is suggested.
    RunLogError
        The log contradicts itself, or the weights are not those that it names.
    """
    require_known("pretrained", "name", name, shipped())
    return read(folder() / f"{name}.jsonl")


def stylise(image: ArrayLike, style: str | StyleRun | nn.Module, *, size: int = 640) -> NDArray[Any]:
    """Paint a picture in one pass of a transform network.

    Parameters
    ----------
    image : (3, H, W) array of uint8, or of floats from 0 to 1
    style : str, one of `shipped`; or what `fit_style` returned, or a network
    size : int, in pixels
        The longer side at most; a larger picture is made smaller, and a line says so.

    Returns
    -------
    (3, H, W) array of the kind of `image`

    Raises
    ------
    ShapeError
        A grey picture, one with its channels last, or too small a one.
    ArgumentError
        A picture out of range; a style that nobody knows, and the nearest is suggested.

    Examples
    --------
    >>> from cnnkit import data
    >>> stylise(data.photograph("china"), "waves").shape
    (3, 171, 256)
    """
    x = fitted("stylise", "image", as_tensor("stylise", "image", image), size)
    if isinstance(style, str):
        style = pretrained(require_known("stylise", "style", style, shipped()))
    painter = style.model if isinstance(style, StyleRun) else style
    if not isinstance(painter, nn.Module):
        raise ArgumentError(
            f"stylise: `style` is of type {type(style).__name__}, expected a name, a run of fit_style or a"
            f" network. There are {', '.join(shipped())}."
        )
    with evaluation_mode(painter), torch.no_grad():
        return as_array(painter(x), image)


@dataclass(frozen=True)
class Measured:
    """What a log claims of a network, and what was measured now."""

    claimed: Losses
    measured: Losses

    @property
    def agrees(self) -> bool:
        """Whether each loss is within 2 % of its claim."""
        pairs = zip(vars(self.claimed).values(), vars(self.measured).values(), strict=True)
        return all(abs(claimed - found) <= TOLERANCE * abs(claimed) for claimed, found in pairs)

    def __str__(self) -> str:
        claimed, found = self.claimed, self.measured
        return (
            f"painting: {'agrees' if self.agrees else 'DIFFERS'}: claimed content {claimed.content:.4f},"
            f" style {claimed.style:.4f}, measured content {found.content:.4f}, style {found.style:.4f}"
        )


def verify(run: StyleRun, style: ArrayLike, measured_on: ArrayLike) -> Measured:
    """Measure a transform network again, and compare with its log.

    Parameters
    ----------
    run : StyleRun
    style, measured_on : pictures
        Those that it was trained with.

    Raises
    ------
    ArgumentError
        Its loss network does not come with the course.
    """
    options = run.options
    network = loss_network(options["model"], options["content_layers"], options["style_layers"])
    weights = Weights(options["content_weight"], options["style_weight"], options["variation_weight"])
    size = options["size"]
    wanted = fitted("verify", "style", as_tensor("verify", "style", style), size)
    shown = fitted("verify", "measured_on", as_tensor("verify", "measured_on", measured_on), size)
    return Measured(run.final, measure(run.model, Objective(network, wanted, weights), shown))
