"""Networks that learn: build, train, evaluate, and the evidence of it. The one room that needs torch.

::

    from cnnkit import data, nn, zoo
    cifar = data.load("cifar10")
    run = nn.fit(zoo.report_cnn(), cifar, epochs=2, lr=0.05, log="runs/first.jsonl")
    run.final.validation
"""

from cnnkit.nn import inspect, runlog, schedule, style, transfer
from cnnkit.nn.build import build, load_weights, weights
from cnnkit.nn.comparison import Comparison, compare
from cnnkit.nn.describe import describe
from cnnkit.nn.evaluate import Metrics, confusion_matrix, evaluate
from cnnkit.nn.initialise import initialise
from cnnkit.nn.inputs import as_input
from cnnkit.nn.live import Live
from cnnkit.nn.loop import Update
from cnnkit.nn.patience import early_stop
from cnnkit.nn.recipes import Recipe, recipe
from cnnkit.nn.run import Change, Evaluation, Final, Run
from cnnkit.nn.train import fit
from cnnkit.nn.trained import pretrained, shipped
from cnnkit.nn.verification import Verification, verify

__all__ = [
    "Change", "Comparison", "Evaluation", "Final", "Live", "Metrics", "Recipe", "Run", "Update",
    "Verification", "as_input", "build", "compare", "confusion_matrix", "describe", "early_stop",
    "evaluate", "fit", "initialise", "inspect", "load_weights", "pretrained", "recipe", "runlog",
    "schedule", "shipped", "style", "transfer", "verify", "weights",
]  # fmt: skip
