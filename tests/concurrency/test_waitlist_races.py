"""Of all who want a freed time at once exactly one has it: workers, the desk, the patient, and the deadline.

And a worker that dies anywhere loses nothing: what it had in hand is done by the next, once. Real connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, connections, transaction

from clinic import desk, messaging
from clinic.messaging_states import MessagePurpose
from clinic.models import DeskTask, OutboundMessage
from scheduling import freed, holds, offers, waitlist
from scheduling.booking import BookingRefused
from scheduling.diaries import once_more_after_deadlock
from scheduling.models import Appointment, Claim, FreedTime, Hold, WaitlistEntry, WaitlistOffer
from scheduling.offers import OfferOver
from scheduling.states import Outcome, Waiting
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.waitlist import SOON, an_entry, an_offer, frees, pending

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place() -> SimpleNamespace:
    return make.a_small_clinic(practitioners=2, rooms=3)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each got: its answer, or the exception."""
    barrier, got = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            got[number] = acts[number]()
        except Exception as error:
            got[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return got


def all_is_well() -> None:
    """Claims are of visits or standing holds, no seat is claimed twice, every pending offer has a hold and a word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b ON a.id < b.id"
            " AND a.resource_id = b.resource_id AND a.seat = b.seat AND a.during && b.during"
        )
        assert cursor.fetchone()[0] == 0
    out = pending()
    assert all(offer.hold is not None for offer in out)
    assert Hold.objects.count() == len(out)
    assert Claim.objects.count() == 2 * (Appointment.objects.holding_time().count() + len(out))
    assert {offer.entry_id for offer in out} == set(WaitlistEntry.objects.offered().values_list("pk", flat=True))
    told = OutboundMessage.objects.filter(purpose=MessagePurpose.WAITLIST_OFFER)
    assert {m.subject_uid for m in told} == {o.uid for o in WaitlistOffer.objects.all()}


@pytest.mark.parametrize("attempt", range(3))
def test_two_freed_times_and_four_workers_make_two_offers(place: Any, attempt: int) -> None:
    visits = [make.a_visit(place, local(27, hour)) for hour in (9, 10, 11, 12, 13)]
    for _ in range(3):
        an_entry(place, practitioners=(place.practitioner,))
    for visit in (visits[1], visits[3]):
        frees(visit, by=place.desk)
    freed.run(now=NOW)
    got = at_once(*[lambda: freed.run(now=SOON)] * 4)
    assert not [each for each in got if isinstance(each, Exception)], got
    assert sorted(offer.starts_at for offer in pending()) == [local(27, 10), local(27, 12)]
    assert sum(each.offered for each in got) == 2
    all_is_well()


@pytest.mark.parametrize("attempt", range(4))
def test_taking_it_and_the_deadline_meet_and_one_of_them_wins(place: Any, attempt: int) -> None:
    offer = an_offer(place, local(27, 10))
    in_time = offer.expires_at - timedelta(milliseconds=1)
    taken, swept = at_once(
        lambda: offers.accept(offer=offer, by=place.desk, now=in_time), lambda: freed.run(now=offer.expires_at)
    )
    assert not isinstance(swept, Exception), swept
    offer.refresh_from_db()
    if isinstance(taken, Appointment):
        assert (offer.outcome, swept.lapsed) == (Outcome.ACCEPTED, 0)
        assert Appointment.objects.count() == 1
    else:
        assert isinstance(taken, OfferOver), taken
        assert (offer.outcome, swept.lapsed) == (Outcome.LAPSED, 1)
        assert not Appointment.objects.exists()
    all_is_well()


def test_taking_it_and_desks_that_book_the_same_time(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    patients = [make.a_patient() for _ in range(5)]

    def book(patient: Any) -> Callable[[], Any]:
        return lambda: make.a_visit(place, local(27, 10), patient=patient)

    take = lambda: offers.accept(offer=offer, by=place.desk, now=NOW)  # noqa: E731
    taken, *others = at_once(take, *[book(one) for one in patients])
    assert isinstance(taken, Appointment), taken
    assert all(isinstance(each, BookingRefused) for each in others), others
    all_is_well()


@pytest.mark.parametrize("day", [27, 28, 30])
def test_taken_declined_and_taken_back_at_once_is_one_of_them(place: Any, day: int) -> None:
    offer = an_offer(place, local(day, 10))
    got = at_once(
        lambda: offers.accept(offer=offer, by=place.desk, now=NOW),
        lambda: offers.decline(offer=offer, by=place.desk, now=NOW),
        lambda: offers.take_back(offer=offer, why="", by=place.desk, now=NOW),
        lambda: offers.withdraw(entry=offer.entry, reason="", by=place.desk, now=NOW),
    )
    civil = (OfferOver, BookingRefused)
    assert not [each for each in got if isinstance(each, Exception) and not isinstance(each, civil)], got
    offer.refresh_from_db()
    assert offer.outcome != Outcome.PENDING
    assert (offer.outcome == Outcome.ACCEPTED) == isinstance(got[0], Appointment)
    all_is_well()


def test_a_time_whose_hold_has_run_out_is_booked_by_the_desk_while_the_worker_sweeps(place: Any) -> None:
    offer = an_offer(place, local(27, 10))
    later = offer.expires_at + timedelta(seconds=1)
    booked, swept = at_once(lambda: make.a_visit(place, local(27, 10), now=later), lambda: freed.run(now=later))
    assert isinstance(booked, Appointment), booked
    assert not isinstance(swept, Exception), swept
    freed.run(now=later)
    offer.refresh_from_db()
    assert offer.outcome == Outcome.LAPSED
    all_is_well()


def test_after_a_deadlock_the_outermost_verb_is_tried_once_more() -> None:
    """The inner one has nothing to try again in: its transaction is lost with the other's."""
    tries: list[str] = []

    @once_more_after_deadlock
    @transaction.atomic
    def inner() -> None:
        tries.append("inner")
        if tries.count("inner") == 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$")

    @once_more_after_deadlock
    @transaction.atomic
    def outer() -> str:
        tries.append("outer")
        inner()
        return "done"

    assert outer() == "done"
    assert tries == ["outer", "inner"] * 2


# -- Workers that die ------------------------------------------------------------------------------------


class Killed(BaseException):
    """Ends a worker where it stands, past every `except Exception`."""


STEPS: list[tuple[Any, str]] = [
    (holds, "record"),
    (waitlist, "locked"),
    (waitlist, "step"),
    (messaging, "enqueue"),
    (waitlist, "record"),
    (freed, "_same"),
    (offers, "_settled"),
    (desk, "close_for"),
    (waitlist, "look_again"),
    (holds, "release"),
]


@pytest.mark.parametrize(("module", "name"), STEPS, ids=[f"{m.__name__}.{n}" for m, n in STEPS])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_that_dies_at_any_step_loses_nothing_and_does_nothing_twice(
    place: Any, monkeypatch: Any, module: Any, name: str, after: bool
) -> None:
    """One freed time, two who wait; the first is silent. Killed at each step on the way, another goes on."""
    for hour in (9, 11):
        make.a_visit(place, local(27, hour))
    visit = make.a_visit(place, local(27, 10))
    entries = [an_entry(place, practitioners=(place.practitioner,), now=NOW - timedelta(days=n)) for n in (2, 1)]
    frees(visit, by=place.desk)
    real, deaths = getattr(module, name), [0]

    def dying(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs) if after else None
        deaths[0] += 1
        raise Killed(done)

    def work(now: Any) -> None:
        monkeypatch.setattr(module, name, dying)
        with suppress(Killed):
            freed.run(now=now)
        monkeypatch.setattr(module, name, real)
        freed.run(now=now)

    freed.run(now=NOW)
    work(SOON)
    (first,) = pending()
    assert (first.entry, first.starts_at) == (entries[0], visit.starts_at)
    all_is_well()
    work(first.expires_at)
    assert deaths[0] >= 1
    (second,) = pending()
    assert (second.entry, second.starts_at) == (entries[1], visit.starts_at)
    entries[0].refresh_from_db()
    assert entries[0].status == Waiting.WAITING
    all_is_well()
    freed.run(now=second.expires_at)
    assert pending() == []
    assert WaitlistOffer.objects.count() == OutboundMessage.objects.filter(purpose="waitlist_offer").count() == 2
    assert FreedTime.objects.known(second.expires_at).exists(), "it is remembered for who comes next"
    assert not DeskTask.objects.filter(subject_kind=offers.SUBJECT).exists()


def test_one_time_that_cannot_be_looked_at_keeps_no_other_from_its_turn(place: Any, monkeypatch: Any) -> None:
    sick, well = make.a_visit(place, local(27, 10)), make.a_visit(place, local(30, 10))
    an_entry(place)
    for visit in (sick, well):
        frees(visit, by=place.desk)
    freed.run(now=NOW)
    real = freed.around

    def around(row: Any, **facts: Any) -> Any:
        if row.starts_at == sick.starts_at:
            raise RuntimeError("a bug")
        return real(row, **facts)

    monkeypatch.setattr(freed, "around", around)
    assert freed.run(now=SOON).offered == 1
    assert [offer.starts_at for offer in pending()] == [well.starts_at]
    assert FreedTime.objects.due(SOON).filter(starts_at=sick.starts_at).exists(), "it comes again"
