"""The judgement on an experiment: first whether it can be believed, then what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

import numpy as np

from cnnkit.answers.diagnosis import Diagnosis
from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.experiment import Experiment, Said, Trained, Unsaid
from cnnkit.answers.evidence.question import EvidenceQuestion, Finding, Requirement
from cnnkit.answers.evidence.reading import NoRun, read
from cnnkit.answers.reading import MISSING

__all__ = ["judge"]

HALF = 0.5  # what a log without weights is worth


def judge(question: EvidenceQuestion, given: Any) -> Diagnosis:
    """Judge an answer that consists of runs.

    Parameters
    ----------
    question : EvidenceQuestion
    given : a run, a list of runs, or a dict of them, as the question says

    Returns
    -------
    Diagnosis
        With the verdict "by hand" where nothing is wrong that could be seen, and the weights could not be
        measured again here.
    """
    if _open(given):
        return Diagnosis(question, "missing", 0.0, (), f"`{question.variable}` is not answered yet.")
    try:
        groups, claims, numbers = _sorted(question, given)
        found = {
            name: [
                read(question, run, _called(question, name, place, len(runs)))
                for place, run in enumerate(runs)
            ]
            for name, runs in groups.items()
        }
    except NoRun as problem:
        return Diagnosis(question, "invalid", 0.0, (), str(problem))
    unsound = [each for runs in found.values() for each in runs if isinstance(each, Finding)]
    if unsound:
        return _wrong(question, unsound, 0.0)
    sound = {name: tuple(r for r in runs if isinstance(r, Trained)) for name, runs in found.items()}
    experiment = Experiment(sound, claims, numbers)
    if twice := _twice(experiment.runs):
        return _wrong(question, [twice], 0.0)
    return _weighed(question, experiment)


def _weighed(question: EvidenceQuestion, experiment: Experiment) -> Diagnosis:
    """Add up what the requirements are worth."""
    results = [(requirement, _checked(requirement, experiment)) for requirement in question.requirements]
    earned = sum(requirement.points for requirement, finding in results if finding is None)
    share = earned / question.points
    findings = [finding for _, finding in results if finding is not None]
    bare = [each for each in experiment.runs if not each.has_weights]
    if bare:
        fact = f"There are no weights beside the log of {bare[0].name}: that is half of the evidence."
        findings.append(Finding(flaws.NO_WEIGHTS, fact))
    unmeasured = [each for each in experiment.runs if each.unmeasured]
    if bare or unmeasured:
        share *= HALF
    if unmeasured:
        text = f"A person must look: {unmeasured[0].name} was not measured again, {unmeasured[0].unmeasured}."
        flawed = tuple(dict.fromkeys(finding.flaw for finding in findings))
        return Diagnosis(question, "by hand", share, flawed, " ".join([text, *map(str, findings)]))
    if findings:
        return _wrong(question, findings, share)
    return Diagnosis(question, "correct", 1.0, (), _praise(question, experiment))


def _checked(requirement: Requirement, experiment: Experiment) -> Finding | None:
    """Check one requirement; what is not said yet costs what hangs on it, and nothing else."""
    try:
        return requirement.check(experiment)
    except Unsaid as unsaid:
        return Finding(flaws.UNSAID, unsaid.args[0])


def _wrong(question: EvidenceQuestion, findings: list[Finding], share: float) -> Diagnosis:
    named = tuple(dict.fromkeys(finding.flaw for finding in findings))
    firsts = [next(finding for finding in findings if finding.flaw is flaw) for flaw in named]
    verdict = "mistake" if len(named) == 1 else "several"
    return Diagnosis(question, verdict, share, named, " ".join(map(str, firsts)))


def _sorted(question: EvidenceQuestion, given: Any) -> tuple[dict[str, list[Any]], Said, Said]:
    """Return the runs of each group, the claims and the numbers, or raise NoRun."""
    name = f"`{question.variable}`"
    said = (*question.claims, *question.numbers)
    if question.groups == () and not said:
        return {"": _runs(question, given, name)}, Said({}, {}), Said({}, {})
    if not isinstance(given, Mapping):
        raise NoRun(f"{name} is a {type(given).__name__}, expected a dict. Fill in the one that was there.")
    names = question.groups
    if names is None:
        names = tuple(str(key) for key in given if key not in said)
    absent = [key for key in (*names, *said) if key not in given]
    if absent or not names:
        raise NoRun(f"{name} has no entry {(absent or ['with runs'])[0]!r}. Keep the names that were there.")
    runs = {key: _runs(question, given[key], _label(question, key)) for key in names}
    claims = _said({key: _word(given[key]) for key in question.claims}, given, question, "a word in quotes")
    numbers = _said({key: _number(given[key]) for key in question.numbers}, given, question, "a number")
    return runs, claims, numbers


def _said(read: Mapping[str, Any], given: Mapping[str, Any], question: EvidenceQuestion, kind: str) -> Said:
    """Return the entries that could be read, and say of each other one why it could not."""
    unsaid = {}
    for key in (key for key, value in read.items() if value is None):
        fact = "not answered yet" if _open(given[key]) else f"{given[key]!r:.60}, expected {kind}"
        unsaid[key] = f"{_label(question, key)} is {fact}."
    return Said({key: value for key, value in read.items() if value is not None}, unsaid)


def _word(given: Any) -> str | None:
    return given if type(given) is str and given.strip() else None


def _number(given: Any) -> float | None:
    try:
        number = float(np.asarray(given).reshape(()))
    except (TypeError, ValueError):
        number = nan
    if isinstance(given, str | bool) or not isfinite(number):
        return None
    return number


def _runs(question: EvidenceQuestion, given: Any, name: str) -> list[Any]:
    if isinstance(given, Mapping) and any(hasattr(run, "evidence") for run in given.values()):
        raise NoRun(f"{name} is a dict, expected a list of runs. Give its runs in a list.")
    runs = list(given) if isinstance(given, list | tuple) else [given]
    if any(run is nothing for run in runs for nothing in MISSING):
        raise NoRun(f"{name} is not complete: a run is missing.")
    if len(runs) < question.runs:
        unit = "run" if question.runs == 1 else "runs"
        raise NoRun(f"{name} has {len(runs)} of {question.runs} {unit}. Train the others.")
    return runs


def _called(question: EvidenceQuestion, group: str, place: int, count: int) -> str:
    whole = _label(question, group)
    return f"run {place + 1} of {whole}" if count > 1 else whole


def _label(question: EvidenceQuestion, entry: str) -> str:
    return f'`{question.variable}["{entry}"]`' if entry else f"`{question.variable}`"


def _twice(runs: tuple[Trained, ...]) -> Finding | None:
    """Return a finding where two of the runs are one and the same.

    Two networks may come to the same weights: one whose activations stay below 6, and its twin with ReLU6.
    """
    known: dict[str, Trained] = {}
    for each in runs:
        best = each.run.best
        weights = f"{best.weights} of {each.run.signature}" if best is not None else each.run.id
        for mark in (each.run.id, weights):
            twin = known.setdefault(mark, each)
            if twin is not each:
                text = f"{each.name} is the same run as {twin.name}."
                if each.name.rpartition(" of ")[2] != twin.name.rpartition(" of ")[2]:
                    text += " What shall tell the two apart has had no effect."
                return Finding(flaws.SAME_RUN, text)
    return None


def _open(given: Any) -> bool:
    if isinstance(given, Mapping):
        return all(_open(value) for value in given.values())
    if isinstance(given, list | tuple):
        return all(_open(value) for value in given)
    return any(given is nothing for nothing in MISSING) or (type(given) is str and not given)


def _praise(question: EvidenceQuestion, experiment: Experiment) -> str:
    count = len(experiment.runs)
    split = question.splits[-1]
    best = max(experiment.runs, key=lambda each: each.measured[split].accuracy).measured[split]
    what = "1 run" if count == 1 else f"{count} runs"
    return (
        f"`{question.variable}` holds: {what}, measured again; the best reaches {best.accuracy:.1%}"
        f" ± {best.standard_error:.1%} on {split} (n={best.n:,})."
    )
