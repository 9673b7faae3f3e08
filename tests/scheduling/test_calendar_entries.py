"""The entry for the patient's own calendar: which messages bring it, what it says, that it arrives as it was made."""

from __future__ import annotations

from datetime import timedelta
from email import charset

import pytest
from django.conf import settings as house
from django.urls import reverse
from icalendar import Calendar

from clinic import inbox, messaging
from clinic.messaging_states import MessagePurpose, State
from clinic.models import Clinic, OutboundMessage
from scheduling import booking, reminders
from scheduling.calendar_entries import entry_for
from scheduling.ical import uid_of
from tests.factories import people
from tests.factories.messages import a_message
from tests.factories.scheduling import NOW, a_reachable_patient, a_service, a_visit, local
from tests.factories.sink import Sink
from tests.scheduling.test_feeds import a_feed, program, read  # noqa: F401 -- a fixture

BOOKED, MOVED, REMINDER = MessagePurpose.VISIT_BOOKED, MessagePurpose.VISIT_MOVED, MessagePurpose.VISIT_REMINDER
CALLED_OFF = MessagePurpose.VISIT_CANCELLED


@pytest.fixture
def ana(place):
    return a_reachable_patient(family_name="Zqfamily")


@pytest.fixture
def sink(settings):
    with Sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        yield sink


def messages_about(visit) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.about(visit.uid).order_by("pk"))


def event_in(calendar: str | bytes):
    (event,) = Calendar.from_ical(calendar).walk("VEVENT")
    return event


def method_of(calendar: str | bytes) -> str:
    return str(Calendar.from_ical(calendar)["METHOD"])


# -- What it says ----------------------------------------------------------------------------------------


def test_it_says_what_messages_call_the_clinic_where_and_when_and_nothing_else(place, ana):
    Clinic.objects.update(name="Back Pain Centre", sender_name="The house on Main", phone="+12125550123")
    place.location.address_line, place.location.city = "1 Main Street", "New York"
    place.location.region, place.location.postal_code = "NY", "10001"
    visit = a_visit(place, local(27, 14), patient=ana, service=a_service("Zqservice"), note="Zqnote")
    (told, _) = messages_about(visit)
    event = event_in(told.calendar)
    assert str(event["SUMMARY"]) == "The house on Main"
    assert str(event["LOCATION"]) == "1 Main Street, New York, NY 10001"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (visit.starts_at, visit.ends_at)
    assert event["ORGANIZER"].params["CN"] == "The house on Main"
    assert str(event["ORGANIZER"]).removeprefix("mailto:") == house.DEFAULT_FROM_EMAIL
    said = told.calendar.replace("\r\n ", "")
    for private in ("Zq", "Ana", "Pain", place.practitioner.user.name, "555", "http", visit.room.name):
        assert private not in said
    assert "ATTENDEE" not in said, "nobody is asked for an answer"


def test_it_is_the_same_entry_as_in_the_clinics_own_calendars(program, place, ana):  # noqa: F811 -- the fixture
    visit = a_visit(place, local(27, 14), patient=ana)
    path = a_feed(place.practitioner)
    moved = booking.move(appointment=visit, starts_at=local(30, 11), by=place.desk, now=NOW)
    steps = [moved, booking.cancel(appointment=moved, by=place.desk, now=NOW, reason="ill")]
    assert set(read(program, path)) == {uid_of(visit.uid)}
    for visit in steps[1:]:
        mine, theirs = event_in(entry_for(visit, Clinic.objects.first())), read(program, path)[uid_of(visit.uid)]
        for name in ("UID", "SEQUENCE", "STATUS"):
            assert mine[name] == theirs[name]
        for name in ("DTSTART", "DTEND", "DTSTAMP"):
            assert mine[name].dt == theirs[name].dt


def test_hostile_names_of_the_clinic_stay_inside_their_entry(place, ana):
    Clinic.objects.update(sender_name='A";X=1:\r\nATTENDEE:mailto:x@y.example')
    (told, _) = messages_about(a_visit(place, local(27, 14), patient=ana))
    assert not [line for line in told.calendar.replace("\r\n ", "").split("\r\n") if line.startswith("ATTENDEE")]
    assert str(event_in(told.calendar)["SUMMARY"]).startswith('A";X=1: ATTENDEE')


# -- Which messages bring it -----------------------------------------------------------------------------


def test_the_confirmation_brings_it_and_the_reminder_after_it_does_not(place, ana):
    told, reminder = messages_about(a_visit(place, local(27, 14), patient=ana))
    assert (told.purpose, method_of(told.calendar)) == (BOOKED, "PUBLISH")
    assert (reminder.purpose, reminder.calendar) == (REMINDER, "")


def test_the_one_message_that_is_both_brings_it(place, ana):
    (only,) = messages_about(a_visit(place, NOW + timedelta(hours=20), patient=ana))
    assert (only.purpose, method_of(only.calendar)) == (REMINDER, "PUBLISH")


def test_a_reminder_without_a_confirmation_before_it_brings_it(place, ana):
    """The later visits of a series, and visits that came in without messages."""
    visit = a_visit(place, local(27, 14), patient=ana)
    OutboundMessage.objects.all().delete()
    reminders.plan_missing(now=local(26, 13))
    (reminder,) = messages_about(visit)
    assert event_in(reminder.calendar)["UID"] == uid_of(visit.uid)


def test_a_new_time_brings_it_again_with_a_higher_sequence(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    booking.move(appointment=visit, starts_at=local(30, 11), by=place.desk, now=NOW)
    first, moved = [m for m in messages_about(visit) if m.purpose in (BOOKED, MOVED)]
    old, new = event_in(first.calendar), event_in(moved.calendar)
    assert (moved.purpose, method_of(moved.calendar)) == (MOVED, "PUBLISH")
    assert old["UID"] == new["UID"]
    assert old["SEQUENCE"] < new["SEQUENCE"]
    assert new["DTSTART"].dt == local(30, 11)


def test_a_visit_that_the_clinic_calls_off_is_taken_out_again(place, ana):
    visit = a_visit(place, local(27, 14), patient=ana)
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="ill")
    (off,) = [m for m in messages_about(visit) if m.purpose == CALLED_OFF]
    event = event_in(off.calendar)
    assert (method_of(off.calendar), event["UID"]) == ("CANCEL", uid_of(visit.uid))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


def test_sending_once_more_sends_the_same(place):
    desk = people.front_desk()
    lost = a_message(now=NOW, calendar="BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n")
    OutboundMessage.objects.filter(pk=lost.pk).update(
        state=State.UNKNOWN, reason="worker_lost", needs_person=True, settled_at=NOW
    )
    again = messaging.send_anyway(message_uid=lost.uid, note="not there", by=desk, now=NOW)
    assert again.calendar == lost.calendar


# -- How it travels --------------------------------------------------------------------------------------


def test_it_arrives_byte_for_byte_beside_the_words(sink, place, ana):
    Clinic.objects.update(sender_name="Größe & Söhne, " + "é" * 40)
    visit = a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    (mail,) = sink.mails
    assert mail.get_content_type() == "multipart/mixed"
    words, attached = mail.iter_parts()
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html"]
    assert "is booked" in mail.get_body(("plain",)).get_content()
    assert attached.get_content_type() == "text/calendar"
    assert attached.get_param("method") == "PUBLISH"
    assert attached.get_param("charset") == "utf-8"
    assert (attached.get_content_disposition(), attached.get_filename()) == ("attachment", "visit.ics")
    arrived = attached.get_payload(decode=True)
    assert arrived == entry_for(visit, Clinic.objects.first())
    assert all(len(line) <= 75 for line in arrived.split(b"\r\n"))


def test_by_another_mail_backend_it_travels_just_so(place, ana, mailoutbox):
    visit = a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    (mail,) = mailoutbox
    parts = [part for part in mail.message().walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_payload(decode=True) for part in parts] == [entry_for(visit, Clinic.objects.first())]
    assert parts[0].get_param("method") == "PUBLISH"


def test_its_bytes_are_kept_where_a_library_has_changed_what_utf_8_means_for_mails(place, ana, sink, monkeypatch):
    """Apprise does, once it is loaded."""
    monkeypatch.setitem(charset.CHARSETS, "utf-8", (charset.QP, charset.QP, "utf-8"))
    visit = a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    (part,) = [one for mail in sink.mails for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_payload(decode=True) == entry_for(visit, Clinic.objects.first())


def test_a_message_without_an_entry_is_as_plain_as_ever(sink, place):
    a_message(now=NOW)
    messaging.deliver_due(now=NOW)
    (mail,) = sink.mails
    assert mail.get_content_type() == "multipart/alternative"


def test_the_inbox_of_one_machine_shows_what_came_with_a_mail(sink, place, ana, tmp_path):
    a_visit(place, local(27, 14), patient=ana)
    a_message(now=NOW)
    messaging.deliver_due(now=NOW)
    shown = []
    for number, mail in enumerate(sink.mails):
        (tmp_path / f"17640000000000{number}-abc.eml").write_bytes(mail.as_bytes())
        found = inbox.read(tmp_path, f"17640000000000{number}-abc")
        assert found.text
        assert found.html
        shown.append(found.attached)
    assert sorted(shown) == [(), ("visit.ics",)]


def test_the_desk_sees_that_an_entry_goes_along(desk, place, ana):
    told, reminder = messages_about(a_visit(place, local(27, 14), patient=ana))
    pages = [desk.get(reverse("office:message", args=[message.uid])).content.decode() for message in (told, reminder)]
    assert ["as an entry for the patient" in page for page in pages] == [True, False]
