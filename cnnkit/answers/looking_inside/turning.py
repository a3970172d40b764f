"""How a network of digits fares when the digits are turned: A6-2."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.answers.question import Mistake, Question

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["QUESTIONS", "turned"]

ANGLES = tuple(range(0, 50, 5))
COUNT = 200  # of the test images


def turned(images: np.ndarray, degrees: float) -> np.ndarray:
    """Turn each image counterclockwise about its middle; what comes in at the corners is black.

    Parameters
    ----------
    images : (N, 1, H, W) array of uint8, or of float32
    degrees : float

    Examples
    --------
    >>> bar = np.zeros((1, 1, 5, 5), np.uint8)
    >>> bar[0, 0, 2, 2:] = 255
    >>> turned(bar, 90)[0, 0, :, 2]
    array([255, 255, 255,   0,   0], dtype=uint8)
    """
    from PIL import Image

    bilinear = Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(x[0]).rotate(degrees, bilinear))[None] for x in images])


@cache
def _digits() -> Any:
    from cnnkit.data import load

    return load("digits").test


def _accuracy(x: Tensor) -> float:
    import torch

    from cnnkit.nn import pretrained

    model = pretrained("digits").model
    assert model is not None
    with torch.no_grad():
        return float((model(x).argmax(dim=1).numpy() == _digits().labels[:COUNT]).mean())


def _as_input(images: np.ndarray) -> Tensor:
    from cnnkit.nn.inputs import as_input

    return as_input("digits", images)


def _by_own_moments(images: np.ndarray) -> Tensor:
    """Bring images into the form that the loader of the stand-in gives."""
    import torch

    split = _digits()
    x = torch.from_numpy(images.copy()) / 255
    return torch.Tensor((x - split.mean[0]) / split.std[0])


def _below_half(curve: np.ndarray) -> int:
    below = np.flatnonzero(curve < 0.5)
    return ANGLES[below[0]] if len(below) else 90


def _answer(curve: list[float] | np.ndarray, below: np.ndarray | None = None) -> dict[str, Any]:
    curve = np.array(curve)
    return {"accuracy": curve, "below_half": _below_half(curve if below is None else below)}


@cache
def _curve(
    prepare: Callable[[np.ndarray], Tensor] = _as_input, sign: int = 1, scale: float = 1.0
) -> np.ndarray:
    images = _digits().images[:COUNT]
    return np.array([_accuracy(prepare(turned(images, sign * scale * angle))) for angle in ANGLES])


def _turned_again() -> dict[str, Any]:
    images, found = _digits().images[:COUNT], []
    for angle in ANGLES:
        images = turned(images, angle)
        found.append(_accuracy(_as_input(images)))
    return _answer(found)


def _turned_as_input() -> dict[str, Any]:
    import torch

    x = _as_input(_digits().images[:COUNT]).numpy()
    return _answer([_accuracy(torch.from_numpy(turned(x, angle))) for angle in ANGLES])


def _plain(images: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(images.copy()).float() / 255


TURNING = Question(
    id="rotation",
    code="A6-2",
    points=3,
    variable="rotation",
    ask="The accuracy of the digit network for digits turned by 0 to 45 degrees, and where it is below half.",
    weights={"accuracy": 2, "below_half": 1},
    method=lambda: _answer(_curve()),
    atol=0.006,
    mistakes=(
        Mistake(
            "clockwise",
            "the digits are turned clockwise",
            "A positive angle of `turned` is counterclockwise: give it the angle as it is.",
            lambda: _answer(_curve(sign=-1)),
        ),
        Mistake(
            "turned-again",
            "images that were turned already are turned on",
            "Begin with the upright images for each angle.",
            _turned_again,
        ),
        Mistake(
            "turned-after-as-input",
            "the images are turned after as_input, so that grey comes in at the corners instead of black",
            "Turn the bytes first: in what the network takes, 0 is not black but the mean of all pixels.",
            _turned_as_input,
        ),
        Mistake(
            "own-mean-and-deviation",
            "the images are prepared with the mean and deviation of these digits",
            "The network learnt from MNIST, and expects MNIST's: as_input has them.",
            lambda: _answer(_curve(_by_own_moments)),
        ),
        Mistake(
            "mean-not-subtracted",
            "the network gets pixels from 0 to 1",
            "It learnt from standardised pixels: use as_input.",
            lambda: _answer(_curve(_plain)),
        ),
        Mistake(
            "radians",
            "the angles are converted to radians",
            "`turned` takes degrees.",
            lambda: _answer(_curve(scale=np.pi / 180)),
        ),
        Mistake(
            "in-percent",
            "the accuracy is in percent",
            "Give it as a part of one.",
            lambda: _answer(100 * _curve(), _curve()),
        ),
        Mistake(
            "error-rate",
            "the part that is wrong is given",
            "The accuracy is the part that is right.",
            lambda: _answer(1 - _curve(), _curve()),
        ),
    ),
)

QUESTIONS = (TURNING,)
