"""What an answer says of its own runs: which is better, or neither."""

from __future__ import annotations

from collections.abc import Iterable

from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.experiment import Experiment
from cnnkit.answers.evidence.question import Finding, Requirement
from cnnkit.errors import ArgumentError

__all__ = ["BUDGETS", "CONTRADICTIONS", "NEITHER", "contradiction", "others_differ", "unknown", "verdict"]

NEITHER = "neither"
BUDGETS = ("epochs", "examples", "seconds")  # which `ask.equal_budgets` and `compare` look at


def verdict(points: float, claim: str, split: str = "validation", factor: str = "") -> Requirement:
    """Ask that the answer's entry `claim` names the group that beats all others, or says "neither".

    One group beats another where the gap of their measured accuracies is above two standard errors; see
    ``cnnkit.nn.compare``. With a `factor`, an option of ``fit`` or "network", no runs that differ in anything
    else show that.
    """

    def check(experiment: Experiment) -> Finding | None:
        from cnnkit import nn

        if factor and (other := others_differ(experiment, factor, *BUDGETS)):
            return other
        runs = {name: [each.evaluated for each in group] for name, group in experiment.groups.items()}
        try:
            comparison = nn.compare(runs, split)
        except ArgumentError as error:
            return Finding(flaws.SEVERAL_FACTORS, str(error).removeprefix("compare: "))
        for each in comparison.verdicts:
            if each.why_not:
                kind = next(
                    (flaw for word, flaw in WHY_NOT.items() if word in each.why_not), flaws.OTHER_DATA
                )
                return Finding(kind, f"{each}")
        said = experiment.claims[claim].strip()
        shown = next((name for name in runs if _beats_all(name, comparison)), NEITHER)
        numbers = "; ".join(str(each) for each in comparison.verdicts) + "."
        return unknown(claim, said, runs) or contradiction(said, shown, numbers)

    found = (*CONTRADICTIONS, flaws.SEVERAL_FACTORS, flaws.UNEQUAL_BUDGETS, flaws.FEW_SEEDS)
    return Requirement("a verdict that the runs can show", points, check, found)


CONTRADICTIONS = (flaws.INSIDE_NOISE, flaws.REVERSED, flaws.OVERLOOKED, flaws.UNKNOWN_CLAIM)


def others_differ(experiment: Experiment, *factors: str) -> Finding | None:
    """Return a finding where the runs differ in more than `factors`, options of ``fit`` or "network"."""
    for name, values in experiment.differences.items():
        if name not in factors:
            fact = f"The runs differ in `{name}` as well: {', '.join(values)[:80]}."
            return Finding(flaws.SEVERAL_FACTORS, fact)
    return None


def unknown(claim: str, said: str, names: Iterable[str]) -> Finding | None:
    """Return a finding where a claim is none of `names`, nor "neither"."""
    known = (*names, NEITHER)
    if said in known:
        return None
    expected = ", ".join(map(repr, known))
    return Finding(flaws.UNKNOWN_CLAIM, f'"{claim}" is {said!r}, expected one of {expected}.')


def contradiction(said: str, shown: str, numbers: str) -> Finding | None:
    """Return a finding where a claim is not what the runs show; `numbers` are what they show."""
    if said == shown:
        return None
    if shown == NEITHER:
        return Finding(flaws.INSIDE_NOISE, numbers)
    return Finding(flaws.OVERLOOKED if said == NEITHER else flaws.REVERSED, numbers)


WHY_NOT = {"budget": flaws.UNEQUAL_BUDGETS, "seed": flaws.FEW_SEEDS, "finish": flaws.UNFINISHED}


def _beats_all(name: str, comparison: object) -> bool:
    verdicts = [each for each in comparison.verdicts if name in (each.first, each.second)]  # type: ignore[attr-defined]
    return bool(verdicts) and all(each.better == name for each in verdicts)
