"""What a press on a time answers when it cannot be had: quickly, with the times that are really nearest."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from scheduling import availability
from scheduling.availability import Ask, Free
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.models import Appointment
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

BY_HTMX = {"HX-Request": "true", "HX-Target": "answer"}


def nearest_of_all(ask: Ask, wanted: datetime, practitioner_id: int | None, count: int) -> list[Free]:
    """The rule itself, over every free time of the whole span."""

    def distance(free: Free) -> tuple[float, int, datetime]:
        away = abs((free.starts_at - wanted).total_seconds())
        return (away + (1800 if free.practitioner_id != practitioner_id else 0), free.waste, free.starts_at)

    chosen: list[Free] = []
    for free in sorted(availability.free_times(ask), key=distance):
        if all(free.starts_at != other.starts_at for other in chosen):
            chosen.append(free)
    return chosen[:count]


@pytest.mark.parametrize("seed", range(12))
def test_the_nearest_times_are_those_that_a_look_at_all_of_them_finds(place: Any, seed: int) -> None:
    """Full diaries and empty ones, wishes by day and by night, with and without a practitioner in mind."""
    rnd = random.Random(seed)
    for _ in range(rnd.randrange(14)):
        at = local(25, 9) + timedelta(days=rnd.randrange(4), hours=rnd.randrange(8), minutes=rnd.choice((0, 15, 35)))
        who = rnd.choice(place.practitioners)
        if not Appointment.objects.within(at, at + timedelta(hours=1)).of_practitioner(who).exists():
            make.a_visit(place, at, practitioner=who)
    wanted = local(26, 0) + timedelta(hours=rnd.randrange(24), minutes=rnd.choice((0, 15, 20)))
    ask = Ask(place.service, place.location, Interval(NOW, wanted + timedelta(days=14)))
    for who in (*(one.pk for one in place.practitioners), None):
        for count in (1, 3, 40):
            found = availability.nearest(ask, wanted, practitioner_id=who, count=count)
            assert found == nearest_of_all(ask, wanted, who, count)


def press_a_taken_time(place: Any, desk: Client, **typed: Any) -> Any:
    """Press a time that somebody has, as the page does."""
    make.a_visit(place, local(25, 10))
    patient = make.a_patient()
    fields = {
        "patient": patient.uid, "location": place.location.uid, "service": place.service.uid,
        "request_key": uuid.uuid4(), "pick": Pick(place.practitioner.uid, local(25, 10)),
    } | typed  # fmt: skip
    url = f"{reverse('scheduling:book')}?patient={patient.uid}"
    return patient, lambda: desk.post(url, {k: v for k, v in fields.items() if v != ""}, headers=BY_HTMX)


def test_a_refusal_answers_with_what_is_free_and_not_with_the_page_again(place: Any, desk: Client) -> None:
    patient, press = press_a_taken_time(place, desk)
    answer = press()
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<html" not in page
    assert page.count('class="btn btn-outline-primary" name="pick"') == 3
    assert "is busy until" in page
    assert AuditEvent.objects.filter(action="booking.viewed", patient_uid=patient.uid).count() == 1


def test_a_refusal_costs_few_questions(place: Any, desk: Client) -> None:
    _, press = press_a_taken_time(place, desk)
    press()
    with CaptureQueriesContext(connection) as asked:
        assert press().status_code == 409
    assert len(asked) <= 12, [q["sql"][:80] for q in asked]


@pytest.mark.parametrize("typed", [False, True], ids=["pressed", "typed with a room"])
def test_a_booking_costs_few_statements(place: Any, desk: Client, typed: bool) -> None:
    """Session, person, names, patient, hours, what is free; the queue, what is certain in it, what is written."""
    by_hand = {"practitioner": place.practitioner.uid, "day": "2026-11-25", "time": "12:00", "room": place.rooms[1].uid}
    pressed = {"pick": Pick(place.practitioner.uid, local(25, 12))}
    fields = by_hand | {"pick": ""} if typed else pressed
    patient, press = press_a_taken_time(place, desk, **fields)
    desk.get(reverse("scheduling:book"), {"patient": patient.uid, "location": place.location.uid})
    with CaptureQueriesContext(connection) as asked:
        assert press().status_code == 204
    statements = [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]
    assert len(statements) == 9, [sql[:80] for sql in statements]


def test_a_mistyped_time_is_answered_beside_its_field(place: Any, desk: Client) -> None:
    _, press = press_a_taken_time(place, desk, pick="", practitioner=place.practitioner.uid, day="2026-11-25", time="")
    answer = press()
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="by-hand-fields" hx-swap-oob="true"' in page
    assert page.count("At what time?") == 2  # on top, and beside the field
    assert 'value="2026-11-25"' in page  # nothing typed is lost


def test_a_booked_press_leads_on(place: Any, desk: Client) -> None:
    _, press = press_a_taken_time(place, desk, pick=Pick(place.practitioner.uid, local(25, 12)))
    answer = press()
    visit = Appointment.objects.get(starts_at=local(25, 12))
    assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("scheduling:visit", args=[visit.uid]))


def test_the_page_without_scripts_still_shows_everything_again(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10))
    patient = make.a_patient()
    fields = {
        "patient": patient.uid, "location": place.location.uid, "service": place.service.uid,
        "pick": Pick(place.practitioner.uid, local(25, 10)),
    }  # fmt: skip
    answer = desk.post(f"{reverse('scheduling:book')}?patient={patient.uid}", fields)
    assert answer.status_code == 409
    assert "<html" in answer.content.decode()
