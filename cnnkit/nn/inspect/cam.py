"""Grad-CAM: where in a layer a class is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from cnnkit.errors import ArgumentError
from cnnkit.nn.evaluate import evaluation_mode, require_tensor
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.guided import AT_ONCE
from cnnkit.nn.inspect.images import Images, prepared
from cnnkit.nn.inspect.layer import find_layer, output_of, watched
from cnnkit.nn.inspect.unit import Target, class_scores, part_of
from cnnkit.shapes import shape_text

__all__ = ["grad_cam"]


def grad_cam(
    model: nn.Module, images: Images, layer: str, target: Target = None, upsample: bool = False
) -> NDArray[Any]:
    """Return a map of where a layer sees what speaks for a class.

    Each channel of the layer counts by the mean of its gradient; what is negative in the sum is cut off.

    Parameters
    ----------
    model : torch.nn.Module
        It is left as it was: its hooks, its modes, its gradients.
    images : Split, or (N, C, H, W) array or tensor, normalised as the split's loader does
    layer : str
        A layer with channels and places: the last convolution, mostly.
    target : int, N ints, or None
        The class, or one for each image; None takes what the model itself answers.
    upsample : bool
        Whether to enlarge the map to the size of the images (bilinear), in order to lay it over them.

    Returns
    -------
    (N, H', W') array of float, at least 0; (N, H, W) with `upsample`

    Raises
    ------
    ArgumentError
        No such layer, or one behind the Flatten; no such class; images that are not normalised.
    ShapeError
        As `saliency`.

    Notes
    -----
    As ``captum.attr.LayerGradCam`` with ``relu_attributions=True``. Source: Selvaraju et al. (2017),
    arXiv:1610.02391.

    Examples
    --------
    >>> from cnnkit import nn, zoo
    >>> grad_cam(nn.build(zoo.cs7011()), torch.zeros(2, 3, 32, 32), "conv4", 3).shape
    (2, 8, 8)
    """
    part = find_layer("grad_cam", model, layer)
    x = prepared("grad_cam", model, images)
    found = []
    with evaluation_mode(model):
        for start in range(0, len(x), AT_ONCE):
            at_once = slice(start, start + AT_ONCE)
            some = x[at_once].clone().requires_grad_()
            wanted = part_of(target, len(x), at_once)
            with torch.enable_grad():
                with watched(model, part) as outputs:
                    logits = require_tensor("grad_cam", forward("grad_cam", model, some))
                maps = output_of("grad_cam", layer, outputs)  # (N, F, H', W')
                if maps.ndim != 4:
                    raise ArgumentError(
                        f"grad_cam: `layer` {layer!r} gives {shape_text(tuple(maps.shape))}, expected"
                        " (N, F, H, W). Take a convolution, or its ReLU."
                    )
                (gradient,) = torch.autograd.grad(class_scores("grad_cam", logits, wanted).sum(), maps)
            importance = gradient.mean(dim=(2, 3), keepdim=True)  # (N, F, 1, 1)
            cam = (importance * maps.detach()).sum(dim=1, keepdim=True).clamp(min=0)
            if upsample:
                cam = functional.interpolate(cam, x.shape[2:], mode="bilinear")
            found.append(cam[:, 0].cpu().numpy())
    return np.concatenate(found)
