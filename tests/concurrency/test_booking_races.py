"""Promise P1: of any number who want one place at once, one gets it and every other is told so kindly.

Real connections, real transactions, through the verbs. The last tests take the guards away and show that without
them the race is lost: so the tests above them prove something.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from scheduling import booking, diaries, placing
from scheduling.booking import BookingRefused
from scheduling.models import Appointment, Claim
from scheduling.rules import EVERY_WARNING
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db(transaction=True)


def race(clients: int, act: Callable[[int], Any]) -> tuple[Counter[str], list[Exception]]:
    """Let all clients act at the same moment; what each got, and every error that is not a civil refusal."""
    barrier, outcomes, errors = threading.Barrier(clients), Counter[str](), []

    def client(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            act(number)
            outcomes["won"] += 1
        except BookingRefused as refusal:
            outcomes["refused"] += 1
            len(refusal.alternatives)  # as the desk's page does, while the others are still racing
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes, errors


def overlaps() -> int:
    """Pairs of claims on one seat that overlap: must be none, whatever happened."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b ON a.id < b.id"
            " AND a.resource_id = b.resource_id AND a.seat = b.seat AND a.during && b.during"
        )
        return int(cursor.fetchone()[0])


def nothing_is_left_over() -> bool:
    """As many claims as the visits that hold time need: practitioner and room each."""
    return Claim.objects.count() == 2 * Appointment.objects.holding_time().count()


@pytest.fixture
def place() -> SimpleNamespace:
    """Four practitioners, enough rooms, and 64 patients who all want the same."""
    place = make.a_small_clinic(practitioners=4, rooms=6)
    place.patients = [make.a_patient() for _ in range(64)]
    return place


def wish(place: SimpleNamespace, number: int, starts_at: datetime, **facts: Any) -> Appointment:
    wanted: dict[str, Any] = {
        "patient": place.patients[number], "service": place.service, "practitioner": place.practitioner,
        "location": place.location, "starts_at": starts_at, "by": place.desk, "now": NOW, "despite": EVERY_WARNING,
    }  # fmt: skip
    return booking.book(**(wanted | facts))


@pytest.mark.parametrize("clients", [32, 64])
def test_of_many_who_book_the_same_time_one_wins_and_the_others_are_told(place: Any, clients: int) -> None:
    began = time.perf_counter()
    outcomes, errors = race(clients, lambda n: wish(place, n, local(25, 10)))
    assert errors == []
    assert outcomes == {"won": 1, "refused": clients - 1}
    assert (Appointment.objects.count(), overlaps()) == (1, 0)
    assert nothing_is_left_over()
    assert time.perf_counter() - began < 30


def test_partly_overlapping_wishes_never_overlap_in_the_diary(place: Any) -> None:
    """32 clients, starts five minutes apart, five rounds on five days."""
    for day in range(5):
        start = local(30, 10) + timedelta(days=day)
        outcomes, errors = race(32, lambda n, at=start: wish(place, n, at + timedelta(minutes=5 * (n % 8))))
        assert errors == []
        assert outcomes["won"] == 1
        assert overlaps() == 0
    assert nothing_is_left_over()


def test_different_therapists_who_want_the_last_room_get_it_once(place: Any) -> None:
    room = place.rooms[0]
    outcomes, errors = race(
        16, lambda n: wish(place, n, local(25, 10), practitioner=place.practitioners[n % 4], room=room)
    )
    assert errors == []
    assert outcomes["won"] == 1


def test_when_any_room_will_do_nobody_is_refused_for_a_room_that_went_first(place: Any) -> None:
    """Four therapists at once, six rooms: each finds one although all look at the same first."""
    outcomes, errors = race(4, lambda n: wish(place, n, local(25, 10), practitioner=place.practitioners[n]))
    assert errors == []
    assert outcomes == {"won": 4}
    assert Appointment.objects.values("room").distinct().count() == 4


def test_a_patient_whom_two_desks_book_at_once_is_booked_once(place: Any) -> None:
    patient = place.patients[0]
    outcomes, errors = race(
        8, lambda n: wish(place, n, local(25, 10), patient=patient, practitioner=place.practitioners[n % 4])
    )
    assert errors == []
    assert outcomes == {"won": 1, "refused": 7}


def test_a_form_that_is_sent_sixteen_times_at_once_books_once_and_says_so_to_all(place: Any) -> None:
    key = "4b2b6a52-5f63-4f4e-9a20-2a1d3e7c0f11"
    outcomes, errors = race(16, lambda _: wish(place, 0, local(25, 10), request_key=key))
    assert errors == []
    assert outcomes == {"won": 16}
    assert Appointment.objects.count() == 1


def test_moves_into_one_time_from_all_sides_leave_one_there(place: Any) -> None:
    visits = [wish(place, n, local(27, 9) + timedelta(days=n)) for n in range(12)]
    outcomes, errors = race(
        12,
        lambda n: booking.move(
            appointment=visits[n], starts_at=local(25, 10), by=place.desk, now=NOW, despite=EVERY_WARNING
        ),
    )
    assert errors == []
    assert outcomes == {"won": 1, "refused": 11}
    assert (Appointment.objects.count(), overlaps()) == (12, 0)
    assert nothing_is_left_over()


def test_booking_moving_cancelling_and_undoing_all_at_once_keep_the_diary_right(place: Any) -> None:
    visits = [wish(place, n, local(25, 9) + timedelta(hours=n)) for n in range(6)]
    slots = itertools.cycle(local(25, 9) + timedelta(minutes=30 * n) for n in range(14))
    wishes = [next(slots) for _ in range(32)]

    def act(n: int) -> None:
        visit = Appointment.objects.for_page().get(pk=visits[n % 6].pk)
        match n % 4:
            case 0:
                wish(place, 10 + n, wishes[n], practitioner=place.practitioners[n % 2])
            case 1:
                booking.move(appointment=visit, starts_at=wishes[n], by=place.desk, now=NOW, despite=EVERY_WARNING)
            case 2:
                booking.cancel(appointment=visit, by=place.desk, now=NOW, reason="Because")
            case _:
                booking.undo(appointment=visit, by=place.desk, now=NOW)

    for _ in range(3):
        _, errors = race(32, act)
        assert errors == []
        assert overlaps() == 0
        assert nothing_is_left_over()


# -- The guards are needed -------------------------------------------------------------------------------


@pytest.fixture
def without_the_constraint() -> Iterator[None]:
    """The exclusion constraint is dropped for one test by whoever owns the table, and put back."""
    server, name = os.environ["TONUS_TEST_DATABASE_URL"], connection.settings_dict["NAME"]
    with psycopg.connect(server, dbname=name, autocommit=True) as owner:
        owner.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT nobody_and_nothing_is_double_booked")
    yield
    with psycopg.connect(server, dbname=name, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM scheduling_claim")
        owner.execute(
            "ALTER TABLE scheduling_claim ADD CONSTRAINT nobody_and_nothing_is_double_booked"
            " EXCLUDE USING gist (resource_id WITH =, seat WITH =, during WITH &&)"
        )


def test_the_race_is_real_when_constraint_and_lock_are_gone(
    place: Any, without_the_constraint: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "lock_diaries", lambda **_: None)
    outcomes, errors = race(32, lambda n: wish(place, n, local(25, 10)))
    assert errors == []
    assert outcomes["won"] > 1
    assert overlaps() > 0


def test_with_the_constraint_alone_nobody_is_double_booked_but_some_wait_or_die(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the lock comes first: the constraint keeps the diary right, yet without a queue clients deadlock."""
    monkeypatch.setattr(placing, "lock_diaries", lambda **_: None)
    outcomes, _ = race(16, lambda n: wish(place, n, local(25, 10)))
    assert outcomes["won"] == 1
    assert overlaps() == 0


def test_lock_diaries_asks_for_its_locks_in_one_order(place: Any) -> None:
    """Whatever order the resources are named in: otherwise two bookings could wait for each other."""
    asked = []
    for order in ([3, 1, 2], [2, 3, 1]):
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            diaries.lock_diaries(resources=order, patients=[place.patients[0]])
        asked.append(queries.captured_queries[-1]["sql"])
    assert asked[0] == asked[1]
