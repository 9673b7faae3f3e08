"""What patients are told when the clinic changes or calls off their visits: once, at a decent hour, or by phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import Clinic, DeskTask, OutboundMessage
from patients import consent
from scheduling import booking, notices, reminders
from scheduling.models import Appointment
from scheduling.states import Side, Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    place = make.a_small_clinic(practitioners=2)
    place.ana = make.a_reachable_patient()
    return place


def call_off(visit: Appointment, place: Any, **facts: Any) -> Appointment:
    usual = {"by": place.desk, "now": NOW, "reason": "The therapist is ill", "side": Side.CLINIC}
    return booking.cancel(appointment=visit, **(usual | facts))


def told(visit: Appointment) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.about(visit.uid).filter(purpose=MessagePurpose.VISIT_CANCELLED))


def calls() -> list[DeskTask]:
    return list(DeskTask.objects.open().filter(kind=DeskTask.Kind.CALL_PATIENT))


def test_who_is_called_off_by_the_clinic_is_told_once_when_and_whom_to_call_and_needs_no_link(place: Any) -> None:
    Clinic.objects.update(phone="+12125550123")
    visit = make.a_visit(place, local(27, 10), patient=place.ana)
    call_off(visit, place)
    (message,) = told(visit)
    assert (message.state, message.due_at, message.link_purpose) == (State.PLANNED, NOW, "")
    assert "Friday 27 November 2026, 10:00 (EST) cannot take place." in message.text
    assert "212" in message.text
    assert "{" not in message.text
    assert "METHOD:CANCEL" in message.calendar
    assert place.service.name not in message.text
    assert calls() == []


def test_who_knows_already_or_called_it_off_themselves_is_not_told(place: Any) -> None:
    visits = [make.a_visit(place, local(27, hour), patient=place.ana) for hour in (10, 11)]
    call_off(visits[0], place, tell=False)
    call_off(visits[1], place, side=Side.PATIENT)
    assert [told(visit) for visit in visits] == [[], []]
    assert calls() == []


def test_who_is_in_the_waiting_room_hears_it_there(place: Any) -> None:
    visit = make.a_visit(place, local(24, 9), patient=place.ana)
    booking.arrive(appointment=visit, by=place.desk, now=NOW)
    call_off(visit, place)
    assert told(visit) == []


def test_at_night_it_waits_for_the_morning(place: Any) -> None:
    visit = make.a_visit(place, local(27, 10), patient=place.ana)
    call_off(visit, place, now=local(24, 23))
    (message,) = told(visit)
    assert message.due_at == local(25, 8)


@pytest.mark.parametrize(
    ("now", "reason"), [(local(24, 9, 45), Reason.TOO_LATE), (local(24, 7, 45), ""), (local(24, 9, 15), "")]
)
def test_whom_no_message_would_reach_before_they_leave_is_to_be_called(place: Any, now: datetime, reason: str) -> None:
    visit = make.a_visit(place, local(24, 10), patient=place.ana)
    call_off(visit, place, now=now)
    assert [message.reason for message in told(visit)] == [reason]
    assert [task.subject_uid for task in calls()] == ([visit.uid] if reason else [])


def test_a_visit_before_the_decent_hours_of_its_day_is_told_by_phone(place: Any) -> None:
    visit = make.a_visit(place, local(25, 8, 15), patient=place.ana)
    call_off(visit, place, now=local(24, 22))
    assert [message.reason for message in told(visit)] == [Reason.QUIET_HOURS]
    (task,) = calls()
    assert "Wednesday 25 November 2026, 08:15" in task.note


@pytest.mark.parametrize("why", ["no consent", "opted out"])
def test_who_wants_no_messages_gets_none_and_the_desk_is_asked_to_call(place: Any, why: str) -> None:
    if why == "no consent":
        patient = make.a_patient(email="bo@patients.example", preferred_channel="email")
    else:
        patient = place.ana
        consent.record(patient=patient, channel="email", given=False, by=place.desk, now=NOW)
    visit = make.a_visit(place, local(27, 10), patient=patient)
    call_off(visit, place)
    (message,) = told(visit)
    assert (message.state, message.to_address, message.needs_person) == (State.SUPPRESSED, "", False)
    (task,) = calls()
    assert (task.subject_uid, task.patient_uid) == (visit.uid, patient.uid)
    assert "cannot take place" in task.note


def test_taking_it_back_stops_the_message_that_still_waits_and_the_call(place: Any) -> None:
    visit = make.a_visit(place, local(27, 10), patient=place.ana)
    call_off(visit, place, now=local(24, 23))
    back = booking.undo(appointment=Appointment.objects.get(pk=visit.pk), by=place.desk, now=local(24, 23, 5))
    assert back.status == Status.BOOKED
    (message,) = told(visit)
    assert (message.state, message.reason) == (State.SUPPRESSED, Reason.TAKEN_BACK)


def test_calling_off_again_after_taking_it_back_tells_again(place: Any) -> None:
    visit = make.a_visit(place, local(27, 10), patient=place.ana)
    call_off(visit, place)
    booking.undo(appointment=Appointment.objects.get(pk=visit.pk), by=place.desk, now=NOW)
    call_off(visit, place, version=None)
    assert sorted(message.state for message in told(visit)) == [State.PLANNED, State.SUPPRESSED]


# -- Several at once -------------------------------------------------------------------------------------


def move_quietly(visit: Appointment, to: datetime, **facts: Any) -> notices.Change:
    """Moved in the diary, its old messages voided, nobody told yet."""
    was = visit.starts_at
    moved = booking.move(appointment=visit, by=visit.booked_by, now=NOW, starts_at=to, **facts)
    OutboundMessage.objects.about(visit.uid).filter(subject_version=moved.version).delete()
    return notices.Change(moved, was)


def test_two_moved_visits_of_one_patient_are_one_message_and_a_reminder_each(place: Any) -> None:
    visits = [make.a_visit(place, local(day, 10), patient=place.ana) for day in (27, 28)]
    changes = [move_quietly(visit, visit.starts_at + timedelta(days=7)) for visit in visits]
    with transaction.atomic():
        sent = notices.tell(changes, by=place.desk, now=NOW)
    assert len(sent) == 1
    assert sent[0].text.count(" is now ") == 2
    assert "{link}" in sent[0].text
    assert "BEGIN:VCALENDAR" in sent[0].calendar
    waiting = OutboundMessage.objects.waiting()
    assert waiting.filter(purpose=MessagePurpose.VISIT_MOVED).count() == 1
    assert sorted(waiting.filter(purpose=MessagePurpose.VISIT_REMINDER).values_list("due_at", flat=True)) == [
        datetime(2026, 12, day, 15, tzinfo=UTC) for day in (3, 4)
    ]


def test_what_is_moved_into_the_next_hours_is_said_once_and_never_reminded_of_again(place: Any) -> None:
    visits = [make.a_visit(place, local(27, hour), patient=place.ana) for hour in (10, 11)]
    changes = [move_quietly(visit, local(24, hour)) for visit, hour in zip(visits, (13, 15), strict=True)]
    with transaction.atomic():
        notices.tell(changes, by=place.desk, now=NOW)
    assert OutboundMessage.objects.waiting().count() == 1
    assert reminders.plan_missing(now=NOW + timedelta(minutes=5)) == 0
    assert OutboundMessage.objects.waiting().count() == 1


def test_one_moved_and_one_called_off_are_one_message(place: Any) -> None:
    first, second = (make.a_visit(place, local(day, 10), patient=place.ana) for day in (27, 28))
    changes = [move_quietly(second, local(30, 10)), notices.Change(call_off(first, place, tell=False), local(27, 10))]
    with transaction.atomic():
        (message,) = notices.tell(changes, by=place.desk, now=NOW)
    assert (message.purpose, message.subject_uid) == (MessagePurpose.VISIT_MOVED, second.uid)
    assert "Saturday 28 November 2026, 10:00 (EST) is now Monday 30 November" in message.text
    assert "Friday 27 November 2026, 10:00 (EST) cannot take place." in message.text


def test_the_same_time_with_somebody_else_is_said_as_that(place: Any) -> None:
    visit = make.a_visit(place, local(27, 10), patient=place.ana)
    change = move_quietly(visit, local(27, 10), practitioner=place.practitioners[1])
    with transaction.atomic():
        (message,) = notices.tell([change], by=place.desk, now=NOW)
    assert "stays as it is, with another of our team." in message.text


def test_each_patient_gets_their_own(place: Any) -> None:
    bo = make.a_patient(email="bo@patients.example", preferred_channel="email")
    consent.record(patient=bo, channel="email", given=True, by=place.desk, now=NOW)
    visits = [make.a_visit(place, local(27, 10 + n), patient=who) for n, who in enumerate((place.ana, bo))]
    changes = [move_quietly(visit, visit.starts_at + timedelta(days=7)) for visit in visits]
    with transaction.atomic():
        sent = notices.tell(changes, by=place.desk, now=NOW)
    assert {message.to_address for message in sent} == {"ana@patients.example", "bo@patients.example"}
