"""A grid of learning rate, batch size and number of batches, A4-2."""

from __future__ import annotations

from itertools import product
from math import sqrt
from statistics import fmean

from cnnkit import zoo
from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, Trained, ask
from cnnkit.answers.evidence.flaws import SEVERAL_FACTORS, UNKNOWN_CLAIM

__all__ = ["QUESTIONS"]

FACTORS = ("lr", "batch_size", "batches")
# What may differ between the runs of a grid: its factors, how often one looks, and what the CPU made of it.
FREE = ("lr", "batch_size", "examples", "epochs", "evaluate_every", "computed_in", "seed")

RATE_FIXED = Flaw(
    "rate-not-varied",
    "A grid in which the learning rate is the same everywhere.",
    "The learning rate is the first thing to vary: take two rates or more, a factor of three apart.",
)
INCOMPLETE = Flaw(
    "grid-incomplete",
    "A grid with a hole: a combination of its values that was not trained.",
    "Train every combination: two loops inside a third one.",
)
OTHER_FACTOR = Flaw(
    "other-factor",
    "A factor is said to matter most that does not in these runs.",
    "For each factor, average the accuracies of each of its values; see which means lie farthest apart.",
)


def _settings(each: Trained) -> dict[str, float]:
    """Return where in the grid a run lies."""
    size = int(each.config["batch_size"])
    return {"lr": float(each.config.get("lr", 0)), "batch_size": size, "batches": each.examples // size}


def _rates(experiment: Experiment) -> Finding | None:
    rates = {_settings(each)["lr"] for each in experiment.runs}
    if len(rates) > 1:
        return None
    return Finding(RATE_FIXED, f"All {len(experiment.runs)} runs have lr={rates.pop():g}.")


def _complete(experiment: Experiment) -> Finding | None:
    found = {tuple(_settings(each).values()) for each in experiment.runs}
    values = [sorted({setting[place] for setting in found}) for place in range(len(FACTORS))]
    for name, several in zip(FACTORS[1:], values[1:], strict=True):
        if len(several) < 2:
            return Finding(INCOMPLETE, f"`{name}` is {several[0]:g} everywhere.")
    for setting in product(*values):
        if setting not in found:
            told = ", ".join(f"{name}={value:g}" for name, value in zip(FACTORS, setting, strict=True))
            return Finding(INCOMPLETE, f"There is no run with {told}.")
    return None


def _alike(experiment: Experiment) -> Finding | None:
    """Return a finding where runs differ in more than the grid's factors; several seeds each are alike."""
    first, *others = experiment.runs
    for each in others:
        for name in sorted({*first.config, *each.config} - {*FREE}):
            here, there = first.config.get(name), each.config.get(name)
            if here != there:
                fact = f"{each.name} has {name}={_plain(there)}, {first.name} {name}={_plain(here)}."
                return Finding(SEVERAL_FACTORS, fact)
    seeds: dict[tuple[float, ...], list[int]] = {}
    for each in experiment.runs:
        seeds.setdefault(tuple(_settings(each).values()), []).append(each.run.seed)
    told = sorted({", ".join(map(str, sorted(found))) for found in seeds.values()})
    if len(told) == 1:
        return None
    return Finding(
        SEVERAL_FACTORS, f"The settings differ in their `seed`: one has {told[0]}, another {told[1]}."
    )


def _plain(value: object) -> object:
    return repr(value["name"]) if isinstance(value, dict) and "name" in value else repr(value)


def _effects(experiment: Experiment) -> dict[str, tuple[float, float]]:
    """Return how far the mean accuracies of each factor's best and worst value lie apart, and the error."""
    effects = {}
    for factor in FACTORS:
        levels: dict[float, list[Trained]] = {}
        for each in experiment.runs:
            levels.setdefault(_settings(each)[factor], []).append(each)
        means = {level: fmean(_accuracy(each) for each in runs) for level, runs in levels.items()}
        low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
        error = sqrt(sum(_variance(levels[level]) for level in (low, high)))
        effects[factor] = (means[high] - means[low], error)
    return effects


def _accuracy(each: Trained) -> float:
    found = each.metrics("validation")
    return 0.0 if found is None else found.accuracy


def _variance(runs: list[Trained]) -> float:
    measured = [found for each in runs if (found := each.metrics("validation")) is not None]
    return sum(found.standard_error**2 for found in measured) / max(len(measured), 1) ** 2


def _matters(experiment: Experiment) -> Finding | None:
    said = experiment.claims["matters"].strip()
    if said not in FACTORS:
        names = ", ".join(map(repr, FACTORS))
        return Finding(UNKNOWN_CLAIM, f'"matters" is {said!r}, expected one of {names}.')
    effects = _effects(experiment)
    largest, error = max(effects.values())
    effect, own = effects[said]
    if largest - effect <= 2 * sqrt(error**2 + own**2):  # two that these runs cannot tell apart both count
        return None
    told = ", ".join(f"{name} by {100 * gap:.1f} points" for name, (gap, _) in effects.items())
    return Finding(OTHER_FACTOR, f"The means move with {told}.")


GRID = EvidenceQuestion(
    id="grid",
    code="A4-2",
    variable="grid",
    ask="A grid of learning rates, batch sizes and numbers of batches. Which matters most?",
    data=("mnist",),
    groups=("runs",),
    claims=("matters",),
    runs=8,
    requirements=(
        ask.network(0.25, zoo.tfjs_mnist()),
        Requirement("learning rates that differ", 1, _rates, (RATE_FIXED,)),
        Requirement("a complete grid", 0.5, _complete, (INCOMPLETE,)),
        Requirement("all else alike", 0.25, _alike, (SEVERAL_FACTORS,)),
        Requirement("what matters most", 1, _matters, (OTHER_FACTOR, UNKNOWN_CLAIM)),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (GRID,)
