"""One to four convolutions at equal CPU time, A4-5."""

from __future__ import annotations

from collections.abc import Callable

from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, ask, flaws
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.wording import EACH_CHANNEL
from cnnkit.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

__all__ = ["QUESTIONS", "deep"]

DEPTHS = (1, 2, 3, 4)


def deep(depth: int) -> Network:
    """Return the notebook's network with so many convolutions of 16 filters, each with ReLU and pooling.

    Examples
    --------
    >>> [deep(depth).ledger().total for depth in (1, 2, 3, 4)]
    [41418, 13018, 7658, 8058]
    """
    layers: list[Layer] = []
    for place in range(depth):
        layers += [Conv2d(16 if place else 3, 16, 3, padding=1), ReLU(), MaxPool2d(2)]
    features = Network((3, 32, 32), [*layers, Flatten()]).output_shape[0]
    return Network((3, 32, 32), [*layers, Flatten(), Linear(features, 10)], name=f"{depth} convolutions")


def _parameters(
    conv: tuple[int, int] = (448, 2320),
    bias: int = 1,
    side: Callable[[int], int] = lambda depth: 32 >> depth,
    maps: int = 16,
) -> dict[str, int]:
    """Return the totals of someone who counts so much for the first and for each further convolution."""
    return {
        str(depth): conv[0] + (depth - 1) * conv[1] + maps * side(depth) ** 2 * 10 + 10 * bias
        for depth in DEPTHS
    }


def _shrunk(depth: int) -> int:
    """Return the side of the maps of someone who forgets the padding."""
    side = 32
    for _ in range(depth):
        side = (side - 2) // 2
    return side


PARAMETERS = Question(
    id="depth-parameters",
    code="A4-5a",
    points=1,
    variable="depth_parameters",
    ask="How many parameters have the networks with one to four convolutions?",
    method=lambda: {str(depth): deep(depth).ledger().total for depth in DEPTHS},
    mistakes=(
        Mistake(
            "fc-unchanged",
            "the last layer is thought to stay as it is at every depth",
            "Each pooling quarters what the last layer reads.",
            lambda: _parameters(side=lambda depth: 16),
        ),
        Mistake(
            "no-pooling",
            "the poolings are forgotten",
            "Each pooling halves height and width before the last layer reads them.",
            lambda: _parameters(side=lambda depth: 32),
        ),
        Mistake(
            "channels-forgotten",
            "the input channels of the convolutions are left out",
            EACH_CHANNEL,
            lambda: _parameters((160, 160)),
        ),
        Mistake(
            "always-three-channels",
            "each convolution is thought to read three channels",
            "Only the first one reads the image; the others read 16 maps.",
            lambda: _parameters((448, 448)),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            lambda: _parameters((432, 2304), bias=0),
        ),
        Mistake(
            "maps-forgotten",
            "one map is flattened instead of 16",
            "All maps are flattened: channels × height × width.",
            lambda: _parameters(maps=1),
        ),
        Mistake(
            "padding-forgotten",
            "the convolutions are thought to shrink their maps",
            "3×3 with padding 1 keeps the size; only pooling halves it.",
            lambda: _parameters(side=_shrunk),
        ),
    ),
)


OTHER_DEPTH = Flaw(
    "other-depth",
    "A network with another number of convolutions than its name says.",
    "Train deep(1), deep(2), deep(3) and deep(4).",
)
NOT_SECONDS = Flaw(
    "budget-not-in-seconds",
    "Depths that are compared at equal examples, where a deeper network costs more for each.",
    "Give every run the same CPU time: fit(..., seconds=...).",
)


def _depths(experiment: Experiment) -> Finding | None:
    for name, group in experiment.groups.items():
        for each in group:
            network = each.run.network
            found = 0 if network is None else sum(isinstance(layer, Conv2d) for layer in network.layers)
            if str(found) != name:
                return Finding(OTHER_DEPTH, f"{each.name} has {found} convolutions.")
    return None


def _equal_seconds(experiment: Experiment) -> Finding | None:
    if any("seconds" not in each.config for each in experiment.runs):
        return Finding(NOT_SECONDS, "There are runs whose budget is not in seconds.")
    budgets = {float(each.config["seconds"]) for each in experiment.runs}
    if len(budgets) > 1:
        told = " and ".join(f"{seconds:g}" for seconds in sorted(budgets))
        return Finding(flaws.UNEQUAL_BUDGETS, f"The budgets are {told} CPU seconds.")
    return None


RUNS = EvidenceQuestion(
    id="depth-runs",
    code="A4-5b",
    variable="depth_runs",
    ask="One to four convolutions, three seeds each, at equal CPU time. Is one depth better than all others?",
    data=("cifar10",),
    groups=tuple(map(str, DEPTHS)),
    claims=("best",),
    requirements=(
        Requirement("one to four convolutions", 0.5, _depths, (OTHER_DEPTH,)),
        Requirement("equal CPU seconds", 0.5, _equal_seconds, (NOT_SECONDS, flaws.UNEQUAL_BUDGETS)),
        ask.seeds(0.5, 3),
        ask.verdict(0.5, "best", factor="network"),
    ),
)

QUESTIONS: tuple[Question | EvidenceQuestion, ...] = (PARAMETERS, RUNS)
