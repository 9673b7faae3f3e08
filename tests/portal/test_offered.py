"""A patient takes or declines a time of the waitlist by link: once, in time, and only when a person presses."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from clinic import links
from clinic import time as clocks
from clinic.links import Purpose
from clinic.models import AuditEvent
from scheduling import freed, offers, resources
from scheduling.models import Appointment, Hold, WaitlistOffer
from scheduling.states import Outcome, Waiting
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, a_small_clinic, local
from tests.factories.waitlist import an_entry, an_offer, pending
from tests.portal.test_portal import HEADERS, fingerprint


@pytest.fixture
def place(db, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    return a_small_clinic(practitioners=2)


@pytest.fixture
def offer(place):
    patient = make.a_reachable_patient(family_name="Ribeiro", preferred_name="Aninha")
    return an_offer(place, local(27, 14), patient=patient)


def token_for(offer, **changes) -> str:
    facts = {"purpose": Purpose.WAITLIST, "subject_uid": offer.uid, "expires_at": offer.starts_at, "now": NOW}
    return links.issue(**(facts | changes))


def at(token, name="portal:offer"):
    return reverse(name, args=[token])


def now_it_is(offer) -> WaitlistOffer:
    return WaitlistOffer.objects.select_related("entry").get(pk=offer.pk)


def test_the_page_says_when_where_with_whom_how_long_and_until_when(client, offer, place):
    answer = client.get(at(token_for(offer)))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "Aninha, would you like this time?" in said
    assert "Friday 27 November 2026" in said
    assert "14:00" in said
    assert place.location.name in said
    assert place.practitioner.user.name in said
    assert "60 minutes" in said
    assert "kept for you until" in said
    for private in ("Ribeiro", place.service.name, offer.entry.patient.number_label):
        assert private not in said
    assert {header: answer[header] for header in HEADERS} == HEADERS


def test_scanners_that_follow_the_link_in_every_way_change_nothing(client, offer):
    token = token_for(offer)
    before = fingerprint()
    for name in ("portal:offer", "portal:offer_decline"):
        for method in (client.get, client.head, client.options, client.put, client.patch, client.delete):
            method(at(token, name))
    assert fingerprint() == before
    assert client.get(at(token)).status_code == 200


def test_one_press_books_the_time_and_a_second_books_nothing_more(client, offer):
    token = token_for(offer)
    for _ in range(2):
        answer = client.post(at(token))
        assert answer.status_code == 200
        assert "It is yours, Aninha" in answer.content.decode()
    visit = Appointment.objects.get()
    assert (visit.patient, visit.starts_at) == (offer.entry.patient, local(27, 14))
    assert now_it_is(offer).outcome == Outcome.ACCEPTED
    done = AuditEvent.objects.get(action="waitlist.taken")
    assert done.actor_kind == "link"
    again = client.get(at(token))
    assert again.status_code == 410
    assert "This time is yours already" in again.content.decode()


def test_taking_an_earlier_time_moves_the_visit(client, place):
    patient = make.a_reachable_patient()
    present = make.a_visit(place, local(30, 14), patient=patient)
    offer = an_offer(place, local(27, 14), patient=patient, earlier_than=present)
    token = token_for(offer)
    assert "Monday 30 November 2026, 14:00" in client.get(at(token)).content.decode()
    assert client.post(at(token)).status_code == 200
    present.refresh_from_db()
    assert (present.starts_at, Appointment.objects.count()) == (local(27, 14), 1)


def test_no_thank_you_keeps_the_place_on_the_list_and_goes_to_the_next(client, offer, place):
    other = an_entry(place)
    token = token_for(offer)
    answer = client.post(at(token, "portal:offer_decline"))
    assert "You stay on our list" in answer.content.decode()
    settled = now_it_is(offer)
    assert (settled.outcome, settled.entry.status, settled.hold) == (Outcome.DECLINED, Waiting.WAITING, None)
    freed.run(now=NOW)
    assert [each.entry for each in pending()] == [other]
    assert client.post(at(token)).status_code == 410, "who said no cannot take it any more"


def test_no_and_off_the_list(client, offer):
    answer = client.post(at(token_for(offer), "portal:offer_decline"), {"leave": "1"})
    assert "You are off our list" in answer.content.decode()
    assert now_it_is(offer).entry.status == Waiting.WITHDRAWN


@pytest.mark.parametrize("swept", [False, True])
def test_who_comes_too_late_reads_so_and_whom_to_call(client, offer, place, monkeypatch, swept):
    token = token_for(offer)
    if swept:
        freed.run(now=offer.expires_at)
    monkeypatch.setattr(clocks, "now", lambda: offer.expires_at)
    for method in (client.get, client.post):
        answer = method(at(token))
        said = answer.content.decode()
        assert answer.status_code == 410
        assert "no longer kept for you" in said
        assert "You stay on our list" in said
        assert "tel:" in said
    assert client.post(at(token, "portal:offer_decline")).status_code == (410 if swept else 200)
    assert not Appointment.objects.exists()


def test_what_the_desk_took_back_cannot_be_taken(client, offer, place):
    token = token_for(offer)
    offers.take_back(offer=offer, why="", by=place.desk, now=NOW)
    assert client.post(at(token)).status_code == 410
    assert not Appointment.objects.exists()


def test_when_something_has_come_up_the_offer_is_taken_back_and_the_desk_reads_why(client, offer, place):
    token = token_for(offer)
    resources.add_absence(
        practitioner=place.practitioner,
        kind="illness",
        starts_at=local(27, 0),
        ends_at=local(28, 0),
        by=place.desk,
        now=NOW,
    )
    answer = client.post(at(token))
    assert answer.status_code == 409
    assert "Something has come up" in answer.content.decode()
    settled = now_it_is(offer)
    assert settled.outcome == Outcome.TAKEN_BACK
    assert "is away then" in settled.why
    assert not Hold.objects.exists()


@pytest.mark.parametrize("name", ["portal:offer", "portal:offer_decline"])
def test_a_link_about_something_else_opens_no_offer(client, offer, name, place):
    visit = make.a_visit(place, local(26, 9))
    wrong = links.issue(
        purpose=Purpose.VISIT, subject_uid=visit.uid, subject_version=1, expires_at=visit.starts_at, now=NOW
    )
    assert client.post(at(wrong, name)).status_code == 410
    assert client.post(at("x" * 43, name)).status_code == 410
    assert client.post(reverse("portal:visit", args=[token_for(offer)])).status_code == 410
    assert now_it_is(offer).is_pending


def test_an_old_link_is_gone(client, offer):
    token = token_for(offer, expires_at=NOW + timedelta(minutes=1), now=NOW - timedelta(days=1))
    links.revoke_for(offer.uid, NOW)
    assert client.get(at(token)).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_many_presses_at_once_one_books_and_all_see_it_is_theirs(place):
    offer = an_offer(place, local(27, 14))
    token, seen = token_for(offer), []
    barrier = threading.Barrier(8)

    def press():
        try:
            barrier.wait(timeout=30)
            seen.append(Client().post(at(token)).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    assert seen == [200] * 8
    assert Appointment.objects.count() == 1
