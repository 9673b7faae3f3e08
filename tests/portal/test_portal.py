"""A patient answers by link: one question, once, and only when a person presses the button. Promise P5."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from icalendar import Calendar

from clinic import links, messaging
from clinic import time as clocks
from clinic.links import Purpose
from clinic.models import ActionLink, AuditEvent, DeskTask
from scheduling import booking
from scheduling.models import Appointment
from scheduling.states import Side, Status
from tests.factories.scheduling import NOW, a_patient, a_small_clinic, a_visit, local

PAGES = ("portal:visit", "portal:cancel", "portal:move")
READ = (*PAGES, "portal:calendar")
HEADERS = {"Referrer-Policy": "strict-origin", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


@pytest.fixture
def place(db):
    return a_small_clinic()


@pytest.fixture
def visit(place, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    return a_visit(place, local(27, 14), patient=a_patient("Ribeiro", preferred_name="Aninha"))


def token_for(visit, **changes) -> str:
    facts = {
        "purpose": Purpose.VISIT,
        "subject_uid": visit.uid,
        "subject_version": visit.version,
        "expires_at": visit.starts_at,
        "now": NOW,
    }
    return links.issue(**(facts | changes))


def at(token: str, name: str = "portal:visit") -> str:
    return reverse(name, args=[token])


def now_it_is(visit) -> Appointment:
    return Appointment.objects.get(pk=visit.pk)


def fingerprint() -> dict[str, str]:
    """Everything that the clinic would call a change: all tables but the log of looks, sessions and the cache."""
    apart = {"clinic_auditevent", "clinic_auditseal", "django_session", "shared_cache"}
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - apart)
        hashes = {}
        for table in tables:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            hashes[table] = cursor.fetchone()[0]
    return hashes


# -- Looking ---------------------------------------------------------------------------------------------


def test_the_page_shows_first_name_day_hour_and_place_and_one_question(client, visit, place):
    answer = client.get(at(token_for(visit)))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "Aninha, are you coming?" in said
    assert "Friday 27 November 2026" in said
    assert "14:00" in said
    assert place.location.name in said
    assert said.count("<button") == 1
    for private in ("Ribeiro", visit.service.name, str(visit.practitioner), visit.patient.number_label):
        assert private not in said


@pytest.mark.parametrize("name", READ)
def test_every_page_keeps_its_address_to_itself(client, visit, name):
    answer = client.get(at(token_for(visit), name))
    assert {header: answer[header] for header in HEADERS} == HEADERS
    gone = client.get(at("x" * 43, name))
    assert {header: gone[header] for header in HEADERS} == HEADERS


@pytest.mark.parametrize("name", READ)
def test_scanners_that_follow_every_link_in_every_way_change_nothing(client, visit, name):
    token = token_for(visit)
    before = fingerprint()
    agents = ["Mozilla/5.0", "curl/8", "Microsoft Office Existence Discovery", "Barracuda Sentinel", "Mimecast", ""]
    methods = (client.get, client.head, client.options, client.put, client.patch, client.delete, client.trace)
    for agent in agents:
        for purpose in ("", "prefetch", "prefetch;prerender"):
            for method in methods:
                method(at(token, name), headers={"user-agent": agent, "purpose": purpose, "sec-purpose": purpose})
    assert fingerprint() == before
    assert client.get(at(token)).status_code == 200


def test_a_look_is_written_down_as_made_by_link(client, visit):
    token = token_for(visit)
    client.get(at(token))
    look = AuditEvent.objects.filter(is_look=True).get()
    assert (look.actor_kind, look.actor_uid) == ("link", ActionLink.objects.get(digest=links.digest_of(token)).uid)
    assert look.patient_uid == visit.patient.uid


def test_the_visit_can_be_taken_into_ones_own_calendar(client, visit, place):
    token = token_for(visit)
    assert f'href="{at(token, "portal:calendar")}"' in client.get(at(token)).content.decode()
    before = fingerprint()
    answer = client.get(at(token, "portal:calendar"))
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (visit.starts_at, visit.ends_at)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'
    said = answer.content.replace(b"\r\n ", b"").decode()
    for private in (
        "Aninha",
        "Ribeiro",
        visit.service.name,
        str(visit.practitioner),
        token,
        visit.patient.number_label,
    ):
        assert private not in said
    assert fingerprint() == before
    assert client.get(at(token)).status_code == 200, "the link is not used up"
    look = AuditEvent.objects.filter(is_look=True).order_by("pk")[1]
    assert (look.actor_kind, look.patient_uid) == ("link", visit.patient.uid)


def test_after_confirming_it_can_be_taken_for_a_while(client, visit, monkeypatch):
    token = token_for(visit)
    assert at(token, "portal:calendar") in client.post(at(token)).content.decode()
    assert client.get(at(token, "portal:calendar")).status_code == 200
    assert client.get(at(token)).status_code == 410, "nothing else is shown by a used link"
    monkeypatch.setattr(clocks, "now", lambda: NOW + timedelta(minutes=10))
    assert client.get(at(token, "portal:calendar")).status_code == 410


@pytest.mark.parametrize("name", ["portal:cancel", "portal:move"])
def test_after_any_other_answer_there_is_nothing_to_take(client, visit, name):
    token = token_for(visit)
    client.post(at(token, name), {"reason": "x", "wish": "x"})
    assert client.get(at(token, "portal:calendar")).status_code == 410


def test_the_calendar_entry_is_only_read(client, visit):
    token = token_for(visit)
    assert client.post(at(token, "portal:calendar")).status_code == 405
    links.revoke_for(visit.uid, NOW)
    assert client.get(at(token, "portal:calendar")).status_code == 410


# -- Answering -------------------------------------------------------------------------------------------


def test_one_press_confirms_and_the_desk_sees_it(client, visit):
    answer = client.post(at(token_for(visit)))
    assert answer.status_code == 200
    assert "See you then" in answer.content.decode()
    assert now_it_is(visit).confirmed_at == NOW
    said = AuditEvent.objects.filter(action="appointment.confirmed").get()
    assert said.actor_kind == "link"


def test_cancelling_frees_the_time_and_tells_the_desk(client, visit):
    answer = client.post(at(token_for(visit), "portal:cancel"), {"reason": "I have a cold"})
    assert "cancelled" in answer.content.decode()
    gone = now_it_is(visit)
    assert (gone.status, gone.cancelled_side, gone.cancelled_by, gone.cancel_reason) == (
        Status.CANCELLED,
        Side.PATIENT,
        None,
        "I have a cold",
    )
    task = DeskTask.objects.get()
    assert (task.kind, task.note) == ("visit_cancelled", "I have a cold")


def test_asking_for_another_time_keeps_the_visit_and_tells_the_desk(client, visit):
    answer = client.post(at(token_for(visit), "portal:move"), {"wish": "Tuesdays after 4"})
    assert "get back to you" in answer.content.decode()
    assert now_it_is(visit).status == Status.BOOKED
    task = DeskTask.objects.get()
    assert (task.kind, task.note, task.subject_at) == ("move_wanted", "Tuesdays after 4", visit.starts_at)


def test_a_second_press_has_no_second_effect_and_shows_the_same(client, visit):
    token = token_for(visit)
    first = client.post(at(token, "portal:move"), {"wish": "later"})
    second = client.post(at(token, "portal:move"), {"wish": "later"})
    assert first.status_code == second.status_code == 200
    assert DeskTask.objects.count() == 1


def test_a_used_link_does_nothing_else_any_more(client, visit):
    token = token_for(visit)
    client.post(at(token))
    before = fingerprint()
    assert client.get(at(token)).status_code == 410
    assert client.post(at(token, "portal:cancel")).status_code == 410
    assert client.post(at(token, "portal:move")).status_code == 410
    assert fingerprint() == before


def test_the_same_press_much_later_is_met_as_a_used_link(client, visit, monkeypatch):
    token = token_for(visit)
    client.post(at(token))
    monkeypatch.setattr(clocks, "now", lambda: NOW + timedelta(hours=1))
    assert client.post(at(token)).status_code == 410


@pytest.mark.parametrize(("name", "field", "most"), [("portal:cancel", "reason", 200), ("portal:move", "wish", 500)])
def test_too_long_an_answer_gets_a_sentence_and_nothing_typed_is_lost(client, visit, name, field, most):
    typed = "é" * (most + 1)
    answer = client.post(at(token_for(visit), name), {field: typed})
    assert answer.status_code == 422
    assert f"at most {most} characters" in answer.content.decode()
    assert typed in answer.content.decode()
    assert now_it_is(visit).status == Status.BOOKED
    nul = client.post(at(token_for(visit), name), {field: "a\x00b"})
    assert nul.status_code == 422


def test_hostile_words_are_shown_as_words(client, visit):
    client.post(at(token_for(visit), "portal:move"), {"wish": "<script>alert(1)</script>{{ 7*7 }}"})
    assert DeskTask.objects.get().note == "<script>alert(1)</script>{{ 7*7 }}"


# -- Links that do not work ------------------------------------------------------------------------------


def expired(visit, place):
    return token_for(visit, expires_at=NOW - timedelta(minutes=1), now=NOW - timedelta(days=1))


def unknown(visit, place):
    return "A" * 43


def tampered(visit, place):
    token = token_for(visit)
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def revoked(visit, place):
    token = token_for(visit)
    links.revoke_for(visit.uid, NOW)
    return token


def of_the_time_before(visit, place):
    token = token_for(visit)
    booking.move(appointment=visit, starts_at=local(30, 11), by=place.desk, now=NOW)
    return token


def of_a_cancelled_visit(visit, place):
    token = token_for(visit)
    booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="ill")
    return token


def for_another_purpose(visit, place):
    return token_for(visit, purpose=Purpose.PASSWORD)


def of_an_older_version_that_was_not_revoked(visit, place):
    token = token_for(visit)
    Appointment.objects.filter(pk=visit.pk).update(version=visit.version + 1)
    return token


BROKEN = [
    expired,
    unknown,
    tampered,
    revoked,
    of_the_time_before,
    of_a_cancelled_visit,
    for_another_purpose,
    of_an_older_version_that_was_not_revoked,
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", PAGES)
def test_links_that_do_not_work_all_get_the_same_page_and_change_nothing(client, visit, place, broken, name):
    token = broken(visit, place)
    before = fingerprint()
    shown, pressed = client.get(at(token, name)), client.post(at(token, name), {"reason": "x", "wish": "x"})
    assert (shown.status_code, pressed.status_code) == (410, 410)
    assert fingerprint() == before
    reference = client.get(at("Z" * 43)).content
    assert shown.content == pressed.content == reference
    said = shown.content.decode()
    assert "no longer works" in said
    assert "If your visit was moved" in said
    assert "Aninha" not in said
    assert "(212) 555-0100" in said


def test_a_press_without_the_pages_own_token_is_refused(visit):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(at(token_for(visit))).status_code == 403
    assert now_it_is(visit).confirmed_at is None


# -- Together with the mail ------------------------------------------------------------------------------


def test_the_link_of_a_delivered_mail_confirms_the_visit(client, place, monkeypatch, mailoutbox):
    from patients import consent

    monkeypatch.setattr(clocks, "now", lambda: NOW)
    ana = a_patient(email="ana@patients.example", preferred_channel="email")
    consent.record(patient=ana, channel="email", given=True, by=place.desk, now=NOW)
    visit = a_visit(place, local(27, 14), patient=ana)
    messaging.deliver_due(now=NOW)
    (mail,) = mailoutbox
    path = re.search(r"/v/[\w-]{43}/", mail.body)
    assert client.post(path.group(0)).status_code == 200
    assert now_it_is(visit).confirmed_at == NOW


@pytest.mark.parametrize("name", READ)
def test_a_page_costs_the_same_whatever_it_shows(client, visit, name, django_assert_max_num_queries):
    token = token_for(visit)
    with django_assert_max_num_queries(8):
        client.get(at(token, name))
