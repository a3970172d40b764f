"""Style transfer: the content of one picture in the manner of another, and filters applied again and again.

::

    from cnnkit import data, nn, plot
    china, waves = data.photograph("china"), data.painting("waves")
    made = nn.style.transfer(china, waves, steps=100)      # by optimisation
    plot.images([china, waves, made.image])
    nn.style.ring(nn.style.box_blur(3), times=5)           # what zeros around a picture do to it

Pictures are arrays (3, H, W) of uint8, or of floats from 0 to 1; what comes back is of the kind that was
given. Losses take torch tensors, so that gradients pass through them.
"""

from cnnkit.nn.style.activity import features
from cnnkit.nn.style.filters import box_blur, compose, convolution
from cnnkit.nn.style.grams import gram
from cnnkit.nn.style.losses import content_loss, style_loss, total_variation
from cnnkit.nn.style.networks import LossNetwork, loss_network
from cnnkit.nn.style.objective import Losses
from cnnkit.nn.style.optimisation import Step, Transfer, transfer
from cnnkit.nn.style.painters import pretrained, shipped, stylise, verify
from cnnkit.nn.style.records import StyleRun, read
from cnnkit.nn.style.repetition import Ring, order_gap, repeat, ring
from cnnkit.nn.style.training import fit_style
from cnnkit.nn.style.transform import TransformNetwork

__all__ = [
    "LossNetwork", "Losses", "Ring", "Step", "StyleRun", "Transfer", "TransformNetwork", "box_blur",
    "compose", "content_loss", "convolution", "features", "fit_style", "gram", "loss_network", "order_gap",
    "pretrained", "read", "repeat", "ring", "shipped", "style_loss", "stylise", "total_variation", "transfer",
    "verify",
]  # fmt: skip
