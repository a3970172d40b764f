"""Trained further or from the beginning, with few images: what a network's features are worth, A7-2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.evidence import (
    EvidenceQuestion,
    Experiment,
    Finding,
    Flaw,
    Requirement,
    Trained,
    ask,
    flaws,
)
from cnnkit.answers.evidence.verdict import CONTRADICTIONS, NEITHER, contradiction, others_differ, unknown
from cnnkit.errors import ArgumentError
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

if TYPE_CHECKING:
    from cnnkit.nn.run import Run

__all__ = ["EXAMPLES", "IMAGES", "PAIRS", "QUESTIONS", "TAKING_OVER", "alike", "five_classes"]

IMAGES = 250
EXAMPLES = 1500
ALIKE = 0.5  # cosine between the filters of two first layers; of unrelated ones it is near 0


def five_classes() -> Network:
    """Return the description of ``nn.pretrained("five_classes")``.

    Examples
    --------
    >>> five_classes().ledger().trainable
    103717
    """
    layers: list[Layer] = []
    for before, width in ((3, 32), (32, 64), (64, 128)):
        layers += [Conv2d(before, width, 3, padding=1, bias=False), BatchNorm2d(width), ReLU(), MaxPool2d(2)]
    return Network((3, 32, 32), [*layers, Flatten(), Linear(128 * 4 * 4, 5)], name="five_classes")


OTHER_IMAGES = Flaw(
    "other-images",
    "Runs with another number of training images, or with other ones, than were asked for.",
    "Train all of them on `few`, as it was given.",
)
FEATURES_MOVED = Flaw(
    "features-moved",
    "Filters that were trained although they should be frozen.",
    "Freeze before you train: nn.transfer.freeze(model, but='fc').",
)
STATISTICS_MOVED = Flaw(
    "statistics-moved",
    "Frozen filters, and running means and variances that moved on.",
    "requires_grad = False does not stop them: nn.transfer.freeze does.",
)
NOT_TAKEN_OVER = Flaw(
    "not-taken-over",
    "A network that should begin with the trained filters, and has others.",
    "Begin with nn.pretrained('five_classes').model, anew for each run, and leave `init` out.",
)
NOT_TUNED = Flaw(
    "not-tuned",
    "Filters that are exactly the old ones, although they should be trained further.",
    "Do not freeze this model.",
)
NOT_FROM_SCRATCH = Flaw(
    "not-from-scratch",
    "A network that should begin with drawn weights, and has the trained filters.",
    "Give nn.fit the network, not the model: nn.fit(network, few, seed=seed).",
)


def _the_images(experiment: Experiment) -> Finding | None:
    known: Any = None
    for each in experiment.runs:
        train = each.run.data["train"]
        if train["n"] != IMAGES:
            return Finding(OTHER_IMAGES, f"{each.name} had {train['n']:,} images, asked was {IMAGES}.")
        known = known or train["hash"]
        if train["hash"] != known:
            return Finding(OTHER_IMAGES, f"{each.name} had other images than the first run.")
    return None


def alike(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the cosine of the angle between two arrays of one shape, as vectors.

    Examples
    --------
    >>> alike(np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]]))
    1.0
    """
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return round(float(np.vdot(one, other)) / length, 12) if length else 0.0


@cache
def _shipped() -> dict[str, NDArray[Any]]:
    from cnnkit.nn.state import load_arrays
    from cnnkit.nn.trained import pretrained

    run = pretrained("five_classes")
    assert run.weights is not None
    arrays = load_arrays(run.weights)
    return dict(_features(run, arrays))


def _features(run: Run, arrays: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield all that a network has learnt before its last layer, under names of the kit's own."""
    places = {"Conv2d": 0, "BatchNorm2d": 0}
    for path, stage in zip(run.paths, run.network or (), strict=True):
        kind = type(stage.layer).__name__
        if kind in places:
            places[kind] += 1
            for leaf in ("weight", "running_mean", "running_var", "bias"):
                if f"{path}.{leaf}" in arrays:
                    yield f"{kind} {places[kind]}, {leaf}", np.asarray(arrays[f"{path}.{leaf}"])


def _moved(each: Trained) -> tuple[list[str], float] | None:
    """Return which features are not the shipped ones, and how alike the first filters are, if it is known."""
    found = dict(_features(each.run, each.weights)) if each.weights else {}
    shipped = _shipped()
    if not found or any(found[n].shape != shipped[n].shape for n in shipped if n in found):
        return None
    if found.keys() != shipped.keys():
        return None
    first = "Conv2d 1, weight"
    moved = [name for name, value in shipped.items() if not np.array_equal(found[name], value)]
    return moved, alike(found[first], shipped[first])


def _is_frozen(experiment: Experiment) -> Finding | None:
    for each, moved, likeness in _known(experiment.groups["frozen"]):
        if likeness < ALIKE:
            return Finding(NOT_TAKEN_OVER, f"The filters of {each.name} are not those of five_classes.")
        weights = [name for name in moved if "running" not in name]
        if weights:
            return Finding(FEATURES_MOVED, f"In {each.name} these have moved: {'; '.join(weights[:2])}.")
        if moved:
            return Finding(STATISTICS_MOVED, f"In {each.name} these have moved: {'; '.join(moved[:2])}.")
    return None


def _is_tuned(experiment: Experiment) -> Finding | None:
    for each, moved, likeness in _known(experiment.groups["fine-tuned"]):
        if likeness < ALIKE:
            return Finding(NOT_TAKEN_OVER, f"The filters of {each.name} are not those of five_classes.")
        if not any("Conv2d" in name for name in moved):
            return Finding(NOT_TUNED, f"In {each.name} no filter has moved.")
    return None


def _is_from_scratch(experiment: Experiment) -> Finding | None:
    for each, _, likeness in _known(experiment.groups["scratch"]):
        if likeness >= ALIKE:
            return Finding(NOT_FROM_SCRATCH, f"The filters of {each.name} are those of five_classes.")
    return None


def _known(group: Sequence[Trained]) -> Iterator[tuple[Trained, list[str], float]]:
    """Yield the runs whose features can be compared; of the others another requirement says why not."""
    for each in group:
        found = _moved(each)
        if found is not None:
            yield each, *found


PAIRS = {
    "scratch or frozen": ("scratch", "frozen"),
    "scratch or fine-tuned": ("scratch", "fine-tuned"),
    "frozen or fine-tuned": ("frozen", "fine-tuned"),
}


def _claim(points: float, claim: str) -> Requirement:
    """Ask that `claim` names the better of its two groups, or "neither", by two standard errors."""
    pair = PAIRS[claim]

    def check(experiment: Experiment) -> Finding | None:
        from cnnkit import nn

        said = experiment.claims[claim].strip()
        if void := unknown(claim, said, pair) or others_differ(experiment, "init", "frozen"):
            return void
        try:
            compared = nn.compare(
                {name: [each.evaluated for each in experiment.groups[name]] for name in pair}
            )
        except ArgumentError as error:
            return Finding(flaws.SEVERAL_FACTORS, str(error).removeprefix("compare: "))
        found = compared.verdict(*pair)
        if found.why_not:
            return Finding(flaws.FEW_SEEDS, f"{found}")
        return contradiction(said, found.better or NEITHER, f"{found}.")

    return Requirement(claim, points, check, (*CONTRADICTIONS, flaws.SEVERAL_FACTORS, flaws.FEW_SEEDS))


TAKING_OVER = EvidenceQuestion(
    id="taking-over",
    code="A7-2",
    variable="taking_over",
    ask="Five new classes, 250 images: from scratch, with frozen features, or fine-tuned? Three seeds each.",
    data=("cifar10 of 5-9",),
    groups=("scratch", "frozen", "fine-tuned"),
    claims=tuple(PAIRS),
    splits=("validation",),
    subset=True,
    requirements=(
        ask.network(0.25, five_classes()),
        Requirement(f"{IMAGES} training images", 0.25, _the_images, (OTHER_IMAGES,)),
        ask.seeds(0.25, 3),
        ask.equal_budgets(0.25, EXAMPLES),
        Requirement("drawn weights for scratch", 0.5, _is_from_scratch, (NOT_FROM_SCRATCH,)),
        Requirement("frozen features", 0.75, _is_frozen, (NOT_TAKEN_OVER, FEATURES_MOVED, STATISTICS_MOVED)),
        Requirement("features that are trained further", 0.75, _is_tuned, (NOT_TAKEN_OVER, NOT_TUNED)),
        *(_claim(points, claim) for claim, points in zip(PAIRS, (0.5, 0.25, 0.25), strict=True)),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (TAKING_OVER,)
