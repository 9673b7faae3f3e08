"""A series races with single visits for one date: it is booked whole or not at all, and nothing is left behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from clinic.models import AuditEvent, OutboundMessage
from scheduling.models import Appointment, Series
from tests.concurrency.test_booking_races import nothing_is_left_over, overlaps, place, race
from tests.factories import scheduling as make
from tests.factories.scheduling import local
from tests.factories.series import a_plan, a_rule, a_series

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["place"]


def test_a_race_for_one_date_of_a_series_ends_with_all_or_none(place: Any) -> None:
    """Five rounds: each time another of its four dates is wanted by three others at the same moment."""
    for round_, day in enumerate((1, 8, 15, 22, 8)):
        at = local(day, 9 + round_, month=12)
        plan = a_plan(place, a_rule(count=4), patient=place.patients[0], wall=at.astimezone(make.NEW_YORK).time())

        def act(number: int, at: Any = at, plan: Any = plan, round_: int = round_) -> None:
            if number == 0:
                a_series(place, plan=plan)
            else:
                make.a_visit(place, at, patient=place.patients[4 * round_ + number])

        outcomes, errors = race(4, act)
        assert errors == []
        assert outcomes["won"] == 1
        made = Appointment.objects.filter(series__wall=plan.wall).count()
        assert made in (0, 4)
        assert Series.objects.filter(wall=plan.wall).count() == (made == 4)
    assert overlaps() == 0
    assert nothing_is_left_over()
    lost = OutboundMessage.objects.exclude(subject_uid__in=Appointment.objects.values("uid"))
    assert not lost.exists()
    booked = AuditEvent.objects.filter(action="appointment.booked").count()
    assert booked == Appointment.objects.count()


def test_two_series_that_cross_in_opposite_order_do_not_lock_each_other(place: Any) -> None:
    """Eight desks, two therapists, the same days: exactly one series each, no deadlock."""
    plans = [
        a_plan(place, a_rule(count=6), patient=place.patients[n], practitioner=place.practitioners[n % 2])
        for n in range(8)
    ]
    outcomes, errors = race(8, lambda n: a_series(place, plan=plans[n]))
    assert errors == []
    assert outcomes == {"won": 2, "refused": 6}
    assert overlaps() == 0
    assert nothing_is_left_over()


def test_one_form_sent_eight_times_at_once_books_one_series(place: SimpleNamespace) -> None:
    plan, key = a_plan(place, a_rule(count=3), patient=place.patients[0]), "4b2b6a52-5f63-4f4e-9a20-2a1d3e7c0f99"
    outcomes, errors = race(8, lambda _: a_series(place, plan=plan, request_key=key))
    assert errors == []
    assert outcomes == {"won": 8}
    assert (Series.objects.count(), Appointment.objects.count()) == (1, 3)
    connection.close()
