"""The runs that the lab asks for: A3-4, and the halves of A3-5 and A3-8 that are trained."""

from __future__ import annotations

from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, ask
from cnnkit.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network

__all__ = ["QUESTIONS", "lab_network"]

EXAMPLES = 3000
SECONDS = 60


def lab_network(pooling: bool = True) -> Network:
    """Return the demo's network as the lab trains it: on whole images, the first convolution without padding.

    Examples
    --------
    >>> lab_network().ledger().total, lab_network(pooling=False).ledger().total
    (5994, 95594)
    """
    layers: list[Layer] = [Conv2d(1, 8, 5), ReLU(), MaxPool2d(2)]
    layers += [Conv2d(8, 16, 5, padding=2), ReLU(), MaxPool2d(3)]
    if not pooling:
        layers = [layer for layer in layers if not isinstance(layer, MaxPool2d)]
    features = Network((1, 28, 28), [*layers, Flatten()]).output_shape[0]
    name = "base" if pooling else "without pooling"
    return Network((1, 28, 28), [*layers, Flatten(), Linear(features, 10), Softmax()], name=name)


NOT_FILTERS = Flaw(
    "more-than-filters",
    "A variant that changes something else than filters, or not what its name says.",
    "Change `filters`, `sx` and `pad` of the two convolutions; leave the other lines as they are.",
)


def _as_named(experiment: Experiment) -> Finding | None:
    """Return a finding where a variant is not what the question asks for."""
    for name, group in experiment.groups.items():
        network = group[0].run.network
        if network is None or not _differs_in_filters(network):
            fact = f'"{name}" does not have the layers of "base" in the order of "base".'
            return Finding(NOT_FILTERS, fact)
        base, own = _filters(lab_network()), _filters(network)
        more = all(a.out_channels < b.out_channels for a, b in zip(base, own, strict=True))
        larger = all(_area(a) < _area(b) for a, b in zip(base, own, strict=True))
        if (name == "more" and not more) or (name == "larger" and not larger):
            what = "more filters" if name == "more" else "larger kernels"
            return Finding(NOT_FILTERS, f'"{name}" does not have {what} in both convolutions.')
    return None


def _differs_in_filters(network: Network) -> bool:
    base = lab_network()
    return [layer.kind for layer in network.layers] == [layer.kind for layer in base.layers] and all(
        theirs == ours
        for ours, theirs in zip(base.layers, network.layers, strict=True)
        if isinstance(ours, MaxPool2d)
    )


def _filters(network: Network) -> list[Conv2d]:
    return [layer for layer in network.layers if isinstance(layer, Conv2d)]


def _area(layer: Conv2d) -> int:
    kernel = layer.kernel_size
    return kernel * kernel if isinstance(kernel, int) else kernel[0] * kernel[1]


VARIANTS = EvidenceQuestion(
    id="filter-variants",
    code="A3-4",
    variable="filter_runs",
    ask="Three variants of the filters and the plain network, three seeds each. Is one better than all?",
    data=("mnist",),
    groups=("base", "more", "larger", "own"),
    claims=("best",),
    requirements=(
        Requirement("variants of the filters alone", 1, _as_named, (NOT_FILTERS,)),
        ask.seeds(1, 3),
        ask.equal_budgets(0.5, examples=EXAMPLES),
        ask.one_factor(0.5, "network"),
        ask.verdict(1, "best"),
    ),
)

POOLING = EvidenceQuestion(
    id="pooling-runs",
    code="A3-5b",
    variable="pooling_runs",
    ask="The network with and without pooling, three seeds each. Is one of the two better?",
    data=("mnist",),
    groups=("with", "without"),
    claims=("better",),
    requirements=(
        ask.network(0.1, lab_network(), group="with"),
        ask.network(0.1, lab_network(pooling=False), group="without"),
        ask.seeds(0.2, 3),
        ask.equal_budgets(0.1, examples=EXAMPLES),
        ask.one_factor(0.1, "network"),
        ask.verdict(0.4, "better"),
    ),
)

# 0.97 and 0.99 are goals; an honest run that has learnt loses nothing for staying below them.
BEST = EvidenceQuestion(
    id="best-run",
    code="A3-8b",
    variable="best_run",
    ask="The best network that 60 CPU seconds can train, measured again.",
    data=("mnist",),
    requirements=(ask.within_seconds(1, SECONDS), ask.reaches(1, 0.9)),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (VARIANTS, POOLING, BEST)
