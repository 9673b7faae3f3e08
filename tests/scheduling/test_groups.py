"""Groups: a session takes practitioner and room once, each patient one of its seats, and nobody a seat too many."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.models import AuditEvent, OutboundMessage
from scheduling import availability, booking, groups, holds, resources
from scheduling.availability import Ask
from scheduling.booking import BookingRefused
from scheduling.intervals import Interval
from scheduling.models import Appointment, Claim, GroupSession
from scheduling.rules import EVERY_WARNING
from scheduling.states import Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic()


@pytest.fixture
def school(place: Any) -> Any:
    """Back school: three seats, an hour, ten minutes to tidy up the room."""
    return make.a_service("Back school", seats=3, minutes_after=10)


def a_session(place: Any, school: Any, **facts: Any) -> GroupSession:
    usual = {
        "service": school, "practitioner": place.practitioner, "location": place.location, "starts_at": local(25, 10),
        "by": place.desk, "now": NOW,
    }  # fmt: skip
    return groups.open_session(**(usual | facts))


def join(session: GroupSession, place: Any, **facts: Any) -> Appointment:
    facts = {"patient": facts.pop("patient", None) or make.a_reachable_patient(), "by": place.desk, "now": NOW} | facts
    return groups.join(session=session, **facts)


def test_a_session_takes_practitioner_and_room_with_what_follows(place: Any, school: Any) -> None:
    session = a_session(place, school)
    taken = {(c.resource.kind, c.during.lower, c.during.upper) for c in session.claims.select_related("resource")}
    assert taken == {
        ("practitioner", local(25, 10), local(25, 11)),
        ("room", local(25, 10), local(25, 11, 10)),
    }


def test_patients_get_one_seat_each_with_messages_and_no_claims_of_their_own(place: Any, school: Any) -> None:
    session = a_session(place, school)
    visits = [join(session, place) for _ in range(3)]
    assert [v.seat for v in visits] == [1, 2, 3]
    assert {v.room_id for v in visits} == {session.room_id}
    assert Claim.objects.filter(appointment__in=visits).count() == 0
    assert OutboundMessage.objects.filter(subject_uid=visits[0].uid).exists()


def test_a_full_session_refuses_and_a_seat_given_back_is_taken_by_the_next(place: Any, school: Any) -> None:
    session = a_session(place, school)
    first, *_ = [join(session, place) for _ in range(3)]
    with pytest.raises(BookingRefused, match="All 3 seats"):
        join(session, place)
    booking.cancel(appointment=first, reason="Ill", by=place.desk, now=NOW)
    assert join(session, place).seat == 1


def test_nobody_else_gets_the_practitioner_or_the_room_meanwhile(place: Any, school: Any) -> None:
    session = a_session(place, school, room=place.rooms[0])
    with pytest.raises(BookingRefused, match="is busy until 11:00"):
        make.a_visit(place, local(25, 10, 30))
    free = availability.free_times(Ask(place.service, place.location, Interval(local(25, 9), local(25, 13)), step=30))
    assert local(25, 10, 30) not in {f.starts_at for f in free}
    assert session.claims.count() == 2


def test_a_session_is_refused_where_somebody_has_a_visit(place: Any, school: Any) -> None:
    make.a_visit(place, local(25, 10, 30))
    with pytest.raises(BookingRefused, match=r"is busy until 11:30") as refused:
        a_session(place, school)
    assert len(refused.value.alternatives) == 3
    assert GroupSession.objects.count() == 0


def test_a_patient_is_not_in_two_places_by_joining(place: Any, school: Any) -> None:
    session = a_session(place, school)
    patient = make.a_patient()
    other = make.a_practitioner()
    make.works(other, place.location)
    make.a_visit(place, local(25, 10, 30), practitioner=other, patient=patient)
    with pytest.raises(BookingRefused, match="already has a visit until 11:30"):
        join(session, place, patient=patient)


def test_one_patient_has_one_seat(place: Any, school: Any) -> None:
    session, patient = a_session(place, school), make.a_patient()
    join(session, place, patient=patient)
    with pytest.raises(BookingRefused, match="already has a visit"):
        join(session, place, patient=patient)


def test_the_same_form_twice_takes_one_seat(place: Any, school: Any) -> None:
    session, patient, key = a_session(place, school), make.a_patient(), uuid.uuid4()
    first = join(session, place, patient=patient, request_key=key)
    assert join(session, place, patient=patient, request_key=key) == first
    with pytest.raises(BookingRefused, match="already booked"):
        join(session, place, request_key=key)


def test_a_service_for_one_is_no_group_and_a_group_is_not_booked_alone(place: Any, school: Any) -> None:
    with pytest.raises(BookingRefused, match="one patient at a time"):
        a_session(place, place.service)
    with pytest.raises(BookingRefused, match="choose one of its sessions"):
        make.a_visit(place, service=school)


def test_a_place_in_a_group_is_neither_moved_nor_taken_up_again(place: Any, school: Any) -> None:
    visit = join(a_session(place, school), place)
    with pytest.raises(BookingRefused, match="place in a group"):
        booking.move(appointment=visit, starts_at=local(25, 14), by=place.desk, now=NOW, despite=EVERY_WARNING)
    gone = booking.cancel(appointment=visit, reason="Ill", by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="Book a place in the session anew"):
        booking.undo(appointment=gone, by=place.desk, now=NOW)


def test_seats_can_be_added_and_taken_away_but_not_under_anybody(place: Any, school: Any) -> None:
    session = a_session(place, school)
    join(session, place)
    join(session, place)
    assert groups.set_seats(session=session, seats=8, by=place.desk, now=NOW).seats == 8
    with pytest.raises(BookingRefused, match="seat 2 is taken"):
        groups.set_seats(session=session, seats=1, by=place.desk, now=NOW)


def test_calling_off_a_session_calls_off_every_visit_and_frees_the_time(place: Any, school: Any) -> None:
    session = a_session(place, school)
    visits = [join(session, place) for _ in range(2)]
    with pytest.raises(BookingRefused, match="Say why"):
        groups.call_off(session=session, reason=" ", by=place.desk, now=NOW)
    groups.call_off(session=session, reason="Therapist ill", by=place.desk, now=NOW)
    groups.call_off(session=session, reason="Therapist ill", by=place.desk, now=NOW)
    assert {Appointment.objects.get(pk=v.pk).status for v in visits} == {Status.CANCELLED}
    assert Claim.objects.count() == 0
    assert AuditEvent.objects.filter(action="group_session.called_off").count() == 1
    with pytest.raises(BookingRefused, match="was called off"):
        join(session, place)
    make.a_visit(place, local(25, 10))


def test_a_session_under_way_is_not_called_off(place: Any, school: Any) -> None:
    session = a_session(place, school)
    visit = join(session, place)
    booking.arrive(appointment=visit, by=place.desk, now=local(25, 9, 55))
    booking.start(appointment=visit, by=place.desk, now=local(25, 10))
    with pytest.raises(BookingRefused, match="under way"):
        groups.call_off(session=session, reason="Fire alarm", by=place.desk, now=local(25, 10, 5))


@pytest.mark.parametrize(
    ("sql", "guard"),
    [
        ("UPDATE scheduling_groupsession SET seats = 1", "a_visit_in_a_group_has_a_seat_of_it"),
        (
            "UPDATE scheduling_groupsession SET ends_at = ends_at + interval '1 h'",
            "a_session_claims_exactly_the_time_it_holds",
        ),
        ("UPDATE scheduling_appointment SET seat = 9 WHERE seat = 2", "a_visit_in_a_group_has_a_seat_of_it"),
        ("UPDATE scheduling_appointment SET seat = 1", "a_seat_of_a_group_is_taken_once"),
        (
            "UPDATE scheduling_appointment SET starts_at = starts_at + interval '5 min'",
            "a_visit_in_a_group_has_a_seat_of_it",
        ),
        (
            "UPDATE scheduling_appointment SET session_id = NULL, seat = NULL",
            "a_visit_claims_exactly_the_time_it_holds",
        ),
        ("DELETE FROM scheduling_claim", "a_session_claims_exactly_the_time_it_holds"),
    ],
)
def test_no_path_gives_a_seat_that_is_not_there(place: Any, school: Any, sql: str, guard: str) -> None:
    session = a_session(place, school)
    join(session, place)
    join(session, place)
    with pytest.raises(IntegrityError) as refused:
        _at_once(sql)
    assert refused.value.__cause__.diag.constraint_name == guard


def _at_once(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_room_in_which_a_group_will_meet_or_a_time_is_offered_is_not_retired(place: Any, school: Any) -> None:
    """Not even an empty one: whoever joins would stand before a closed door."""
    session = a_session(place, school)
    join(session, place)
    held = holds.hold(
        patient=make.a_patient(), service=place.service, practitioner=place.practitioner, location=place.location,
        starts_at=local(25, 12), until=NOW + timedelta(hours=1), room=session.room, by=place.desk, now=NOW,
    )  # fmt: skip
    with pytest.raises(resources.NotPossible, match="1 group and 1 offered time"):
        resources.retire(session.room, by=place.desk, now=NOW)
    holds.release(hold=held, by=place.desk, now=NOW)
    groups.call_off(session=session, reason="Ill", by=place.desk, now=NOW)
    assert not resources.retire(session.room, by=place.desk, now=NOW).is_active
