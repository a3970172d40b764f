"""Recipes: a network and the way to train it, for a budget of CPU seconds on 32x32 colour images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network
from cnnkit.nn.names import require_number
from cnnkit.nn.run import Run
from cnnkit.nn.sources import Dataset
from cnnkit.nn.train import fit

__all__ = ["Recipe", "recipe", "stem_network"]


@dataclass(frozen=True)
class Recipe:
    """A network, a budget, and the options of `fit` that go with them."""

    network: Network
    seconds: float
    options: dict[str, Any] = field(default_factory=dict)

    def fit(self, dataset: Dataset, **others: Any) -> Run:
        """Train it; `others` are further options of `fit`, such as `seed` and `log`."""
        return fit(self.network, dataset, seconds=self.seconds, **self.options | others)


def stem_network(widths: tuple[int, int, int, int] = (32, 32, 64, 128), classes: int = 10) -> Network:
    """Return a small network for (3, 32, 32) that spends its multiplications where they tell most.

    Parameters
    ----------
    widths : four ints, the channels of the four convolutions
    classes : int

    Notes
    -----
    The first convolution is 6x6 with stride 2: a 3x3 convolution over the image folded from (3, 32, 32) to
    (12, 16, 16), written as one layer. It sees every pixel at a quarter of the cost of starting at full
    size. Batch normalisation after each convolution makes their biases superfluous.

    Examples
    --------
    >>> ledger = stem_network().ledger()
    >>> ledger.trainable, ledger.multiply_adds
    (106634, 5604608)
    """
    stem, *rest = widths
    layers: list[Layer] = [Conv2d(3, stem, 6, stride=2, padding=2, bias=False), BatchNorm2d(stem), ReLU()]
    before = stem
    for place, width in enumerate(rest):
        layers += [Conv2d(before, width, 3, padding=1, bias=False), BatchNorm2d(width), ReLU()]
        layers += [MaxPool2d(2 if place < 2 else 4)]
        before = width
    return Network((3, 32, 32), [*layers, Flatten(), Linear(before, classes)], name="stem_network")


def recipe(seconds: float) -> Recipe:
    """Return a network and its training for a budget on CIFAR-10.

    Parameters
    ----------
    seconds : float, CPU seconds of training

    Returns
    -------
    Recipe
        SGD with Nesterov momentum and weight decay, a one-cycle rate, label smoothing, mirrored images. A
        longer budget gets a wider network: a narrow one sees more images, a wide one learns more from each.

    Raises
    ------
    ArgumentError
        `seconds` is no positive number.

    Examples
    --------
    >>> plan = recipe(20)
    >>> plan.network.name, plan.network.ledger().trainable, plan.options["batch_size"]
    ('stem_network', 106634, 128)
    >>> recipe(600).network.ledger().trainable
    394058
    """
    require_number("recipe", "seconds", seconds, 0, above=True)
    widths = next(widths for most, widths in WIDTHS if seconds <= most)
    return Recipe(stem_network(widths), float(seconds), dict(OPTIONS))


# Up to how many seconds which widths. One seed each, validation accuracy after 60 CPU seconds on one thread
# of a busy machine: about 78 %, 78 % and 75 %. Above 60 seconds this table is a guess until it is measured.
WIDTHS: tuple[tuple[float, tuple[int, int, int, int]], ...] = (
    (60, (32, 32, 64, 128)),
    (300, (32, 48, 96, 192)),
    (float("inf"), (32, 64, 128, 256)),
)
OPTIONS: dict[str, Any] = {
    "batch_size": 128,
    "optimizer": "sgd",
    "lr": 0.2,
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 5e-4,
    "schedule": {"name": "one_cycle", "peak": 0.25, "start": 0.1, "end": 0.0},
    "label_smoothing": 0.1,
    "augment": "flip",
    "monitor": "accuracy",
}
