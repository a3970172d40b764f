"""From what a run hands over to a run that was checked: its log, its weights, and what these do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.experiment import Trained
from cnnkit.answers.evidence.having import Having, data_of
from cnnkit.answers.evidence.measuring import measured
from cnnkit.answers.evidence.question import EvidenceQuestion, Finding
from cnnkit.answers.evidence.soundness import contradiction, malformed, not_chosen, test_was_watched
from cnnkit.errors import RunLogError

if TYPE_CHECKING:
    from cnnkit.nn.run import Run
    from cnnkit.nn.runlog import Promise

__all__ = ["NoRun", "read"]

LARGEST = 16 * 2**20  # characters of a log
KINDS = {
    "edited": flaws.LOG_EDITED,
    "counters": flaws.COUNTERS,
    "other weights": flaws.OTHER_WEIGHTS,
}
FINISHED = ("finished", "early stop")


class NoRun(Exception):  # noqa: N818 - it is raised and caught within this package
    """Something that is no run at all; the message says what it is."""


def read(question: EvidenceQuestion, given: Any, name: str) -> Trained | Finding:
    """Return a run as its evidence shows it, or why that is none.

    Parameters
    ----------
    question : EvidenceQuestion
    given : object
        What nn.fit or nn.runlog.read returned, or what stands for it in another process.
    name : str
        What messages call it.

    Raises
    ------
    NoRun
    """
    evidence = _handed_over(given, name)
    if isinstance(evidence, Finding):
        return evidence
    text, weights = evidence
    try:
        run, promise = _parsed(text, weights, name)
    except RunLogError as error:
        fact = str(error).removeprefix("read: ").partition(", expected")[0]
        return Finding(KINDS.get(error.kind, flaws.LOG_DAMAGED), f"{fact[:1].upper()}{fact[1:]}.")
    if wrong := malformed(run):
        return Finding(flaws.LOG_DAMAGED, f"The log of {name} is not what fit writes: {wrong}")
    if run.reason not in FINISHED:
        return Finding(flaws.UNFINISHED, f"{name} is {run.reason}.")
    if run.changes:
        fact = f"{name} had {run.changes[0]} after {run.changes[0].examples:,} examples."
        return Finding(flaws.CHANGED, fact)
    if wrong := contradiction(run):
        return Finding(flaws.IMPOSSIBLE, f"The log of {name} contradicts itself: {wrong}")
    if test_was_watched(run, text):
        return Finding(flaws.SWAPPED, f"The log of {name} shows test images before training was over.")
    if wrong := not_chosen(run):
        return Finding(flaws.NOT_CHOSEN, f"{name} did not keep what was best on validation: {wrong}")
    having = data_of(question, run, name)
    if isinstance(having, Finding):
        return having
    if weights is None or promise is None:
        return Trained(name, run)
    return _again(question, run, weights, having, name)


def _again(
    question: EvidenceQuestion, run: Run, weights: Mapping[str, Any], having: Having, name: str
) -> Trained | Finding:
    if having.dataset is None:
        return Trained(name, run, has_weights=True, unmeasured=having.why_not)
    found = measured(run, weights, having.dataset, question.splits, name)
    if isinstance(found, Finding):
        return found
    if isinstance(found, str):
        return Trained(name, run, has_weights=True, unmeasured=found)
    return Trained(name, run, found, has_weights=True, weights=weights)


def _handed_over(given: Any, name: str) -> tuple[str, Mapping[str, np.ndarray] | None] | Finding:
    """Ask a run for its evidence, and take of it nothing but a text and arrays."""
    hand_over = getattr(given, "evidence", None)
    if not callable(hand_over):
        raise NoRun(f"{name} is no run, but a {type(given).__name__}.")
    try:
        evidence = hand_over()
    except Exception as error:
        first = next(iter(str(error).splitlines()), type(error).__name__).removeprefix("evidence: ")
        fact = first.partition(" Train with log=")[0]  # the flaw's own cure says it
        return Finding(flaws.NO_LOG, f"{name} has nothing to show: {fact[:200]}")
    if not isinstance(evidence, Mapping) or type(evidence.get("log")) is not str:
        return Finding(flaws.NO_LOG, f"{name} hands over no log.")
    text, weights = evidence["log"], evidence.get("weights")
    if len(text) > LARGEST:
        return Finding(flaws.LOG_DAMAGED, f"The log of {name} has {len(text):,} characters.")
    if weights is None:
        return text, None
    plain = isinstance(weights, Mapping) and all(
        type(key) is str and isinstance(value, np.ndarray) and value.dtype.kind in "iufb"
        for key, value in weights.items()
    )
    if not plain:
        return Finding(flaws.OTHER_WEIGHTS, f"The weights of {name} are no arrays of numbers.")
    return text, weights


def _parsed(text: str, weights: Mapping[str, np.ndarray] | None, name: str) -> tuple[Run, Promise | None]:
    """Read a log and see that the weights are its own."""
    import torch

    from cnnkit.nn import runlog

    try:
        run, promise = runlog.parse(text, f"the log of {name}")
    except (ArithmeticError, AttributeError, RecursionError) as error:  # a log that nobody's fit wrote
        raise RunLogError(f"the log of {name} cannot be read ({type(error).__name__})") from error
    if weights is not None and promise is not None:
        try:
            tensors = {key: torch.from_numpy(np.array(value)) for key, value in weights.items()}
        except TypeError as error:
            raise RunLogError(f"the weights of {name} are of a type that torch does not have") from error
        runlog.require_promised(tensors, promise, f"the file of {name}")
    return run, promise
