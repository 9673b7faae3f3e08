"""Whom a free time suits and in which order: laws that hold for whatever is wished and whatever is free."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import replying
from scheduling.due import Hours
from scheduling.intervals import Interval
from scheduling.matching import Candidate, Stretch, Wishes, candidates, length_in, order, starts
from tests.factories.scheduling import local

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = local(27, 9)
QUARTER = timedelta(minutes=15)

minutes = st.integers(1, 24).map(lambda n: n * 5)
quarters = st.integers(-40, 80).map(lambda n: FRIDAY + n * QUARTER)
spans = st.builds(lambda at, length: Interval(at, at + timedelta(minutes=length)), quarters, minutes)
clocks = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0))
days = st.none() | st.integers(20, 30).map(lambda day: date(2026, 11, day))
some = st.frozensets(st.integers(1, 3), max_size=2)

wishes = st.builds(
    Wishes,
    entry=st.integers(1, 10_000),
    since=st.integers(0, 20_000).map(lambda n: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n)),
    service=st.integers(1, 2),
    minutes=minutes,
    discipline=st.sampled_from(["massage", "massage", "physical"]),
    skill=st.sampled_from(["", "", "deep"]),
    before=st.sampled_from([0, 0, 5, 15]),
    after=st.sampled_from([0, 0, 10, 15]),
    practitioners=some,
    locations=some,
    weekdays=st.frozensets(st.integers(0, 6), max_size=5),
    earliest=clocks,
    latest=clocks,
    first_on=days,
    last_on=days,
    present=st.none() | spans,
    urgent=st.booleans(),
    busy=st.lists(spans, max_size=2).map(tuple),
    offered=st.lists(spans, max_size=2).map(tuple),
)


@st.composite
def stretch(draw: Any) -> Stretch:
    free = draw(spans)
    lead, tail = draw(st.tuples(minutes, minutes))
    shift = draw(st.integers(-8, 8)) * QUARTER
    return Stretch(
        practitioner=draw(st.integers(1, 3)),
        location=draw(st.integers(1, 3)),
        tz=NEW_YORK,
        discipline="massage",
        skills=draw(st.sampled_from([frozenset(), frozenset({"deep"})])),
        free=free,
        untaken=Interval(free.start - timedelta(minutes=lead), free.end + timedelta(minutes=tail)),
        freed=Interval(free.start + shift, free.end + shift),
    )


@given(wishes, stretch())
@settings(max_examples=600, deadline=None)
def test_a_start_is_never_outside_the_wishes_the_stretch_or_the_patients_own_time(w: Wishes, s: Stretch) -> None:
    for start in starts(w, s, from_=FRIDAY):
        visit = Interval(start, start + w.length)
        here, over = (at.astimezone(NEW_YORK) for at in (visit.start, visit.end))
        assert s.free.covers(visit)
        assert visit.overlaps(s.freed)
        around = Interval(start - timedelta(minutes=w.before), visit.end + timedelta(minutes=w.after))
        assert s.untaken.covers(around)
        assert start >= FRIDAY
        assert here.minute % 15 == here.second == 0
        assert not w.weekdays or here.weekday() in w.weekdays
        assert w.earliest is None or here.time() >= w.earliest
        assert w.latest is None or (over.time() <= w.latest and here.date() == over.date())
        assert w.first_on is None or here.date() >= w.first_on
        assert w.last_on is None or here.date() <= w.last_on
        assert w.present is None or visit.end <= w.present.start
        assert not w.practitioners or s.practitioner in w.practitioners
        assert not w.locations or s.location in w.locations
        assert w.discipline == "massage"
        assert not w.skill or w.skill in s.skills
        assert not any(visit.overlaps(other) for other in w.busy)


@given(wishes, stretch())
@settings(max_examples=400, deadline=None)
def test_nobody_is_offered_the_same_place_twice(w: Wishes, s: Stretch) -> None:
    """Offered again and again, as somebody does who never answers, the times never overlap, and come to an end."""
    seen: list[Interval[datetime]] = []
    while found := starts(w, s, from_=FRIDAY):
        visit = Interval(found[0], found[0] + w.length)
        assert not any(visit.overlaps(other) for other in (*seen, *w.offered))
        seen.append(visit)
        w = Wishes(**{**w.__dict__, "offered": (*w.offered, visit)})
        assert len(seen) < 200


@given(wishes, stretch())
@settings(max_examples=300, deadline=None)
def test_every_start_of_the_grid_that_suits_is_found(w: Wishes, s: Stretch) -> None:
    """Against walking over every minute."""
    found = set(starts(w, s, from_=FRIDAY))
    at = s.free.start - timedelta(hours=3)
    while at < s.free.end:
        alone = Stretch(**{**s.__dict__, "session_of": None})
        if at.astimezone(NEW_YORK).minute % 15 == 0 and at not in found:
            visit = Interval(at, at + w.length)
            around = Interval(at - timedelta(minutes=w.before), visit.end + timedelta(minutes=w.after))
            inside = s.free.covers(visit) and s.untaken.covers(around) and visit.overlaps(s.freed) and at >= FRIDAY
            assert not (inside and _suits(w, alone, visit)), at
        at += timedelta(minutes=1)


def _suits(w: Wishes, s: Stretch, visit: Interval[datetime]) -> bool:
    """The wishes said once more, in other words."""
    here, over = (at.astimezone(NEW_YORK) for at in (visit.start, visit.end))
    no = [
        bool(w.practitioners) and s.practitioner not in w.practitioners,
        bool(w.locations) and s.location not in w.locations,
        w.discipline != s.discipline or (w.skill != "" and w.skill not in s.skills),
        bool(w.weekdays) and here.weekday() not in w.weekdays,
        w.earliest is not None and here.time() < w.earliest,
        w.latest is not None and (over.time() > w.latest or here.date() != over.date()),
        w.first_on is not None and here.date() < w.first_on,
        w.last_on is not None and here.date() > w.last_on,
        w.present is not None and visit.end > w.present.start,
        any(visit.start < o.end and o.start < visit.end for o in (*w.busy, *w.offered)),
    ]
    return not any(no)


@given(st.lists(wishes, max_size=8, unique_by=lambda w: w.entry), st.lists(stretch(), min_size=1, max_size=2))
@settings(max_examples=200, deadline=None)
def test_the_order_is_total_and_the_same_however_they_are_read(waiting: list[Wishes], free: list[Stretch]) -> None:
    found = candidates(waiting, free, from_=FRIDAY)
    again = candidates(list(reversed(waiting)), list(reversed(free)), from_=FRIDAY)
    keys = [order(c, s) for s, c in found]
    assert keys == sorted(keys)
    assert len({w.entry for w in waiting}) == len(waiting)
    assert [c.wishes.entry for _, c in found] == [c.wishes.entry for _, c in again]


HOLE = Stretch(
    1, 1, NEW_YORK, "massage", frozenset(), free=Interval(local(27, 10), local(27, 11)),
    untaken=Interval(local(27, 10), local(27, 11)), freed=Interval(local(27, 10), local(27, 11)),
)  # fmt: skip


def waits(entry: int, **facts: Any) -> Wishes:
    usual: dict[str, Any] = {"since": local(20, 12), "service": 1, "minutes": 60, "discipline": "massage"}
    return Wishes(entry=entry, **(usual | facts))


def asked_first(*waiting: Wishes) -> list[int]:
    return [c.wishes.entry for _, c in candidates(waiting, [HOLE], from_=FRIDAY)]


def test_the_order_is_urgent_then_last_chance_then_longest_then_by_name_then_none_at_all_then_most_gained() -> None:
    week_after = Interval(local(4, 10, month=12), local(4, 11, month=12))
    day_after = Interval(local(28, 10), local(28, 11))
    line = [
        waits(9, urgent=True, since=local(24, 8)),
        waits(8, last_on=date(2026, 11, 28), since=local(23, 8)),
        waits(7, last_on=date(2026, 12, 2), since=local(23, 8)),
        waits(6, since=local(18, 8)),
        waits(5, practitioners=frozenset({1}), since=local(20, 18)),
        waits(4, since=local(20, 17)),
        waits(3, present=week_after, since=local(20, 9)),
        waits(2, present=day_after, since=local(20, 8)),
        waits(1, last_on=date(2027, 3, 1), since=local(21, 8)),
    ]
    assert asked_first(*reversed(line)) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_an_hour_takes_shorter_visits_and_no_longer_one() -> None:
    assert asked_first(waits(1, minutes=45), waits(2, minutes=60), waits(3, minutes=75)) == [1, 2]


def test_least_useless_gaps_first_then_nearest_to_what_became_free() -> None:
    assert starts(waits(1, minutes=30), HOLE, from_=FRIDAY)[:2] == (local(27, 10), local(27, 10, 30))
    assert starts(waits(1, minutes=45), HOLE, from_=FRIDAY) == (local(27, 10), local(27, 10, 15))


def test_a_groups_session_is_taken_as_it_is_and_by_its_own_service_alone() -> None:
    session = Stretch(**{**HOLE.__dict__, "session_of": 7})
    mine, other = waits(1, service=7, is_group=True, minutes=45), waits(2)
    assert starts(mine, session, from_=FRIDAY) == (local(27, 10),)
    assert length_in(mine, session) == timedelta(hours=1)
    assert starts(other, session, from_=FRIDAY) == starts(mine, HOLE, from_=FRIDAY) == ()
    assert Candidate(mine, (local(27, 10),)).gain is None


# -- How long there is to answer -------------------------------------------------------------------------

instants = st.integers(0, 3000).map(lambda n: datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=n * 15))


@given(instants, st.integers(0, 2000).map(lambda n: timedelta(minutes=n * 5)))
@settings(max_examples=500, deadline=None)
def test_who_is_asked_has_time_to_answer_and_to_come_and_sleeps_at_night(now: datetime, ahead: timedelta) -> None:
    starts_at = now + ahead
    reply = replying.window(starts_at, now=now, tz=NEW_YORK)
    if reply is None:
        assert ahead < timedelta(hours=13)
        return
    assert now <= reply.tell_at < reply.until < starts_at
    if reply.by_phone:
        assert reply.until - now >= replying.SHORTEST_BY_PHONE
        assert starts_at - reply.until >= replying.NOTICE_BY_PHONE
    else:
        assert time(8) <= reply.tell_at.astimezone(NEW_YORK).time() < time(21)
        assert reply.until - reply.tell_at >= replying.SHORTEST
        assert starts_at - reply.until >= replying.NOTICE
    assert reply.until - now <= timedelta(days=1), "a time is not kept for ever"
    assert starts_at >= replying.earliest(now)


def test_when_somebody_hears_of_it_is_a_matter_of_the_clinics_hours_and_of_their_own_clock() -> None:
    now, starts_at = local(24, 8), local(28, 10)
    in_honolulu = replying.window(starts_at, now=now, tz=NEW_YORK, recipient=ZoneInfo("Pacific/Honolulu"))
    assert in_honolulu is not None
    assert in_honolulu.tell_at == local(24, 13)  # eight there
    late_risers = replying.window(starts_at, now=now, tz=NEW_YORK, hours=Hours(time(10), time(18)))
    assert late_risers is not None
    assert late_risers.tell_at == local(24, 10)
