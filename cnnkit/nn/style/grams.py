"""Gram matrices: which channels of a layer are active together, wherever that is."""

from __future__ import annotations

from torch import Tensor

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import shape_text

__all__ = ["gram", "require_maps"]


def gram(features: Tensor) -> Tensor:
    """Return the Gram matrix of feature maps: the mean product of each two channels, over all places.

    ``gram[n, i, j] = sum over h, w of features[n, i, h, w] * features[n, j, h, w] / (C * H * W)``

    Parameters
    ----------
    features : (N, C, H, W) tensor of float, or (C, H, W) of one image
        What a layer makes of images. Gradients pass through.

    Returns
    -------
    (N, C, C) tensor, or (C, C); symmetric, and it knows nothing of places

    Raises
    ------
    ShapeError
        Not three or four axes, or an empty one.
    ArgumentError
        `features` is no tensor of floats.

    Notes
    -----
    Divided by C * H * W, so that neither the size of the picture nor the width of the layer counts. Source:
    J. Johnson, A. Alahi, L. Fei-Fei (2016), arXiv:1603.08155. Gatys, Ecker and Bethge (2015),
    arXiv:1508.06576, divide by nothing here and by (2 * C * H * W)² in their loss.

    Examples
    --------
    >>> import torch
    >>> features = torch.tensor([[[1.0, 2.0]], [[3.0, 0.0]]])
    >>> gram(features)
    tensor([[1.2500, 0.7500],
            [0.7500, 2.2500]])
    """
    require_maps("gram", "features", features)
    flat = features.flatten(-2)  # (N, C, H * W)
    return flat @ flat.transpose(-1, -2) / (flat.shape[-2] * flat.shape[-1])


def require_maps(function: str, argument: str, value: object) -> None:
    """Raise unless `value` is a tensor of feature maps."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        got = f"a tensor of {value.dtype}" if isinstance(value, Tensor) else f"of type {type(value).__name__}"
        raise ArgumentError(
            f"{function}: `{argument}` is {got}, expected a torch tensor of floats."
            " Convert it: torch.as_tensor(x).float()."
        )
    if value.ndim not in (3, 4) or 0 in value.shape:
        raise ShapeError(
            f"{function}: `{argument}` has shape {shape_text(tuple(value.shape))}, expected (C, H, W) or"
            " (N, C, H, W), none of them 0. Take the output of a layer before the Flatten."
        )
