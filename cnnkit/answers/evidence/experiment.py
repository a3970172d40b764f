"""An experiment as the requirements see it: runs that were read from their logs, and measured again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnkit.nn.evaluate import Metrics
    from cnnkit.nn.run import Run

__all__ = ["Experiment", "Said", "Trained", "Unsaid"]


class Unsaid(KeyError):  # noqa: N818 - it is raised and caught within this package
    """A claim that is not filled in, or not of its kind; the only argument says which."""


class Said(dict[str, Any]):
    """The claims (or numbers) of an answer; to look one up that cannot be read raises Unsaid.

    Parameters
    ----------
    good : mapping of str to str or float
    unsaid : mapping of str to str
        For each entry that cannot be read, why.

    Examples
    --------
    >>> Said({"gap": 0.1}, {"class": '`report["class"]` is not answered yet.'})["class"]
    Traceback (most recent call last):
    cnnkit.answers.evidence.experiment.Unsaid: '`report["class"]` is not answered yet.'
    """

    def __init__(self, good: Mapping[str, Any], unsaid: Mapping[str, str]) -> None:
        super().__init__(good)
        self.unsaid = dict(unsaid)

    def __missing__(self, key: str) -> Any:
        raise Unsaid(self.unsaid[key]) if key in self.unsaid else KeyError(key)


@dataclass(frozen=True)
class Trained:
    """One run of an experiment.

    Parameters
    ----------
    name : str
        What messages call it, such as ``run 2 of "20"``.
    run : cnnkit.nn.Run
        What its log says, checked against itself.
    measured : mapping of split to Metrics
        What its weights do on the checker's own data; empty where that was not measured.
    has_weights : bool
    unmeasured : str
        Why nothing was measured although there are weights, or empty.
    weights : mapping of str to array
        Those that were measured, by torch's names.
    """

    name: str
    run: Run
    measured: Mapping[str, Metrics] = field(default_factory=dict)
    has_weights: bool = False
    unmeasured: str = ""
    weights: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> dict[str, Any]:
        """The options of the run, every default resolved."""
        return self.run.config

    @property
    def recipe(self) -> dict[str, Any]:
        """All in which two runs of one experiment can differ, but for the seed."""
        options = {name: value for name, value in self.config.items() if name != "seed"}
        return options | {"network": self.run.signature}

    @property
    def examples(self) -> int:
        """How many examples it saw."""
        return self.run.history[-1].examples

    def metrics(self, split: str) -> Metrics | None:
        """Return what was measured again on a split; where nothing was, what the log claims."""
        claimed: Metrics | None = getattr(self.run.final, split)
        return self.measured.get(split, claimed)

    @property
    def evaluated(self) -> Run:
        """The run with the measured numbers in place of the claimed ones."""
        return replace(self.run, final=replace(self.run.final, **self.measured))


@dataclass(frozen=True)
class Experiment:
    """All runs of an answer.

    Parameters
    ----------
    groups : mapping of str to tuple of Trained
        Under the name "" where the answer is a run or a list of runs.
    claims : mapping of str to str
        What the answer says besides; one that cannot be read raises `Unsaid` when it is looked up.
    numbers : mapping of str to float
        What the answer gives as numbers; likewise.
    """

    groups: Mapping[str, tuple[Trained, ...]]
    claims: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def runs(self) -> tuple[Trained, ...]:
        """The runs of all groups."""
        return tuple(chain.from_iterable(self.groups.values()))

    @property
    def differences(self) -> dict[str, list[str]]:
        """What the runs differ in, but for the seed: the values of each option, and of the network."""
        recipes = [each.recipe for each in self.runs]
        names = dict.fromkeys(name for recipe in recipes for name in recipe)
        values = {name: sorted({repr(recipe.get(name)) for recipe in recipes}) for name in names}
        return {name: found for name, found in values.items() if len(found) > 1}
