"""How much of a programme was done a week, and how pain moved."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.adherence import Tick, can_tick, trend, weeks

TODAY = date(2026, 11, 24)
LONG_AGO = TODAY - timedelta(days=200)


def ticks(*days_back, pain=None):
    return [Tick(1, TODAY - timedelta(days=back), done=True, pain=pain) for back in days_back]


def test_a_week_is_seven_days_that_end_today():
    (before, last) = weeks(ticks(0, 6, 7), times_a_week=[5], since=LONG_AGO, today=TODAY, count=2)
    assert (last.starts_on, last.ends_on, last.done, last.planned, last.percent) == (
        TODAY - timedelta(days=6), TODAY, 2, 5, 40,
    )  # fmt: skip
    assert before.done == 1


def test_more_than_planned_is_all_of_it_and_nothing_planned_is_no_share():
    assert weeks(ticks(*range(7)), times_a_week=[3], since=LONG_AGO, today=TODAY, count=1)[0].percent == 100
    assert weeks([], times_a_week=[], since=LONG_AGO, today=TODAY, count=1)[0].percent is None


def test_the_first_week_counts_only_the_days_since_the_plan_is_in_force():
    (only,) = weeks([], times_a_week=[7], since=TODAY - timedelta(days=2), today=TODAY)
    assert only.planned == 3


def test_what_was_not_done_is_not_counted_though_its_pain_is():
    said = [Tick(1, TODAY, done=False, pain=6)]
    (only,) = weeks(said, times_a_week=[7], since=TODAY, today=TODAY)
    assert (only.done, only.pain) == (0, 6)


@pytest.mark.parametrize(("first", "last", "word"), [(6, 3, "down"), (3, 6, "up"), (4, 4, "steady")])
def test_pain_goes_down_up_or_stays(first, last, word):
    said = ticks(10, pain=first) + ticks(1, pain=last)
    assert trend(weeks(said, times_a_week=[7], since=LONG_AGO, today=TODAY)) == word


def test_one_week_of_pain_is_no_trend():
    assert trend(weeks(ticks(1, pain=5), times_a_week=[7], since=LONG_AGO, today=TODAY)) == ""


def test_seven_days_can_be_ticked_and_not_an_eighth_nor_tomorrow():
    open_days = [back for back in range(-2, 10) if can_tick(TODAY - timedelta(days=back), TODAY)]
    assert open_days == list(range(7))


@given(
    backs=st.sets(st.integers(0, 40), max_size=8),
    times=st.lists(st.integers(1, 28), max_size=4),
    since=st.integers(0, 60),
)
def test_every_tick_since_the_plan_began_is_in_one_week_and_one_only(backs, times, since):
    began = TODAY - timedelta(days=since)
    several = weeks(ticks(*backs), times_a_week=times, since=began, today=TODAY, count=6)
    expected = sum(1 for back in backs if back <= min(since, 41))
    assert sum(week.done for week in several) == expected
    for earlier, later in itertools.pairwise(several):
        assert later.starts_on == earlier.ends_on + timedelta(days=1)
