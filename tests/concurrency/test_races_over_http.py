"""Promise P1 as clinics meet it: many browsers press the button for one place at the same moment.

Over HTTP, against gunicorn and real PostgreSQL. Exactly one is booked, everybody else is told so with other times to
press, nothing is left behind. The last test takes the guards away and sees the double bookings come.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from scheduling import together
from scheduling.booking import BookingRefused
from scheduling.models import Appointment, Claim
from scheduling.rules import EVERY_WARNING
from tests.concurrency.served import (
    Browser,
    Round,
    Served,
    at_once,
    book,
    deadlocks,
    from_now,
    half_written,
    move,
    overlaps,
    patients_in_two_places,
    signed_in,
    wish,
)
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NEW_YORK

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 64
ROUNDS = [2, pytest.param(200, marks=pytest.mark.long)]


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Served]:
    """As many threads as browsers, so that all of them are at the database at the same moment."""
    data: Path = tmp_path_factory.mktemp("served")
    with django_db_blocker.unblock():
        running = Served(data, workers=2, threads=CLIENTS // 2)
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def place() -> SimpleNamespace:
    """Two practitioners, two rooms, 64 patients who all want the same, eight people at as many desks."""
    place = make.a_small_clinic(practitioners=2, rooms=2)
    place.patients = [make.a_reachable_patient(family_name=f"Silva{n}") for n in range(CLIENTS)]
    place.desks = [signed_in(people.front_desk(name=f"Desk {n}")) for n in range(8)]
    return place


@pytest.fixture
def browsers(served: Served, place: SimpleNamespace) -> list[Browser]:
    return [Browser(served, place.desks[n % len(place.desks)]) for n in range(CLIENTS)]


def places_in_turn() -> Iterator[datetime]:
    """Seven hours a day from the day after tomorrow on."""
    for day in itertools.count(2):
        yield from (from_now(day, hour) for hour in range(9, 16))


def is_fair(came_to: Round) -> None:
    """One won; nobody met an error; whoever was refused was told what is free instead."""
    assert came_to.lost == []
    assert came_to.rude == []
    assert came_to.winners == 1


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_64_browsers_that_book_one_place_one_wins_and_the_others_are_told_what_is_free(
    place: Any, browsers: list[Browser], rounds: int
) -> None:
    before = deadlocks()
    for count, at in enumerate(itertools.islice(places_in_turn(), rounds), 1):
        forms = [wish(place, patient, at) for patient in place.patients]
        is_fair(at_once([lambda b=b, f=f: book(b, f) for b, f in zip(browsers, forms, strict=True)]))
        assert Appointment.objects.count() == count
    assert (overlaps(), half_written(), deadlocks() - before) == (0, 0, 0)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_bookings_moves_and_swaps_into_one_place_leave_one_there(
    place: Any, browsers: list[Browser], rounds: int
) -> None:
    """40 book it, 20 move their visit there, and two visits that stand elsewhere change places meanwhile."""
    before = deadlocks()
    movers = [make.a_visit(place, at, patient=patient, practitioner=place.practitioner)
              for patient, at in zip(place.patients[40:60], _far_away(), strict=False)]  # fmt: skip
    pair = [make.a_visit(place, from_now(150 + n, 9), patient=place.patients[60 + n]) for n in range(2)]
    for at in itertools.islice(places_in_turn(), rounds):
        visits = [Appointment.objects.for_verb().get(pk=visit.pk) for visit in movers]
        forms = [wish(place, patient, at) for patient in place.patients[:40]]
        jobs = [lambda b=b, f=f: book(b, f) for b, f in zip(browsers, forms, strict=False)]
        jobs += [lambda b=b, v=v, at=at: move(b, v, at) for b, v in zip(browsers[40:], visits, strict=False)]
        swapping, swapped = _swapping(place, pair)
        is_fair(at_once(jobs))
        swapping.join(60)
        assert swapped == ["done"]
    assert (overlaps(), patients_in_two_places(), half_written(), deadlocks() - before) == (0, 0, 0, 0)


def _far_away() -> Iterator[datetime]:
    for day, hour in itertools.product(range(120, 140), (9, 11, 13)):
        yield from_now(day, hour)


def _swapping(place: SimpleNamespace, pair: list[Appointment]) -> tuple[threading.Thread, list[str]]:
    """Two visits change places while the race is on."""
    outcome: list[str] = []

    def act() -> None:
        one, other = (Appointment.objects.for_verb().get(pk=visit.pk) for visit in pair)
        try:
            together.swap(one=one, other=other, by=place.desk, now=from_now(0, 0), despite=EVERY_WARNING)
            outcome.append("done")
        except BookingRefused as refusal:
            outcome.append(str(refusal))
        finally:
            connections.close_all()

    thread = threading.Thread(target=act)
    thread.start()
    return thread, outcome


def test_the_last_room_is_given_away_once_and_so_is_a_partly_overlapping_time(
    place: Any, browsers: list[Browser]
) -> None:
    room = place.rooms[0].uid
    one, other = place.practitioners
    forms = [wish(place, p, from_now(3, 10), who=(one, other)[n % 2], room=room) for n, p in enumerate(place.patients)]
    for form in forms:
        _type_the_time(form)
    is_fair(at_once([lambda b=b, f=f: book(b, f) for b, f in zip(browsers, forms, strict=True)]))
    starts = [from_now(4, 10) + timedelta(minutes=5 * (n % 8)) for n in range(CLIENTS)]
    forms = [wish(place, patient, at) for patient, at in zip(place.patients, starts, strict=True)]
    is_fair(at_once([lambda b=b, f=f: book(b, f) for b, f in zip(browsers, forms, strict=True)]))
    assert (overlaps(), half_written()) == (0, 0)


def _type_the_time(form: dict[str, Any]) -> None:
    """A room is chosen only by hand: with the time typed beside it."""
    pick = form.pop("pick")
    wall = pick.starts_at.astimezone(NEW_YORK)
    form |= {"practitioner": pick.practitioner, "day": wall.date(), "time": f"{wall:%H:%M}"}


@pytest.mark.parametrize("times", [64, pytest.param(1000, marks=pytest.mark.long)])
def test_one_form_sent_again_and_again_books_once_and_says_so_each_time(
    place: Any, browsers: list[Browser], times: int
) -> None:
    form = wish(place, place.patients[0], from_now(3, 10))
    led_to = set()
    for first in range(0, times, CLIENTS):
        came_to = at_once([lambda b=b: book(b, form) for b in browsers[: times - first]])
        assert came_to.lost == []
        assert {status for status, _ in came_to.answers} == {204}
        led_to |= {where for _, where in came_to.answers}
    assert len(led_to) == 1
    assert (Appointment.objects.count(), Claim.objects.count(), half_written()) == (1, 2, 0)


# -- What is promised is there, and needed -----------------------------------------------------------------


def test_the_database_really_holds_the_constraints() -> None:
    """Valid, not deferred, on the tables they are meant for: whatever the models say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, conrelid::regclass::text, contype, convalidated, condeferred, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype = 'x'"
        )
        found = {name: rest for name, *rest in cursor.fetchall()}
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgdeferrable AND tgenabled = 'O' AND NOT tgisinternal")
        guards = {name for (name,) in cursor.fetchall()}
    claims, patients = found["nobody_and_nothing_is_double_booked"], found["patient_is_not_in_two_places"]
    assert claims[:4] == ["scheduling_claim", "x", True, False]
    assert claims[4] == "EXCLUDE USING gist (resource_id WITH =, seat WITH =, during WITH &&)"
    assert patients[:4] == ["scheduling_appointment", "x", True, False]
    assert "patient_id WITH =" in patients[4]
    assert {"a_visit_claims_exactly_the_time_it_holds", "a_claim_is_of_a_visit_that_holds_it"} <= guards


@pytest.fixture
def without_guards() -> Iterator[None]:
    """No constraint on claims, and a lock that locks nothing, for whoever connects from now on."""
    server, name = os.environ["TONUS_TEST_DATABASE_URL"], connection.settings_dict["NAME"]
    with psycopg.connect(server, dbname=name, autocommit=True) as owner:
        owner.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT nobody_and_nothing_is_double_booked")
        owner.execute(
            "CREATE FUNCTION public.pg_advisory_xact_lock(integer, integer) RETURNS void LANGUAGE sql AS 'SELECT NULL'"
        )
        owner.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')
    yield
    with psycopg.connect(server, dbname=name, autocommit=True) as owner:
        owner.execute(f'ALTER DATABASE "{name}" RESET search_path')
        owner.execute("DROP FUNCTION public.pg_advisory_xact_lock(integer, integer)")
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM scheduling_claim")
        owner.execute(
            "ALTER TABLE scheduling_claim ADD CONSTRAINT nobody_and_nothing_is_double_booked"
            " EXCLUDE USING gist (resource_id WITH =, seat WITH =, during WITH &&)"
        )


def test_the_race_is_real_when_the_guards_are_gone(without_guards: None, place: Any, tmp_path: Path) -> None:
    """The same browsers, the same pages; only constraint and lock are missing, and the place is sold many times."""
    unguarded = Served(tmp_path, workers=2, threads=CLIENTS // 2)
    try:
        browsers = [Browser(unguarded, place.desks[n % 8]) for n in range(CLIENTS)]
        forms = [wish(place, patient, from_now(3, 10)) for patient in place.patients]
        came_to = at_once([lambda b=b, f=f: book(b, f) for b, f in zip(browsers, forms, strict=True)])
    finally:
        unguarded.stop()
    assert came_to.winners > 1
    assert overlaps() > 0
