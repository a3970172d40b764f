"""What a unit really listens to: its gradient, by torch, for one model or for many random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.network import Network
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["MODELS", "Measured", "measure", "require_model"]

MODELS = 16  # random draws that "average" looks at


@dataclass(frozen=True, repr=False)
class Measured:
    """How strongly each pixel can change a unit.

    Parameters
    ----------
    map : (H, W) array of float
        The gradient's absolute value, summed over the image's channels; its sum is 1 unless it is 0.
    channel : int
        Which channel of the layer was measured.
    models : int
        Over how many random models the mean was taken; 0 for the model that was given.
    """

    map: NDArray[np.float64]
    channel: int
    models: int

    @property
    def support(self) -> tuple[slice, slice]:
        """Rows and columns that hold all pixels that can change the unit; empty where none can."""
        rows, columns = (np.flatnonzero(self.map.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return slice(0, 0), slice(0, 0)
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

    def __repr__(self) -> str:
        """Return which pixels can change the unit."""
        rows, columns = self.support
        of = f"mean of {self.models} random models" if self.models else "one model"
        return (
            f"channel {self.channel}, {of}: rows {rows.start} to {rows.stop - 1}, columns {columns.start} to"
            f" {columns.stop - 1}, {np.count_nonzero(self.map)} pixels"
        )


def require_model(called: str, model: Any, network: Network) -> None:
    """Raise unless `model` is a torch module that has the layers of `network`.

    Raises
    ------
    ArgumentError
    """
    from cnnkit.nn import describe
    from cnnkit.nn.inspect.layer import require_module

    require_module(called, model)
    try:
        found = describe(model, network.input_shape)
    except ShapeError as error:
        raise ArgumentError(
            f"{called}: `model` cannot take {shape_text(network.input_shape)}, as `network` does: {error}"
        ) from error
    if [repr(s.layer) for s in found if s.layer.weight_shapes] != [
        repr(s.layer) for s in network if s.layer.weight_shapes
    ]:
        raise ArgumentError(
            f"{called}: `model` has other layers than `network`, expected the same. Give the network that it"
            " was built from: nn.describe(model, input_shape)."
        )


def measure(
    network: Network,
    x: NDArray[np.float32],
    layer: str,
    unit: Sequence[int],
    *,
    model: nn.Module | None = None,
    channel: int | None = None,
    instance_norm: bool = False,
    models: int = 0,
) -> Measured:
    """Measure which pixels of an image can change a unit, and how strongly.

    Parameters
    ----------
    network : Network
    x : (C, H, W) array of float
        As the model takes it.
    layer : str
    unit : (row, column)
    model : torch module, optional
        One with random weights unless given.
    channel : int, optional
        The strongest at this place unless given.
    instance_norm : bool
        Put an instance normalisation behind each convolution.
    models : int
        If above 0: the mean over so many random models instead.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> image = np.random.default_rng(0).normal(size=(3, 32, 32)).astype(np.float32)
    >>> measure(zoo.cs7011(), image, "conv4", (4, 0), channel=0).support
    (slice(5, 31, None), slice(0, 15, None))
    """
    from cnnkit.nn import build
    from cnnkit.nn.describe import trace
    from cnnkit.nn.evaluate import evaluation_mode

    names = [stage.name for stage in network]
    upto = names.index(layer) + 1
    if model is not None and not models:
        with evaluation_mode(model):
            parts = [part for _, part in trace(model, network.input_shape)][:upto]
            return Measured(*_gradient(parts, x, unit, channel, instance_norm), models=0)
    front = Network(network.input_shape, [(s.name, s.layer) for s in network][:upto])
    total, chosen = np.zeros(x.shape[1:]), 0
    for seed in range(models or 1):
        one = build(front, seed=seed).eval()
        slopes, chosen = _gradient(list(one.children()), x, unit, channel, instance_norm)
        total += slopes
    return Measured(total / (total.sum() or 1), chosen, models)


def _gradient(
    parts: Sequence[nn.Module],
    x: NDArray[np.float32],
    unit: Sequence[int],
    channel: int | None,
    instance_norm: bool,
) -> tuple[NDArray[np.float64], int]:
    import torch
    from torch import nn as layers

    weights = next((weight for part in parts for weight in part.parameters()), None)
    image = torch.from_numpy(x)[None].to(weights) if weights is not None else torch.from_numpy(x)[None]
    image = image.clone().requires_grad_(True)
    with torch.enable_grad():
        y: Tensor = image
        for part in parts:
            y = part(y)
            if instance_norm and isinstance(part, layers.Conv2d):
                y = layers.functional.instance_norm(y)
        values = y[0, :, unit[0], unit[1]] if y.ndim == 4 else y[0]
        chosen = int(values.argmax()) if channel is None else min(channel, len(values) - 1)
        (slope,) = torch.autograd.grad(values[chosen], image)
    map = slope[0].abs().sum(dim=0).double().cpu().numpy()
    return map / (map.sum() or 1), chosen
