"""How the learning rate changes while a budget is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import cos, pi
from typing import Any, ClassVar

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.nn.names import require_known, require_number, require_whole

__all__ = ["SCHEDULES", "Constant", "Cosine", "OneCycle", "Plateau", "Schedule", "Step", "resolve_schedule"]


@dataclass(frozen=True)
class Schedule:
    """A rule for the learning rate; `lr` is multiplied by ``factor(progress)``."""

    name: ClassVar[str] = ""

    def factor(self, progress: float, drops: int = 0) -> float:
        """Return what `lr` is multiplied by.

        Parameters
        ----------
        progress : float, the share of the budget that is spent, 0 to 1
        drops : int, how often validation has stood still for `patience` evaluations
        """
        return 1.0

    def record(self) -> dict[str, Any]:
        """Return the schedule as plain data, for a log."""
        return {"name": self.name} | asdict(self)


@dataclass(frozen=True)
class Constant(Schedule):
    """Keep the learning rate."""

    name: ClassVar[str] = "constant"


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Rise from `start` to 1 until `peak` of the budget is spent, then fall to `end`, both along a cosine.

    Source: Smith & Topin (2017), arXiv:1708.07120; the defaults are torch's ``OneCycleLR``'s.

    Examples
    --------
    >>> rule = OneCycle(peak=0.2, start=0.1, end=0.0)
    >>> [round(rule.factor(progress), 3) for progress in (0, 0.1, 0.2, 0.6, 1)]
    [0.1, 0.55, 1.0, 0.5, 0.0]
    """

    name: ClassVar[str] = "one_cycle"
    peak: float = 0.3
    start: float = 0.04
    end: float = 4e-6

    def __post_init__(self) -> None:
        require_number("OneCycle", "peak", self.peak, 0, 1)
        require_number("OneCycle", "start", self.start, 0, 1)
        require_number("OneCycle", "end", self.end, 0, 1)

    def factor(self, progress: float, drops: int = 0) -> float:
        """Return the share of `lr`."""
        if progress < self.peak:
            return _along_cosine(self.start, 1.0, progress / self.peak)
        return _along_cosine(
            1.0, self.end, (progress - self.peak) / (1 - self.peak) if self.peak < 1 else 0.0
        )


@dataclass(frozen=True)
class Cosine(Schedule):
    """Fall from 1 to `end` along half a cosine. Source: Loshchilov & Hutter (2016), arXiv:1608.03983."""

    name: ClassVar[str] = "cosine"
    end: float = 0.0

    def __post_init__(self) -> None:
        require_number("Cosine", "end", self.end, 0, 1)

    def factor(self, progress: float, drops: int = 0) -> float:
        """Return the share of `lr`."""
        return _along_cosine(1.0, self.end, progress)


@dataclass(frozen=True)
class Step(Schedule):
    """Multiply by `multiply` each time that a share of the budget in `at` is spent.

    Examples
    --------
    >>> [round(Step().factor(progress), 3) for progress in (0.49, 0.5, 0.75)]
    [1.0, 0.1, 0.01]
    """

    name: ClassVar[str] = "step"
    at: tuple[float, ...] = (0.5, 0.75)
    multiply: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", tuple(self.at))
        for share in self.at:
            require_number("Step", "at", share, 0, 1)
        require_number("Step", "multiply", self.multiply, 0, 1, above=True)

    def factor(self, progress: float, drops: int = 0) -> float:
        """Return the share of `lr`."""
        return float(self.multiply ** sum(progress >= share for share in self.at))


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiply by `multiply` when validation has not improved in `patience` evaluations in a row."""

    name: ClassVar[str] = "plateau"
    patience: int = 3
    multiply: float = 0.1

    def __post_init__(self) -> None:
        require_whole("Plateau", "patience", self.patience, 1)
        require_number("Plateau", "multiply", self.multiply, 0, 1, above=True)

    def factor(self, progress: float, drops: int = 0) -> float:
        """Return the share of `lr`."""
        return float(self.multiply**drops)


SCHEDULES: dict[str, type[Schedule]] = {
    kind.name: kind for kind in (Constant, OneCycle, Cosine, Step, Plateau)
}


def resolve_schedule(
    schedule: str | Schedule | Mapping[str, Any] | None, patience: int | None = None
) -> Schedule:
    """Return a schedule from its name, its record in a log, or itself.

    Parameters
    ----------
    schedule : str, Schedule, mapping or None
        None is "plateau" where `patience` is given, "constant" otherwise.
    patience : int, in evaluations; for "plateau" only

    Raises
    ------
    ArgumentError
        An unknown name or option, with the nearest; or `patience` for a schedule that has none.

    Examples
    --------
    >>> resolve_schedule(None, patience=5)
    Plateau(patience=5, multiply=0.1)
    >>> resolve_schedule({"name": "step", "at": [0.6, 0.9]})
    Step(at=(0.6, 0.9), multiply=0.1)
    """
    if schedule is None:
        schedule = "constant" if patience is None else "plateau"
    if isinstance(schedule, Schedule):
        found = schedule
    else:
        options = dict(schedule) if isinstance(schedule, Mapping) else {"name": schedule}
        kind = SCHEDULES[require_known("fit", "schedule", options.pop("name", None), SCHEDULES)]
        known = [field.name for field in fields(kind)]
        for option in options:
            if option not in known:
                raise ArgumentError(
                    f"fit: `{option}` is no option of the schedule {kind.name}, expected only"
                    f" {', '.join(known) or 'its name'}. {did_you_mean(option, known)}"
                )
        found = kind(**options)
    if patience is None or (isinstance(found, Plateau) and schedule != found):
        return found if patience is None else Plateau(patience, found.multiply)  # type: ignore[attr-defined]
    raise ArgumentError(
        f"fit: `patience` is {patience!r} with the schedule {found.name}, expected it with 'plateau' by name."
        " Leave `patience` out, or give schedule='plateau'; `early_stop` is the patience of stopping."
    )


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * min(max(share, 0.0), 1.0))) / 2
