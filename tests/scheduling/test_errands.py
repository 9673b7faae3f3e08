"""Times at which several services fit back to back are those that brute force finds, and each can be booked."""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Practitioner
from scheduling import together
from scheduling.errands import Wanted, errand_times, fitting
from scheduling.intervals import Interval
from scheduling.models import Appointment, Claim, Device, Room, Service
from scheduling.together import Part
from scheduling.visits import BookingRefused
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
DAY = Interval(local(25, 9), local(25, 13))


def times(place: Any, *wanted: Wanted, **facts: Any) -> list[Any]:
    return errand_times(wanted, place.location, DAY, **({"patient": place.ana, "now": NOW} | facts))


@pytest.fixture
def place() -> Any:
    place = make.a_small_clinic(practitioners=2, rooms=2)
    place.ana = make.a_patient()
    place.ben, place.cara = place.practitioners
    place.short = make.a_service("Exercise", minutes=30)
    return place


def test_both_parts_must_fit_one_after_the_other(place: Any) -> None:
    make.a_visit(place, local(25, 11), practitioner=place.cara)
    found = times(place, Wanted(place.service, place.ben.pk), Wanted(place.short, place.cara.pk))
    starts = {one.starts_at for one in found}
    assert local(25, 9, 30) in starts
    assert not {local(25, 9, 45), local(25, 10), local(25, 10, 45)} & starts
    assert local(25, 11) in starts
    assert {one.practitioners for one in found} == {(place.ben.pk, place.cara.pk)}


def test_whoever_charts_first_cannot_give_the_next_part_at_once(place: Any) -> None:
    place.service.charting_minutes = 10
    place.service.save()
    found = times(place, Wanted(place.service), Wanted(place.short))
    assert found
    assert all(one.practitioners[0] != one.practitioners[1] for one in found)
    assert times(place, Wanted(place.service, place.ben.pk), Wanted(place.short, place.ben.pk)) == []


def test_a_room_that_is_being_cleaned_is_not_the_next_ones(place: Any) -> None:
    Room.objects.filter(pk=place.rooms[1].pk).update(is_active=False)
    assert times(place, Wanted(place.service), Wanted(place.short))
    place.service.minutes_after = 10
    place.service.save()
    assert times(place, Wanted(place.service), Wanted(place.short)) == []


def test_one_therapist_for_all_is_proposed_when_that_is_possible_and_whom_they_know_first(place: Any) -> None:
    found = times(place, Wanted(place.service), Wanted(place.short), familiar={place.cara.pk})
    assert {one.practitioners for one in found} == {(place.cara.pk, place.cara.pk)}


def test_the_patients_own_visit_is_in_the_way_of_every_part(place: Any) -> None:
    make.a_visit(place, local(25, 10, 30), patient=place.ana, practitioner=place.cara)
    starts = {
        one.starts_at for one in times(place, Wanted(place.service, place.ben.pk), Wanted(place.short, place.ben.pk))
    }
    assert starts
    assert not any(local(25, 9) < at < local(25, 11, 30) for at in starts)


@pytest.mark.parametrize("much", [1, 4])
def test_asking_costs_the_same_however_many_parts_and_visits_and_writes_nothing(place: Any, much: int) -> None:
    make.many_visits(place, much)
    before = Appointment.objects.count(), Claim.objects.count()
    with CaptureQueriesContext(connection) as asked:
        times(place, *[Wanted(place.short)] * (much + 1))
    assert len(asked) == 5
    assert all(query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in asked.captured_queries)
    assert (Appointment.objects.count(), Claim.objects.count()) == before


# -- Brute force -----------------------------------------------------------------------------------------


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 255), max_size=3), min_size=1, max_size=4),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3))),
)
def test_laying_masks_over_each_other_is_trying_every_choice(parts: list[dict[str, int]], close: set[Any]) -> None:
    def clash(i: int, j: int) -> bool:
        return (i, j) in close

    expected = 0
    for chosen in itertools.product(*[list(part.items()) or [(None, 255)] for part in parts]):
        things = [thing for thing, _ in chosen]
        pairs = itertools.combinations(range(len(parts)), 2)
        if any(things[i] is not None and things[i] == things[j] and clash(i, j) for i, j in pairs):
            continue
        together_ = 255
        for _, mask in chosen:
            together_ &= mask
        expected |= together_
    assert fitting(parts, clash, 255) == expected


def model(place: Any, services: list[Service], start: datetime) -> bool:
    """Whether any choice of people, rooms and seats keeps every window apart from every claim and each other."""
    claims = [
        ((claim.resource.kind, claim.resource.practitioner_id or claim.resource.room_id or claim.resource.device_id,
          claim.seat), claim.during.lower, claim.during.upper)
        for claim in Claim.objects.select_related("resource")
    ]  # fmt: skip
    parts, at = [], start
    for service in services:
        end = at + timedelta(minutes=service.minutes)
        parts.append((service, at, end))
        at = end
    if at > local(25, 17) or start < local(25, 9):
        return False
    rooms = [("room", room.pk, 1) for room in Room.objects.active()]
    seats = [("device", one.pk, seat) for one in Device.objects.active() for seat in range(1, one.count + 1)]
    people = [("practitioner", who.pk, 1) for who in Practitioner.objects.all()]

    def one_kind(kind: str, things: list[Any], needs: list[bool]) -> bool:
        for chosen in itertools.product(*[things if need else [None] for need in needs]):
            taken = list(claims)
            for thing, (service, begin, end) in zip(chosen, parts, strict=True):
                if thing is None:
                    continue
                before, after = service.around(kind)
                window = (begin - before, end + after)
                if any(other == thing and a < window[1] and window[0] < b for other, a, b in taken):
                    break
                taken.append((thing, *window))
            else:
                return True
        return False

    return (
        one_kind("practitioner", people, [True] * len(parts))
        and one_kind("room", rooms, [service.needs_room for service in services])
        and one_kind("device", seats, [bool(service.device_kind) for service in services])
    )


fives = st.integers(0, 5).map(lambda n: n * 5)
a_part = st.fixed_dictionaries(
    {
        "minutes": st.integers(3, 9).map(lambda n: n * 5), "preparing_minutes": fives, "charting_minutes": fives,
        "minutes_before": fives, "minutes_after": fives, "device_kind": st.booleans(),
    }
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(a_part, min_size=2, max_size=3),
    st.lists(st.tuples(st.integers(0, 260), st.integers(0, 1)), max_size=6),
    st.integers(1, 3),
)
def test_the_times_are_those_of_the_model_and_each_can_be_booked(
    parts: list[dict[str, Any]], busy: list[tuple[int, int]], rooms: int
) -> None:
    with transaction.atomic():
        place = make.a_small_clinic(practitioners=2, rooms=rooms)
        make.a_device(place.location)
        for minute, who in busy:
            with suppress(BookingRefused), transaction.atomic():
                at = local(25, 9) + timedelta(minutes=minute)
                make.a_visit(place, at, practitioner=place.practitioners[who], minutes=25)
        services = [
            make.a_service(**part | {"device_kind": "ultrasound" if part["device_kind"] else ""}) for part in parts
        ]
        ana, wanted = make.a_patient(), [Wanted(service) for service in services]
        found = errand_times(wanted, place.location, DAY, patient=ana, now=NOW)
        grid = [DAY.start + timedelta(minutes=15 * n) for n in range(16)]
        assert [one.starts_at for one in found] == [at for at in grid if model(place, services, at)]
        for one in found[:: max(1, len(found) // 3)]:
            people = Practitioner.objects.select_related("user").in_bulk(one.practitioners)
            with transaction.atomic():
                together.book_together(
                    patient=ana, parts=[Part(s, people[pk]) for s, pk in zip(services, one.practitioners, strict=True)],
                    location=place.location, starts_at=one.starts_at, by=place.desk, now=NOW,
                )  # fmt: skip
                transaction.set_rollback(True)
        transaction.set_rollback(True)
