"""Looking inside a network: what its filters are, what its layers make of images, what its neurons fire for.

::

    from cnnkit import data, nn, plot
    digits = data.load("digits")
    nn.inspect.activations(model, digits.test, "conv1")
    top = nn.inspect.top_patches(model, digits.test, "conv2", unit=3)
    plot.images(top.images, boxes=top.boxes)

Nothing here changes a model: hooks are removed, modes restored, and no gradient is left behind. The
confusion matrix is `cnnkit.nn.confusion_matrix`.
"""

from cnnkit.filters import normalised
from cnnkit.nn.inspect.activations import activations
from cnnkit.nn.inspect.cam import grad_cam
from cnnkit.nn.inspect.fooling import FoolingCurve, fooling_curve
from cnnkit.nn.inspect.grid import filter_grid
from cnnkit.nn.inspect.guided import deconvnet, guided_backprop, saliency
from cnnkit.nn.inspect.patches import TopPatches, top_patches
from cnnkit.nn.inspect.signals import Signal, signals

__all__ = [
    "FoolingCurve", "Signal", "TopPatches", "activations", "deconvnet", "filter_grid", "fooling_curve",
    "grad_cam", "guided_backprop", "normalised", "saliency", "signals", "top_patches",
]  # fmt: skip
