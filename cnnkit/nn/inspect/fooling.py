"""How many pixels it takes to fool a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.images import matching
from cnnkit.nn.inspect.layer import require_module
from cnnkit.nn.inspect.unit import class_scores
from cnnkit.nn.names import require_known, require_whole
from cnnkit.nn.sources import Batch, Split, batches_of
from cnnkit.shapes import shape_text

__all__ = ["FoolingCurve", "fooling_curve"]

ORDERS = ("random", "gradient")


@dataclass(frozen=True, eq=False)
class FoolingCurve:
    """How accurate a network is where so many pixels of each image were changed.

    Attributes
    ----------
    pixels : tuple of int, pixels changed
    accuracy : (len(pixels),) array of float, 0 to 1
    n : int, images
    order : "random" or "gradient"
    """

    pixels: tuple[int, ...]
    accuracy: NDArray[np.float64]
    n: int
    order: str

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Of each accuracy: sqrt(accuracy * (1 - accuracy) / n)."""
        return np.asarray(np.sqrt(self.accuracy * (1 - self.accuracy) / self.n))

    def __repr__(self) -> str:
        """Return one line for each number of pixels."""
        rows = zip(self.pixels, self.accuracy, self.standard_error, strict=True)
        lines = [f"{count:>6} {rate:>7.1%} ± {error:.1%}".replace("%", " %") for count, rate, error in rows]
        return "\n".join([f"pixels changed ({self.order}), accuracy, n={self.n}", *lines])


def fooling_curve(
    model: nn.Module,
    split: Split | Iterable[Batch],
    pixels: Sequence[int] = (0, 1, 2, 4, 8, 16, 32, 64),
    order: str = "random",
    seed: int = 0,
    batch_size: int = 250,
) -> FoolingCurve:
    """Measure the accuracy while more and more pixels of each image are changed.

    Each image has one order of its pixels, and the first so many of them are changed: what was changed once
    stays changed. Each channel of a changed pixel jumps to the darkest or the brightest value of the split.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N, classes). It is left as it was.
    split : Split, or an iterable of (x, y) batches
    pixels : sequence of int, 0 to H * W
        With 0, the curve begins with the accuracy on the unchanged images.
    order : "random" or "gradient"
        "random": any pixel; each channel jumps to the end that is farther from it. "gradient": first the
        pixel for which the gradient promises the largest rise of the loss; each channel jumps to the end
        that it promises it for. The gradient is that of the unchanged image.
    seed : int, at least 0
        For "random": the same seed changes the same pixels, whatever the batch size.
    batch_size : int, in images

    Returns
    -------
    FoolingCurve

    Raises
    ------
    ArgumentError
        More pixels than an image has; an unknown `order`; a label that is no class.
    ShapeError
        Images that the model does not take, or that are no (N, C, H, W).

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> x = torch.randn(8, 1, 2, 2)
    >>> fooling_curve(model, [(x, model(x).argmax(1))], pixels=[0, 4], order="gradient").accuracy.tolist()
    [1.0, 0.0]
    """
    require_module("fooling_curve", model)
    require_known("fooling_curve", "order", order, ORDERS)
    rng = np.random.default_rng(require_whole("fooling_curve", "seed", seed, 0))
    batch_size = require_whole("fooling_curve", "batch_size", batch_size, 1)
    batches = [(matching(model, x), y) for x, y in batches_of(split, batch_size)]
    counts = _require_pixels(pixels, batches)
    low = torch.stack([x.amin(dim=(0, 2, 3)) for x, _ in batches]).amin(dim=0)[:, None, None]
    high = torch.stack([x.amax(dim=(0, 2, 3)) for x, _ in batches]).amax(dim=0)[:, None, None]
    right, n = np.zeros(len(counts)), 0
    with evaluation_mode(model):
        for x, y in batches:
            y = y.to(x.device)
            class_scores("fooling_curve", forward("fooling_curve", model, x), y, "split")
            if order == "random":
                place, changed = _at_random(x, low, high, rng)
            else:
                place, changed = _by_gradient(model, x, y, low, high)
            for i, count in enumerate(counts):
                answer = model(torch.where(place < count, changed, x)).argmax(dim=1)
                right[i] += int((answer == y).sum())
            n += len(y)
    return FoolingCurve(counts, right / n, n, order)


def _at_random(x: Tensor, low: Tensor, high: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return each pixel's place in the order, (N, 1, H, W), and the image with all pixels changed."""
    N, _, H, W = x.shape
    order = np.stack([rng.permutation(H * W) for _ in range(N)])  # a permutation's inverse is as random
    changed = torch.where(x - low > high - x, low, high)
    return torch.from_numpy(order.reshape(N, 1, H, W)).to(x.device), changed


def _by_gradient(model: nn.Module, x: Tensor, y: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same, the pixel that promises the largest rise of the loss first."""
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        loss = functional.cross_entropy(model(x), y, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
    x = x.detach()
    changed = torch.where(gradient > 0, high, low)
    rise = (gradient * (changed - x)).sum(dim=1).flatten(1)  # (N, H * W)
    order = rise.argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1).reshape(len(x), 1, *x.shape[2:]), changed


def _require_pixels(pixels: Sequence[int], batches: Sequence[Batch]) -> tuple[int, ...]:
    if not batches:
        raise ArgumentError(
            "fooling_curve: `split` is empty, expected at least 1 example. Give a larger one."
        )
    shape = tuple(batches[0][0].shape)
    if len(shape) != 4:
        raise ShapeError(
            f"fooling_curve: `split` has images of shape {shape_text(shape[1:])}, expected (C, H, W)."
            " Give images, and let the model flatten them."
        )
    counts = tuple(pixels) if isinstance(pixels, Iterable) else (pixels,)
    if not counts:
        raise ArgumentError(
            "fooling_curve: `pixels` is empty, expected at least 1 number. Write pixels=[0, 8]."
        )
    most = shape[2] * shape[3]
    return tuple(require_whole("fooling_curve", "pixels", count, 0, most) for count in counts)
