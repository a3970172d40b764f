"""What being late costs: percents of the points, by the minute or by the started hour or day.

A day late is over when the deadline's wall clock shows the same time again, also on the two days of the year
that have 23 or 25 hours. Hours and minutes are those that really passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["OF", "PER", "LateRule", "Span", "minutes_late"]

PER = ("hour", "day", "started hour", "started day")
OF = ("possible", "earned")
HOUR = 60  # minutes


@dataclass(frozen=True)
class Span:
    """A length of time, as people say it: so many days by the calendar, and so many minutes.

    Examples
    --------
    >>> str(Span(days=3)), str(Span(minutes=90)), str(Span(days=1, minutes=60))
    ('3 days', '90 minutes', '1 day, 60 minutes')
    """

    days: int = 0
    minutes: int = 0

    def after(self, moment: datetime) -> datetime:
        """Return the moment that is so much later by the clock of `moment`'s own time zone."""
        # within one zone, Python adds to the wall clock; what is added drops "the second 02:30 of the night"
        same_time = moment + timedelta(days=self.days) if self.days else moment
        return (same_time.astimezone(UTC) + timedelta(minutes=self.minutes)).astimezone(moment.tzinfo)

    def __str__(self) -> str:
        parts = ((self.days, "day"), (self.minutes, "minute"))
        said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count]
        return ", ".join(said) or "0 minutes"


def minutes_late(deadline: datetime, handed_in: datetime) -> int:
    """Count the full minutes from one moment to another; 0 if it is not later.

    Examples
    --------
    >>> noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    >>> [minutes_late(noon, noon + timedelta(seconds=s)) for s in (-60, 0, 59, 60, 5400)]
    [0, 0, 0, 1, 90]
    """
    passed = handed_in.astimezone(UTC) - deadline.astimezone(UTC)
    return max(0, passed // timedelta(minutes=1))


@dataclass(frozen=True)
class LateRule:
    """How many percent of the points are taken off.

    Attributes
    ----------
    percent : float
        For each hour or day.
    per : str
        ``hour`` and ``day`` charge by the minute, ``started hour`` and ``started day`` whole ones.
    of : str
        Percent of the points ``possible``, as Canvas counts, or of the points ``earned``.
    grace : Span
        Who is no later than that pays nothing; who is later pays from the deadline on.
    at_most : float
        Percent that are never exceeded, before `nothing_after`.
    nothing_after : Span or None
        Who is later than that gets no points.

    Examples
    --------
    >>> rule = LateRule(percent=2, per="hour")
    >>> noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    >>> rule.penalty(noon, noon + timedelta(minutes=90), possible=20, earned=15)
    0.6
    """

    percent: float
    per: str = "hour"
    of: str = "possible"
    grace: Span = Span()
    at_most: float = 100.0
    nothing_after: Span | None = None

    def percent_off(self, deadline: datetime, handed_in: datetime) -> float:
        """Return how many percent being that late costs, from 0 to 100."""
        minutes = minutes_late(deadline, handed_in)
        if minutes <= minutes_late(deadline, self.grace.after(deadline)):
            return 0.0
        if self.too_late(deadline, handed_in):
            return 100.0
        whole, part = _hours(minutes) if self.per.endswith("hour") else _days(deadline, handed_in)
        periods = whole + (part > 0 if self.per.startswith("started") else part)
        return min(self.at_most, self.percent * periods)

    def too_late(self, deadline: datetime, handed_in: datetime) -> bool:
        """Say whether it is so late that it does not count at all."""
        if self.nothing_after is None:
            return False
        end = minutes_late(deadline, self.nothing_after.after(deadline))
        return minutes_late(deadline, handed_in) > end

    def penalty(self, deadline: datetime, handed_in: datetime, possible: float, earned: float) -> float:
        """Return the points that are taken off: at least 0, and at most what was earned."""
        if self.too_late(deadline, handed_in):
            return max(0.0, earned)
        base = possible if self.of == "possible" else earned
        return max(0.0, min(earned, base * self.percent_off(deadline, handed_in) / 100))

    def __str__(self) -> str:
        way = "" if self.per.startswith("started") else ", by the minute"
        said = [f"{self.percent:g} % of the points {self.of} for every {self.per}{way}"]
        said += [f"nothing within {self.grace}"] if self.grace != Span() else []
        said += [f"at most {self.at_most:g} %"] if self.at_most < 100 else []
        said += [f"no points after {self.nothing_after}"] if self.nothing_after else []
        return "; ".join(said)


def _hours(minutes: int) -> tuple[int, float]:
    return minutes // HOUR, minutes % HOUR / HOUR


def _days(deadline: datetime, handed_in: datetime) -> tuple[int, float]:
    """Return the full days, and the part of the next one; each day as long as it is by the calendar."""
    handed_in = handed_in.astimezone(UTC)  # two times of one zone would be compared by their wall clocks
    days = max(0, minutes_late(deadline, handed_in) // (24 * HOUR) - 1)
    while Span(days=days + 1).after(deadline).astimezone(UTC) <= handed_in:
        days += 1
    begins, ends = Span(days=days).after(deadline), Span(days=days + 1).after(deadline)
    return days, minutes_late(begins, handed_in) / minutes_late(begins, ends)
