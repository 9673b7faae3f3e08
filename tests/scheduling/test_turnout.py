"""How many visits were missed, of those that were confirmed and of the others, as the owner reads it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from scheduling import booking, turnout
from scheduling.models import Appointment
from scheduling.states import Status
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import text

pytestmark = pytest.mark.django_db


def came(place: SimpleNamespace, day: int, status: str, *, confirmed: bool, month: int = 11) -> None:
    at = local(day, 10, month=month)
    visit = make.a_visit(place, at, now=at - timedelta(days=3))
    if confirmed:
        booking.confirm(appointment=visit, by=place.desk, now=at - timedelta(days=1))
    if status == Status.NO_SHOW:
        booking.no_show(appointment=visit, by=place.desk, now=at + timedelta(hours=1))
    elif status == Status.COMPLETED:
        Appointment.objects.filter(pk=visit.pk).update(status=status, completed_at=visit.ends_at)


def test_missed_visits_are_counted_with_and_without_a_confirmation(place: SimpleNamespace) -> None:
    for day, status, confirmed in (
        (2, Status.COMPLETED, True),
        (3, Status.COMPLETED, True),
        (4, Status.COMPLETED, True),
        (5, Status.NO_SHOW, True),
        (6, Status.COMPLETED, False),
        (9, Status.NO_SHOW, False),
        (10, Status.BOOKED, True),
    ):
        came(place, day, status, confirmed=confirmed)
    came(place, 3, Status.NO_SHOW, confirmed=False, month=8)
    found = turnout.lately(now=NOW)
    assert (found.confirmed.held, found.confirmed.missed, found.confirmed.percent) == (3, 1, 25.0)
    assert (found.unconfirmed.held, found.unconfirmed.missed, found.unconfirmed.percent) == (1, 1, 50.0)
    assert (found.every.all, found.every.percent) == (6, 33.3)


def test_of_no_visits_no_rate_is_claimed(place: SimpleNamespace, sign_in: Any) -> None:
    assert turnout.lately(now=NOW).every.percent is None
    page = text(sign_in(people.an_owner()).get(reverse("office:home")))
    assert "none yet" in page
    came(place, 5, Status.NO_SHOW, confirmed=False)
    assert "<strong>100.0</strong>" in text(sign_in(people.an_owner()).get(reverse("office:home")))


def test_a_visit_that_was_called_off_is_neither_held_nor_missed(place: SimpleNamespace) -> None:
    visit = make.a_visit(place, local(20, 10), now=local(17, 10))
    booking.cancel(appointment=visit, side="patient", by=place.desk, now=local(18, 10))
    assert turnout.lately(now=NOW).every.all == 0
