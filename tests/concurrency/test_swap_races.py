"""Acts on several visits at once, from several desks at once: all or nothing for each, and nobody in two places."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from scheduling import booking, new_places, resources, together
from scheduling.models import Appointment, Displacement
from scheduling.resettling import Decisions, Move, settle
from scheduling.rules import EVERY_WARNING
from scheduling.together import Part
from scheduling.touched import Cause
from tests.concurrency.test_booking_races import nothing_is_left_over, overlaps, race, wish
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place() -> SimpleNamespace:
    place = make.a_small_clinic(practitioners=4, rooms=6)
    place.patients = [make.a_patient() for _ in range(40)]
    return place


def test_of_many_who_swap_one_pair_from_both_ends_one_wins(place: Any) -> None:
    for day in range(4):
        at = local(25, 9) + timedelta(days=day)
        pair = wish(place, 0, at), wish(place, 1, at + timedelta(hours=2), practitioner=place.practitioners[1])
        seen = [Appointment.objects.for_page().get(pk=visit.pk) for visit in pair]

        def act(n: int, seen: list[Appointment] = seen) -> None:
            one, other = seen if n % 2 else seen[::-1]
            together.swap(one=one, other=other, versions=(1, 1), by=place.desk, now=NOW)

        outcomes, errors = race(12, act)
        assert errors == []
        assert outcomes == {"won": 1, "refused": 11}
        assert {Appointment.objects.get(pk=visit.pk).version for visit in pair} == {2}
    assert overlaps() == 0
    assert nothing_is_left_over()


def test_swaps_in_a_ring_moves_and_bookings_keep_the_diary_right(place: Any) -> None:
    """Each visit is wanted by two swaps and a move; who comes too late is told, and no visit is lost."""
    visits = [
        wish(place, n, local(25, 9) + timedelta(hours=n), practitioner=place.practitioners[n % 2]) for n in range(6)
    ]

    def act(n: int) -> None:
        one, other = (Appointment.objects.for_page().get(pk=visits[k % 6].pk) for k in (n, n + 1))
        match n % 3:
            case 0:
                together.swap(one=one, other=other, by=place.desk, now=NOW, despite=EVERY_WARNING)
            case 1:
                to = other.starts_at + timedelta(minutes=30)
                booking.move(appointment=one, starts_at=to, by=place.desk, now=NOW, despite=EVERY_WARNING)
            case _:
                wish(place, 10 + n, one.starts_at, practitioner=other.practitioner)

    for _ in range(3):
        outcomes, errors = race(18, act)
        assert errors == []
        assert outcomes["won"] >= 1
        assert overlaps() == 0
        assert nothing_is_left_over()
    assert Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).count() == 6


def test_a_swap_and_a_move_of_one_of_them_never_both_win(place: Any) -> None:
    for day in range(4):
        at = local(25, 9) + timedelta(days=day)
        one, other = wish(place, 0, at), wish(place, 1, at + timedelta(hours=2))
        seen = [Appointment.objects.for_page().get(pk=visit.pk) for visit in (one, other)]

        def act(n: int, seen: list[Appointment] = seen, at: Any = at) -> None:
            if n % 2:
                together.swap(one=seen[0], other=seen[1], versions=(1, 1), by=place.desk, now=NOW)
            else:
                booking.move(appointment=seen[1], starts_at=at + timedelta(hours=5), version=1, by=place.desk, now=NOW)

        outcomes, errors = race(8, act)
        assert errors == []
        assert outcomes == {"won": 1, "refused": 7}
    assert overlaps() == 0


def test_two_errands_that_cross_each_other_wait_and_do_not_die(place: Any) -> None:
    first, second = place.practitioners[:2]

    def act(n: int) -> None:
        people = (first, second) if n % 2 else (second, first)
        together.book_together(
            patient=place.patients[n], parts=[Part(place.service, who) for who in people], location=place.location,
            starts_at=local(25, 10), by=place.desk, now=NOW,
        )  # fmt: skip

    outcomes, errors = race(12, act)
    assert errors == []
    assert outcomes == {"won": 2, "refused": 10}
    assert (Appointment.objects.count(), overlaps()) == (4, 0)
    assert nothing_is_left_over()


def test_two_desks_that_settle_one_absence_do_it_once_and_a_booking_in_between_refuses_or_waits(place: Any) -> None:
    ben = place.practitioner
    visits = [wish(place, n, local(25, 9) + timedelta(hours=n)) for n in range(3)]
    absence, _ = resources.add_absence(
        practitioner=ben, kind="illness", starts_at=local(25, 0), ends_at=local(26, 0), by=place.desk, now=NOW
    )
    cause = Cause(absence)
    sheet = new_places.sheet(cause, now=NOW, choices={})
    decisions = Decisions(
        moves=[Move(row.visit, row.places[0].practitioner, row.places[0].starts_at) for row in sheet.rows]
    )
    wanted = decisions.moves[0]

    def act(n: int) -> None:
        if n < 6:
            settle(cause=cause, decisions=decisions, by=place.desk, now=NOW)
        else:
            wish(place, 10 + n, wanted.starts_at, practitioner=wanted.practitioner)

    outcomes, errors = race(12, act)
    assert errors == []
    assert outcomes == {"won": 1, "refused": 11}
    moved = Appointment.objects.filter(pk__in=[visit.pk for visit in visits], version=2).count()
    assert moved in (0, 3)
    assert Displacement.objects.count() == moved
    assert overlaps() == 0
    assert nothing_is_left_over()
