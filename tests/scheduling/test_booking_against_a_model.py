"""Whatever is booked, held, moved, swapped, called off and taken back, in any order: the diary is what a model says.

The model beside each step is a dictionary of visits and one of held times; it does its own arithmetic with minutes.
What it calls free must be booked, what it calls taken must be refused, and after each step every claim in the database
is one that it foresees. Promise P1; that the machine can fail is shown with faults planted below.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from scheduling import booking, diaries, holds, together
from scheduling.booking import BookingRefused
from scheduling.models import Appointment, Claim, Hold, Room
from scheduling.rules import EVERY_WARNING
from scheduling.states import HOLDS_TIME, Side, Status
from scheduling.vacancies import Vacancies
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

#: Charting holds the therapist, cleaning the room, each for its own time after the visit.
CHARTING, CLEANING = 15, 30
MORNING = local(25, 9)
STARTS = st.integers(0, 11).map(lambda n: MORNING + timedelta(minutes=15 * n))
TWO, THREE = st.integers(0, 1), st.integers(0, 2)


@dataclass(frozen=True)
class Kept:
    """A visit or a held time as the model sees it; people and rooms by number."""

    who: int
    room: int
    patient: int
    starts: datetime
    minutes: int
    #: Of a held time.
    until: datetime | None = None

    def of_therapist(self) -> tuple[datetime, datetime]:
        return self.starts, self.starts + timedelta(minutes=self.minutes + CHARTING)

    def of_room(self) -> tuple[datetime, datetime]:
        return self.starts, self.starts + timedelta(minutes=self.minutes + CLEANING)

    def of_patient(self) -> tuple[datetime, datetime]:
        return self.starts, self.starts + timedelta(minutes=self.minutes)


def meet(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class Model:
    """Who holds what. Two therapists, two rooms, three patients."""

    def __init__(self) -> None:
        self.visits: dict[int, Kept] = {}
        self.held: dict[int, Kept] = {}
        self.now = NOW

    def standing(self, *without: int) -> list[Kept]:
        held = [kept for kept in self.held.values() if kept.until and kept.until > self.now]
        return [kept for pk, kept in self.visits.items() if pk not in without] + held

    def free_rooms(self, wish: Kept, *without: int, besides: Kept | None = None) -> set[int]:
        """The rooms in which it can be; none when the therapist or the patient is busy."""
        others = [one for one in self.standing(*without) if one != besides]
        if any(one.who == wish.who and meet(one.of_therapist(), wish.of_therapist()) for one in others):
            return set()
        theirs = [kept for pk, kept in self.visits.items() if pk not in without]
        if any(one.patient == wish.patient and meet(one.of_patient(), wish.of_patient()) for one in theirs):
            return set()
        return {
            room
            for room in (0, 1)
            if not any(one.room == room and meet(one.of_room(), replace(wish, room=room).of_room()) for one in others)
        }

    def claims(self, place: SimpleNamespace) -> set[tuple[str, int, datetime, datetime]]:
        found = set()
        for kept in self.standing():
            found.add(("practitioner", place.practitioners[kept.who].pk, *kept.of_therapist()))
            found.add(("room", place.rooms[kept.room].pk, *kept.of_room()))
        return found


class Desk(RuleBasedStateMachine):
    """What the front desk does, one step after the other; each run ends with everything taken back."""

    place: ClassVar[SimpleNamespace]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.off: dict[int, Kept] = {}
        self.before = transaction.savepoint()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    # -- What the desk does --------------------------------------------------------------------------

    def attempt(self, verb: Callable[[], Any], expected: set[int] | None) -> Any:
        """The verb's answer, or None when it was refused; as the model expects, where it says so."""
        done, refused = None, None
        try:
            with transaction.atomic():
                done = verb()
                connection.check_constraints()
        except BookingRefused as refusal:
            refused = refusal
        if refused is not None:
            assert not expected, f"refused although it is free: {refused}"
        elif expected is not None:
            assert done.room_id in {self.place.rooms[room].pk for room in expected}, "had although it is taken"
        return done

    def room_of(self, done: Appointment | Hold) -> int:
        return [room.pk for room in self.place.rooms].index(done.room_id)

    def one_of(self, pks: Any, number: int) -> Appointment:
        pk = sorted(pks)[number % len(pks)]
        return Appointment.objects.for_verb().get(pk=pk)

    def keep(self, visit: Appointment) -> None:
        """Into the model, as the database has it now."""
        self.model.visits[visit.pk] = Kept(
            [one.pk for one in self.place.practitioners].index(visit.practitioner_id),
            self.room_of(visit),
            [one.pk for one in self.place.patients].index(visit.patient_id),
            visit.starts_at,
            int((visit.ends_at - visit.starts_at).total_seconds()) // 60,
        )

    @rule(who=TWO, patient=THREE, service=TWO, at=STARTS)
    def book(self, who: int, patient: int, service: int, at: datetime) -> None:
        wish = Kept(who, 0, patient, at, self.place.services[service].minutes)
        done = self.attempt(
            lambda: booking.book(**self.facts(who, patient, service, at), despite=EVERY_WARNING),
            self.model.free_rooms(wish),
        )
        if done:
            self.model.visits[done.pk] = replace(wish, room=self.room_of(done))

    def facts(self, who: int, patient: int, service: int, at: datetime) -> dict[str, Any]:
        return {
            "patient": self.place.patients[patient], "service": self.place.services[service],
            "practitioner": self.place.practitioners[who], "location": self.place.location, "starts_at": at,
            "by": self.place.desk, "now": self.model.now,
        }  # fmt: skip

    @rule(who=TWO, patient=THREE, service=TWO, at=STARTS, minutes=st.integers(5, 40))
    def hold(self, who: int, patient: int, service: int, at: datetime, minutes: int) -> None:
        until = self.model.now + timedelta(minutes=minutes)
        wish = Kept(who, 0, patient, at, self.place.services[service].minutes, until)
        free = self.model.free_rooms(wish)
        try:
            with transaction.atomic():
                done = holds.hold(**self.facts(who, patient, service, at), until=until)
        except BookingRefused as refused:
            refusal: BookingRefused | None = refused
        else:
            refusal = None
            assert self.room_of(done) in free
            self.model.held[done.pk] = replace(wish, room=self.room_of(done))
        if refusal is not None:
            assert not free or refusal.warnings, f"refused although it is free: {refusal}"

    @precondition(lambda self: self.model.held)
    @rule(number=st.integers(0, 9))
    def take(self, number: int) -> None:
        """Book what is held; it must be given unless it has run out or the patient is elsewhere."""
        pk = sorted(self.model.held)[number % len(self.model.held)]
        kept, row = self.model.held[pk], Hold.objects.filter(pk=pk).first()
        if row is None:
            return
        service = [one.minutes for one in self.place.services].index(kept.minutes)
        in_time = kept.until is not None and kept.until > self.model.now
        expected = self.model.free_rooms(kept, besides=kept) if in_time else set()
        done = self.attempt(
            lambda: booking.book(
                **self.facts(kept.who, kept.patient, service, kept.starts), despite=EVERY_WARNING, hold=row
            ),
            expected,
        )
        if done:
            del self.model.held[pk]
            self.keep(done)

    @precondition(lambda self: self.model.held)
    @rule(number=st.integers(0, 9))
    def release(self, number: int) -> None:
        pk = sorted(self.model.held)[number % len(self.model.held)]
        if row := Hold.objects.filter(pk=pk).first():
            holds.release(hold=row, by=self.place.desk, now=self.model.now)
        del self.model.held[pk]

    @precondition(lambda self: self.model.visits)
    @rule(number=st.integers(0, 9), who=TWO, at=STARTS)
    def move(self, number: int, who: int, at: datetime) -> None:
        visit = self.one_of(self.model.visits, number)
        wish = replace(self.model.visits[visit.pk], who=who, starts=at)
        done = self.attempt(
            lambda: booking.move(
                appointment=visit, by=self.place.desk, now=self.model.now, starts_at=at,
                practitioner=self.place.practitioners[who], despite=EVERY_WARNING,
            ),
            self.model.free_rooms(wish, visit.pk),
        )  # fmt: skip
        if done:
            self.model.visits[visit.pk] = replace(wish, room=self.room_of(done))

    @precondition(lambda self: self.model.visits)
    @rule(number=st.integers(0, 9))
    def take_the_move_back(self, number: int) -> None:
        visit = self.one_of(self.model.visits, number)
        done = self.attempt(lambda: booking.undo_move(appointment=visit, by=self.place.desk, now=self.model.now), None)
        if done:
            self.keep(done)

    @precondition(lambda self: len(self.model.visits) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def swap(self, one: int, other: int) -> None:
        pair = [self.one_of(self.model.visits, number) for number in (one, other)]
        done = self.attempt(
            lambda: together.swap(
                one=pair[0], other=pair[1], by=self.place.desk, now=self.model.now, despite=EVERY_WARNING
            ),
            None,
        )
        for visit in done or ():
            self.keep(visit)

    @precondition(lambda self: self.model.visits)
    @rule(number=st.integers(0, 9), side=st.sampled_from(Side))
    def call_off(self, number: int, side: Side) -> None:
        visit = self.one_of(self.model.visits, number)
        booking.cancel(appointment=visit, by=self.place.desk, now=self.model.now, side=side, reason="Ill")
        self.off[visit.pk] = self.model.visits.pop(visit.pk)

    @precondition(lambda self: self.off)
    @rule(number=st.integers(0, 9))
    def take_up_again(self, number: int) -> None:
        visit = self.one_of(self.off, number)
        wish = self.off[visit.pk]
        done = self.attempt(
            lambda: booking.undo(appointment=visit, by=self.place.desk, now=self.model.now),
            self.model.free_rooms(wish),
        )
        if done:
            del self.off[visit.pk]
            self.keep(done)

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        holds.sweep(now=self.model.now)

    # -- What must be so ------------------------------------------------------------------------------

    @invariant()
    def the_database_holds_what_the_model_holds_and_nothing_twice(self) -> None:
        connection.check_constraints()
        claims = Claim.objects.standing(self.model.now).select_related("resource")
        found = [
            (one.resource.kind, one.resource.room_id or one.resource.practitioner_id, one.during.lower,
             one.during.upper)
            for one in claims
        ]  # fmt: skip
        assert sorted(found) == sorted(self.model.claims(self.place))
        for kind, thing, start, end in found:
            same = [(a, b) for other, what, a, b in found if (other, what) == (kind, thing)]
            assert sum(meet((start, end), window) for window in same) == 1, "twice at once"
        standing = Appointment.objects.filter(status__in=HOLDS_TIME)
        assert set(standing.values_list("pk", flat=True)) == set(self.model.visits)


@pytest.fixture
def place(db: None) -> SimpleNamespace:
    clinic = make.a_small_clinic(practitioners=2, rooms=2)
    after = {"charting_minutes": CHARTING, "minutes_after": CLEANING}
    clinic.services = [make.a_service(minutes=30, **after), make.a_service(minutes=45, **after)]
    clinic.patients = [make.a_patient() for _ in range(3)]
    return clinic


def run(place: SimpleNamespace, *, runs: int, steps: int, phases: Sequence[Phase] = tuple(Phase)) -> None:
    run_state_machine_as_test(
        type("DeskOfThisClinic", (Desk,), {"place": place}),
        settings=settings(
            max_examples=runs, stateful_step_count=steps, phases=phases, deadline=None, derandomize=runs < 100,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_the_diary_is_what_the_model_says_after_any_steps(place: SimpleNamespace) -> None:
    run(place, runs=8, steps=30)


@pytest.mark.long
def test_it_is_so_in_two_thousand_runs_of_fifty_steps(place: SimpleNamespace) -> None:
    run(place, runs=2_000, steps=50)


# -- It can fail -----------------------------------------------------------------------------------------


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """At what therapists have taken, and the database does not mind."""
    raw("ALTER TABLE scheduling_claim DROP CONSTRAINT nobody_and_nothing_is_double_booked")
    look = diaries.look

    def blind(*args: Any, **kwargs: Any) -> Vacancies:
        found = look(*args, **kwargs)
        found.taken.clear()
        return found

    monkeypatch.setattr(diaries, "look", blind)


def always_the_first_room(monkeypatch: pytest.MonkeyPatch) -> None:
    raw("ALTER TABLE scheduling_claim DROP CONSTRAINT nobody_and_nothing_is_double_booked")
    look, first = diaries.look, Room.objects.order_by("pk").first()

    def stubborn(*args: Any, **kwargs: Any) -> Vacancies:
        found = look(*args, **kwargs)
        found.room = first
        return found

    monkeypatch.setattr(diaries, "look", stubborn)


def closed_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    raw("ALTER TABLE scheduling_claim DROP CONSTRAINT nobody_and_nothing_is_double_booked")
    raw(
        "ALTER TABLE scheduling_claim ADD CONSTRAINT nobody_and_nothing_is_double_booked EXCLUDE USING gist"
        " (resource_id WITH =, seat WITH =, tstzrange(lower(during), upper(during), '[]') WITH &&)"
    )


def holds_that_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = diaries.claim

    def only_visits(owner: Any, places: Any) -> None:
        if not isinstance(owner, Hold):
            claim(owner, places)

    monkeypatch.setattr(diaries, "claim", only_visits)


def called_off_but_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diaries, "give_back", lambda _: None)


def taken_up_again_by_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking whether the time is still free."""

    def undo(*, appointment: Appointment, by: Any, now: datetime) -> Appointment:
        Appointment.objects.filter(pk=appointment.pk).update(
            status=Status.BOOKED, cancelled_at=None, cancelled_side="", cancel_reason="", cancelled_late=False
        )
        return Appointment.objects.get(pk=appointment.pk)

    monkeypatch.setattr(booking, "undo", undo)


@pytest.fixture
def owning_the_tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The connection is that of the tables' owner, who may take constraints away; the test's end brings them back."""
    role = connection.settings_dict["USER"]
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict["USER"] = urlsplit(os.environ["TONUS_TEST_DATABASE_URL"]).username
    yield
    with django_db_blocker.unblock():
        connection.close()
    connection.settings_dict["USER"] = role


@pytest.mark.usefixtures("owning_the_tables")
@pytest.mark.parametrize(
    "plant",
    [
        nobody_looks,
        always_the_first_room,
        closed_bounds,
        holds_that_hold_nothing,
        called_off_but_not_given_back,
        taken_up_again_by_the_way,
    ],
)
def test_a_planted_fault_turns_it_red(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, DatabaseError, BaseExceptionGroup)):
        run(place, runs=60, steps=40, phases=[Phase.generate])  # that it is found is enough
