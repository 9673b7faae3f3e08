"""The table of states: its test is the product of all states with all states."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from scheduling import booking
from scheduling.models import Appointment
from scheduling.states import HOLDS_TIME, STEPS, UNDO, VISIT_TRANSITIONS, Status
from tests.factories import scheduling as make
from tests.factories.scheduling import local

LATER = local(24, 10, 30)
VERBS: dict[Status, Any] = {
    Status.ARRIVED: booking.arrive,
    Status.IN_SESSION: booking.start,
    Status.COMPLETED: booking.complete,
    Status.NO_SHOW: booking.no_show,
    Status.CANCELLED: lambda **k: booking.cancel(**k, reason="Because"),
    Status.BOOKED: booking.undo,
}
#: How a visit gets into each state.
WAY: dict[Status, list[Status]] = {status: [status] for status in Status} | {Status.BOOKED: []}


def test_the_table_names_every_state_once() -> None:
    assert set(VISIT_TRANSITIONS) == set(STEPS) == set(UNDO) == set(Status)
    assert all(targets <= set(Status) for targets in VISIT_TRANSITIONS.values())


def test_no_step_leads_to_itself() -> None:
    assert all(status not in targets for status, targets in VISIT_TRANSITIONS.items())


def in_state(place: Any, status: Status) -> Appointment:
    visit = make.a_visit(place, local(24, 10))
    for step in WAY[status]:
        visit = VERBS[step](appointment=visit, by=place.desk, now=LATER)
    assert visit.status == status
    return visit


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "end"), [p for p in product(Status, Status) if p[0] != p[1]])
def test_verbs_do_what_the_table_allows_and_nothing_else(start: Status, end: Status) -> None:
    place = make.a_small_clinic()
    visit = in_state(place, start)
    allowed = end in STEPS[start] or (end is Status.BOOKED and UNDO[start] is Status.BOOKED)
    try:
        after = VERBS[end](appointment=visit, by=place.desk, now=LATER)
    except booking.BookingRefused:
        after = Appointment.objects.get(pk=visit.pk)
        assert not allowed
        assert after.status == start
    else:
        assert after.status == end or end is Status.BOOKED
    assert (after.claims.count() > 0) is (after.status in HOLDS_TIME)
