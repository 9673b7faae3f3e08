"""Wall-clock rules on every clock change of every zone: nine o'clock stays nine o'clock."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.cells import Ruler, cells
from scheduling.intervals import Interval
from scheduling.wallclock import Rule, day_span, hours_on, open_spans, reached

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


def transitions(zone: str, first: int = 2025, last: int = 2030) -> list[datetime]:
    """Every instant (to the minute) at which the zone's offset changes."""
    tz, found = ZoneInfo(zone), []
    at, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
    step = timedelta(days=3)
    while at < end:
        if at.astimezone(tz).utcoffset() != (at + step).astimezone(tz).utcoffset():
            low, high = at, at + step
            while high - low > MINUTE:
                middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
                if middle in (low, high):
                    break
                if middle.astimezone(tz).utcoffset() == at.astimezone(tz).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(high)
        at += step
    return found


def scanned(day: date, wall: time, tz: ZoneInfo) -> datetime:
    """The same as `reached`, found by looking at the clock every minute."""
    at = datetime.combine(day, time(), UTC) - timedelta(hours=26)
    for _ in range(60 * 80):
        local = at.astimezone(tz)
        if local.date() > day or (local.date() == day and local.time() >= wall):
            return at
        at += MINUTE
    raise AssertionError("no such time")


CHANGING = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
]


@pytest.mark.parametrize("zone", CHANGING)
def test_a_time_is_reached_when_the_clock_on_the_wall_first_shows_it_or_more(zone: str) -> None:
    tz = ZoneInfo(zone)
    for change in transitions(zone, 2026, 2027) or [datetime(2026, 6, 1, tzinfo=UTC)]:
        day = change.astimezone(tz).date()
        for wall in (time(0), time(0, 30), time(1, 30), time(2, 15), time(3), time(9)):
            assert reached(day, wall, tz) == scanned(day, wall, tz), (zone, day, wall)


def test_nine_to_five_is_eight_hours_on_the_day_of_every_change_of_every_zone() -> None:
    """All transitions 2025 to 2030: hours that the change does not touch begin and end on the minute."""
    seen = 0
    for zone in sorted(zoneinfo.available_timezones()):
        tz = ZoneInfo(zone)
        for change in transitions(zone):
            seen += 1
            day = change.astimezone(tz).date()
            span = hours_on(day, time(9), time(17), tz)
            assert span is not None
            local = (span.start.astimezone(tz), span.end.astimezone(tz))
            assert [(x.date(), x.time()) for x in local] == [(day, time(9)), (day, time(17))]
            assert span.end - span.start == timedelta(hours=8)
            whole = day_span(day, tz)
            before, after = (x.astimezone(tz).utcoffset() for x in (change - MINUTE, change))
            if whole.start < change < whole.end:
                assert whole.end - whole.start == timedelta(days=1) + before - after
    assert seen > 1_500


def test_hours_that_a_change_skips_begin_when_the_clocks_jump() -> None:
    day = date(2026, 3, 8)  # 02:00 EST becomes 03:00 EDT
    assert hours_on(day, time(2, 30), time(10), NEW_YORK) == Interval(
        datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 14, tzinfo=UTC)
    )
    assert hours_on(day, time(2, 15), time(2, 45), NEW_YORK) is None


def test_an_hour_that_comes_twice_is_worked_twice() -> None:
    span = hours_on(date(2026, 11, 1), time(0), time(6), NEW_YORK)
    assert span is not None
    assert span.end - span.start == timedelta(hours=7)


def test_closing_at_midnight_is_the_end_of_the_day_even_where_midnight_is_skipped() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    day = date(2026, 4, 23)  # midnight of the 24th does not exist there
    span = hours_on(day, time(20), time(0), cairo)
    assert span is not None
    assert span.end == day_span(day + timedelta(days=1), cairo).start
    assert span.end.astimezone(cairo).time() == time(1)


def test_a_rule_holds_on_its_first_and_last_day_and_on_no_other() -> None:
    rule = Rule(0, time(9), time(10), valid_from=date(2026, 11, 2), valid_to=date(2026, 11, 16))
    days = [date(2026, 10, 26) + timedelta(days=n) for n in range(40)]
    assert [day for day in days if rule.holds_on(day)] == [date(2026, 11, d) for d in (2, 9, 16)]


def test_two_rules_of_a_day_leave_the_break_between_them() -> None:
    rules = [Rule(1, time(9), time(12), date(2026, 1, 1)), Rule(1, time(13), time(17), date(2026, 1, 1))]
    spans = open_spans(rules, [date(2026, 11, 24)], NEW_YORK)
    assert [(p.start.hour, p.end.hour) for p in spans] == [(14, 17), (18, 22)]


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(CHANGING),
    minute=st.integers(0, 700 * 24 * 60),
    hours=st.integers(1, 24 * 9),
    step=st.sampled_from([5, 10, 15, 30, 60]),
)
def test_offered_starts_are_those_at_which_the_wall_shows_a_whole_step(
    zone: str, minute: int, hours: int, step: int
) -> None:
    tz = ZoneInfo(zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + minute * MINUTE
    ruler = Ruler.over(Interval(start, start + timedelta(hours=hours)))
    walls = (ruler.instant(n).astimezone(tz) for n in range(ruler.count))
    expected = [n for n, wall in enumerate(walls) if (wall.hour * 60 + wall.minute) % step == 0]
    assert list(cells(ruler.starts_on(step, tz))) == expected
