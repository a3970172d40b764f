"""Digits with three channels against photographs in grey: is it the channels? A4-4."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, ask, flaws
from cnnkit.answers.evidence.verdict import (
    BUDGETS,
    CONTRADICTIONS,
    NEITHER,
    contradiction,
    others_differ,
    unknown,
)
from cnnkit.layers import Conv2d, Layer, Linear

__all__ = ["QUESTIONS"]

IMAGES = ("mnist", "mnist in rgb", "cifar10", "cifar10 in grey")
PAIRS = {
    "channels": ("mnist", "mnist in rgb"),
    "colour": ("cifar10", "cifar10 in grey"),
    "easier": ("mnist in rgb", "cifar10 in grey"),
}

OTHER_IMAGES = Flaw(
    "images-exchanged",
    "A run under a name that is not that of its images.",
    "Put each run where its data belong: mnist, mnist.rgb(), cifar, cifar.grey().",
)
OTHER_LAYERS = Flaw(
    "layers-differ",
    "Networks that differ in more than the channels and the size of their images.",
    "Use one function that makes the network for any input shape.",
)


def _own_images(experiment: Experiment) -> Finding | None:
    for name, group in experiment.groups.items():
        for each in group:
            if each.run.data["name"] != name:
                return Finding(OTHER_IMAGES, f"{each.name} was trained on {each.run.data['name']}.")
    return None


def _same_layers(experiment: Experiment) -> Finding | None:
    known: list[Layer] | None = None
    for each in experiment.runs:
        if each.run.network is None:
            return Finding(OTHER_LAYERS, f"The layers of {each.name} are not in its log.")
        shape = [_sizeless(layer, place == 0) for place, layer in enumerate(each.run.network.layers)]
        if known is None:
            known = shape
        elif shape != known:
            return Finding(OTHER_LAYERS, f"{each.name} has other layers than the first run.")
    return None


def _sizeless(layer: Layer, first: bool) -> Layer:
    """Return a layer without what the size of the images decides."""
    if first and isinstance(layer, Conv2d):
        return replace(layer, in_channels=1)
    return replace(layer, in_features=1) if isinstance(layer, Linear) else layer


def _gap(experiment: Experiment, first: str, second: str) -> tuple[float, float]:
    """Return the difference of two groups' accuracies and its standard error, on images of their own."""
    from cnnkit.nn.comparison import Group

    one, other = (
        Group(name, tuple(each.evaluated for each in experiment.groups[name]), "validation")
        for name in (first, second)
    )
    return one.accuracy - other.accuracy, sqrt(one.standard_error**2 + other.standard_error**2)


def _claim(points: float, claim: str) -> Requirement:
    """Ask that `claim` names the better of its two groups, or "neither", by two standard errors."""
    pair = PAIRS[claim]

    def check(experiment: Experiment) -> Finding | None:
        said = experiment.claims[claim].strip()
        if void := unknown(claim, said, pair) or others_differ(experiment, "network", *BUDGETS):
            return void
        if any(each.metrics("validation") is None for name in pair for each in experiment.groups[name]):
            return Finding(flaws.UNFINISHED, "There are runs without a validation result.")
        gap, error = _gap(experiment, *pair)
        shown = NEITHER if abs(gap) <= 2 * error else pair[gap < 0]
        numbers = f"{pair[0]} and {pair[1]}: gap {abs(gap):.1%}, two standard errors {2 * error:.1%}."
        return contradiction(said, shown, numbers)

    return Requirement(
        f"{pair[0]} against {pair[1]}", points, check, (*CONTRADICTIONS, flaws.SEVERAL_FACTORS)
    )


CHANNELS = EvidenceQuestion(
    id="channels",
    code="A4-4a",
    variable="channels",
    ask="One network on MNIST with one and three channels, on CIFAR-10 in colour and in grey.",
    data=IMAGES,
    groups=IMAGES,
    claims=tuple(PAIRS),
    requirements=(
        Requirement("each run on the images of its name", 0.25, _own_images, (OTHER_IMAGES,)),
        Requirement("one network", 0.25, _same_layers, (OTHER_LAYERS,)),
        ask.seeds(0.25, 3),
        ask.equal_budgets(0.25),
        _claim(0.25, "channels"),
        _claim(0.25, "colour"),
        _claim(0.5, "easier"),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (CHANNELS,)
