"""Networks that learn: build, train, evaluate, and the evidence of it. The one room that needs torch.

::

    from cnnkit import data, nn, zoo
    cifar = data.load("cifar10")
    run = nn.fit(zoo.report_cnn(), cifar, epochs=2, lr=0.05, log="runs/first.jsonl")
    run.final.validation
"""

from cnnkit.nn.build import build, load_weights, weights
from cnnkit.nn.describe import describe
from cnnkit.nn.evaluate import Metrics, confusion_matrix, evaluate
from cnnkit.nn.initialise import initialise

__all__ = [
    "Metrics",
    "build",
    "confusion_matrix",
    "describe",
    "evaluate",
    "initialise",
    "load_weights",
    "weights",
]
