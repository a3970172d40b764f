"""What being late costs: to the minute, never less for being later, and right when the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograde.late import OF, PER, LateRule, Span, minutes_late

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])

percents = st.floats(0, 100, allow_nan=False)
spans = st.builds(Span, days=st.integers(0, 20), minutes=st.integers(0, 3000))
rules = st.builds(
    LateRule,
    percent=percents,
    per=st.sampled_from(PER),
    of=st.sampled_from(OF),
    grace=st.builds(Span, minutes=st.integers(0, 120)),
    at_most=percents,
    nothing_after=st.none() | spans,
)
# a year around both days on which clocks are changed, in zones that do it differently
deadlines = st.builds(
    lambda minute, zone: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)).astimezone(
        ZoneInfo(zone)
    ),
    st.integers(0, 365 * 1440),
    ZONES,
)
delays = st.integers(-5000, 40_000_00).map(lambda seconds: timedelta(seconds=seconds))
points = st.floats(0, 1000, allow_nan=False)


def later(deadline: datetime, delay: timedelta) -> datetime:
    return deadline.astimezone(UTC) + delay


@given(rules, deadlines, delays, delays, points, points)
def test_later_never_costs_less(rule, deadline, one, other, possible, earned):
    costs = [rule.penalty(deadline, later(deadline, d), possible, earned) for d in sorted((one, other))]
    assert costs[0] <= costs[1]


@given(rules, deadlines, delays, points, points)
def test_a_penalty_is_never_negative_and_never_more_than_was_earned(rule, deadline, delay, possible, earned):
    assert 0 <= rule.penalty(deadline, later(deadline, delay), possible, earned) <= earned


@given(rules, deadlines, st.integers(-100_000, 59), points)
def test_who_is_in_time_or_within_its_minute_pays_nothing(rule, deadline, seconds, earned):
    assert rule.penalty(deadline, later(deadline, timedelta(seconds=seconds)), 10, earned) == 0


@given(deadlines, st.integers(0, 6000), st.integers(0, 59), st.integers(0, 20))
def test_by_the_hour_each_minute_counts_as_its_share(deadline, minutes, seconds, percent):
    handed_in = later(deadline, timedelta(minutes=minutes, seconds=seconds))
    exact = min(Fraction(100), Fraction(percent) * minutes / 60) / 100 * 34
    penalty = LateRule(percent=percent, per="hour").penalty(deadline, handed_in, 34, 34)
    assert penalty == pytest.approx(float(exact), rel=1e-12, abs=1e-12)


@given(deadlines, st.integers(0, 6000))
def test_a_started_hour_is_a_whole_one(deadline, minutes):
    rule = LateRule(percent=1, per="started hour")
    assert rule.percent_off(deadline, later(deadline, timedelta(minutes=minutes))) == -(-minutes // 60)


@given(deadlines, st.integers(1, 30), st.integers(0, 1))
def test_a_day_is_over_when_the_clock_shows_the_same_time_again(deadline, days, minutes):
    # the oracle adds to the wall clock and lets the time zone say what that is
    same_time = (deadline.replace(tzinfo=None, fold=0) + timedelta(days=days)).replace(tzinfo=deadline.tzinfo)
    handed_in = same_time.astimezone(UTC) + timedelta(minutes=minutes)
    assert LateRule(percent=1, per="started day").percent_off(deadline, handed_in) == days + minutes


@pytest.mark.parametrize(
    ("deadline", "handed_in", "hours", "days"),
    [
        # 29 March has 23 hours in Berlin, 25 October 25
        (datetime(2026, 3, 28, 23, 59), datetime(2026, 3, 29, 23, 59), 23, 1),
        (datetime(2026, 10, 24, 23, 59), datetime(2026, 10, 25, 23, 59), 25, 1),
        (datetime(2026, 3, 28, 23, 59), datetime(2026, 3, 29, 3, 29), 2.5, 2.5 / 23),
        (datetime(2026, 10, 24, 23, 59), datetime(2026, 10, 25, 12, 29), 13.5, 13.5 / 25),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 2, 30, fold=1), 1, 1 / 25),
    ],
)
def test_the_days_on_which_the_clocks_are_changed(deadline, handed_in, hours, days):
    deadline, handed_in = deadline.replace(tzinfo=BERLIN), handed_in.replace(tzinfo=BERLIN)
    assert LateRule(percent=1, per="hour").percent_off(deadline, handed_in) == pytest.approx(hours)
    assert LateRule(percent=1, per="day").percent_off(deadline, handed_in) == pytest.approx(days)


@given(rules, deadlines, delays, ZONES)
def test_the_zone_in_which_a_time_is_written_makes_no_difference(rule, deadline, delay, zone):
    handed_in = later(deadline, delay)
    same = rule.percent_off(deadline, handed_in)
    assert rule.percent_off(deadline, handed_in.astimezone(ZoneInfo(zone))) == same
    assert rule.percent_off(deadline, handed_in.astimezone(deadline.tzinfo)) == same


def test_grace_is_free_and_whoever_is_later_pays_from_the_deadline_on():
    rule = LateRule(percent=6, per="hour", grace=Span(minutes=10))
    costs = [rule.percent_off(NOON, NOON + timedelta(minutes=m)) for m in (9, 10, 11, 60)]
    assert costs == [0, 0, pytest.approx(1.1), 6]


def test_a_cap_holds_until_nothing_counts_any_more():
    rule = LateRule(percent=10, per="started day", at_most=30, nothing_after=Span(days=7))
    costs = [rule.percent_off(NOON, NOON + timedelta(days=d, minutes=m)) for d, m in ((2, 0), (6, 0), (7, 0))]
    assert costs == [20, 30, 30]
    assert rule.percent_off(NOON, NOON + timedelta(days=7, minutes=1)) == 100
    assert rule.penalty(NOON, NOON + timedelta(days=8), possible=10, earned=4) == 4


def test_percent_are_of_the_points_possible_or_of_those_earned():
    late = NOON + timedelta(hours=1)
    assert LateRule(percent=10, of="possible").penalty(NOON, late, possible=20, earned=10) == 2
    assert LateRule(percent=10, of="earned").penalty(NOON, late, possible=20, earned=10) == 1


def test_minutes_are_full_ones():
    assert minutes_late(NOON, NOON + timedelta(minutes=3, seconds=59.9)) == 3


def test_a_rule_says_what_it_is():
    rule = LateRule(2, "hour", grace=Span(minutes=10), at_most=50, nothing_after=Span(days=7))
    said = "2 % of the points possible for every hour, by the minute; nothing within 10 minutes; at most 50 %"
    assert str(rule) == f"{said}; no points after 7 days"
    assert str(LateRule(5, "started day", "earned")) == "5 % of the points earned for every started day"
