"""The page behind a message about several visits: each is answered by itself. Promise P5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import links, messaging
from clinic import time as clocks
from clinic.links import Purpose
from clinic.models import ActionLink, AuditEvent, DeskTask
from patients.models import Patient
from scheduling import booking
from scheduling.models import Appointment
from scheduling.rules import EVERY_WARNING
from scheduling.states import Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
AT = local(27, 10)
DUE = AT - timedelta(days=1)


@pytest.fixture
def place(monkeypatch: Any) -> Any:
    monkeypatch.setattr(clocks, "now", lambda: DUE)
    place = make.a_small_clinic(practitioners=4, rooms=4)
    place.ana = make.a_reachable_patient(given_name="Ana", preferred_name="")
    place.ben = make.a_reachable_patient(given_name="Ben", preferred_name="")
    return place


def book(place: Any, patient: Patient, number: int = 0, hours: int = 0) -> Appointment:
    return booking.book(
        patient=patient, service=place.service, practitioner=place.practitioners[number], location=place.location,
        starts_at=AT + timedelta(hours=hours), by=place.desk, now=NOW, despite=EVERY_WARNING,
    )  # fmt: skip


def reminded(*visits: Appointment) -> str:
    """The address in the one reminder of these visits."""
    messaging.deliver_all(now=NOW)
    mail.outbox.clear()
    messaging.deliver_all(now=DUE)
    [letter] = mail.outbox
    token = letter.body.split("/v/visits/")[1].split("/")[0]
    assert len(token) == links.TOKEN_LENGTH
    return reverse("portal:visits", args=[token])


def now_it_is(visit: Appointment) -> Appointment:
    return Appointment.objects.get(pk=visit.pk)


def test_a_family_sees_each_visit_with_its_name_and_the_page_changes_nothing(place: Any) -> None:
    visits = [book(place, place.ana), book(place, place.ben, 1)]
    page = reminded(*visits)
    before = list(ActionLink.objects.values("used_at", "revoked_at"))
    answer = Client().get(page)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Who is coming?" in text
    assert "Yes, Ana is coming" in text
    assert "Yes, Ben is coming" in text
    assert answer["Cache-Control"] == "no-store"
    assert place.service.name not in text
    assert list(ActionLink.objects.values("used_at", "revoked_at")) == before
    assert AuditEvent.objects.filter(action="appointment.viewed").count() == 2


def test_one_is_confirmed_and_the_other_is_not(place: Any) -> None:
    one, two = book(place, place.ana), book(place, place.ben, 1)
    page = reminded(one, two)
    answer = Client().post(page, {"visit": str(two.uid)}, follow=True)
    assert "This visit is confirmed." in answer.content.decode()
    assert (now_it_is(one).confirmed_at, now_it_is(two).confirmed_at is None) == (None, False)


def test_all_are_confirmed_at_once(place: Any) -> None:
    visits = [book(place, place.ana), book(place, place.ben, 1)]
    Client().post(reminded(*visits), {"visit": "all"})
    assert all(now_it_is(visit).confirmed_at for visit in visits)
    assert ActionLink.objects.filter(used_for="confirm").count() == 2


def test_one_is_called_off_on_its_own_page_and_the_rest_stands(place: Any) -> None:
    one, two = book(place, place.ana), book(place, place.ana, hours=3)
    page = reminded(one, two)
    text = Client().get(page).content.decode()
    token = page.rstrip("/").rpartition("/")[2]
    way = reverse("portal:cancel", args=[links.token_within(token, two.uid)])
    assert way in text
    assert Client().post(way, {"reason": ""}).status_code == 200
    assert (now_it_is(one).status, now_it_is(two).status) == (Status.BOOKED, Status.CANCELLED)
    assert DeskTask.objects.filter(subject_uid=two.uid).count() == 1
    text = Client().get(page).content.decode()
    assert "This visit is cancelled." in text
    assert way not in text


def test_a_visit_that_was_moved_is_not_on_the_page_any_more_and_its_link_is_dead(place: Any) -> None:
    one, two = book(place, place.ana), book(place, place.ben, 1)
    page = reminded(one, two)
    booking.move(appointment=two, starts_at=local(30, 10), by=place.desk, now=DUE, despite=EVERY_WARNING)
    text = Client().get(page).content.decode()
    assert "Ben" not in text
    Client().post(page, {"visit": "all"})
    assert now_it_is(one).confirmed_at
    assert now_it_is(two).confirmed_at is None


def test_when_nothing_is_left_to_answer_the_link_is_over(place: Any) -> None:
    one, two = book(place, place.ana), book(place, place.ben, 1)
    page = reminded(one, two)
    for visit in (one, two):
        booking.cancel(appointment=visit, reason="ill", by=place.desk, now=DUE)
    assert Client().get(page).status_code == 410


@pytest.mark.parametrize("other", [Purpose.VISIT, Purpose.HOME, Purpose.WAITLIST])
def test_no_other_link_opens_it_and_it_opens_no_other_page(place: Any, other: Purpose) -> None:
    visits = [book(place, place.ana), book(place, place.ben, 1)]
    page = reminded(*visits)
    token = page.rstrip("/").rpartition("/")[2]
    assert Client().get(reverse(links.ROUTES[other], args=[token])).status_code == 410
    child = links.token_within(token, visits[0].uid)
    assert Client().get(reverse("portal:visits", args=[child])).status_code == 410


def test_what_is_no_visit_of_this_message_cannot_be_confirmed_through_it(place: Any) -> None:
    page = reminded(book(place, place.ana), book(place, place.ben, 1))
    stranger = make.a_visit(place, local(30, 10), practitioner=place.practitioners[2])
    assert Client().post(page, {"visit": str(stranger.uid)}).status_code == 303
    assert Client().post(page, {"visit": "x"}).status_code == 303
    assert now_it_is(stranger).confirmed_at is None


@pytest.mark.parametrize("many", [2, 4])
def test_the_page_costs_the_same_however_many_it_names(place: Any, many: int) -> None:
    visits = [book(place, place.ana if n % 2 else place.ben, n, hours=n) for n in range(many)]
    page = reminded(*visits)
    with CaptureQueriesContext(connection) as asked:
        Client().get(page)
    assert len([q for q in asked if "INSERT" not in q["sql"]]) <= 9
