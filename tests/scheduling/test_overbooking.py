"""Overbooking: on purpose, with a reason, by who may; one overflow seat, and never the patient twice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, Role
from scheduling import booking
from scheduling.booking import BookingRefused
from scheduling.models import Claim
from scheduling.rules import EVERY_WARNING
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db
WHY = "Acute spasm, sent by Dr Lee"


@pytest.fixture
def place(db: None) -> Any:
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


# -- At the desk -----------------------------------------------------------------------------------------


def typed(place: Any, patient: Any, **more: Any) -> dict[str, Any]:
    return {"service": place.service.uid, "practitioner": place.practitioner.uid, "day": "2026-11-25", "time": "10:00",
            "minutes": 60} | more  # fmt: skip


def test_the_desk_overbooks_from_the_refusal_with_a_reason(place: Any, desk: Client) -> None:
    make.a_visit(place)
    patient = make.a_patient()
    url = at("book", patient=patient.uid, service=place.service.uid)
    refused = desk.post(url, typed(place, patient))
    assert refused.status_code == 409
    squeeze = re.search(r'name="squeeze" value="([^"]+)"', refused.content.decode())
    assert squeeze is not None
    silent = desk.post(url, {"service": place.service.uid, "squeeze": squeeze[1], "overbook": "  "})
    assert silent.status_code == 422
    assert "Say why this visit is put on top" in text(silent)
    assert squeeze[1] in silent.content.decode()
    done = desk.post(url, {"service": place.service.uid, "squeeze": squeeze[1], "overbook": WHY})
    assert done.status_code == 303
    visit = patient.appointments.get()
    assert visit.overbook_reason == WHY
    assert WHY in text(desk.get(at("visit", visit.uid)))


def test_who_may_not_overbook_is_not_shown_how(place: Any, therapist: Client) -> None:
    make.a_visit(place)
    patient = make.a_patient()
    url = at("book", patient=patient.uid, service=place.service.uid)
    refused = therapist.post(url, typed(place, patient))
    assert refused.status_code == 409
    assert 'name="squeeze"' not in refused.content.decode()


def test_a_reason_beside_another_button_overbooks_nothing(place: Any, desk: Client) -> None:
    make.a_visit(place)
    patient = make.a_patient()
    url = at("book", patient=patient.uid, service=place.service.uid)
    assert desk.post(url, typed(place, patient, overbook=WHY)).status_code == 409


def test_the_report_lists_overbooked_visits_of_a_month_with_reason_and_booker(place: Any, desk: Client) -> None:
    make.a_visit(place)
    visit = make.a_visit(place, overbook=WHY)
    shown = text(desk.get(at("overbooked", month="2026-11")))
    assert WHY in shown
    assert visit.patient.display_name in shown
    assert place.desk.name in shown
    assert WHY not in text(desk.get(at("overbooked", month="2026-12")))
    assert desk.get(at("overbooked", month="never")).status_code == 200


def test_the_report_costs_the_same_however_long_it_is(place: Any, desk: Client) -> None:
    def cost(much: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert text(desk.get(at("overbooked", month="2026-11"))).count(WHY) == much
        return len(asked)

    def squeeze(hour: int) -> None:
        make.a_visit(place, local(25, hour))
        make.a_visit(place, local(25, hour), overbook=WHY)

    cost(0)  # the clinic and its places are remembered from now on
    squeeze(9)
    for_one = cost(1)
    for hour in (10, 11, 12):
        squeeze(hour)
    assert cost(4) == for_one <= 12
