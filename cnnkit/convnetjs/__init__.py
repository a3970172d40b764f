"""ConvNetJS in numpy: the demo's networks, read from its text, trained as it trains, saved as it saves.

::

    defs         parse_layer_defs, parse_trainer, format_layer_defs     the demo's text; nothing is run
    description  network_of, layer_defs_of      to a cnnkit.Network and back
    net          Net                            forward and backward, a batch at a time, in float64
    trainer      Trainer                        sgd, nesterov, adagrad, windowgrad, adadelta
    snapshot     load_snapshot, save_snapshot   ConvNetJS's JSON, both ways
    augment      augment                        the demo's random crops
    draws        MathRandom                     JavaScript's Math.random from a seed

Where ConvNetJS does something that nobody else does (dropout at test time, decay divided by the batch, crops
that never reach the last row), this does it too, and says so where it stands. Where ConvNetJS goes on
silently (an unknown trainer, an option with a slip in it, a layer of -1x-1), this stops with an error.

Source: Andrej Karpathy's ConvNetJS, https://github.com/karpathy/convnetjs, MIT; release 0.3.0 of npm is the
oracle of the tests.
"""

from cnnkit.convnetjs.augment import augment
from cnnkit.convnetjs.defs import format_layer_defs, parse_layer_defs, parse_trainer
from cnnkit.convnetjs.description import layer_defs_of, network_of
from cnnkit.convnetjs.draws import MathRandom
from cnnkit.convnetjs.net import Net
from cnnkit.convnetjs.options import TrainerOptions
from cnnkit.convnetjs.snapshot import load_snapshot, save_snapshot, snapshot
from cnnkit.convnetjs.trainer import Trained, Trainer

__all__ = [
    "MathRandom",
    "Net",
    "Trained",
    "Trainer",
    "TrainerOptions",
    "augment",
    "format_layer_defs",
    "layer_defs_of",
    "load_snapshot",
    "network_of",
    "parse_layer_defs",
    "parse_trainer",
    "save_snapshot",
    "snapshot",
]
