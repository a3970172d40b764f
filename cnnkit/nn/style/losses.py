"""What a picture shall have in common with two others, as losses: content, style, and calm."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from cnnkit.errors import ShapeError
from cnnkit.nn.style.grams import gram, require_maps
from cnnkit.shapes import shape_text

__all__ = ["content_loss", "gram_loss", "style_loss", "total_variation"]


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return how far the feature maps of a picture are from those of the content: their mean squared error.

    Parameters
    ----------
    features, target : (N, C, H, W) tensors of float, or (C, H, W), of the same shape
        What one layer makes of the picture, and of the content. Gradients pass through.

    Returns
    -------
    tensor of one number: ``((features - target) ** 2).mean()``

    Raises
    ------
    ShapeError
        Other shapes, so that places cannot be compared.

    Notes
    -----
    As Johnson et al. (2016), arXiv:1603.08155: divided by C * H * W. Gatys et al. have half the sum.

    Examples
    --------
    >>> import torch
    >>> content_loss(torch.zeros(1, 2, 2), torch.tensor([[[1.0, 2.0], [3.0, 0.0]]]))
    tensor(3.5000)
    """
    require_maps("content_loss", "features", features)
    require_maps("content_loss", "target", target)
    if features.shape[-3:] != target.shape[-3:]:
        raise ShapeError(
            f"content_loss: `features` has shape {shape_text(tuple(features.shape))}, `target`"
            f" {shape_text(tuple(target.shape))}, expected the same: content is compared place by place."
            " Give pictures of the same size, and the same layer."
        )
    return functional.mse_loss(features, target.expand_as(features))


def style_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return how far the Gram matrix of a picture is from that of the style: the sum of squared differences.

    Parameters
    ----------
    features, target : (N, C, H, W) tensors of float, or (C, H, W)
        What one layer makes of the picture, and of the style. Their sizes may differ, their channels not.

    Returns
    -------
    tensor of one number: ``((gram(features) - gram(target)) ** 2).sum()``, the mean over the N images

    Raises
    ------
    ShapeError
        Other numbers of channels.

    Notes
    -----
    The squared Frobenius norm, as Johnson et al. (2016), arXiv:1603.08155.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> maps = torch.rand(3, 4, 4)
    >>> moved = maps.roll((1, 2), dims=(1, 2))
    >>> bool(style_loss(moved, maps) < 1e-12), bool(content_loss(moved, maps) > 0.1)
    (True, True)
    """
    require_maps("style_loss", "features", features)
    require_maps("style_loss", "target", target)
    if features.shape[-3] != target.shape[-3]:
        raise ShapeError(
            f"style_loss: `features` has {features.shape[-3]} channels, `target` has {target.shape[-3]},"
            " expected the same number. Take both from the same layer."
        )
    return gram_loss(gram(features), gram(target))


def gram_loss(ours: Tensor, target: Tensor) -> Tensor:
    """Return the sum of squared differences of Gram matrices, the mean over the images."""
    return (ours - target).square().sum(dim=(-2, -1)).mean()


def total_variation(image: Tensor) -> Tensor:
    """Return how restless a picture is: the mean squared difference of neighbouring pixels.

    Parameters
    ----------
    image : (N, C, H, W) tensor of float, or (C, H, W); at least 2 × 2 pixels

    Returns
    -------
    tensor of one number
        The mean over vertical neighbours plus the mean over horizontal ones.

    Raises
    ------
    ShapeError
        Fewer than two rows or columns.

    Examples
    --------
    >>> import torch
    >>> total_variation(torch.tensor([[[0.0, 1.0], [0.0, 1.0]]]))
    tensor(1.)
    """
    require_maps("total_variation", "image", image)
    if min(image.shape[-2:]) < 2:
        raise ShapeError(
            f"total_variation: `image` has shape {shape_text(tuple(image.shape))}, expected at least 2 rows"
            " and 2 columns. Give a picture, not a line."
        )
    down = image[..., 1:, :] - image[..., :-1, :]
    across = image[..., 1:] - image[..., :-1]
    return down.square().mean() + across.square().mean()
