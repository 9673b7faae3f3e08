"""Rules of series: the days of RFC 5545, and nine o'clock that stays nine o'clock through every clock change."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduling.recurrence import LONGEST, MOST, Frequency, ImpossibleRule, Recurrence, instant, suggested
from tests.scheduling.test_wallclock import transitions

DAY = timedelta(days=1)
FIRST = date(2026, 11, 24)  # a Tuesday


@st.composite
def rules(draw: st.DrawFn) -> Recurrence:
    """Any rule that stays within its bounds."""
    first = date(2026, 1, 1) + draw(st.integers(0, 800)) * DAY
    frequency = draw(st.sampled_from(Frequency))
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1)) if frequency is Frequency.WEEKLY else frozenset()
    count = draw(st.none() | st.integers(1, MOST))
    until = None if count else first + draw(st.integers(0, 800)) * DAY
    rule = Recurrence(first, frequency, draw(st.integers(1, 8)), weekdays, count, until, draw(st.integers(0, 6)))
    try:
        rule.dates()
    except ImpossibleRule:
        assume(False)
    return rule


@given(rule=rules())
def test_the_days_are_those_of_the_calendar_standard(rule: Recurrence) -> None:
    judge = rrule.rrule(
        rrule.DAILY if rule.frequency is Frequency.DAILY else rrule.WEEKLY,
        dtstart=datetime.combine(rule.first, time()),
        interval=rule.every,
        wkst=rule.week_starts,
        byweekday=sorted(rule.weekdays) or None,
        count=rule.count,
        until=datetime.combine(rule.until, time()) if rule.until else None,
    )
    assert rule.dates() == [day.date() for day in judge]


@given(rule=rules())
def test_the_count_is_honoured_and_the_last_day_is_included(rule: Recurrence) -> None:
    days = rule.dates()
    if rule.count:
        assert len(days) == rule.count
    else:
        assert rule.until
        assert days[-1] <= rule.until
        assert (
            Recurrence(rule.first, rule.frequency, rule.every, rule.weekdays, None, days[-1], rule.week_starts).dates()
            == days
        )
    assert days == sorted(set(days))
    assert days[-1] - days[0] <= LONGEST


@given(rule=rules())
def test_the_spacing_is_what_the_rule_says(rule: Recurrence) -> None:
    days = rule.dates()
    if rule.frequency is Frequency.DAILY:
        assert {b - a for a, b in pairwise(days)} <= {rule.every * DAY}
        return
    assert {day.weekday() for day in days} <= rule.weekdays
    weeks = {(day - rule.first + ((rule.first.weekday() - rule.week_starts) % 7) * DAY).days // 7 for day in days}
    assert {week % rule.every for week in weeks} == {0} or {week % rule.every for week in weeks} == set()


@given(rule=rules(), after=st.integers(0, 30), shift=st.integers(-6, 6))
def test_a_continued_rule_has_the_rest_of_the_days_shifted(rule: Recurrence, after: int, shift: int) -> None:
    rest = rule.dates()[after:]
    assume(rest)
    assert rule.continued(after, shift=shift).dates() == [day + shift * DAY for day in rest]


def test_nothing_can_be_continued_after_its_end() -> None:
    with pytest.raises(ImpossibleRule, match="Nothing of this series is left"):
        Recurrence(FIRST, weekdays=frozenset({1}), count=3).continued(3)


@pytest.mark.parametrize("wall", [time(9), time(17, 45), time(12)])
def test_the_wall_time_is_constant_through_every_change_of_every_zone(wall: time) -> None:
    """All transitions 2025 to 2030: a daily series across the change shows the same time on the wall each day."""
    seen = 0
    for zone in sorted(zoneinfo.available_timezones()):
        tz = ZoneInfo(zone)
        for change in transitions(zone):
            seen += 1
            first = change.astimezone(tz).date() - 2 * DAY
            days = Recurrence(first, Frequency.DAILY, count=5).dates()
            found = [instant(day, wall, tz) for day in days]
            assert [one.at.astimezone(tz).time() for one in found if not one.is_skipped] == [
                wall for one in found if not one.is_skipped
            ]
            assert [one.at.astimezone(tz).date() for one in found if not one.is_skipped] == [
                day for day, one in zip(days, found, strict=True) if not one.is_skipped
            ]
            assert all(a.at < b.at for a, b in pairwise(found))
    assert seen > 1_500


def test_a_time_that_the_clocks_skip_is_flagged_and_is_the_moment_of_the_jump() -> None:
    tz = ZoneInfo("America/New_York")
    found = instant(date(2027, 3, 14), time(2, 30), tz)
    assert found.is_skipped
    assert found.at == datetime(2027, 3, 14, 7, tzinfo=UTC)  # 03:00 EDT
    assert not instant(date(2027, 3, 15), time(2, 30), tz).is_skipped


def test_of_a_time_that_comes_twice_the_first_is_taken() -> None:
    found = instant(date(2026, 11, 1), time(1, 30), ZoneInfo("America/New_York"))
    assert found.at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # EDT, before the clocks go back
    assert not found.is_skipped


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"weekdays": frozenset()}, "weekdays"),
        ({"every": 0}, "every"),
        ({"every": 27}, "every"),
        ({"count": 0}, "count"),
        ({"count": MOST + 1}, "count"),
        ({"count": None}, "count"),
        ({"until": date(2027, 1, 1)}, "count"),
        ({"count": None, "until": FIRST - DAY}, "until"),
    ],
)
def test_a_rule_that_cannot_be_says_which_field_is_wrong(facts: dict[str, object], field: str) -> None:
    usual: dict[str, object] = {"weekdays": frozenset({1}), "count": 8}
    with pytest.raises(ImpossibleRule) as error:
        Recurrence(FIRST, **(usual | facts))  # type: ignore[arg-type]
    assert error.value.field == field


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Recurrence(FIRST, every=2, weekdays=frozenset({1}), count=MOST), "count"),
        (Recurrence(FIRST, Frequency.DAILY, until=FIRST + 200 * DAY), "until"),
        (Recurrence(FIRST, every=2, weekdays=frozenset({1}), until=FIRST + 760 * DAY), "until"),
        (Recurrence(FIRST, weekdays=frozenset({0}), until=FIRST + DAY), "until"),
    ],
)
def test_too_many_too_far_or_none_at_all_is_said(rule: Recurrence, field: str) -> None:
    with pytest.raises(ImpossibleRule) as error:
        rule.dates()
    assert error.value.field == field


@pytest.mark.parametrize(
    ("days_between", "weekdays", "every"),
    [
        (0, {1}, 1),
        (1, {0, 1, 2, 3, 4}, 1),
        (2, {1, 4}, 1),
        (3, {1, 4}, 1),
        (4, {1}, 1),
        (7, {1}, 1),
        (8, {1}, 2),
        (14, {1}, 2),
    ],
)
def test_a_plan_is_read_as_a_rule(days_between: int, weekdays: set[int], every: int) -> None:
    rule = suggested(FIRST, days_between=days_between, sessions=8)
    assert (rule.weekdays, rule.every, rule.count) == (weekdays, every, 8)


@given(offset=st.integers(0, 6), days_between=st.integers(0, 60), sessions=st.integers(1, 104))
def test_what_a_plan_suggests_keeps_its_spacing_and_can_be(offset: int, days_between: int, sessions: int) -> None:
    rule = suggested(FIRST + offset * DAY, days_between=days_between, sessions=sessions)
    days = rule.dates()
    assert days[0] == FIRST + offset * DAY
    assert all((b - a).days >= days_between for a, b in pairwise(days))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Recurrence(FIRST, Frequency.DAILY, count=3), "Every day"),
        (Recurrence(FIRST, Frequency.DAILY, 3, count=3), "Every 3 days"),
        (Recurrence(FIRST, weekdays=frozenset(range(5)), count=3), "Every weekday, Monday to Friday"),
        (Recurrence(FIRST, weekdays=frozenset({1}), count=3), "Every week on Tuesday"),
        (
            Recurrence(FIRST, every=2, weekdays=frozenset({0, 1, 3}), count=3),
            "Every 2 weeks on Monday, Tuesday and Thursday",
        ),
    ],
)
def test_a_rule_reads_as_people_say_it(rule: Recurrence, words: str) -> None:
    assert rule.in_words() == words
