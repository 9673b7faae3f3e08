"""Calendar feeds: what they show, to whom, for how long; that the secret opens one calendar and nothing else."""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from clinic import links, logs, places, staff
from clinic.models import AuditEvent, Clinic, Role, User
from patients import merging
from scheduling import attendance, booking, feeds, groups, resources
from scheduling.feeds import AlreadyMade, FeedRefused
from scheduling.ical import uid_of
from scheduling.models import Appointment, CalendarFeed, Claim, Closure, Shows, half_open
from scheduling.rules import EVERY_WARNING
from tests.factories import people
from tests.factories.scheduling import (
    NOW,
    a_patient,
    a_practitioner,
    a_room,
    a_service,
    a_visit,
    local,
    many_visits,
    works,
)

DAY = timedelta(days=1)


@pytest.fixture
def program(standing_clock) -> Client:
    """A calendar program: no cookies, no sign-in."""
    return Client()


def a_feed(subject, *, shows=Shows.BUSY, by=None, label="My phone", uid=None) -> str:
    """A new feed of this; the path that its secret opens."""
    holder = by or getattr(subject, "user", None) or people.front_desk()
    made, secret = feeds.create(subject=subject, label=label, shows=shows, uid=uid or uuid.uuid4(), by=holder, now=NOW)
    assert made.digest == hashlib.sha256(secret.encode()).hexdigest()
    return reverse("calendar_feed", args=[secret])


def feed_of(path: str) -> CalendarFeed:
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    return CalendarFeed.objects.get(digest=links.digest_of(secret))


def read(program: Client, path: str) -> dict[str, dict]:
    """What a program makes of the calendar: entries by UID."""
    answer = program.get(path)
    assert answer.status_code == 200
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    found = {str(event["UID"]): event for event in events}
    assert len(found) == len(events), "each entry once"
    return found


def summary(program: Client, path: str, visit) -> str:
    return str(read(program, path)[uid_of(visit.uid)]["SUMMARY"])


# -- What is shown ---------------------------------------------------------------------------------------


def test_a_practitioners_calendar_has_their_visits_and_nobody_elses(program, place):
    mine, theirs = (a_visit(place, local(25, 10), practitioner=one) for one in place.practitioners)
    assert set(read(program, a_feed(place.practitioners[0]))) == {uid_of(mine.uid)}
    assert set(read(program, a_feed(place.practitioners[1]))) == {uid_of(theirs.uid)}


def test_a_room_and_a_location_have_theirs(program, place):
    first, second = place.rooms
    here = a_visit(place, local(25, 10), room=first)
    there = a_visit(place, local(25, 12), room=second)
    assert set(read(program, a_feed(first))) == {uid_of(here.uid)}
    assert set(read(program, a_feed(second))) == {uid_of(there.uid)}
    assert set(read(program, a_feed(place.location))) == {uid_of(here.uid), uid_of(there.uid)}
    other = a_room(people.a_location("Elsewhere"))
    assert read(program, a_feed(other)) == {}


def test_an_entry_is_at_the_visits_own_instants_and_says_where(program, place):
    visit = a_visit(place, local(25, 10))
    event = read(program, a_feed(place.practitioner))[uid_of(visit.uid)]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (visit.starts_at, visit.ends_at)
    assert event["DTSTART"].dt.hour == 15
    assert str(event["LOCATION"]) == f"{visit.room.name}, {place.location.name}"
    assert str(event["STATUS"]) == "CONFIRMED"
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == visit.changed_at


@pytest.mark.parametrize(
    ("shows", "said"), [(Shows.BUSY, "Busy"), (Shows.INITIALS, "A.R."), (Shows.NAME, "Aninha, Deep massage")]
)
def test_it_says_as_much_as_was_asked_for(program, place, shows, said):
    Clinic.objects.update(calendars_may_name=True)
    ana = a_patient("Ribeiro", preferred_name="Aninha")
    visit = a_visit(place, patient=ana, service=a_service("Deep massage"))
    assert summary(program, a_feed(place.practitioner, shows=shows), visit) == said


def test_a_merged_record_goes_by_the_name_of_the_one_that_stays(program, place):
    twin, ana = a_patient("Xu", given_name="Bo"), a_patient("Ribeiro")
    visit = a_visit(place, patient=twin)
    path = a_feed(place.practitioner, shows=Shows.INITIALS)
    assert summary(program, path, visit) == "B.X."
    merging.merge(duplicate=twin, survivor=ana, reason="The same person", by=place.desk, now=NOW)
    assert summary(program, path, visit) == "A.R."


@pytest.mark.parametrize("shows", [Shows.BUSY, Shows.INITIALS])
def test_nothing_of_a_patient_leaves_the_house(program, place, shows):
    """Canaries in every text there is of the patient and the visit, the kind of the absence included."""
    canary = "zqcanary"
    ana = a_patient(
        f"{canary}family", given_name=f"{canary}given", preferred_name=f"{canary}called", phone="+12125550177",
        email=f"{canary}@patients.example", address_line=f"{canary} street",
    )  # fmt: skip
    visit = a_visit(place, patient=ana, service=a_service(f"{canary} massage"), note=f"{canary} note")
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason=f"{canary} reason")
    a_visit(place, local(26, 10), patient=ana, service=visit.service, note=f"{canary} note")
    resources.add_absence(
        practitioner=place.practitioner, kind="illness", starts_at=local(27, 9), ends_at=local(27, 17), by=place.desk,
        now=NOW,
    )  # fmt: skip
    for subject in (place.practitioner, place.rooms[0], place.location):
        answer = program.get(a_feed(subject, shows=shows))
        said = (answer.content.replace(b"\r\n ", b"").decode() + str(answer.headers)).lower()
        for private in (canary, "555", "illness", "ill", ana.number_label.lower(), str(ana.uid)):
            assert not re.search(rf"\b{private}|{canary}", said), private


def test_hostile_names_cannot_break_out_of_an_entry(program, place):
    Clinic.objects.update(calendars_may_name=True)
    ana = a_patient("X", given_name="A\r\nEND:VEVENT\r\nBEGIN:VALARM;,\\")
    visit = a_visit(place, patient=ana)
    path = a_feed(place.practitioner, shows=Shows.NAME, label="A\nX-EVIL:1;,")
    assert summary(program, path, visit).startswith("A END:VEVENT BEGIN:VALARM;,\\, ")
    lines = program.get(path).content.replace(b"\r\n ", b"").split(b"\r\n")
    assert not [line for line in lines if line.startswith((b"X-EVIL", b"BEGIN:VALARM"))]


def test_what_gives_its_time_away_is_gone_and_what_was_held_stays(program, place):
    missed, held = a_visit(place, local(24, 9)), a_visit(place, local(24, 11))
    attendance.arrive(appointment=held, by=place.desk, now=NOW)
    attendance.complete(appointment=held, by=place.desk, now=NOW)
    attendance.no_show(appointment=missed, by=place.desk, now=NOW + timedelta(hours=2))
    assert set(read(program, a_feed(place.practitioner))) == {uid_of(held.uid)}


def test_a_group_is_one_entry_however_many_come_and_names_nobody(program, place):
    group = a_service("Back class", seats=4)
    session = groups.open_session(
        service=group, practitioner=place.practitioner, location=place.location, starts_at=local(25, 10),
        by=place.desk, now=NOW, despite=EVERY_WARNING,
    )  # fmt: skip
    for _ in range(2):
        groups.join(session=session, patient=a_patient("Ribeiro"), by=place.desk, now=NOW, despite=EVERY_WARNING)
    for shows, said in ((Shows.BUSY, "Busy"), (Shows.INITIALS, "Group")):
        found = read(program, a_feed(place.practitioner, shows=shows))
        assert {uid: str(event["SUMMARY"]) for uid, event in found.items()} == {uid_of(session.uid): said}
    groups.call_off(session=session, reason="Too few", by=place.desk, now=NOW)
    event = read(program, a_feed(place.practitioner))[uid_of(session.uid)]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


# -- Absences and closed days ----------------------------------------------------------------------------


def closed(place, first: date, last: date, name="zqsecret building work"):
    closure = Closure(location=place.location, name=name, starts_on=first, ends_on=last)
    resources.add_hours(closure, by=place.desk, now=NOW)
    return closure


@pytest.mark.parametrize(("shows", "said"), [(Shows.BUSY, "Busy"), (Shows.INITIALS, "Away")])
def test_an_absence_takes_the_practitioners_time_and_says_not_why(program, place, shows, said):
    absence, _ = resources.add_absence(
        practitioner=place.practitioner, kind="illness", starts_at=local(27, 9), ends_at=local(27, 17), by=place.desk,
        now=NOW,
    )  # fmt: skip
    event = read(program, a_feed(place.practitioner, shows=shows))[uid_of(absence.uid)]
    assert (event["SUMMARY"], event["DTSTART"].dt, event["DTEND"].dt) == (said, local(27, 9), local(27, 17))
    assert read(program, a_feed(place.practitioners[1])) == {}
    assert read(program, a_feed(place.location)) == {}


def test_closed_days_are_whole_days_of_the_location_and_its_rooms(program, place):
    closure = closed(place, date(2026, 12, 24), date(2026, 12, 26))
    for subject in (place.location, place.rooms[0]):
        event = read(program, a_feed(subject, shows=Shows.INITIALS))[uid_of(closure.uid)]
        assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 24), date(2026, 12, 27))
        assert event["SUMMARY"] == "Closed"
    assert read(program, a_feed(people.a_location("Elsewhere"))) == {}


def test_a_practitioner_has_the_closed_days_of_the_places_and_weekdays_they_work_at(program, place):
    """Thursday 24 to Wednesday 30 December; one works there on Mondays, Tuesdays and Fridays only."""
    closure = closed(place, date(2026, 12, 24), date(2026, 12, 30))
    some_days, elsewhere = a_practitioner(), a_practitioner()
    for day in (0, 1, 4):
        works(some_days, place.location, days=range(day, day + 1))
    works(elsewhere, people.a_location("Elsewhere"))
    found = read(program, a_feed(some_days)).values()
    spans = sorted((event["DTSTART"].dt, event["DTEND"].dt) for event in found)
    assert spans == [(date(2026, 12, 25), date(2026, 12, 26)), (date(2026, 12, 28), date(2026, 12, 30))]
    assert read(program, a_feed(elsewhere)) == {}
    assert list(read(program, a_feed(place.practitioner))) == [uid_of(closure.uid, "20261224")]


# -- Which days ------------------------------------------------------------------------------------------


def test_it_covers_thirty_days_back_and_a_hundred_and_eighty_ahead(program, place):
    path = a_feed(place.practitioner)
    start, end = datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 5, 24, tzinfo=UTC)
    visit, hour = a_visit(place), timedelta(hours=1)
    edges = [(start - hour, False), (start - hour / 2, True), (start, True), (end - hour, True), (end, False)]
    for starts_at, shown in edges:
        _put(visit, starts_at)
        assert (uid_of(visit.uid) in read(program, path)) is shown, starts_at


def _put(visit, starts_at: datetime) -> None:
    """As time passes: the visit with its claims at another time, without a word to anybody."""
    with transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        Claim.objects.filter(appointment=visit).update(during=half_open(starts_at, starts_at + timedelta(hours=1)))


def test_what_is_called_off_stays_for_thirty_days_and_says_so(program, place, standing_clock):
    visit = a_visit(place, local(20, 10, month=1, year=2027))
    path = a_feed(place.practitioner)
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="ill")
    event = read(program, path)[uid_of(visit.uid)]
    assert (event["STATUS"], event["SUMMARY"], event["TRANSP"]) == ("CANCELLED", "Cancelled: Busy", "TRANSPARENT")
    standing_clock.move_to(NOW + 30 * DAY)
    assert uid_of(visit.uid) in read(program, path)
    standing_clock.move_to(NOW + 31 * DAY)
    assert read(program, path) == {}


# -- The same entry, newer -------------------------------------------------------------------------------


def test_a_visit_keeps_its_uid_and_its_sequence_rises_with_whatever_happens_to_it(program, place):
    visit = a_visit(place, local(26, 10))
    path = a_feed(place.practitioner)
    seen = []

    def look() -> None:
        (event,) = read(program, path).values()
        assert str(event["UID"]) == uid_of(visit.uid)
        seen.append((event["SEQUENCE"], event["DTSTART"].dt))

    look()
    visit = booking.move(appointment=visit, starts_at=local(26, 12), by=place.desk, now=NOW)
    look()
    visit = booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="ill")
    look()
    visit = booking.undo(appointment=visit, by=place.desk, now=NOW)
    look()
    visit = booking.move(appointment=visit, starts_at=local(26, 14), by=place.desk, now=NOW)
    look()
    assert [sequence for sequence, _ in seen] == [0, 2, 3, 4, 6]
    assert seen[-1][1] == local(26, 14)


def tag(program: Client, path: str, **headers: str) -> str:
    return program.get(path, headers=headers)["ETag"]


def test_the_tag_changes_exactly_when_what_is_shown_does(program, place, standing_clock):
    visit, other = a_visit(place, local(25, 10)), a_visit(place, local(25, 10), practitioner=place.practitioners[1])
    path = a_feed(place.practitioner)
    tags = [tag(program, path)]

    def unchanged() -> None:
        assert tag(program, path) == tags[-1]

    def changed() -> None:
        new = tag(program, path)
        assert new not in tags
        tags.append(new)

    unchanged()
    booking.move(appointment=other, starts_at=local(25, 14), by=place.desk, now=NOW)
    unchanged()  # somebody else's visit
    Appointment.objects.filter(pk=visit.pk).update(note="brings the scans")
    unchanged()  # nothing that is shown
    visit = booking.move(appointment=visit, starts_at=local(25, 15), by=place.desk, now=NOW + timedelta(minutes=1))
    changed()
    booking.cancel(appointment=visit, by=place.desk, now=NOW + timedelta(minutes=2), reason="ill")
    changed()
    resources.add_absence(
        practitioner=place.practitioner, kind="holiday", starts_at=local(30, 9), ends_at=local(30, 17), by=place.desk,
        now=NOW,
    )  # fmt: skip
    changed()
    standing_clock.move_to(NOW + timedelta(hours=8))
    unchanged()  # later the same day
    standing_clock.move_to(NOW + DAY)
    unchanged()  # a day later nothing has come into the window or left it
    standing_clock.move_to(NOW + 31 * DAY)
    changed()  # what was called off is shown no longer
    standing_clock.move_to(NOW + 40 * DAY)
    changed()  # the absence lies too far back


def test_the_name_of_a_patient_changes_a_calendar_of_initials_and_not_a_busy_one(program, place):
    ana = a_patient("Ribeiro")
    a_visit(place, patient=ana)
    busy, initials = (a_feed(place.practitioner, shows=shows) for shows in (Shows.BUSY, Shows.INITIALS))
    before = tag(program, busy), tag(program, initials)
    type(ana).objects.filter(pk=ana.pk).update(family_name="Silva")
    assert tag(program, busy) == before[0]
    assert tag(program, initials) != before[1]


def test_who_has_it_already_is_told_so_and_nothing_is_sent(program, place):
    a_visit(place)
    path = a_feed(place.practitioner)
    first = program.get(path)
    again = program.get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert program.get(path, headers={"if-none-match": f'W/{first["ETag"]}, "x"'}).status_code == 304
    assert program.get(path, headers={"if-none-match": '"something-else"'}).status_code == 200
    for answer in (first, again):
        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "strict-origin"
        assert answer["Last-Modified"] == "Tue, 24 Nov 2026 13:00:00 GMT"
        assert not answer.cookies


def test_a_date_alone_is_no_reason_to_send_nothing(program, place):
    """What is taken away leaves no date behind, so only the tag tells whether a calendar is the same."""
    a_visit(place)
    answer = program.get(a_feed(place.practitioner), headers={"if-modified-since": "Wed, 01 Dec 2027 00:00:00 GMT"})
    assert answer.status_code == 200


def test_head_says_what_get_would_and_brings_nothing(program, place):
    a_visit(place)
    path = a_feed(place.practitioner, shows=Shows.INITIALS)
    asked = program.head(path)
    assert asked.content == b""
    assert not AuditEvent.objects.filter(is_look=True).exists()
    got = program.get(path)
    for header in ("ETag", "Content-Type", "Last-Modified", "Content-Length"):
        assert asked.get(header) == got.get(header)
    assert got["Content-Type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("visits", [1, 4])
@pytest.mark.parametrize("whose", ["practitioner", "room", "location"])
def test_a_calendar_costs_the_same_however_full_it_is(program, place, visits, whose):
    many_visits(place, visits)
    subject = {"practitioner": place.practitioner, "room": place.rooms[0], "location": place.location}[whose]
    busy, initials = (a_feed(subject, shows=shows) for shows in (Shows.BUSY, Shows.INITIALS))
    with CaptureQueriesContext(connection) as sent:
        first = program.get(busy)
    assert len(sent) == 3, [query["sql"] for query in sent]
    with CaptureQueriesContext(connection) as unchanged:
        assert program.get(busy, headers={"if-none-match": first["ETag"]}).status_code == 304
    assert len(unchanged) == 3
    with CaptureQueriesContext(connection) as named:
        program.get(initials)
    assert len(named) == 5  # whose look it is, and writing it down


def test_a_busy_calendar_never_reads_who_the_patients_are(program, place):
    a_visit(place)
    with CaptureQueriesContext(connection) as queries:
        program.get(a_feed(place.practitioner))
    assert not [query for query in queries if "patients_patient" in query["sql"] and "SELECT" in query["sql"]]


# -- Who looked ------------------------------------------------------------------------------------------


def test_initials_are_a_look_by_the_holder_once_each_time_something_is_delivered(program, place):
    visit = a_visit(place)
    path = a_feed(place.practitioner, shows=Shows.INITIALS)
    answer = program.get(path)
    look = AuditEvent.objects.get(action="calendar.viewed")
    assert (look.actor_uid, look.is_look) == (place.practitioner.user.uid, True)
    assert look.detail == {"patients": [str(visit.patient.uid)]}
    for _ in range(3):
        program.get(path, headers={"if-none-match": answer["ETag"]})
    assert AuditEvent.objects.filter(action="calendar.viewed").count() == 1


def test_a_busy_calendar_names_nobody_so_nobody_was_looked_at(program, place):
    a_visit(place)
    program.get(a_feed(place.practitioner))
    assert not AuditEvent.objects.filter(is_look=True).exists()


def test_the_last_time_it_was_fetched_and_by_what_is_known(program, place, standing_clock):
    path = a_feed(place.practitioner)
    program.get(path, headers={"user-agent": "Mozilla/5.0 (iPhone; ana@patients.example) Calendar/1\x7f" + "x" * 200})
    feed = feed_of(path)
    assert feed.fetched_at == NOW
    assert feed.fetched_with == "Calendar/1 …"
    standing_clock.move_to(NOW + DAY)
    program.get(path, headers={"if-none-match": "*"})
    assert feed_of(path).fetched_at == NOW + DAY


# -- Secrets that open nothing ---------------------------------------------------------------------------


def unknown(path, place):
    return "/calendar/" + "A" * 43 + ".ics"


def tampered(path, place):
    last = path[-5]
    return f"{path[:-5]}{'A' if last != 'A' else 'B'}.ics"


def too_short(path, place):
    return "/calendar/x.ics"


def of_a_link(path, place):
    visit = a_visit(place)
    token = links.issue(purpose="visit", subject_uid=visit.uid, expires_at=visit.starts_at, now=NOW)
    return f"/calendar/{token}.ics"


def revoked(path, place):
    feeds.revoke(feed_of(path), by=place.practitioner.user, now=NOW)
    return path


def rotated(path, place):
    feeds.rotate(feed_of(path), by=place.practitioner.user, now=NOW)
    return path


def of_somebody_who_left(path, place):
    staff.deactivate(uid=place.practitioner.user.uid, by=people.an_owner(), now=NOW)
    return path


def of_somebody_switched_off_by_hand(path, place):
    User.objects.filter(pk=place.practitioner.user_id).update(is_active=False, deactivated_at=NOW)
    return path


DEAD = [
    unknown,
    tampered,
    too_short,
    of_a_link,
    revoked,
    rotated,
    of_somebody_who_left,
    of_somebody_switched_off_by_hand,
]


@pytest.mark.parametrize("dead", DEAD)
def test_whatever_is_wrong_with_a_secret_the_answer_is_the_same_bare_404(program, place, dead):
    path = dead(a_feed(place.practitioner), place)
    answer = program.get(path, headers={"if-none-match": "*"})
    reference = program.get("/calendar/" + "Z" * 43 + ".ics")
    assert answer.status_code == reference.status_code == 404
    assert answer.content == reference.content == b"Not found.\n"
    assert dict(answer.headers) == dict(reference.headers)
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_can_be_read_and_nothing_else(program, place, method):
    path = a_feed(place.practitioner)
    assert getattr(program, method)(path).status_code == 405
    assert feed_of(path).fetched_at is None


def test_a_secret_is_no_link_and_opens_no_page_of_a_patient(program, place):
    secret = a_feed(place.practitioner).removeprefix("/calendar/").removesuffix(".ics")
    assert program.get(f"/v/{secret}/").status_code == 410


def test_thirty_wrong_secrets_a_minute_make_wait_and_hold_up_nobody_who_has_a_right_one(program, place):
    path = a_feed(place.practitioner)
    answers = [program.get(f"/calendar/{n:043}.ics").status_code for n in range(32)]
    assert answers == [404] * 30 + [429] * 2
    assert program.get(path).status_code == 200


def test_a_new_secret_opens_the_same_feed(program, place):
    visit = a_visit(place)
    path = a_feed(place.practitioner)
    program.get(path)
    feed, secret = feeds.rotate(feed_of(path), by=place.practitioner.user, now=NOW + DAY)
    assert (feed.issued_at, feed.fetched_at) == (NOW + DAY, None)
    assert set(read(program, f"/calendar/{secret}.ics")) == {uid_of(visit.uid)}


def test_no_log_holds_a_secret(program, place, caplog):
    path = a_feed(place.practitioner)
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in logs.discreet(f'"GET {path} HTTP/1.1" 200')
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path,), None)
    logs.Discreet().filter(record)
    assert secret not in record.getMessage()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret}%"])
            assert cursor.fetchone() == (0,), table


# -- Who leaves ------------------------------------------------------------------------------------------


def test_whoever_leaves_takes_no_secret_along(program, place):
    """Their own, and those of rooms that they were shown; what others hold goes on."""
    owner, desk, other = people.an_owner(), place.desk, people.front_desk()
    own = a_feed(place.practitioner)
    shown, kept = a_feed(place.rooms[0], by=desk), a_feed(place.rooms[0], by=other)
    for user in (place.practitioner.user, desk):
        staff.deactivate(uid=user.uid, by=owner, now=NOW)
    assert [program.get(path).status_code for path in (own, shown, kept)] == [404, 404, 200]
    gone = feed_of(own)
    assert (gone.revoked_at, gone.revoked_by) == (NOW, owner)
    assert AuditEvent.objects.filter(action="calendar_feed.revoked").count() == 2
    for user in (place.practitioner.user, desk):
        staff.reactivate(uid=user.uid, by=owner, now=NOW + DAY)
    assert [program.get(path).status_code for path in (own, shown)] == [404, 404], "coming back revives no secret"


def test_a_leaving_that_fails_revokes_nothing(program, place, monkeypatch):
    path = a_feed(place.practitioner)

    def fails(**_):
        raise RuntimeError

    monkeypatch.setattr(staff, "ON_LEAVING", [*staff.ON_LEAVING, fails])
    with pytest.raises(RuntimeError), transaction.atomic():
        staff.deactivate(uid=place.practitioner.user.uid, by=people.an_owner(), now=NOW)
    assert program.get(path).status_code == 200


def test_who_no_longer_treats_has_no_calendar_of_their_own(program, place):
    user = place.practitioner.user
    own, room = a_feed(place.practitioner), a_feed(place.rooms[0], by=user)
    staff.change(
        uid=user.uid, revision=None, email=user.email, name=user.name, roles=[Role.ADMIN], credentials=None,
        by=people.an_owner(), now=NOW,
    )  # fmt: skip
    assert [program.get(path).status_code for path in (own, room)] == [404, 200]


# -- Making them -----------------------------------------------------------------------------------------


def test_names_need_the_owners_word_and_end_with_it(program, place):
    with pytest.raises(FeedRefused, match="owner has not allowed"):
        a_feed(place.practitioner, shows=Shows.NAME)
    clinic = Clinic.the()
    places.change_clinic(revision=clinic.revision, calendars_may_name=True, by=people.an_owner(), now=NOW)
    visit = a_visit(place, patient=a_patient("Ribeiro"))
    path = a_feed(place.practitioner, shows=Shows.NAME)
    assert summary(program, path, visit) == f"Ana, {place.service.name}"
    Clinic.objects.update(calendars_may_name=False)
    assert summary(program, path, visit) == "A.R."


def test_of_a_room_names_are_refused_by_the_verb_and_by_the_database(place):
    Clinic.objects.update(calendars_may_name=True)
    with pytest.raises(FeedRefused):
        a_feed(place.rooms[0], shows=Shows.NAME)
    feed = feed_of(a_feed(place.rooms[0]))
    with pytest.raises(IntegrityError, match="only_a_practitioners_own_feed_names"), transaction.atomic():
        CalendarFeed.objects.filter(pk=feed.pk).update(shows=Shows.NAME)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"digest": "not a digest"}, "a_feed_keeps_only_a_digest"),
        ({"practitioner": None}, "a_feed_is_of_one_thing"),
        ({"label": ""}, "a_feed_has_a_label"),
        ({"shows": "diagnosis"}, "what_a_feed_shows_is_known"),
        ({"revoked_at": NOW}, "a_feed_is_revoked_by_someone"),
    ],
)
def test_the_database_refuses_what_a_feed_cannot_be(place, change, constraint):
    feed = feed_of(a_feed(place.practitioner))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CalendarFeed.objects.filter(pk=feed.pk).update(**change)


def test_a_feed_is_of_one_thing_and_not_of_two(place):
    feed = feed_of(a_feed(place.practitioner))
    with pytest.raises(IntegrityError, match="a_feed_is_of_one_thing"), transaction.atomic():
        CalendarFeed.objects.filter(pk=feed.pk).update(location=place.location)


def test_the_same_form_twice_makes_one_feed(place):
    key = uuid.uuid4()
    a_feed(place.practitioner, uid=key)
    with pytest.raises(AlreadyMade):
        a_feed(place.practitioner, uid=key)
    assert CalendarFeed.objects.count() == 1


def test_there_is_an_end_to_how_many_one_may_have(place):
    for _ in range(feeds.MOST):
        last = a_feed(place.practitioner)
    with pytest.raises(FeedRefused, match="10 already"):
        a_feed(place.practitioner)
    feeds.revoke(feed_of(last), by=place.practitioner.user, now=NOW)
    a_feed(place.practitioner)


def test_making_rotating_and_revoking_are_on_record_without_the_secret(place):
    user = place.practitioner.user
    path = a_feed(place.practitioner, shows=Shows.INITIALS)
    feed, secret = feeds.rotate(feed_of(path), by=user, now=NOW)
    for _ in range(2):
        feeds.revoke(feed, by=user, now=NOW)
    with pytest.raises(FeedRefused, match="was revoked"):
        feeds.rotate(feed, by=user, now=NOW)
    said = AuditEvent.objects.filter(action__startswith="calendar_feed").order_by("pk")
    assert [event.action.split(".")[1] for event in said] == ["created", "rotated", "revoked"]
    for event in said:
        assert (event.actor_uid, event.subject_uid) == (user.uid, feed.uid)
        assert event.detail == {
            "of": "practitioner", "of_uid": str(place.practitioner.uid), "shows": "initials",
        }  # fmt: skip
        assert secret not in str(event.detail)
