"""The drawing of the diary: everything that somebody typed stays text, and says what the record says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from scheduling import booking, cards, diary, groups, holds
from scheduling.models import Absence
from scheduling.states import Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

#: Tries to become markup, to leave an attribute, and to be a placeholder.
NASTY = """<script>alert("x")</script>' onload='y&amp; %s {0}"""
SAFE = escape(NASTY)

VIEWS: list[dict[str, Any]] = [
    {"name": "diary"},
    {"name": "diary", "by": "rooms"},
    {"name": "week"},
    {"name": "week", "by": "rooms"},
    {"name": "week", "practitioner": "all"},
    {"name": "week", "by": "rooms", "room": "all"},
]


@pytest.fixture
def nasty(place: Any) -> Any:
    """A clinic in which everything that can be named has such a name, with one of each kind of card."""
    person = place.practitioner.user
    person.name = NASTY
    person.save()
    for room in place.rooms:
        room.name, room.features = f"{NASTY[:50]} {room.pk}", [NASTY[:40]]
        room.save()
    make.a_visit(place, local(25, 10), patient=make.a_patient(NASTY[:40], NASTY[:30]), service=make.a_service(NASTY))
    make.a_visit(place, local(25, 10), patient=make.a_patient(NASTY), overbook=NASTY)
    group = groups.open_session(service=make.a_service(f"{NASTY[:60]} group", seats=4), starts_at=local(25, 13),
                                practitioner=place.practitioner, location=place.location, by=place.desk,
                                now=NOW)  # fmt: skip
    groups.join(session=group, patient=make.a_patient(NASTY), by=place.desk, now=NOW)
    holds.hold(patient=make.a_patient(NASTY), service=place.service, practitioner=place.practitioner,
               location=place.location, starts_at=local(25, 15), until=NOW + timedelta(hours=1), by=place.desk,
               now=NOW)  # fmt: skip
    Absence.objects.create(
        practitioner=place.practitioner, kind="training", starts_at=local(25, 16), ends_at=local(26, 0), recorded_at=NOW
    )
    return place


@pytest.mark.django_db
@pytest.mark.parametrize("view", VIEWS)
def test_names_that_look_like_markup_stay_text(nasty: Any, desk: Client, view: dict[str, Any]) -> None:
    query = {"day": "2026-11-25"} | {k: v for k, v in view.items() if k != "name"}
    if view["name"] == "week" and len(view) == 1:
        query["practitioner"] = str(nasty.practitioner.uid)
    page = desk.get(reverse(f"scheduling:{view['name']}", query=query), headers={"HX-Request": "true"}).content.decode()
    assert SAFE[:40] in page
    assert "<script" not in page
    assert not re.search(r"<[^>]*'[^>]*onload", page)  # it has left no attribute
    assert "&amp;amp;amp;" not in page  # nor was anything escaped twice


@pytest.mark.django_db
def test_a_card_calls_the_patient_as_the_record_does(place: Any) -> None:
    names = [("Anna", "", "Ng"), ("Anna", "Annie", "Ng"), ("Anna  Lee", "", "O'Brien-Smythe"), ("", "Annie", "Ng")]
    visits = [
        make.a_visit(place, local(25, hour), patient=make.a_patient(family, given, preferred_name=preferred))
        for hour, (given, preferred, family) in enumerate(names, start=9)
    ]
    shown = diary.of_day(place.location, NOW.date() + timedelta(days=1), now=NOW).visits
    assert [one.name for one in shown] == [visit.patient.display_name for visit in visits]


@pytest.mark.django_db
def test_every_state_of_a_visit_has_its_mark_with_a_name(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(24, 9))
    url = reverse("scheduling:diary", query={"day": "2026-11-24"})

    def marks() -> list[str]:
        page = desk.get(url).content.decode()
        return re.findall(r'<span class="dg-mark"><i class="bi bi-[a-z0-9-]+" role="img" aria-label="([^"]+)"', page)

    assert marks() == []
    booking.confirm(appointment=visit, by=place.desk, now=NOW)
    assert marks() == ["confirmed"]
    booking.arrive(appointment=visit, by=place.desk, now=NOW)
    assert marks() == ["has arrived"]
    booking.start(appointment=visit, by=place.desk, now=NOW)
    assert marks() == ["in session"]
    booking.complete(appointment=visit, by=place.desk, now=NOW)
    assert marks() == ["completed"]


def test_every_state_that_is_drawn_has_a_mark() -> None:
    assert set(cards.MARKS) == {status.value for status in Status} - {Status.BOOKED, Status.CANCELLED}


@given(st.text())
def test_whatever_the_name_is_it_reads_the_same_in_the_page(name: str) -> None:
    text = cards._Text()
    assert unescape(text[name]) == unescape(escape(name))
    assert not set("<>\"'") & set(text[name])
