"""One reminder for all parts of an errand, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from clinic import messaging
from clinic.messaging_states import State
from clinic.models import OutboundMessage
from patients.models import Channel, Patient
from scheduling import booking, contact, reminders, together, words
from scheduling.models import Appointment
from scheduling.rules import EVERY_WARNING
from scheduling.together import Part
from tests.factories import scheduling as make
from tests.factories.scheduling import NEW_YORK, NOW, local

pytestmark = pytest.mark.django_db

#: Friday, so that the day before lies beyond twelve hours from now.
AT = local(27, 10)


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


def pending(purpose: str = "visit_reminder") -> list[OutboundMessage]:
    return list(OutboundMessage.objects.waiting().filter(purpose=purpose).order_by("due_at", "pk"))


def named(message: OutboundMessage, times: Sequence[datetime]) -> list[datetime]:
    return [at for at in times if words.when(at, NEW_YORK) in message.text]


def cancel(visit: Appointment, place: Any, now: datetime = NOW, side: str = "patient") -> Appointment:
    return booking.cancel(appointment=visit, side=side, reason="Cannot", by=place.desk, now=now)


def move(visit: Appointment, to: datetime, place: Any, now: datetime = NOW) -> Appointment:
    return booking.move(appointment=visit, starts_at=to, by=place.desk, now=now, despite=EVERY_WARNING)


def send_reminders() -> None:
    """As if a server had taken them."""
    OutboundMessage.objects.filter(purpose="visit_reminder", state=State.PLANNED).update(
        state=State.ACCEPTED, handing_over_at=NOW, accepted_at=NOW, settled_at=NOW, provider_id="7"
    )


@pytest.mark.parametrize("parts", [2, 3])
def test_an_errand_has_one_confirmation_and_one_reminder_and_both_name_every_part(place: Any, parts: int) -> None:
    visits = errand(place, parts=parts)
    times = [visit.starts_at for visit in visits]
    [confirmation], [reminder] = pending("visit_booked"), pending()
    for message in (confirmation, reminder):
        assert message.subject_uid == visits[0].uid
        assert named(message, times) == times
        assert "Please confirm each of them" in message.text
        assert place.service.name not in message.text
    assert reminder.title == "Reminder of your visits"
    assert reminder.due_at == AT - timedelta(days=1)
    assert confirmation.calendar.count("BEGIN:VEVENT") == parts
    assert reminder.calendar == ""
    assert not OutboundMessage.objects.filter(needs_person=True).exists()
    assert reminders.plan_missing(now=NOW + timedelta(hours=6)) == 0


def test_by_text_message_every_part_is_named_too(place: Any, settings: Any) -> None:
    visits = errand(place, parts=3)
    draft = words.draft(
        visits[0], place.patient, None, contact.Way(Channel.SMS, "+12025550123"),
        purpose=words.REMINDER, words=words.REMINDER, due_at=NOW, now=NOW,
        times=words.Times(tuple(visit.starts_at for visit in visits[1:]), every_one=True),
    )  # fmt: skip
    assert all(words.when(visit.starts_at, NEW_YORK, channel=Channel.SMS) in draft.text for visit in visits)


def test_when_the_first_is_called_off_the_next_one_is_reminded_of(place: Any) -> None:
    one, two = errand(place)
    cancel(one, place)
    [reminder] = pending()
    assert reminder.subject_uid == two.uid
    assert named(reminder, [one.starts_at, two.starts_at]) == [two.starts_at]
    assert reminder.title == "Reminder of your visit"
    assert reminder.due_at == two.starts_at - timedelta(days=1)


def test_when_a_later_one_is_called_off_the_reminder_speaks_of_it_no_longer(place: Any) -> None:
    one, two, three = errand(place, parts=3)
    cancel(two, place)
    [reminder] = pending()
    assert named(reminder, [v.starts_at for v in (one, two, three)]) == [one.starts_at, three.starts_at]


def test_a_part_that_is_taken_back_is_named_again(place: Any) -> None:
    one, two = errand(place)
    cancel(two, place)
    booking.undo(appointment=Appointment.objects.for_verb().get(pk=two.pk), by=place.desk, now=NOW)
    [reminder] = pending()
    assert named(reminder, [one.starts_at, two.starts_at]) == [one.starts_at, two.starts_at]


def test_a_part_moved_to_another_day_has_a_reminder_of_its_own(place: Any) -> None:
    one, two = errand(place)
    moved = move(two, local(30, 10), place)
    first, second = pending()
    assert (first.subject_uid, second.subject_uid) == (one.uid, two.uid)
    assert named(first, [one.starts_at, two.starts_at, moved.starts_at]) == [one.starts_at]
    assert named(second, [one.starts_at, two.starts_at, moved.starts_at]) == [moved.starts_at]


def test_a_part_moved_within_the_day_is_named_where_it_is_now(place: Any) -> None:
    one, two = errand(place)
    moved = move(one, local(27, 14), place)
    [reminder] = pending()
    assert reminder.subject_uid == two.uid
    assert named(reminder, [AT, two.starts_at, moved.starts_at]) == [two.starts_at, moved.starts_at]
    assert [message.subject_uid for message in pending("visit_moved")] == [one.uid]


def test_a_move_that_is_taken_back_leaves_the_reminder_as_it_was(place: Any) -> None:
    one, _ = errand(place)
    [before] = pending()
    moved = move(one, local(30, 10), place)
    booking.undo_move(appointment=moved, by=place.desk, now=NOW + timedelta(minutes=1))
    [after] = pending()
    assert (after.subject_uid, after.text) == (one.uid, before.text)


def test_what_the_patient_has_been_reminded_of_is_not_said_again(place: Any) -> None:
    one, two = errand(place)
    send_reminders()
    later = AT - timedelta(hours=20)
    cancel(one, place, now=later)
    assert pending() == []
    assert reminders.plan_missing(now=later) == 0
    moved = move(Appointment.objects.for_verb().get(pk=two.pk), local(30, 10), place, now=later)
    [reminder] = pending()
    assert named(reminder, [moved.starts_at]) == [moved.starts_at]


def test_an_errand_of_tomorrow_is_told_of_in_one_message(place: Any) -> None:
    visits = errand(place, local(25, 14))
    [message] = OutboundMessage.objects.waiting()
    assert message.title == "Your visits are booked"
    assert named(message, [visit.starts_at for visit in visits]) == [visit.starts_at for visit in visits]
    cancel(visits[0], place)
    [message] = OutboundMessage.objects.waiting()
    assert message.subject_uid == visits[1].uid


def test_a_message_in_a_senders_hand_is_lost_to_it_when_its_words_change(place: Any) -> None:
    one, two = errand(place)
    OutboundMessage.objects.filter(pk=pending()[0].pk).update(
        state=State.CLAIMED, attempt=1, lease_until=NOW + timedelta(minutes=3)
    )
    cancel(two, place)
    [reminder] = pending()
    assert (reminder.state, reminder.lease_until) == (State.PLANNED, None)
    assert named(reminder, [one.starts_at, two.starts_at]) == [one.starts_at]


def test_all_parts_called_off_leave_nothing_to_send(place: Any) -> None:
    visits = errand(place)
    together.call_off(visits=visits, side="patient", reason="Cannot", by=place.desk, now=NOW)
    assert list(OutboundMessage.objects.waiting()) == []


def test_parts_that_came_without_messages_are_reminded_of_once(place: Any) -> None:
    visits = errand(place)
    OutboundMessage.objects.all().delete()
    later = NOW + timedelta(hours=6)
    assert reminders.plan_missing(now=later) == 2
    [reminder] = pending()
    assert named(reminder, [visit.starts_at for visit in visits]) == [visit.starts_at for visit in visits]
    assert reminder.calendar.count("BEGIN:VEVENT") == 2
    assert reminders.plan_missing(now=later) == 0


def test_the_clinic_moves_a_part_and_its_reminder_goes_along(place: Any) -> None:
    one, two = errand(place, local(27, 10))
    other = make.a_visit(place, local(30, 10), practitioner=place.practitioners[1])
    together.swap(one=two, other=other, by=place.desk, now=NOW, despite=EVERY_WARNING)
    mine = [message for message in pending() if message.patient_uid == Patient.objects.get(pk=place.patient.pk).uid]
    assert [message.subject_uid for message in mine] == [one.uid, two.uid]
    assert named(mine[0], [one.starts_at, two.starts_at]) == [one.starts_at]


def test_nothing_is_written_anew_that_is_right_already(place: Any) -> None:
    from scheduling import gathered

    errand(place)
    before = list(OutboundMessage.objects.order_by("pk").values())
    visit = Appointment.objects.first()
    assert visit is not None
    gathered.gather(visit.basket, now=NOW + timedelta(minutes=5))
    assert list(OutboundMessage.objects.order_by("pk").values()) == before
    assert messaging.reconcile(since=NOW, until=AT + timedelta(days=9), now=NOW).balances
