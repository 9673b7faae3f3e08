"""What the booking verbs promise. What messages say is tested elsewhere; here only that they follow."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.access import LinkActor
from clinic.models import AuditEvent, OutboundMessage
from patients.models import CareTeamMember, Patient
from scheduling import booking, diaries
from scheduling.booking import BookingRefused
from scheduling.models import Absence, Appointment, Claim, Closure
from scheduling.states import Side, Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    return make.a_small_clinic(practitioners=2)


def messages(visit: Appointment) -> list[str]:
    return sorted(OutboundMessage.objects.filter(subject_uid=visit.uid).values_list("state", flat=True))


def claims(visit: Appointment) -> set[tuple[str, Any, Any]]:
    return {(c.resource.kind, c.during.lower, c.during.upper) for c in visit.claims.select_related("resource")}


# -- Book ------------------------------------------------------------------------------------------------


def test_a_visit_takes_practitioner_room_and_what_follows_it(place: Any) -> None:
    place.service.minutes_after, place.service.charting_minutes = 10, 5
    place.service.save()
    visit = make.a_visit(place, local(25, 10))
    assert (visit.status, visit.version, visit.booked_by) == (Status.BOOKED, 1, place.desk)
    assert claims(visit) == {
        ("practitioner", local(25, 10), local(25, 11, 5)),
        ("room", local(25, 10), local(25, 11, 10)),
    }
    assert CareTeamMember.objects.filter(patient=visit.patient, practitioner=visit.practitioner, why="visit").exists()
    event = AuditEvent.objects.get(action="appointment.booked")
    assert (event.subject_uid, event.actor_uid, event.patient_uid) == (visit.uid, place.desk.uid, visit.patient.uid)


def test_its_messages_are_written_in_the_same_transaction(place: Any) -> None:
    visit = make.a_visit(place, patient=make.a_reachable_patient())
    assert messages(visit)
    with transaction.atomic():
        lost = make.a_visit(place, local(25, 12), patient=visit.patient)
        assert messages(lost)
        transaction.set_rollback(True)
    assert messages(lost) == []


def test_back_to_back_visits_are_welcome(place: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (10, 11, 9)]
    assert sorted((visit.starts_at, visit.ends_at) for visit in visits) == [
        (local(25, hour), local(25, hour + 1)) for hour in (9, 10, 11)
    ]


@pytest.mark.parametrize(("start", "minutes"), [(10, 60), (10, 15), (9, 75)])
def test_a_refusal_says_who_is_busy_until_when_and_offers_three_times(place: Any, start: int, minutes: int) -> None:
    make.a_visit(place, local(25, 10))
    with pytest.raises(BookingRefused, match=r"is busy until 11:00\.$") as refused:
        make.a_visit(place, local(25, start), minutes=minutes)
    offers = refused.value.alternatives
    assert len(offers) == 3
    assert Appointment.objects.count() == 1
    assert Claim.objects.count() == 2
    for offer in offers:
        assert offer.ends_at - offer.starts_at == timedelta(minutes=minutes)


def test_when_every_room_is_taken_the_refusal_says_so(place: Any) -> None:
    third = make.a_practitioner()
    make.works(third, place.location)
    for who in place.practitioners:
        make.a_visit(place, local(25, 10), practitioner=who)
    with pytest.raises(BookingRefused, match=r"Every suitable room is taken then\."):
        make.a_visit(place, local(25, 10), practitioner=third)


def test_a_room_that_somebody_insists_on_is_not_exchanged(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10), room=place.rooms[1])
    assert visit.room == place.rooms[1]
    with pytest.raises(BookingRefused, match=f"{place.rooms[1]} is taken until 11:00"):
        make.a_visit(place, local(25, 10, 30), practitioner=place.practitioners[1], room=place.rooms[1])


def test_a_patient_cannot_be_in_two_places(place: Any) -> None:
    patient = make.a_patient("Silva")
    make.a_visit(place, local(25, 10), patient=patient)
    with pytest.raises(BookingRefused, match=r"Ana Silva already has a visit until 11:00\."):
        make.a_visit(place, local(25, 10, 30), patient=patient, practitioner=place.practitioners[1])


def test_nor_under_a_record_that_was_merged_into_theirs(place: Any) -> None:
    patient, double = make.a_patient("Silva"), make.a_patient("Sylva")
    make.a_visit(place, local(25, 10), patient=double)
    Patient.objects.filter(pk=double.pk).update(merged_into=patient)
    with pytest.raises(BookingRefused, match="already has a visit"):
        make.a_visit(place, local(25, 10), patient=patient, practitioner=place.practitioners[1])
    double.refresh_from_db()
    assert make.a_visit(place, local(25, 12), patient=double).patient == patient


def test_a_visit_of_a_merged_record_is_not_moved_into_the_time_of_the_record_that_stands(place: Any) -> None:
    patient, double = make.a_patient("Silva"), make.a_patient("Sylva")
    visit = make.a_visit(place, local(25, 10), patient=double)
    make.a_visit(place, local(25, 12), patient=patient, practitioner=place.practitioners[1])
    Patient.objects.filter(pk=double.pk).update(merged_into=patient)
    visit = Appointment.objects.for_page().get(pk=visit.pk)
    with pytest.raises(BookingRefused, match="Ana Silva already has a visit"):
        booking.move(appointment=visit, starts_at=local(25, 12), by=place.desk, now=NOW)


def test_the_same_form_sent_twice_books_once(place: Any) -> None:
    key, patient = uuid.uuid4(), make.a_patient()
    first = make.a_visit(place, patient=patient, request_key=key)
    again = make.a_visit(place, patient=patient, request_key=key)
    assert first == again
    assert Appointment.objects.count() == 1
    with pytest.raises(BookingRefused, match="already booked a visit"):
        make.a_visit(place, local(25, 15), patient=patient, request_key=key)


def test_a_room_of_fewer_features_is_taken_first(place: Any) -> None:
    gym = make.a_room(place.location, "A gym", features=["gym", "mirror"])
    assert make.a_visit(place, local(25, 10)).room != gym
    assert make.a_visit(place, local(25, 10), practitioner=place.practitioners[1]).room != gym


def test_devices_have_as_many_seats_as_there_are(place: Any) -> None:
    place.service.device_kind = "ultrasound"
    place.service.save()
    device = make.a_device(place.location, count=1)
    assert make.a_visit(place, local(25, 10)).device == device
    with pytest.raises(BookingRefused, match="Every ultrasound is taken then"):
        make.a_visit(place, local(25, 10), practitioner=place.practitioners[1])


# -- What speaks against it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (local(23, 10), "That day is past"),
        (local(25, 10, year=2029), "more than two years ahead"),
        (local(26, 10), "is closed that day: Thanksgiving"),
        (local(27, 10), "is away then"),
    ],
)
def test_what_blocks_cannot_be_overruled(place: Any, start: Any, sentence: str) -> None:
    day = date(2026, 11, 26)
    Closure.objects.create(location=place.location, name="Thanksgiving", starts_on=day, ends_on=day)
    Absence.objects.create(
        practitioner=place.practitioner, starts_at=local(27, 0), ends_at=local(28, 0), recorded_at=NOW
    )
    with pytest.raises(BookingRefused, match=sentence):
        make.a_visit(place, start)


def test_a_warning_stops_until_somebody_has_read_it(place: Any) -> None:
    with pytest.raises(BookingRefused, match="does not work at") as refused:
        make.a_visit(place, local(25, 17, 30), despite=())
    rules = [finding.rule for finding in refused.value.warnings]
    assert rules == ["BOOK-11", "BOOK-12"]
    make.a_visit(place, local(25, 17, 30), despite=rules)
    assert AuditEvent.objects.get(action="appointment.booked").detail["overruled"] == rules


def test_a_service_is_given_by_those_who_learned_it(place: Any) -> None:
    other = make.a_service(discipline="physical_therapy")
    with pytest.raises(BookingRefused, match="does not offer this service"):
        make.a_visit(place, service=other)


# -- Move ------------------------------------------------------------------------------------------------


def test_a_moved_visit_has_a_new_version_and_new_messages_and_no_confirmation(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10), patient=make.a_reachable_patient())
    booking.confirm(appointment=visit, by=place.desk, now=NOW)
    moved = booking.move(appointment=visit, starts_at=local(26, 11), by=place.desk, now=NOW, version=1)
    assert (moved.version, moved.starts_at, moved.confirmed_at) == (2, local(26, 11), None)
    assert {start for _, start, _ in claims(moved)} == {local(26, 11)}
    of_version = OutboundMessage.objects.filter(subject_uid=visit.uid).values_list("subject_version", "state", "reason")
    assert all(state == "suppressed" for version, state, _ in of_version if version == 1)
    assert any(version == 2 for version, _, _ in of_version)
    make.a_visit(place, local(25, 10))  # its old time is free


def test_a_visit_may_move_into_its_own_time(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    assert booking.move(appointment=visit, starts_at=local(25, 10, 30), by=place.desk, now=NOW).room == visit.room


def test_a_refused_move_changes_nothing(place: Any) -> None:
    visit, other = make.many_visits(place, 2)
    with pytest.raises(BookingRefused, match="is busy until"):
        booking.move(appointment=visit, starts_at=other.starts_at, by=place.desk, now=NOW)
    again = Appointment.objects.get(pk=visit.pk)
    assert (again.starts_at, again.version) == (visit.starts_at, 1)
    assert claims(again) == claims(visit)


def test_who_moves_a_visit_that_somebody_moved_meanwhile_is_told(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    booking.move(appointment=visit, starts_at=local(25, 13), by=place.desk, now=NOW, version=1)
    with pytest.raises(BookingRefused, match="Somebody changed this visit") as refused:
        booking.move(appointment=visit, starts_at=local(25, 15), by=place.desk, now=NOW, version=1)
    assert refused.value.stale


def test_only_another_room_keeps_the_version_and_the_confirmation(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10), room=place.rooms[0])
    booking.confirm(appointment=visit, by=place.desk, now=NOW)
    moved = booking.move(appointment=visit, room=place.rooms[1], by=place.desk, now=NOW)
    assert (moved.room, moved.version, moved.confirmed_at) == (place.rooms[1], 1, NOW)


# -- Call off, and take back -----------------------------------------------------------------------------


def test_a_cancelled_visit_frees_its_time_and_voids_its_messages(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10), patient=make.a_reachable_patient())
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="Flooded cellar", tell=False)
    assert Claim.objects.filter(appointment=visit).count() == 0
    assert set(messages(visit)) == {"suppressed"}
    make.a_visit(place, local(25, 10), patient=visit.patient)


def test_the_patient_cancels_by_link_late_or_in_time_and_twice_is_once(place: Any) -> None:
    link = LinkActor(uid=uuid.uuid4())
    late = make.a_visit(place, local(25, 7))
    visit = make.a_visit(place, local(26, 10))
    for one in (late, visit, visit):
        booking.cancel(appointment=one, by=link, now=NOW, side=Side.PATIENT)
    late.refresh_from_db()
    visit.refresh_from_db()
    assert (late.cancelled_late, visit.cancelled_late) == (True, False)
    assert (visit.cancelled_by, visit.cancelled_side) == (None, "patient")
    assert AuditEvent.objects.filter(action="appointment.cancelled").count() == 2


def test_the_clinic_says_why_it_cancels(place: Any) -> None:
    with pytest.raises(BookingRefused, match="Say why"):
        booking.cancel(appointment=make.a_visit(place), by=place.desk, now=NOW, reason="  ")


def test_a_cancelled_visit_can_be_taken_back_while_its_time_is_free(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10), patient=make.a_reachable_patient())
    gone = booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="Wrong click")
    back = booking.undo(appointment=gone, by=place.desk, now=NOW)
    assert (back.status, back.version, back.cancelled_at) == (Status.BOOKED, 2, None)
    assert claims(back)
    assert "planned" in messages(back)
    gone = booking.cancel(appointment=back, by=place.desk, now=NOW, reason="Really")
    make.a_visit(place, local(25, 10))
    with pytest.raises(BookingRefused, match="is busy until"):
        booking.undo(appointment=gone, by=place.desk, now=NOW)


def test_a_missed_visit_frees_what_is_left_and_can_be_taken_back(place: Any) -> None:
    visit = make.a_visit(place, local(24, 10))
    with pytest.raises(BookingRefused, match="has not begun yet"):
        booking.no_show(appointment=visit, by=place.desk, now=NOW)
    missed = booking.no_show(appointment=visit, by=place.desk, now=local(24, 10, 20))
    assert claims(missed) == set()
    assert booking.undo(appointment=missed, by=place.desk, now=local(24, 10, 25)).status == Status.BOOKED


def test_nobody_arrives_for_tomorrow(place: Any) -> None:
    with pytest.raises(BookingRefused, match="This visit is on Wed 25 Nov, not today"):
        booking.arrive(appointment=make.a_visit(place), by=place.desk, now=NOW)


def test_a_day_goes_on_and_each_wrong_click_can_be_taken_back(place: Any) -> None:
    visit = make.a_visit(place, local(24, 10))
    for verb, status in (
        (booking.arrive, Status.ARRIVED),
        (booking.start, Status.IN_SESSION),
        (booking.undo, Status.ARRIVED),
        (booking.complete, Status.COMPLETED),
        (booking.complete, Status.COMPLETED),
        (booking.undo, Status.ARRIVED),
        (booking.undo, Status.BOOKED),
    ):
        visit = verb(appointment=visit, by=place.desk, now=local(24, 10, 30))
        assert visit.status == status
    with pytest.raises(BookingRefused, match="nothing to take back"):
        booking.undo(appointment=visit, by=place.desk, now=NOW)


# -- The database --------------------------------------------------------------------------------------


def test_the_constraints_are_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'x' AND convalidated")
        names = {name for (name,) in cursor.fetchall()}
    assert names >= diaries.TAKEN


def test_a_raw_write_cannot_double_book(place: Any) -> None:
    visit, other = make.many_visits(place, 2)
    with pytest.raises(IntegrityError, match="nobody_and_nothing_is_double_booked"), transaction.atomic():
        Claim.objects.filter(appointment=other).update(during=visit.claims.all()[0].during)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE scheduling_appointment SET status = 'no_show' WHERE id = %s",
        "UPDATE scheduling_appointment SET ends_at = ends_at + interval '1 hour' WHERE id = %s",
        "DELETE FROM scheduling_claim WHERE appointment_id = %s",
        "UPDATE scheduling_claim SET during = tstzrange(now(), now() + interval '1 h') WHERE appointment_id = %s",
    ],
)
def test_no_path_leaves_a_visit_without_the_time_it_holds(place: Any, sql: str) -> None:
    visit = make.a_visit(place)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [visit.pk])
        with pytest.raises(IntegrityError, match=r"claims \d and holds"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
