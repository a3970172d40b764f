"""What a question asks of an experiment, in small named requirements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnkit.answers.evidence.experiment import Experiment

__all__ = ["EvidenceQuestion", "Finding", "Flaw", "Requirement"]


@dataclass(frozen=True)
class Flaw:
    """Something that goes wrong in experiments again and again.

    Parameters
    ----------
    id : str
        What the class report counts, such as ``unequal-budgets``.
    what : str
        The flaw in one sentence, for whoever reads a report.
    cure : str
        One sentence for the student: what to do instead.
    """

    id: str
    what: str
    cure: str


@dataclass(frozen=True)
class Finding:
    """A flaw that was found, and the fact that shows it: one whole sentence."""

    flaw: Flaw
    fact: str

    def __str__(self) -> str:
        return f"{self.fact} {self.flaw.cure}"


@dataclass(frozen=True)
class Requirement:
    """One thing that is asked of an experiment.

    Parameters
    ----------
    ask : str
        What is asked, completing "The question asks for ...".
    points : float
    check : callable
        ``check(experiment)`` returns None if it holds, else a Finding.
    flaws : tuple of Flaw
        Those that `check` may find.
    """

    ask: str
    points: float
    check: Callable[[Experiment], Finding | None]
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True)
class EvidenceQuestion:
    """One graded question about runs that were trained.

    Parameters
    ----------
    id, code, variable, ask : str
        As for `Question`.
    requirements : tuple of Requirement
        Their points add up to the question's.
    data : tuple of str
        The names of data sets that count, as ``cnnkit.data.load`` takes them; what stands in for them counts
        as well.
    groups : tuple of str, or None
        The entries of the dict that hold a run or a list of runs. () where the answer is a run or a list
        itself; None where the names are the student's own.
    claims : tuple of str
        The entries of the dict that hold a word.
    numbers : tuple of str
        The entries of the dict that hold a number.
    runs : int
        The least number of runs in each group.
    splits : tuple of str
        What is measured again.
    subset : bool
        Whether a part of the training images, smaller than all, counts as well.
    """

    id: str
    code: str
    variable: str
    ask: str
    requirements: tuple[Requirement, ...]
    data: tuple[str, ...]
    groups: tuple[str, ...] | None = ()
    claims: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    runs: int = 1
    splits: tuple[str, ...] = ("validation", "test")
    subset: bool = False

    @property
    def points(self) -> float:
        """The points of all requirements."""
        return float(sum(requirement.points for requirement in self.requirements))
