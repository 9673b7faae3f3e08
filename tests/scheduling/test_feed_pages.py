"""Where people make, renew and revoke calendars: one's own, those of rooms and locations; the address is shown once."""

from __future__ import annotations

import html
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, OutboundMessage
from scheduling import feeds
from scheduling.models import CalendarFeed, Shows
from tests.factories import people
from tests.factories.scheduling import NOW, a_visit

MINE, PLACES = reverse("scheduling:my_calendar"), reverse("scheduling:calendars")


def a_feed(subject, by, *, label="My phone", shows=Shows.BUSY) -> CalendarFeed:
    return feeds.create(subject=subject, label=label, shows=shows, uid=uuid.uuid4(), by=by, now=NOW)[0]


def form(**facts) -> dict[str, str]:
    return {"label": "My phone", "shows": "busy", "key": str(uuid.uuid4())} | facts


def address_in(answer) -> str:
    return html.unescape(re.search(r'id="address"[^>]* value="([^"]+)"', answer.content.decode()).group(1))


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


# -- One's own -------------------------------------------------------------------------------------------


def test_a_therapist_makes_an_address_and_is_shown_it_once(therapist, place, settings):
    assert "No calendar of yours is read anywhere" in therapist.get(MINE).content.decode()
    answer = therapist.post(MINE, form(label="My <b>phone</b>"))
    address = address_in(answer)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert address.startswith(f"{settings.PUBLIC_URL}/calendar/")
    assert address.replace("http://", "webcal://") in answer.content.decode()
    a_visit(place)
    assert Client().get(path_of(address)).status_code == 200
    again = therapist.get(MINE).content.decode()
    assert "My &lt;b&gt;phone&lt;/b&gt;" in again
    assert "Last fetched Tue 24 Nov 2026, 08:00" in again
    assert address not in again
    assert path_of(address) not in again


def test_the_same_form_sent_again_makes_no_second_one_and_shows_no_address(therapist):
    same = form()
    therapist.post(MINE, same)
    answer = therapist.post(MINE, same, follow=True)
    assert "exists already" in answer.content.decode()
    assert "/calendar/" not in answer.content.decode().replace("my-calendar/", "")
    assert CalendarFeed.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"label": ""}, "Say where it will be read"),
        ({"label": "   "}, "Say where it will be read"),
        ({"label": "x" * 61}, "at most 60 characters"),
        ({"label": "a\x00b"}, "Null characters are not allowed"),
        ({"shows": "name"}, "Select a valid choice"),
        ({"shows": ""}, "This field is required"),
        ({"shows": "diagnosis"}, "Select a valid choice"),
        ({"key": "x"}, "Enter a valid UUID"),
    ],
)
def test_what_cannot_be_is_answered_beside_its_field_and_nothing_typed_is_lost(therapist, facts, sentence):
    answer = therapist.post(MINE, form(**facts))
    said = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in said
    if label := facts.get("label", "My phone").strip():
        assert f'value="{label}"' in said.replace("\ufffd", "\x00")
    assert not CalendarFeed.objects.exists()


def test_names_are_offered_when_the_owner_allows_them_and_only_then(therapist):
    assert 'value="name"' not in therapist.get(MINE).content.decode()
    Clinic.objects.update(calendars_may_name=True)
    assert 'value="name"' in therapist.get(MINE).content.decode()
    therapist.post(MINE, form(shows="name"))
    Clinic.objects.update(calendars_may_name=False)
    assert "not allowed now, so it shows initials" in therapist.get(MINE).content.decode()


def test_a_new_address_ends_the_old_one(therapist):
    old = address_in(therapist.post(MINE, form()))
    feed = CalendarFeed.objects.get()
    new = address_in(therapist.post(reverse("scheduling:my_calendar_rotate", args=[feed.uid])))
    assert (Client().get(path_of(old)).status_code, Client().get(path_of(new)).status_code) == (404, 200)


def test_revoked_is_gone_from_the_list_and_from_the_program(therapist):
    address = address_in(therapist.post(MINE, form(label="Old phone")))
    feed = CalendarFeed.objects.get()
    answer = therapist.post(reverse("scheduling:my_calendar_revoke", args=[feed.uid]), follow=True)
    assert "Old phone is revoked" in answer.content.decode()
    assert "No calendar of yours" in answer.content.decode()
    assert Client().get(path_of(address)).status_code == 404
    rotated = therapist.post(reverse("scheduling:my_calendar_rotate", args=[feed.uid]), follow=True)
    assert "was revoked. Make a new one" in rotated.content.decode()


@pytest.mark.parametrize("step", ["rotate", "revoke"])
def test_nobody_renews_or_ends_a_colleagues_from_their_own_page(therapist, place, step):
    theirs = a_feed(place.practitioners[1], place.practitioners[1].user)
    of_a_room = a_feed(place.rooms[0], place.desk)
    for feed in (theirs, of_a_room):
        digest = feed.digest
        assert therapist.post(reverse(f"scheduling:my_calendar_{step}", args=[feed.uid])).status_code == 404
        feed.refresh_from_db()
        assert (feed.digest, feed.revoked_at) == (digest, None)


def test_who_treats_nobody_is_told_where_to_go(desk, place):
    said = desk.get(MINE).content.decode()
    assert "You have no visits of your own" in said
    assert PLACES in said
    desk.post(MINE, form())
    assert not CalendarFeed.objects.exists()


def test_looking_changes_nothing(therapist, desk, place):
    feed = a_feed(place.practitioner, place.practitioner.user)
    for client in (therapist, desk):
        for name in ("my_calendar_rotate", "my_calendar_revoke", "calendar_rotate", "calendar_revoke"):
            assert client.get(reverse(f"scheduling:{name}", args=[feed.uid])).status_code in (403, 405)
    feed.refresh_from_db()
    assert feed.revoked_at is None


# -- Of rooms and locations ------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["location", "room"])
def test_the_desk_makes_one_of_a_room_or_location(desk, place, whose):
    subject = place.location if whose == "location" else place.rooms[1]
    assert "No room or location is read anywhere" in desk.get(PLACES).content.decode()
    answer = desk.post(PLACES, form(of=f"{whose}:{subject.uid}", label="Screen at the door", shows="initials"))
    assert Client().get(path_of(address_in(answer))).status_code == 200
    feed = CalendarFeed.objects.get()
    assert (feed.subject, feed.issued_by) == (subject, place.desk)
    said = desk.get(PLACES).content.decode()
    assert "Screen at the door" in said
    assert f"for {place.desk.name}" in said


@pytest.mark.parametrize("of", ["", "room:x", "location:" + "0" * 32, "practitioner:1"])
def test_of_what_is_not_there_none_is_made(desk, place, of):
    assert desk.post(PLACES, form(of=of)).status_code == 422
    assert desk.post(PLACES, form(of=f"room:{place.rooms[0].uid}", shows="name")).status_code == 422
    assert not CalendarFeed.objects.exists()


def test_managers_revoke_a_therapists_calendar_but_never_get_its_address(desk, place):
    feed = a_feed(place.practitioner, place.practitioner.user, shows=Shows.INITIALS)
    said = desk.get(PLACES).content.decode()
    assert place.practitioner.user.name in said
    assert reverse("scheduling:calendar_rotate", args=[feed.uid]) not in said
    answer = desk.post(reverse("scheduling:calendar_rotate", args=[feed.uid]), follow=True)
    assert "Only the therapist can make a new address" in answer.content.decode()
    digest = feed.digest
    feed.refresh_from_db()
    assert feed.digest == digest
    desk.post(reverse("scheduling:calendar_revoke", args=[feed.uid]))
    feed.refresh_from_db()
    assert (feed.revoked_at, feed.revoked_by) == (NOW, place.desk)


def test_a_new_address_for_a_room_makes_its_asker_the_holder(sign_in, place):
    feed, owner = a_feed(place.rooms[0], place.desk), people.an_owner()
    answer = sign_in(owner).post(reverse("scheduling:calendar_rotate", args=[feed.uid]))
    assert "/calendar/" in address_in(answer)
    feed.refresh_from_db()
    assert feed.issued_by == owner


def test_a_therapist_may_not_manage_places(therapist, place):
    feed = a_feed(place.rooms[0], place.desk)
    assert therapist.get(PLACES).status_code == 403
    for step in ("rotate", "revoke"):
        assert therapist.post(reverse(f"scheduling:calendar_{step}", args=[feed.uid])).status_code == 403


@pytest.mark.parametrize("rows", [1, 4])
def test_the_lists_cost_the_same_however_long_they_are(therapist, desk, place, rows, django_assert_max_num_queries):
    for number in range(rows):
        a_feed(place.practitioner, place.practitioner.user, label=f"Mine {number}")
        a_feed(place.rooms[number % 2], place.desk, label=f"Room {number}")
        a_feed(place.location, place.desk, label=f"Place {number}")
    with django_assert_max_num_queries(14):
        therapist.get(MINE)
    with django_assert_max_num_queries(14):
        desk.get(PLACES)


# -- The owner's word ------------------------------------------------------------------------------------


def test_the_owner_allows_names_on_the_clinics_page(sign_in, place):
    owner = sign_in(people.an_owner())
    page = reverse("office:clinic")
    assert "first names and services in their own calendars" in owner.get(page).content.decode()
    clinic = Clinic.the()
    facts = {
        "name": clinic.name, "country": clinic.country, "currency": clinic.currency, "revision": clinic.revision,
        "calendars_may_name": "on", "messages_from": "08:00", "messages_until": "21:00", "texts_a_day": 3,
    }  # fmt: skip
    assert owner.post(page, facts).status_code == 303
    assert Clinic.the().calendars_may_name is True
    assert not OutboundMessage.objects.exists()
