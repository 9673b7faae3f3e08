"""The diary as rows and lanes: nothing covers anything, nothing lies outside, clock changes fit."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import daygrid
from scheduling.daygrid import Card, Frame
from scheduling.intervals import Interval, Spans
from scheduling.wallclock import Clock

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 11, 24)


def at(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, 24, hour, minute, tzinfo=NEW_YORK).timestamp())


def card(row: int, rows: int) -> Card:
    visit: Any = SimpleNamespace()
    return Card(visit, row, rows)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(1, 20)), max_size=12))
def test_visits_in_one_lane_never_cover_each_other_and_lanes_agree_on_their_width(boxes: list[tuple[int, int]]) -> None:
    placed = daygrid.lanes(card(*box) for box in boxes)
    assert len(placed) == len(boxes)
    for n, one in enumerate(placed):
        assert 0 <= one.lane < one.lanes
        for other in placed[n + 1 :]:
            if one.row < other.row + other.rows and other.row < one.row + one.rows:
                assert one.lane != other.lane
                assert one.lanes == other.lanes


def test_a_visit_alone_has_the_whole_width() -> None:
    assert [c.lanes for c in daygrid.lanes([card(1, 6), card(7, 6), card(20, 3)])] == [1, 1, 1]


def test_the_frame_reaches_from_the_first_whole_hour_to_the_last() -> None:
    area = daygrid.frame(DAY, NEW_YORK, [Interval(at(8, 40), at(9)), Interval(at(15), at(17, 10))])
    assert area.span == Interval(at(8), at(18))
    assert area.rows == 120
    assert [mark.label for mark in area.hours()][:2] == ["08:00", "09:00"]
    assert area.box(at(8, 40), at(9)) == (9, 4)


def test_what_reaches_beyond_the_frame_is_cut_to_it() -> None:
    area = Frame(Interval(at(8), at(18)), NEW_YORK)
    assert area.box(at(6), at(9)) == (1, 12)
    assert area.box(at(17), at(23)) == (109, 12)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 11, 1), 25), (date(2027, 3, 14), 23), (DAY, 24)])
def test_a_whole_day_has_as_many_hours_as_its_clocks_show(day: date, hours: int) -> None:
    area = daygrid.frame(day, NEW_YORK, [daygrid.day_seconds(day, NEW_YORK)])
    assert area.rows == hours * 12
    labels = [mark.label for mark in area.hours()]
    assert len(labels) == hours
    assert labels.count("01:00") == (2 if hours == 25 else 1)
    assert ("02:00" in labels) is (hours != 23)


def test_gaps_are_offered_at_whole_and_half_hours_and_never_in_the_past() -> None:
    area = Frame(Interval(at(8), at(18)), NEW_YORK)
    free = Spans.of([Interval(at(9, 10), at(11)), Interval(at(12), at(12, 10))])
    clock = Clock(NEW_YORK)
    offered = [(clock[start], (end - start) // 60) for start, end in daygrid.offers(free, area, at(7))]
    assert offered == [("09:10", 20), ("09:30", 30), ("10:00", 30), ("10:30", 30)]
    assert [a for a, _ in daygrid.offers(free, area, at(10, 20))] == [at(10, 30)]
