"""What can be asked of an experiment: requirements, each with its points and the flaws that it finds."""

from __future__ import annotations

from itertools import zip_longest
from math import e, log
from typing import TYPE_CHECKING, Any

from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.experiment import Experiment, Trained
from cnnkit.answers.evidence.question import Finding, Requirement
from cnnkit.answers.evidence.verdict import others_differ, verdict
from cnnkit.layers import AvgPool2d, Dropout, Layer, MaxPool2d

if TYPE_CHECKING:
    from cnnkit.network import Network

__all__ = [
    "different_networks", "equal_budgets", "logits", "network", "one_factor", "options", "reaches",
    "seeds", "verdict", "within_seconds",
]  # fmt: skip

LEARNT = 0.9  # accuracy at which the loss of logits is well below that of probabilities
SECONDS = 1.1  # what a budget of seconds may be overdrawn by: the last update


def options(points: float, group: str | None = None, **wanted: Any) -> Requirement:
    """Ask that every run (of a group) was trained with these options of `fit`; a set stands for any of it."""

    def check(experiment: Experiment) -> Finding | None:
        for each in _of(experiment, group):
            for name, value in wanted.items():
                found = each.config.get(name)
                if isinstance(found, dict):  # a schedule
                    found = found.get("name")
                if found not in list(value if isinstance(value, set | frozenset) else [value]):
                    fact = f"{each.name} has {name}={found!r}, asked was {_listed(value)}."
                    return Finding(flaws.OTHER_OPTIONS, fact)
        return None

    text = ", ".join(f"{name}={_listed(value)}" for name, value in wanted.items())
    return Requirement(text, points, check, (flaws.OTHER_OPTIONS,))


def network(points: float, wanted: Network, group: str | None = None) -> Requirement:
    """Ask that every run (of a group) is of this network; what its layers are called does not count."""

    def check(experiment: Experiment) -> Finding | None:
        for each in _of(experiment, group):
            found = each.run.network
            if found is None or (found.input_shape, found.layers) != (wanted.input_shape, wanted.layers):
                fact = f"The network of {each.name} {_unlike(found, wanted)}."
                return Finding(flaws.OTHER_NETWORK, fact)
        return None

    return Requirement(f"the network {wanted.name}", points, check, (flaws.OTHER_NETWORK,))


def different_networks(points: float) -> Requirement:
    """Ask that no two groups (in a list: no two runs) are of one network, but for what changes nothing."""

    def check(experiment: Experiment) -> Finding | None:
        known: dict[object, Trained] = {}
        groups = list(experiment.groups.values())
        for each in experiment.runs if len(groups) == 1 else [group[0] for group in groups]:
            twin = known.setdefault(_essence(each), each)
            if twin is not each:
                return Finding(flaws.SAME_NETWORK, f"{each.name} has the same network as {twin.name}.")
        return None

    return Requirement("different networks", points, check, (flaws.SAME_NETWORK,))


def _essence(each: Trained) -> object:
    """Return what a network computes with: its layers, less those without effect."""
    network = each.run.network
    if network is None:
        return each.run.signature
    kept: list[Layer] = []
    for layer in network.layers:
        nothing = isinstance(layer, Dropout) and layer.p == 0
        nothing |= isinstance(layer, MaxPool2d | AvgPool2d) and layer in (type(layer)(1), type(layer)(1, 1))
        twice = bool(kept) and kept[-1] == layer and layer.kind in ("relu", "flatten")
        if not nothing and not twice:
            kept.append(layer)
    return network.input_shape, tuple(kept)


def seeds(points: float, count: int) -> Requirement:
    """Ask for at least so many different seeds in each group."""

    def check(experiment: Experiment) -> Finding | None:
        for name, group in experiment.groups.items():
            found = len({each.run.seed for each in group})
            if found < count:
                where = f' for "{name}"' if name else ""
                fact = f"There {'is' if found == 1 else 'are'} {found} of {count} seeds{where}."
                return Finding(flaws.FEW_SEEDS, fact)
        return None

    return Requirement(f"{count} seeds", points, check, (flaws.FEW_SEEDS,))


def equal_budgets(points: float, examples: int | None = None) -> Requirement:
    """Ask that all runs had the same budget, of so many examples if given."""

    def check(experiment: Experiment) -> Finding | None:
        first, *others = experiment.runs
        for each in others:
            if _budget(each) != _budget(first):
                fact = f"{first.name} had {_budget(first)}, {each.name} had {_budget(each)}."
                return Finding(flaws.UNEQUAL_BUDGETS, fact)
        if examples is not None and first.examples != examples:
            fact = f"{first.name} saw {first.examples:,} examples, asked was {examples:,}."
            return Finding(flaws.OTHER_BUDGET, fact)
        return None

    text = "equal budgets" + (f" of {examples:,} examples" if examples else "")
    return Requirement(text, points, check, (flaws.UNEQUAL_BUDGETS, flaws.OTHER_BUDGET))


def within_seconds(points: float, seconds: float) -> Requirement:
    """Ask that no run spent more CPU seconds on training."""

    def check(experiment: Experiment) -> Finding | None:
        for each in experiment.runs:
            spent = each.run.history[-1].cpu_seconds
            if spent > SECONDS * seconds + 1:
                fact = f"{each.name} took {spent:.0f} CPU seconds, asked was at most {seconds:g}."
                return Finding(flaws.OTHER_BUDGET, fact)
        return None

    return Requirement(f"at most {seconds:g} CPU seconds", points, check, (flaws.OTHER_BUDGET,))


def one_factor(points: float, factor: str, *along: str) -> Requirement:
    """Ask that the groups differ in one thing: an option of `fit`, or "network".

    Parameters
    ----------
    points : float
    factor : str
    along : str
        What may differ as well, because it belongs to the factor: the `lr` of another `optimizer`.
    """

    def check(experiment: Experiment) -> Finding | None:
        if other := others_differ(experiment, factor, *along):
            return other
        groups = [[each.recipe for each in group] for group in experiment.groups.values()]
        if len(groups) == 1:
            groups = [[one] for one in groups[0]]
        for group in groups:
            if len({repr(recipe.get(factor)) for recipe in group}) > 1:
                fact = f"The runs of one entry differ in `{factor}`, which shall tell the entries apart."
                return Finding(flaws.SEVERAL_FACTORS, fact)
        if len({repr(group[0].get(factor)) for group in groups}) < len(groups):
            return Finding(flaws.NOT_VARIED, f"`{factor}` is the same in two of them.")
        return None

    found = (flaws.SEVERAL_FACTORS, flaws.NOT_VARIED)
    return Requirement(f"a change of {factor} alone", points, check, found)


def reaches(points: float, accuracy: float, split: str = "test", group: str | None = None) -> Requirement:
    """Ask that one of the runs (of a group) reaches an accuracy, as it was measured again."""

    def check(experiment: Experiment) -> Finding | None:
        found = [metrics for each in _of(experiment, group) if (metrics := each.metrics(split)) is not None]
        best = max((metrics.accuracy for metrics in found), default=0.0)
        if best >= accuracy:
            return None
        return Finding(flaws.BELOW, f"The accuracy on {split} is {best:.1%}, asked was {accuracy:.1%}.")

    return Requirement(f"an accuracy of {accuracy:.1%} on {split}", points, check, (flaws.BELOW,))


def logits(points: float) -> Requirement:
    """Ask that the loss was given logits: it shows in a loss that stays above a floor."""

    def check(experiment: Experiment) -> Finding | None:
        for each in experiment.runs:
            floor = log(e + len(each.run.data["classes"]) - 1) - 1
            for part in ("running", "validation"):
                rows = [found for row in each.run.history if (found := getattr(row, part)) is not None]
                if not rows:
                    continue
                least, best = min(row.loss for row in rows), max(row.accuracy for row in rows)
                if best >= LEARNT and least >= floor:
                    fact = (
                        f"{each.name} is right for {best:.1%}, and yet its {part} loss never falls below"
                        f" {least:.4f}; probabilities as logits cannot get below {floor:.4f}."
                    )
                    return Finding(flaws.DOUBLE_SOFTMAX, fact)
        return None

    return Requirement("a loss of logits", points, check, (flaws.DOUBLE_SOFTMAX,))


def _of(experiment: Experiment, group: str | None) -> tuple[Trained, ...]:
    return experiment.runs if group is None else experiment.groups.get(group, ())


def _unlike(found: Network | None, wanted: Network) -> str:
    """Return where a network differs from the one that was asked for."""
    if found is None:
        return f"is not known, {wanted.name} was asked for"
    if found.input_shape != wanted.input_shape:
        return f"reads {found.input_shape}, asked was {wanted.input_shape}"
    pairs = enumerate(zip_longest(found.layers, wanted.layers), start=1)
    place, (one, other) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
    return f"has {one or 'nothing'} as layer {place}, asked was {other or 'nothing'}"


def _budget(each: Trained) -> str:
    seconds = each.config.get("seconds")
    return f"{each.examples:,} examples" if seconds is None else f"{seconds:g} CPU seconds"


def _listed(value: Any) -> str:
    return " or ".join(sorted(map(repr, value))) if isinstance(value, set | frozenset) else repr(value)
