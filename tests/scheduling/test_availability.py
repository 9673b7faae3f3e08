"""Free times equal what a model finds that walks through every minute; asking costs the same and writes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Practitioner
from scheduling import availability, booking
from scheduling.availability import Ask
from scheduling.intervals import Interval
from scheduling.models import (
    Absence,
    Appointment,
    Claim,
    Closure,
    ExtraHours,
    OpeningHours,
    Resource,
    WorkingHours,
)
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def ask(place: SimpleNamespace, start: datetime, end: datetime, **facts: Any) -> Ask:
    return Ask(place.service, place.location, Interval(start, end), **facts)


def clocks(found: list[availability.Free], place: SimpleNamespace) -> list[str]:
    return [f"{free.starts_at.astimezone(place.location.tz):%d %H:%M}" for free in found]


# -- Sentences -------------------------------------------------------------------------------------------


def test_an_empty_day_offers_every_quarter_of_an_hour_that_leaves_room_for_the_visit() -> None:
    place = make.a_small_clinic()
    found = clocks(availability.free_times(ask(place, local(25, 0), local(26, 0))), place)
    assert found[0] == "25 09:00"
    assert found[-1] == "25 16:00"
    assert len(found) == 29


def test_a_visit_takes_its_time_and_the_time_before_in_which_none_would_fit() -> None:
    place = make.a_small_clinic()
    make.a_visit(place, local(25, 11))
    found = clocks(availability.free_times(ask(place, local(25, 0), local(26, 0))), place)
    assert "25 10:00" in found
    assert not {"25 10:15", "25 10:30", "25 11:00", "25 11:45"} & set(found)
    assert "25 12:00" in found


def test_charting_holds_the_therapist_and_cleaning_holds_the_room_only() -> None:
    place = make.a_small_clinic(rooms=1, practitioners=2)
    place.service.minutes_after, place.service.charting_minutes = 15, 30
    place.service.save()
    make.a_visit(place, local(25, 10))
    found = availability.free_times(ask(place, local(25, 11), local(25, 12)))
    first = {
        who.pk: min(f.starts_at for f in found if f.practitioner_id == who.pk).astimezone(place.location.tz).time()
        for who in place.practitioners
    }
    assert first == {place.practitioners[0].pk: time(11, 30), place.practitioners[1].pk: time(11, 15)}


def test_what_follows_a_visit_may_reach_beyond_working_hours() -> None:
    place = make.a_small_clinic()
    place.service.charting_minutes = place.service.minutes_after = 20
    place.service.save()
    assert clocks(availability.free_times(ask(place, local(25, 0), local(26, 0))), place)[-1] == "25 16:00"


def test_rooms_without_the_feature_and_retired_rooms_do_not_help() -> None:
    place = make.a_small_clinic(rooms=0)
    place.service.room_feature = "gym"
    place.service.save()
    make.a_room(place.location, features=["table"])
    make.a_room(place.location, features=["gym"], is_active=False)
    assert availability.free_times(ask(place, local(25, 0), local(26, 0))) == []
    make.a_room(place.location, features=["gym", "mirror"])
    assert availability.free_times(ask(place, local(25, 0), local(26, 0)))


def test_of_a_device_as_many_can_be_used_at_once_as_there_are() -> None:
    place = make.a_small_clinic(rooms=4, practitioners=3)
    place.service.device_kind = "ultrasound"
    place.service.save()
    make.a_device(place.location, count=2)
    for who in place.practitioners[:2]:
        assert clocks(availability.free_times(ask(place, local(25, 10), local(25, 10, 15))), place)
        make.a_visit(place, local(25, 10), practitioner=who)
    assert availability.free_times(ask(place, local(25, 10), local(25, 10, 15))) == []


def test_absences_closures_and_closing_time_are_no_time() -> None:
    place = make.a_small_clinic()
    Absence.objects.create(
        practitioner=place.practitioner, starts_at=local(25, 9), ends_at=local(25, 13), recorded_at=NOW
    )
    Closure.objects.create(
        location=place.location, name="Thanksgiving", starts_on=date(2026, 11, 26), ends_on=date(2026, 11, 26)
    )
    OpeningHours.objects.filter(weekday=4).update(closes=time(10, 30))
    found = clocks(availability.free_times(ask(place, local(25, 0), local(28, 0))), place)
    assert found[0] == "25 13:00"
    assert not [one for one in found if one.startswith("26")]
    assert [one for one in found if one.startswith("27")][-1] == "27 09:30"


def test_the_patients_own_visits_are_in_the_way_and_the_visit_being_moved_is_not() -> None:
    place = make.a_small_clinic(practitioners=2)
    patient = make.a_patient()
    visit = make.a_visit(place, local(25, 10), patient=patient)
    other = frozenset({place.practitioners[1].pk})
    window = (local(25, 10), local(25, 10, 15))
    assert availability.free_times(ask(place, *window, practitioners=other))
    assert availability.free_times(ask(place, *window, practitioners=other, patient=patient)) == []
    assert availability.free_times(ask(place, *window, patient=patient, ignoring=visit))


def test_with_a_therapist_whom_the_patient_knows_and_without_leaving_useless_gaps_comes_first() -> None:
    place = make.a_small_clinic(practitioners=2)
    known = place.practitioners[0]
    make.a_visit(place, local(25, 10, 45), practitioner=known)
    found = availability.free_times(ask(place, local(25, 0), local(26, 0)))
    best = availability.best_first(found, familiar={known.pk}, tz=place.location.tz, per_day=3)
    assert [free.practitioner_id for free in best] == [known.pk] * 3
    assert all(free.waste == 0 for free in best)
    assert "25 09:15" not in clocks(best, place)  # would leave 15 minutes on both sides


def test_the_nearest_times_are_offered_with_the_same_therapist_first() -> None:
    place = make.a_small_clinic()
    make.a_visit(place, local(25, 12))
    near = availability.nearest(
        ask(place, local(24, 9), local(27, 0)), local(25, 12), practitioner_id=place.practitioner.pk
    )
    assert sorted(clocks(near, place)) == ["25 10:45", "25 11:00", "25 13:00"]


def test_on_the_days_when_clocks_change_hours_stay_hours() -> None:
    """Berlin, 25 October 2026, has 25 hours; 28 March 2027 has 23. Nine to five is offered on both."""
    place = make.a_small_clinic(zone="Europe/Berlin")
    for day in (date(2026, 10, 25), date(2027, 3, 28)):
        start = datetime.combine(day, time(), tzinfo=place.location.tz)
        found = availability.free_times(ask(place, start, start + timedelta(days=1)))
        walls = [free.starts_at.astimezone(place.location.tz) for free in found]
        assert (walls[0].time(), walls[-1].time(), len(walls)) == (time(9), time(16), 29)


@pytest.mark.parametrize("much", [1, 4])
def test_asking_costs_the_same_however_much_there_is_and_writes_nothing(much: int) -> None:
    place = make.a_small_clinic(practitioners=much, rooms=much)
    for who in place.practitioners:
        make.a_visit(place, local(25, 10), practitioner=who)
    patient = make.a_patient()
    before = [model.objects.count() for model in (Appointment, Claim, Resource, WorkingHours)]
    with CaptureQueriesContext(connection) as asked:
        availability.free_times(ask(place, local(25, 0), local(30, 0), patient=patient))
    assert len(asked) == 3
    assert all(query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in asked.captured_queries)
    assert [model.objects.count() for model in (Appointment, Claim, Resource, WorkingHours)] == before


# -- The brute-force model -------------------------------------------------------------------------------


def minute_model(question: Ask) -> set[tuple[int, datetime]]:
    """Every free start, found by looking at each minute of each visit that could be: slow and plain."""
    tz, service = question.location.tz, question.service
    claims = [(c.resource, c.during.lower, c.during.upper) for c in Claim.objects.select_related("resource")]

    def taken(at: datetime, **whose: int) -> bool:
        ((kind, pk),) = whose.items()
        return any(getattr(r, f"{kind}_id") == pk and a <= at < b for r, a, b in claims)

    def ruled(at: datetime, rules: Any) -> bool:
        wall = at.astimezone(tz)
        return any(
            rule.weekday == wall.weekday()
            and rule.valid_from <= wall.date()
            and (rule.valid_to is None or wall.date() <= rule.valid_to)
            and rule.opens <= wall.time()
            and (wall.time() < rule.closes or rule.closes == time(0))
            for rule in rules
        )

    closures = list(Closure.objects.filter(location=question.location))

    def shut(at: datetime) -> bool:
        return any(c.starts_on <= at.astimezone(tz).date() <= c.ends_on for c in closures)

    found = set()
    opening = list(OpeningHours.objects.filter(location=question.location))
    rooms = [r.room_id for r in Resource.objects.filter(room__location=question.location, room__is_active=True)]
    devices = [
        r.device_id
        for r in Resource.objects.filter(device__location=question.location, device__kind=service.device_kind)
    ]
    for who in Practitioner.objects.all():
        if service.skill and service.skill not in who.skills:
            continue
        hours = list(WorkingHours.objects.filter(practitioner=who, location=question.location))
        away = [(a.starts_at, a.ends_at) for a in Absence.objects.filter(practitioner=who)]
        extra = [(e.starts_at, e.ends_at) for e in ExtraHours.objects.filter(practitioner=who)]
        open_at = {
            at: not any(a <= at < b for a, b in away)
            and (any(a <= at < b for a, b in extra) or (ruled(at, hours) and ruled(at, opening) and not shut(at)))
            for at in minutes(question.span.start, question.span.end + timedelta(hours=3))
        }
        for at in minutes(question.span.start, question.span.end):
            wall = at.astimezone(tz)
            if (wall.hour * 60 + wall.minute) % question.step:
                continue
            end = at + timedelta(minutes=question.length)
            if not all(open_at[m] for m in minutes(at, end)):
                continue
            his, of_room, of_device = (
                list(minutes(at - before, end + after))
                for before, after in (service.around(kind) for kind in ("practitioner", "room", "device"))
            )
            if (
                not any(taken(m, practitioner=who.pk) for m in his)
                and any(not any(taken(m, room=room) for m in of_room) for room in rooms)
                and (not service.device_kind or any(not any(taken(m, device=d) for m in of_device) for d in devices))
            ):
                found.add((who.pk, at))
    return found


def minutes(start: datetime, end: datetime) -> Any:
    while start < end:
        yield start
        start += MINUTE


fives = st.integers(0, 24).map(lambda n: n * 5)
weeks = st.lists(st.tuples(st.integers(7, 18), fives, st.integers(5, 40).map(lambda n: n * 5)), min_size=1, max_size=3)


DAYS = [date(2026, 11, 1), date(2027, 3, 14), date(2026, 10, 25), date(2027, 3, 28), date(2026, 11, 25)]


@dataclass(frozen=True)
class Setting:
    zone: str
    day: date
    work: list[tuple[int, int, int]]
    length: int
    buffers: tuple[int, int, int, int, int, int]
    has_device: bool
    knows: bool
    extra: tuple[int, int]
    rooms: int
    wishes: list[tuple[int, int]]
    away: tuple[int, int]


a_setting = st.builds(
    Setting,
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    day=st.sampled_from(DAYS),
    work=weeks,
    length=st.integers(3, 20).map(lambda n: n * 5),
    buffers=st.tuples(*[st.integers(0, 4).map(lambda n: n * 5)] * 6),
    has_device=st.booleans(),
    knows=st.booleans(),
    extra=st.tuples(st.integers(5 * 60, 20 * 60), st.integers(1, 200)),
    rooms=st.integers(1, 2),
    wishes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1)), max_size=6),
    away=st.tuples(st.integers(6 * 60, 18 * 60), st.integers(1, 200)),
)


def build(some: Setting) -> tuple[SimpleNamespace, datetime]:
    """Two practitioners, their hours, an absence, and visits at odd minutes: claims need not lie on the grid."""
    place = make.a_small_clinic(zone=some.zone, rooms=some.rooms, practitioners=2)
    start = datetime.combine(some.day, time(), tzinfo=ZoneInfo(some.zone)).astimezone(UTC)
    place.service.minutes = some.length
    *around, warm_up, cool_down = some.buffers
    for name, minutes_ in zip(
        ("preparing_minutes", "charting_minutes", "minutes_before", "minutes_after"), around, strict=True
    ):
        setattr(place.service, name, minutes_)
    if some.has_device:
        make.a_device(place.location, "ultrasound")
        place.service.device_kind = "ultrasound"
        place.service.device_before, place.service.device_after = warm_up, cool_down
    place.service.skill = "deep tissue"
    place.service.save()
    for who in place.practitioners[: 2 if some.knows else 1]:
        who.skills = ["deep tissue"]
        who.save()
    WorkingHours.objects.all().delete()
    for hour, minute, lasts in some.work:
        begins = min(hour * 60 + minute, 22 * 60)
        ends = min(begins + lasts, 23 * 60 + 55)
        for who in place.practitioners:
            make.works(who, place.location, start=time(*divmod(begins, 60)), end=time(*divmod(ends, 60)))
    Absence.objects.create(
        practitioner=place.practitioner,
        starts_at=start + some.away[0] * MINUTE,
        ends_at=start + sum(some.away) * MINUTE,
        recorded_at=NOW,
    )
    ExtraHours.objects.create(
        practitioner=place.practitioners[1],
        location=place.location,
        starts_at=start + some.extra[0] * MINUTE,
        ends_at=start + sum(some.extra) * MINUTE,
        recorded_at=NOW,
    )
    for minute, who in some.wishes:
        with suppress(booking.BookingRefused), transaction.atomic():
            at = start + (9 * 60 + minute) * MINUTE
            make.a_visit(place, at, practitioner=place.practitioners[who], now=start)
    return place, start


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(a_setting)
def test_free_times_are_those_of_the_minute_model_and_each_can_be_booked(some: Setting) -> None:
    with transaction.atomic():
        place, start = build(some)
        question = ask(place, start, start + timedelta(hours=22))
        found = availability.free_times(question)
        assert {(f.practitioner_id, f.starts_at) for f in found} == minute_model(question)
        for free in found[:: max(1, len(found) // 3)]:
            with transaction.atomic():
                who = next(p for p in place.practitioners if p.pk == free.practitioner_id)
                make.a_visit(place, free.starts_at, practitioner=who, now=start, despite=())
                transaction.set_rollback(True)
        transaction.set_rollback(True)
