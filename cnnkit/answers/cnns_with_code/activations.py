"""ReLU against ReLU6, and whether there is anything to cut off, A4-3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, Trained, ask
from cnnkit.answers.evidence.flaws import OTHER_BUDGET, OTHER_OPTIONS, UNKNOWN_CLAIM
from cnnkit.answers.evidence.having import own
from cnnkit.layers import Layer, ReLU, ReLU6

__all__ = ["QUESTIONS", "largest_activation"]

LIMIT = 6.0
ASKED = ask.options(0, lr=0.05, batch_size=20, init="kaiming")

NOT_THE_TWIN = Flaw(
    "not-the-twin",
    "Two networks that differ in more than ReLU and ReLU6.",
    "Take one network, and exchange every ReLU() for ReLU6().",
)
NOT_MEASURED_SO = Flaw(
    "activations-misread",
    "What is said about the largest activation is not what the weights give.",
    "Measure what goes into each ReLU of the trained networks, on all validation images.",
)


def _twins(experiment: Experiment) -> Finding | None:
    """Return a finding where a network of "relu6" is not that of "relu" with ReLU6 in the place of ReLU."""
    first = experiment.groups["relu"][0].run.network
    for name, kind in (("relu", ReLU), ("relu6", ReLU6)):
        for each in experiment.groups[name]:
            network = each.run.network
            if network is None or first is None:
                return Finding(NOT_THE_TWIN, f"The layers of {each.name} are not in its log.")
            if network.layers != tuple(_with(kind, layer) for layer in first.layers):
                return Finding(NOT_THE_TWIN, f"{each.name} has other layers than {kind.__name__} explains.")
    return None


def _with(kind: type[Layer], layer: Layer) -> Layer:
    return kind() if isinstance(layer, ReLU | ReLU6) else layer


def _as_asked(experiment: Experiment) -> Finding | None:
    for each in experiment.runs:
        if "examples" not in each.config:
            return Finding(OTHER_BUDGET, f"The budget of {each.name} is not in examples, as was asked.")
    return ASKED.check(experiment)


def largest_activation(module: Any, batches: Any) -> float:
    """Return the largest number that goes into any ReLU (or ReLU6) of a torch module, over all batches.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    >>> largest_activation(model, [(torch.tensor([[1.0, 7.5, -9.0]]), torch.tensor([0]))])
    7.5
    """
    from torch import nn as torch_nn

    from cnnkit.nn.evaluate import evaluate

    largest = [float("-inf")]

    def look(part: Any, inputs: tuple[Any, ...], output: Any) -> None:
        largest[0] = max(largest[0], float(inputs[0].max()))

    kinds = (torch_nn.ReLU, torch_nn.ReLU6)
    hooks = [part.register_forward_hook(look) for part in module.modules() if isinstance(part, kinds)]
    try:
        evaluate(module, batches)
    finally:
        for hook in hooks:
            hook.remove()
    return largest[0]


def _above(experiment: Experiment) -> Finding | None:
    said = experiment.claims["above_6"].strip()
    if said not in ("yes", "no"):
        return Finding(UNKNOWN_CLAIM, f'"above_6" is {said!r}, expected "yes" or "no".')
    measured = [each for each in experiment.groups["relu"] if each.weights]
    if any(each.unmeasured for each in experiment.groups["relu"]):
        return None  # a person looks anyway
    if not measured:
        return Finding(NOT_MEASURED_SO, "Without weights nobody can measure activations.")
    largest = max(_of(each, each.weights) for each in measured)
    if said == ("yes" if largest > LIMIT else "no"):
        return None
    return Finding(
        NOT_MEASURED_SO, f'The largest activation of "relu" is {largest:.1f}, and "{said}" is said.'
    )


def _of(each: Trained, weights: Mapping[str, Any]) -> float:
    from cnnkit.nn.verification import restored

    dataset = own(each.run.stand_in or each.run.data["name"])
    return largest_activation(restored(each.run, weights), dataset.validation)


ONE_CHANGE = EvidenceQuestion(
    id="one-change",
    code="A4-3",
    variable="one_change",
    ask="The same network with ReLU and with ReLU6, three seeds each. Does any activation pass 6? Who wins?",
    data=("mnist",),
    groups=("relu", "relu6"),
    claims=("above_6", "better"),
    requirements=(
        Requirement("ReLU exchanged for ReLU6", 0.5, _twins, (NOT_THE_TWIN,)),
        ask.one_factor(0.25, "network"),
        Requirement("the options of the text", 0.25, _as_asked, (OTHER_BUDGET, OTHER_OPTIONS)),
        ask.seeds(0.5, 3),
        Requirement("the largest activation", 0.75, _above, (NOT_MEASURED_SO, UNKNOWN_CLAIM)),
        ask.verdict(0.75, "better"),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (ONE_CHANGE,)
