"""What is due is looked at once more before it leaves, and what belongs together goes out as one message."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import messaging, opt_outs
from clinic.access import SYSTEM
from clinic.channels import Refused, Uncertain
from clinic.messaging_states import Reason, State
from clinic.models import ActionLink, Clinic, OutboundMessage
from patients import consent
from patients.models import Patient
from scheduling import booking, reminders, together, words
from scheduling.models import Appointment
from scheduling.rules import EVERY_WARNING
from scheduling.together import Part
from tests.factories import scheduling as make
from tests.factories.messages import claimed
from tests.factories.scheduling import NEW_YORK, NOW, local

pytestmark = pytest.mark.django_db

#: Friday, so that the day before lies beyond twelve hours from now.
AT = local(27, 10)
DUE = AT - timedelta(days=1)


@pytest.fixture
def place() -> Any:
    place = make.a_small_clinic(practitioners=3, rooms=3)
    place.patient = make.a_reachable_patient()
    return place


def errand(place: Any, starts_at: datetime = AT, parts: int = 2, **facts: Any) -> list[Appointment]:
    return together.book_together(
        patient=place.patient,
        parts=[Part(place.service, who) for who in place.practitioners[:parts]],
        location=place.location,
        starts_at=starts_at,
        by=place.desk,
        now=NOW,
        despite=EVERY_WARNING,
        **facts,
    )


def book(place: Any, starts_at: datetime, patient: Patient | None = None, practitioner: int = 0) -> Appointment:
    return booking.book(
        patient=patient or place.patient,
        service=place.service,
        practitioner=place.practitioners[practitioner],
        location=place.location,
        starts_at=starts_at,
        by=place.desk,
        now=NOW,
        despite=EVERY_WARNING,
    )


def reminder_of(visit: Appointment) -> OutboundMessage:
    return OutboundMessage.objects.get(
        subject_uid=visit.uid, subject_version=visit.version, purpose="visit_reminder", channel="email"
    )


def send(at: datetime) -> list[Any]:
    """All that is due; the mails that went out by it."""
    before = len(mail.outbox)
    messaging.deliver_all(now=at)
    return mail.outbox[before:]


def named(letter: Any, times: Sequence[datetime]) -> list[datetime]:
    return [at for at in times if words.when(at, NEW_YORK) in letter.body]


def cancel(visit: Appointment, place: Any, now: datetime = NOW, side: str = "patient") -> Appointment:
    return booking.cancel(appointment=visit, side=side, reason="Cannot", by=place.desk, now=now)


def move(visit: Appointment, to: datetime, place: Any, now: datetime = NOW) -> Appointment:
    return booking.move(appointment=visit, starts_at=to, by=place.desk, now=now, despite=EVERY_WARNING)


# -- What is no longer so --------------------------------------------------------------------------------


def behind_the_outbox(visit: Appointment, **changes: Any) -> None:
    """As an import or a repair would: nothing told the outbox."""
    Appointment.objects.filter(pk=visit.pk).update(**changes)


def as_if_nobody_had_stopped(message: OutboundMessage) -> None:
    OutboundMessage.objects.filter(pk=message.pk).update(state=State.PLANNED, reason="", settled_at=None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, Reason.MOVED),
        ({"status": "arrived", "arrived_at": NOW}, Reason.OVER),
    ],
)
def test_what_changed_behind_the_outbox_is_noticed_before_it_leaves(place: Any, changes: Any, reason: str) -> None:
    visit = book(place, AT)
    send(NOW)
    behind_the_outbox(visit, **changes)
    assert send(DUE) == []
    row = OutboundMessage.objects.get(subject_uid=visit.uid, purpose="visit_reminder")
    assert (row.state, row.reason) == (State.SUPPRESSED, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"email": "", "preferred_channel": "none"}, Reason.OPTED_OUT),
        ({"preferred_channel": "none"}, Reason.OPTED_OUT),
    ],
)
def test_who_wants_no_messages_gets_none_whatever_was_planned(place: Any, changes: Any, reason: str) -> None:
    visit = book(place, AT)
    send(NOW)
    Patient.objects.filter(pk=place.patient.pk).update(**changes)
    assert send(DUE) == []
    assert reminder_of(visit).reason == reason


def test_consent_is_read_again_also_of_a_record_that_was_merged_into(place: Any) -> None:
    visit = book(place, AT)
    send(NOW)
    other = make.a_patient(email="ana@patients.example", preferred_channel="email")
    Patient.objects.filter(pk=place.patient.pk).update(merged_into=other)
    consent.record(patient=other, channel="email", given=False, by=place.desk, now=NOW + timedelta(hours=1))
    as_if_nobody_had_stopped(reminder_of(visit))
    assert send(DUE) == []
    assert reminder_of(visit).reason == Reason.OPTED_OUT


def test_it_goes_to_the_present_address_in_the_present_language_and_under_the_present_name(place: Any) -> None:
    visit = book(place, AT)
    send(NOW)
    Patient.objects.filter(pk=place.patient.pk).update(
        email="new@patients.example", language="es", preferred_name="Nita"
    )
    [letter] = send(DUE)
    assert letter.to[0].endswith("<new@patients.example>")
    assert "Nita" in letter.body
    assert "jueves" in letter.body or "viernes" in letter.body
    row = reminder_of(visit)
    assert (row.to_address, row.language, row.text in letter.body) == ("new@patients.example", "es", False)
    assert "Nita" in row.text


def test_a_new_address_that_wants_no_more_messages_gets_none(place: Any) -> None:
    visit = book(place, AT)
    send(NOW)
    opt_outs.record(channel="email", address="new@patients.example", source="link", by=SYSTEM, now=NOW)
    Patient.objects.filter(pk=place.patient.pk).update(email="new@patients.example")
    assert send(DUE) == []
    assert reminder_of(visit).reason == Reason.OPTED_OUT


def test_a_new_address_at_which_the_same_was_planned_already_gets_it_once(place: Any) -> None:
    visit = book(place, AT)
    send(NOW)
    row = reminder_of(visit)
    twin = OutboundMessage.objects.get(pk=row.pk)
    twin.pk, twin.uid, twin.to_address = None, uuid.uuid4(), "new@patients.example"
    twin.save(force_insert=True)
    Patient.objects.filter(pk=place.patient.pk).update(email="new@patients.example")
    mails = send(DUE)
    assert len(mails) == 1
    assert OutboundMessage.objects.get(pk=row.pk).reason == Reason.DUPLICATE_CONTACT


def test_the_clinics_present_words_are_used(place: Any) -> None:
    book(place, AT)
    send(NOW)
    Clinic.objects.update(sender_name="The New Name")
    [letter] = send(DUE)
    assert "The New Name" in letter.body


def test_a_reminder_that_is_late_waits_for_the_morning_and_never_for_longer_than_it_helps(place: Any) -> None:
    early, late = book(place, local(27, 8)), book(place, local(27, 15), practitioner=1)
    send(NOW)
    night = local(26, 23)
    assert send(night) == []
    assert (reminder_of(early).state, reminder_of(early).reason) == (State.SUPPRESSED, Reason.QUIET_HOURS)
    assert reminder_of(early).needs_person
    assert (reminder_of(late).state, reminder_of(late).next_try_at) == (State.PLANNED, local(27, 8))
    assert len(send(local(27, 8))) == 1


def test_the_answer_to_a_booking_waits_for_no_morning(place: Any) -> None:
    booking.book(
        patient=place.patient, service=place.service, practitioner=place.practitioners[0], location=place.location,
        starts_at=AT, by=place.desk, now=local(25, 23), despite=EVERY_WARNING,
    )  # fmt: skip
    assert len(send(local(25, 23))) == 1


@pytest.mark.parametrize("many", [1, 4])
def test_a_batch_is_looked_at_in_few_statements_however_many_it_has(place: Any, many: int) -> None:
    for number in range(many):
        patient = make.a_reachable_patient(email=f"p{number}@patients.example")
        book(place, AT + timedelta(days=7 * number), patient)
    OutboundMessage.objects.exclude(purpose="visit_reminder").delete()
    OutboundMessage.objects.update(due_at=DUE, next_try_at=DUE)
    with CaptureQueriesContext(connection) as asked:
        assert len(claimed(100, now=DUE)) == many
    assert len([q for q in asked if not re.match("SAVEPOINT|RELEASE", q["sql"])]) <= 11


# -- What belongs together -------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [2, 3])
def test_an_errand_has_one_confirmation_and_one_reminder_and_both_name_every_part(place: Any, parts: int) -> None:
    visits = errand(place, parts=parts)
    times = [visit.starts_at for visit in visits]
    [confirmation], [reminder] = send(NOW), send(DUE)
    for letter in (confirmation, reminder):
        assert named(letter, times) == times
        assert place.service.name not in letter.body
        assert "/v/visits/" in letter.body
    said = [reminder_of(visit) for visit in visits]
    assert [row.state for row in said] == [State.ACCEPTED] + [State.SUPPRESSED] * (parts - 1)
    assert {row.said_by_uid for row in said[1:]} == {said[0].uid}
    assert {row.reason for row in said[1:]} == {Reason.DUPLICATE_CONTACT}
    assert not OutboundMessage.objects.filter(needs_person=True).exists()
    assert send(DUE + timedelta(hours=3)) == []
    assert reminders.plan_missing(now=DUE + timedelta(hours=3)) == 0


def test_two_visits_of_a_day_are_reminded_of_in_one_message_and_those_of_two_days_in_two(place: Any) -> None:
    one, two, other_day = book(place, AT), book(place, AT + timedelta(hours=4)), book(place, local(30, 10))
    send(NOW)
    [letter] = send(DUE)
    assert named(letter, [one.starts_at, two.starts_at, other_day.starts_at]) == [one.starts_at, two.starts_at]
    assert reminder_of(two).said_by_uid == reminder_of(one).uid
    assert len(send(local(29, 10))) == 1


def test_what_falls_due_outside_the_window_is_a_message_of_its_own(place: Any) -> None:
    one, two = book(place, local(27, 8)), book(place, local(27, 20, 15))
    send(NOW)
    assert named(send(local(26, 8))[0], [one.starts_at, two.starts_at]) == [one.starts_at]
    assert named(send(local(26, 20, 15))[0], [one.starts_at, two.starts_at]) == [two.starts_at]


def test_a_family_that_shares_an_address_gets_one_message_with_a_name_before_each_time(place: Any) -> None:
    ben = make.a_reachable_patient(given_name="Ben", email=place.patient.email)
    one, two = book(place, AT), book(place, AT, ben, practitioner=1)
    stranger = make.a_reachable_patient(given_name="Carl", email="carl@patients.example")
    book(place, AT, stranger, practitioner=2)
    send(NOW)
    mails = send(DUE)
    assert len(mails) == 2
    [letter] = [one for one in mails if place.patient.email in one.to[0]]
    assert place.patient.greeting_name in letter.body
    assert "Ben" in letter.body
    assert "Carl" not in letter.body
    assert {reminder_of(one).state, reminder_of(two).state} == {State.ACCEPTED, State.SUPPRESSED}


def test_of_a_family_who_agreed_to_nothing_is_not_named(place: Any) -> None:
    ben = make.a_reachable_patient(given_name="Ben", email=place.patient.email)
    one, two = book(place, AT), book(place, AT, ben, practitioner=1)
    send(NOW)
    consent.record(patient=ben, channel="email", given=False, by=place.desk, now=NOW)
    as_if_nobody_had_stopped(reminder_of(two))
    [letter] = send(DUE)
    assert "Ben" not in letter.body
    assert (reminder_of(one).state, reminder_of(two).reason) == (State.ACCEPTED, Reason.OPTED_OUT)


def test_when_the_first_is_called_off_the_next_one_is_reminded_of(place: Any) -> None:
    one, two = errand(place)
    cancel(one, place)
    [letter] = [one for one in send(two.starts_at - timedelta(days=1)) if "reminder" in one.subject.lower()]
    assert named(letter, [one.starts_at, two.starts_at]) == [two.starts_at]
    assert letter.subject == "Reminder of your visit"


def test_when_a_later_one_is_called_off_neither_confirmation_nor_reminder_speaks_of_it(place: Any) -> None:
    one, two, three = errand(place, parts=3)
    cancel(two, place)
    for letter in [*send(NOW), *send(DUE)]:
        assert named(letter, [v.starts_at for v in (one, two, three)]) == [one.starts_at, three.starts_at]


def test_a_part_that_is_taken_back_is_named_again(place: Any) -> None:
    one, two = errand(place)
    send(NOW)
    cancel(two, place)
    booking.undo(appointment=Appointment.objects.for_verb().get(pk=two.pk), by=place.desk, now=NOW)
    send(NOW + timedelta(minutes=5))
    [letter] = send(DUE)
    assert named(letter, [one.starts_at, two.starts_at]) == [one.starts_at, two.starts_at]


def test_a_part_moved_to_another_day_has_a_reminder_of_its_own(place: Any) -> None:
    one, two = errand(place)
    send(NOW)
    moved = move(two, local(30, 10), place)
    send(NOW + timedelta(minutes=5))
    [first], [second] = send(DUE), send(local(29, 10))
    times = [one.starts_at, two.starts_at, moved.starts_at]
    assert (named(first, times), named(second, times)) == ([one.starts_at], [moved.starts_at])


def test_a_move_that_is_taken_back_leaves_the_reminder_as_it_was(place: Any) -> None:
    one, two = errand(place)
    send(NOW)
    moved = move(one, local(30, 10), place)
    booking.undo_move(appointment=moved, by=place.desk, now=NOW + timedelta(minutes=1))
    [letter] = send(DUE)
    assert named(letter, [one.starts_at, two.starts_at]) == [one.starts_at, two.starts_at]


def test_what_the_patient_has_been_reminded_of_is_not_said_again(place: Any) -> None:
    one, _ = errand(place)
    send(NOW)
    send(DUE)
    later = DUE + timedelta(hours=4)
    cancel(one, place, now=later)
    assert reminders.plan_missing(now=later) == 0
    assert send(later) == []


def test_an_errand_of_tomorrow_is_told_of_in_one_message(place: Any) -> None:
    visits = errand(place, local(25, 14))
    times = [visit.starts_at for visit in visits]
    [letter] = send(NOW)
    assert letter.subject == "Your visits are booked"
    assert named(letter, times) == times
    assert send(local(24, 20)) == []


def test_all_parts_called_off_leave_nothing_to_send(place: Any) -> None:
    visits = errand(place)
    together.call_off(visits=visits, side="patient", reason="Cannot", by=place.desk, now=NOW)
    assert send(NOW) + send(DUE) == []
    assert not OutboundMessage.objects.waiting().exists()


def test_parts_that_came_without_messages_are_reminded_of_once(place: Any) -> None:
    visits = errand(place)
    OutboundMessage.objects.all().delete()
    assert reminders.plan_missing(now=NOW + timedelta(hours=6)) == 2
    [letter] = send(DUE)
    assert named(letter, [visit.starts_at for visit in visits]) == [visit.starts_at for visit in visits]
    assert sum(part.get_payload(decode=True).count(b"BEGIN:VEVENT") for part in letter.attachments) == 2


# -- Between the claim and the fence ---------------------------------------------------------------------


class InBetween:
    """A channel that lets something happen after the message was claimed and before it may leave."""

    name = "email"

    def __init__(self, happens: Any) -> None:
        self.happens, self.handed = happens, []

    def stage(self, envelope: Any) -> None:
        self.staged = envelope
        happens, self.happens = self.happens, None
        if happens:
            happens()

    def back_out(self) -> None:
        self.staged = None

    def hand_over(self) -> str:
        self.handed.append(self.staged)
        return "taken"

    def close(self) -> None:
        """Nothing to hang up."""


@pytest.fixture
def between(monkeypatch: Any) -> Any:
    def use(happens: Any) -> InBetween:
        channel = InBetween(happens)
        monkeypatch.setattr("clinic.channels.open_channels", lambda: {"email": channel})
        return channel

    return use


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", ["cancelled", "moved"])
def test_a_part_that_changes_between_claim_and_fence_is_named_by_no_message_that_leaves(
    place: Any, between: Any, which: int, how: str
) -> None:
    visits = errand(place)
    send(NOW)
    changed, other = visits[which], visits[1 - which]

    def change() -> None:
        cancel(changed, place, now=DUE) if how == "cancelled" else move(changed, local(30, 10), place, now=DUE)

    channel = between(change)
    messaging.deliver_all(now=DUE)
    messaging.sweep(now=DUE + timedelta(minutes=1))
    messaging.deliver_all(now=DUE + timedelta(hours=2))
    texts = [envelope.text for envelope in channel.handed if "reminder" in envelope.text]
    [text] = texts
    assert words.when(changed.starts_at, NEW_YORK) not in text
    assert words.when(other.starts_at, NEW_YORK) in text


def test_a_confirmation_that_names_a_part_which_changes_before_the_fence_is_composed_anew(
    place: Any, between: Any
) -> None:
    one, two = errand(place)
    channel = between(lambda: cancel(two, place))
    messaging.deliver_all(now=NOW)
    messaging.deliver_all(now=NOW + timedelta(seconds=5))
    [envelope] = channel.handed
    assert words.when(one.starts_at, NEW_YORK) in envelope.text
    assert words.when(two.starts_at, NEW_YORK) not in envelope.text


def test_who_takes_their_consent_back_before_the_fence_is_not_named_to_their_family(place: Any, between: Any) -> None:
    ben = make.a_reachable_patient(given_name="Ben", email=place.patient.email)
    book(place, AT)
    book(place, AT, ben, practitioner=1)
    send(NOW)
    channel = between(lambda: consent.record(patient=ben, channel="email", given=False, by=place.desk, now=DUE))
    messaging.deliver_all(now=DUE)
    messaging.deliver_all(now=DUE + timedelta(seconds=5))
    [envelope] = channel.handed
    assert "Ben" not in envelope.text


def test_what_the_leader_of_several_could_not_say_is_said_by_the_others(place: Any, between: Any) -> None:
    """A server refuses the first for good: the others are tried by themselves."""
    one, two = errand(place)
    send(NOW)
    channel = between(None)

    def refuse() -> None:
        raise Refused("smtp 552", for_good=True)

    channel.happens = refuse
    messaging.deliver_all(now=DUE)
    assert (reminder_of(one).state, reminder_of(two).state) == (State.FAILED, State.SUPPRESSED)
    assert messaging.sweep(now=DUE + timedelta(minutes=1)).unsaid == 1
    messaging.deliver_all(now=DUE + timedelta(minutes=1))
    [envelope] = channel.handed
    assert words.when(two.starts_at, NEW_YORK) in envelope.text


def test_after_a_refusal_for_now_the_same_is_said_once_and_together(place: Any, between: Any) -> None:
    one, two = errand(place)
    send(NOW)

    def refuse() -> None:
        raise Refused("smtp 451", for_good=False)

    channel = between(refuse)
    messaging.deliver_all(now=DUE)
    messaging.deliver_all(now=DUE + timedelta(minutes=10))
    [envelope] = channel.handed
    assert all(words.when(visit.starts_at, NEW_YORK) in envelope.text for visit in (one, two))
    working = ActionLink.objects.working(DUE + timedelta(minutes=10)).filter(message_uid=reminder_of(one).uid)
    assert sorted(working.values_list("purpose", flat=True)) == ["visit", "visit", "visits"]


def test_an_unknown_message_that_is_sent_once_more_says_all_that_it_said(place: Any, between: Any) -> None:
    visits = errand(place)
    send(NOW)
    channel = between(None)

    def lose() -> str:
        del channel.hand_over  # only this once
        raise Uncertain("gone")

    channel.hand_over = lose
    messaging.deliver_all(now=DUE)
    lost = reminder_of(visits[0])
    assert (lost.state, lost.needs_person) == (State.UNKNOWN, True)
    messaging.send_anyway(message_uid=lost.uid, note="They asked", by=place.desk, now=DUE + timedelta(hours=1))
    messaging.deliver_all(now=DUE + timedelta(hours=1))
    [envelope] = channel.handed
    assert all(words.when(visit.starts_at, NEW_YORK) in envelope.text for visit in visits)


def test_the_books_balance_whatever_was_merged(place: Any) -> None:
    errand(place, parts=3)
    send(NOW)
    send(DUE)
    sums = messaging.reconcile(since=NOW, until=AT + timedelta(days=9), now=DUE)
    assert sums.balances
    assert (sums.sent, sums.not_sent, sums.waiting) == (2, 2, 0)
