"""Overbooking: on purpose, with a reason, by who may; one overflow seat, and never the patient twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.models import AuditEvent, Role
from scheduling import booking
from scheduling.booking import BookingRefused
from scheduling.models import Claim
from scheduling.rules import EVERY_WARNING
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
WHY = "Acute spasm, sent by Dr Lee"


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic(rooms=1)


def seats(visit: Any) -> dict[str, int]:
    return {c.resource.kind: c.seat for c in visit.claims.select_related("resource")}


def test_an_overbooked_visit_takes_the_overflow_seats_and_keeps_its_reason(place: Any) -> None:
    make.a_visit(place)
    squeezed = make.a_visit(place, local(25, 10, 30), overbook=WHY)
    assert seats(squeezed) == {"practitioner": 2, "room": 2}
    assert squeezed.is_overbooked
    event = AuditEvent.objects.get(action="appointment.booked", subject_uid=squeezed.uid)
    assert (event.reason, event.detail["overbooked"]) == (WHY, True)


def test_a_free_room_is_taken_before_an_overflow_seat_of_one(place: Any) -> None:
    make.a_visit(place)
    make.a_room(place.location)
    assert seats(make.a_visit(place, overbook=WHY)) == {"practitioner": 2, "room": 1}


def test_where_nothing_stands_in_the_way_it_is_an_ordinary_visit(place: Any) -> None:
    visit = make.a_visit(place, overbook=WHY)
    assert seats(visit) == {"practitioner": 1, "room": 1}
    assert not visit.is_overbooked


def test_there_is_one_overflow_seat_and_no_more(place: Any) -> None:
    make.a_visit(place)
    make.a_visit(place, overbook=WHY)
    with pytest.raises(BookingRefused, match="is busy until 11:00"):
        make.a_visit(place, overbook=WHY)
    assert Claim.objects.count() == 4


def test_the_patient_is_never_in_two_places(place: Any) -> None:
    patient = make.a_patient()
    make.a_visit(place, patient=patient)
    with pytest.raises(BookingRefused, match="already has a visit"):
        make.a_visit(place, patient=patient, overbook=WHY)


def test_a_device_has_no_overflow_seat(place: Any) -> None:
    make.a_device(place.location)
    place.service.device_kind = "ultrasound"
    place.service.save()
    make.a_visit(place)
    with pytest.raises(BookingRefused, match="Every ultrasound is taken"):
        make.a_visit(place, overbook=WHY)


def test_only_who_may_overbooks(place: Any) -> None:
    make.a_visit(place)
    therapist = people.staff(Role.THERAPIST, password=None)
    with pytest.raises(BookingRefused, match="may not overbook"):
        make.a_visit(place, by=therapist, overbook=WHY)


def test_moved_to_a_free_time_it_is_an_ordinary_visit_again(place: Any) -> None:
    make.a_visit(place)
    squeezed = make.a_visit(place, overbook=WHY)
    moved = booking.move(appointment=squeezed, starts_at=local(25, 14), by=place.desk, now=NOW, despite=EVERY_WARNING)
    assert (moved.overbook_reason, seats(moved)) == ("", {"practitioner": 1, "room": 1})


def test_a_visit_can_be_moved_on_top_of_another_with_a_reason(place: Any) -> None:
    make.a_visit(place)
    later = make.a_visit(place, local(25, 14))
    with pytest.raises(BookingRefused, match="is busy"):
        booking.move(appointment=later, starts_at=local(25, 10), by=place.desk, now=NOW, despite=EVERY_WARNING)
    moved = booking.move(
        appointment=later, starts_at=local(25, 10), by=place.desk, now=NOW, despite=EVERY_WARNING, overbook=WHY
    )
    assert (moved.overbook_reason, seats(moved)) == (WHY, {"practitioner": 2, "room": 2})


def test_an_overflow_seat_without_a_reason_is_refused_by_the_database(place: Any) -> None:
    visit = make.a_visit(place)
    with pytest.raises(IntegrityError, match="without a reason"):
        _squeeze_in_silence(visit)


def _squeeze_in_silence(visit: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Claim.objects.filter(appointment=visit).update(seat=2)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
