"""When a message about a visit is due: laws that hold for every visit, rule, zone and hour."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import due
from scheduling.due import OWN_CHOICE, WINDOW, Case, Held, Hours

NEW_YORK = ZoneInfo("America/New_York")
#: Clocks that change by an hour in the north, by an hour in the south, and by half an hour.
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]
DAY, HOUR = 24 * 60, 60
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Rule:
    minutes: int
    service_id: int | None = None
    location_id: int | None = None
    channel: str = ""
    uid: uuid.UUID = field(default_factory=uuid.uuid4)
    made_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


def a_case(starts_at: datetime, zone: str = "America/New_York", **facts: object) -> Case:
    tz = ZoneInfo(zone)
    usual = {"service_id": 1, "location_id": 1, "place": tz, "recipient": tz, "channel": "email"}
    return Case(starts_at, **(usual | facts))  # type: ignore[arg-type]


def wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


instants = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)).map(  # noqa: DTZ001 -- made aware here
    lambda naive: naive.replace(tzinfo=UTC, second=0, microsecond=0)
)
zones = st.sampled_from(ZONES)
leads = st.integers(60, 30 * DAY)
some_hours = st.tuples(st.integers(0, 20), st.integers(3, 23)).map(
    lambda pair: Hours(time(min(pair[0], pair[1] - 3) if pair[1] - pair[0] < 3 else pair[0]), time(pair[1]))
)


# -- Hours -----------------------------------------------------------------------------------------------


@given(instants, zones, some_hours)
def test_what_falls_into_the_night_is_said_the_evening_before_and_never_later(
    at: datetime, zone: str, hours: Hours
) -> None:
    tz = ZoneInfo(zone)
    chosen = hours.earlier(at, tz)
    assert hours.begins <= chosen.astimezone(tz).time() < hours.ends
    assert chosen <= at
    assert at - chosen <= timedelta(hours=25)


@given(instants, zones, some_hours)
def test_what_answers_nobody_waits_for_the_morning_and_never_goes_out_sooner(
    at: datetime, zone: str, hours: Hours
) -> None:
    tz = ZoneInfo(zone)
    chosen = hours.later(at, tz)
    assert hours.begins <= chosen.astimezone(tz).time() < hours.ends
    assert at <= chosen <= at + timedelta(hours=25)


# -- So long before --------------------------------------------------------------------------------------


def test_a_day_before_is_the_same_time_on_the_wall_also_when_clocks_change() -> None:
    monday_nine = datetime(2026, 11, 2, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)
    assert wall(due.before(monday_nine, DAY, NEW_YORK), "America/New_York") == datetime(2026, 11, 1, 9)  # noqa: DTZ001 -- wall clock
    assert wall(due.before(monday_nine, 3 * DAY, NEW_YORK), "America/New_York") == datetime(2026, 10, 30, 9)  # noqa: DTZ001 -- wall clock


@given(instants, leads, zones)
def test_whole_days_keep_the_time_on_the_wall_and_the_rest_is_exact_to_the_minute(
    at: datetime, minutes: int, zone: str
) -> None:
    tz = ZoneInfo(zone)
    days, rest = divmod(minutes, DAY)
    found = due.before(at, minutes, tz)
    on_the_day = found + timedelta(minutes=rest)
    assert abs((at - found) - timedelta(minutes=minutes)) <= timedelta(hours=1)
    expected = at.astimezone(tz) - timedelta(days=days)
    if expected.astimezone(UTC).astimezone(tz).replace(tzinfo=None) == expected.replace(tzinfo=None):
        assert wall(on_the_day, zone) == expected.replace(tzinfo=None)


@pytest.mark.parametrize("minutes", [61, 90, 95, 7 * HOUR + 30, 26 * HOUR + 1])
def test_a_lead_time_is_not_rounded_to_whole_hours(minutes: int) -> None:
    """Elsewhere hours that remain are rounded, so that a reminder may be up to an hour off, or fall out altogether."""
    starts_at = datetime(2026, 11, 25, 20, 17, tzinfo=UTC)
    (one,) = due.asked(a_case(starts_at), [Rule(minutes)], Hours(time(0), time(23, 59)))
    assert one.wanted_at == starts_at - timedelta(minutes=minutes)


# -- Which rules -----------------------------------------------------------------------------------------


def test_the_most_special_rules_alone_hold() -> None:
    general, here, massage, massage_here = Rule(1), Rule(2, None, 7), Rule(3, 5, None), Rule(4, 5, 7)
    rules = [general, here, massage, massage_here]
    assert due.applying(rules, service_id=5, location_id=7) == [massage_here]
    assert due.applying(rules[:3], service_id=5, location_id=7) == [massage]
    assert due.applying(rules, service_id=6, location_id=7) == [here]
    assert due.applying(rules, service_id=6, location_id=8) == [general]
    assert due.applying([massage], service_id=6, location_id=8) == []


def test_a_rule_of_the_patients_channel_is_chosen_and_where_none_fits_nobody_is_left_out() -> None:
    by_text, by_mail, both = Rule(1, channel="sms"), Rule(2, channel="email"), Rule(3)
    assert due.applying([by_text, by_mail, both], service_id=1, location_id=1, channel="email") == [by_mail, both]
    assert due.applying([by_text], service_id=1, location_id=1, channel="email") == [by_text]


def test_the_patients_own_choice_replaces_all_that_the_clinic_would_send() -> None:
    case = a_case(datetime(2026, 11, 27, 19, 0, tzinfo=UTC), lead_hours=5)
    (one,) = due.asked(case, [Rule(DAY), Rule(3 * DAY)], Hours())
    assert (one.occasion, one.rule, case.starts_at - one.at) == (OWN_CHOICE, None, timedelta(hours=5))
    assert due.asked(case, [], Hours()) == [one]


def test_the_night_is_that_of_who_is_written_to_not_of_the_place() -> None:
    case = a_case(datetime(2026, 11, 27, 14, 0, tzinfo=UTC), recipient=ZoneInfo("Pacific/Honolulu"))  # 04:00 there
    (one,) = due.asked(case, [Rule(DAY)], Hours())
    assert one.wanted_at == datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
    assert wall(one.at, "Pacific/Honolulu") == datetime(2026, 11, 25, 20, 30)  # noqa: DTZ001 -- wall clock


# -- All of them -----------------------------------------------------------------------------------------


@given(instants, zones, zones, st.lists(leads, max_size=5, unique=True), some_hours)
def test_every_reminder_is_at_a_decent_hour_of_the_recipient_before_its_visit_and_none_within_a_window_of_another(
    starts_at: datetime, place: str, home: str, minutes: list[int], hours: Hours
) -> None:
    case = a_case(starts_at, place, recipient=ZoneInfo(home))
    found = due.asked(case, [Rule(one) for one in minutes], hours)
    assert len(found) == len(minutes)
    sent = [one for one in found if not one.said_by]
    for one in found:
        assert hours.hold(one.at, ZoneInfo(home))
        assert one.at <= one.wanted_at < starts_at
    assert all(b.at - a.at >= WINDOW for a, b in itertools.pairwise(sent))
    assert {one.said_by for one in found if one.said_by} <= {one.occasion for one in sent}


def year(zone: str) -> Iterator[datetime]:
    """A visit at every half hour of every day of a year, by the clock on the wall."""
    for day in range(365):
        for half in range(48):
            naive = datetime.combine(date(2026, 1, 1) + timedelta(days=day), time(half // 2, half % 2 * 30))
            instant = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            if wall(instant, zone) == naive:  # clocks that skip it have no visit then
                yield instant


@pytest.mark.parametrize("zone", ZONES)
def test_in_a_simulated_year_every_reminder_is_at_the_right_local_time_and_none_in_quiet_hours(zone: str) -> None:
    two_days, day, three_hours = Rule(2 * DAY), Rule(DAY), Rule(3 * HOUR)
    changes = 0
    for starts_at in year(zone):
        local = wall(starts_at, zone)
        found = {one.rule: one for one in due.asked(a_case(starts_at, zone), [two_days, day, three_hours], Hours())}
        for rule, days in ((two_days, 2), (day, 1)):
            wanted = local - timedelta(days=days)
            if 8 <= local.hour < 21:
                assert wall(found[rule.uid].at, zone) == wanted
            else:
                evening = wanted if local.hour >= 21 else wanted - timedelta(days=1)
                assert wall(found[rule.uid].at, zone) == evening.replace(hour=20, minute=30)
            changes += (starts_at - found[rule.uid].at) % timedelta(days=1) != timedelta(0) and 8 <= local.hour < 21
        wanted_at = starts_at - timedelta(hours=3)
        assert found[three_hours.uid].wanted_at == wanted_at
        if 8 <= wall(wanted_at, zone).hour < 21:
            assert found[three_hours.uid].at == wanted_at
        assert all(8 <= wall(one.at, zone).hour < 21 for one in found.values())
    assert (
        changes == 2 * (2 + 1) * 26
    )  # both changes touch the visits of two days and of one, each half hour from 8 to 21


# -- What stands in the outbox ---------------------------------------------------------------------------


def held(one: due.Asked, **facts: object) -> Held:
    return replace(Held(uuid.uuid4(), one.occasion, "email", one.at, is_pending=True), **facts)  # type: ignore[arg-type]


def todo(asks: list[due.Asked], rows: list[Held], *, now: datetime = NOW, is_blocked: bool = False) -> due.Steps:
    return due.steps(asks, rows, channel="email", is_blocked=is_blocked, now=now)


def three(starts_at: datetime = NOW + timedelta(days=5)) -> list[due.Asked]:
    return due.asked(a_case(starts_at), [Rule(3 * DAY), Rule(DAY), Rule(3 * HOUR)], Hours())


def test_what_stands_as_it_should_needs_nothing() -> None:
    asks = three()
    assert not todo(asks, [held(one) for one in asks])


def test_what_is_missing_ahead_is_written_each_and_twice_is_once() -> None:
    asks = three()
    assert todo(asks, []).write == asks
    assert todo(asks, [held(asks[0])]).write == asks[1:]


def test_a_reminder_whose_time_has_passed_is_made_up_for_only_when_no_other_is_to_come_and_nothing_was_said() -> None:
    asks = three()
    two_hours_before = NOW + timedelta(days=4, hours=22)
    assert todo(asks, [], now=two_hours_before).write_late == asks[-1:]
    assert not todo(asks, [held(asks[0], is_pending=False)], now=two_hours_before)
    assert not todo(asks, [held(asks[2])], now=asks[0].at + timedelta(hours=1)).write_late


def test_what_no_rule_asks_for_any_more_is_stopped_but_only_what_a_rule_asked_for() -> None:
    asks = three()
    gone, by_hand, sent = (held(asks[0], occasion=f"rule {n}") for n in range(3))
    by_hand, sent = replace(by_hand, is_by_rule=False), replace(sent, is_pending=False)
    assert todo(asks, [*map(held, asks), gone, by_hand, sent]).stop == [gone.uid]


def test_who_is_reached_another_way_now_is_told_that_way() -> None:
    asks = three()
    rows = [held(one, channel="sms") for one in asks]
    found = todo(asks, rows)
    assert (found.stop, found.write) == ([row.uid for row in rows], asks)


def test_a_reminder_that_falls_at_another_time_now_is_changed_and_one_that_left_is_not() -> None:
    asks = three()
    pending = held(asks[1], due_at=asks[1].at + timedelta(hours=1))
    left = replace(pending, uid=uuid.uuid4(), is_pending=False)
    assert todo(asks, [held(asks[0]), pending, held(asks[2])]).change == [(pending.uid, asks[1])]
    assert not todo(asks, [held(asks[0]), left, held(asks[2])])


def test_one_that_another_said_as_well_goes_out_itself_when_that_other_is_stopped() -> None:
    asks = three()
    sayer = held(asks[0], occasion="rule that is gone")
    silent = held(asks[1], is_pending=False, said_by=sayer.uid)
    found = todo(asks[1:], [sayer, silent, held(asks[2])])
    assert (found.stop, found.change) == ([sayer.uid], [(silent.uid, asks[1])])


def test_of_who_cannot_be_reached_it_is_written_down_once() -> None:
    asks = three()
    assert todo(asks, [], is_blocked=True).write == asks
    assert not todo(asks, [held(one, is_pending=False, is_curable=True) for one in asks], is_blocked=True)
    assert todo(asks, [held(one, is_pending=False, is_curable=True) for one in asks]).write == asks
