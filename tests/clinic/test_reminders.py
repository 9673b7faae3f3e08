"""What patients are told about their visits, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from clinic import messaging
from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import DeskTask, OutboundMessage
from patients import consent, registration
from scheduling import booking, reminders
from scheduling.states import Side
from tests.factories.scheduling import NOW, a_patient, a_small_clinic, a_visit, local


@pytest.fixture
def place(db):
    return a_small_clinic()


@pytest.fixture
def ana(place):
    return reachable(place)


def reachable(place, **facts):
    """A patient who wants e-mail and has agreed to it."""
    patient = a_patient(**({"email": "ana@patients.example", "preferred_channel": "email"} | facts))
    consent.record(patient=patient, channel="email", given=True, by=place.desk, now=NOW)
    return patient


def messages_about(visit) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.about(visit.uid).order_by("due_at", "pk"))


def test_a_booking_is_confirmed_at_once_and_reminded_of_the_day_before(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    told, reminder = messages_about(visit)
    assert (told.purpose, told.due_at) == (MessagePurpose.VISIT_BOOKED, NOW)
    assert (reminder.purpose, reminder.due_at) == (MessagePurpose.VISIT_REMINDER, local(26, 14))
    assert {m.state for m in (told, reminder)} == {State.PLANNED}
    assert reminder.to_address == "ana@patients.example"


@pytest.mark.parametrize("hours", [2, 20, 35])
def test_a_late_booking_gets_one_message_at_once_and_not_two(place, ana, hours):
    visit = a_visit(place, NOW + timedelta(hours=hours), patient=ana)
    (only,) = messages_about(visit)
    assert (only.purpose, only.due_at) == (MessagePurpose.VISIT_REMINDER, NOW)
    assert "is booked" in only.text


def test_who_books_for_right_now_is_not_written_to_and_nobody_needs_to_call(place, ana):
    visit = a_visit(place, NOW + timedelta(minutes=15), patient=ana)
    (only,) = messages_about(visit)
    assert (only.state, only.reason, only.needs_person) == (State.SUPPRESSED, Reason.TOO_LATE, False)


def test_a_message_says_who_when_and_where_to_answer_and_nothing_about_the_treatment(place, ana):
    place.service.name = "Deep tissue massage for the lower back"
    place.service.save()
    visit = a_visit(place, local(27, 14), patient=ana, note="brings scans")
    for message in messages_about(visit):
        said = f"{message.title} {message.text}".lower()
        assert "ana" in said
        assert "friday 27 november 2026, 14:00 (est)" in said
        assert "{link}" in message.text
        for private in ("massage", "lower", "tissue", "scan", ana.family_name.lower(), str(visit.practitioner).lower()):
            assert private not in said
        assert "ana" not in message.title.lower()


def test_moving_a_visit_stops_the_old_message_and_tells_the_new_time(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    moved = booking.move(appointment=visit, starts_at=local(30, 11), by=place.desk, now=NOW + timedelta(hours=1))
    old = OutboundMessage.objects.about(visit.uid).filter(subject_version=1)
    new = OutboundMessage.objects.about(visit.uid).filter(subject_version=moved.version)
    assert {m.purpose: m.state for m in old} == {"visit_booked": State.ACCEPTED, "visit_reminder": State.SUPPRESSED}
    assert {m.purpose: m.state for m in new} == {"visit_moved": State.PLANNED, "visit_reminder": State.PLANNED}
    assert "new time" in new.get(purpose="visit_moved").text


def test_cancelling_a_visit_stops_its_messages(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    booking.cancel(appointment=visit, by=place.desk, now=NOW, side=Side.CLINIC, reason="therapist ill", tell=False)
    assert {(m.state, m.reason) for m in messages_about(visit)} == {(State.SUPPRESSED, Reason.CANCELLED)}


def test_a_booking_that_is_rolled_back_leaves_no_message(place, ana):
    with transaction.atomic():
        a_visit(place, local(27, 14), patient=ana)
        transaction.set_rollback(True)
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize(
    ("facts", "said", "reason", "needs_person"),
    [
        ({"preferred_channel": "none"}, None, Reason.OPTED_OUT, False),
        ({"preferred_channel": "email", "email": "a@b.example"}, None, Reason.NO_CONSENT, False),
        ({"preferred_channel": "email", "email": "a@b.example"}, False, Reason.OPTED_OUT, False),
        ({"preferred_channel": "sms", "phone": "+12125550142"}, None, Reason.NO_ADDRESS, True),
    ],
)
def test_who_cannot_or_must_not_be_written_to_is_recorded_with_the_reason(place, facts, said, reason, needs_person):
    patient = a_patient(**facts)
    if said is not None:
        consent.record(patient=patient, channel="email", given=said, by=place.desk, now=NOW)
    (only,) = messages_about(a_visit(place, local(27, 14), patient=patient))
    assert (only.state, only.reason, only.needs_person, only.to_address) == (
        State.SUPPRESSED,
        reason,
        needs_person,
        "",
    )


def test_who_wants_text_messages_gets_e_mail_while_the_clinic_sends_none_if_they_agreed_to_it(place):
    patient = reachable(place, preferred_channel="sms", phone="+12125550142")
    assert {m.channel for m in messages_about(a_visit(place, local(27, 14), patient=patient))} == {"email"}


def test_consent_given_later_brings_the_reminder(place):
    patient = a_patient(email="late@patients.example", preferred_channel="email")
    visit = a_visit(place, local(26, 14), patient=patient)
    assert reminders.plan_missing(now=NOW) == 0
    consent.record(patient=patient, channel="email", given=True, by=place.desk, now=NOW)
    assert reminders.plan_missing(now=NOW) == 1
    assert reminders.plan_missing(now=NOW) == 0
    planned = [m for m in messages_about(visit) if m.state == State.PLANNED]
    assert [(m.purpose, m.due_at) for m in planned] == [("visit_reminder", local(25, 14))]


def test_a_visit_that_came_in_without_its_reminder_gets_it(place, ana):
    visit = a_visit(place, local(26, 14), patient=ana)
    OutboundMessage.objects.all().delete()
    assert reminders.plan_missing(now=NOW) == 1
    (only,) = messages_about(visit)
    assert only.due_at == local(25, 14)


def test_who_cannot_be_reached_keeps_nobody_else_from_their_reminder(place, ana):
    a_visit(place, local(26, 10), patient=a_patient(email="no@patients.example", preferred_channel="email"))
    visit = a_visit(place, local(26, 14), patient=ana)
    OutboundMessage.objects.about(visit.uid).delete()
    assert reminders.plan_missing(now=NOW, limit=1) == 1
    assert len(messages_about(visit)) == 1


def test_the_planner_wakes_nobody_at_night(place, ana):
    visit = a_visit(place, local(25, 16), patient=ana)
    OutboundMessage.objects.all().delete()
    reminders.plan_missing(now=local(25, 2))
    (only,) = messages_about(visit)
    assert only.due_at == local(25, 8)


def test_a_visit_before_any_decent_hour_is_left_to_the_desk(place, ana):
    visit = a_visit(place, local(25, 8), patient=ana)
    OutboundMessage.objects.all().delete()
    reminders.plan_missing(now=local(25, 2))
    (only,) = messages_about(visit)
    assert (only.reason, only.needs_person) == (Reason.QUIET_HOURS, True)


def test_consent_taken_back_stops_what_is_pending(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    consent.record(patient=ana, channel="email", given=False, by=place.desk, now=NOW)
    assert {(m.state, m.reason) for m in messages_about(visit)} == {(State.SUPPRESSED, Reason.OPTED_OUT)}


def test_a_new_address_is_where_pending_messages_go(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    registration.correct(ana, email="new@patients.example", by=place.desk, now=NOW)
    assert {m.to_address for m in messages_about(visit)} == {"new@patients.example"}


def test_who_leaves_the_clinic_gets_no_more_messages(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    registration.deactivate(ana, reason="moved away", by=place.desk, now=NOW)
    assert {m.state for m in messages_about(visit)} == {State.SUPPRESSED}


def test_an_open_wish_for_another_time_is_closed_when_the_visit_is_moved(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    DeskTask.objects.create(
        kind="move_wanted",
        patient_uid=ana.uid,
        patient_name="Ana",
        subject_kind="scheduling.appointment",
        subject_uid=visit.uid,
        subject_at=visit.starts_at,
        zone="America/New_York",
        asked_at=NOW,
    )
    booking.move(appointment=visit, starts_at=local(30, 11), by=place.desk, now=NOW)
    assert DeskTask.objects.get().outcome == "The visit was moved since."
