"""The diaries that an act touches: queue up for them, claim time in them, say who is busy.

Used by the verbs of `scheduling.booking` alone; see docs/algorithms/booking.md for why it cannot double-book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from clinic import prepared
from patients.models import Patient
from scheduling import resources, vacancies
from scheduling.models import Appointment, Claim, Device, GroupSession, Hold, Room, Service, half_open
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.preflight import Proposal
from scheduling.vacancies import Vacancies, look

P = ParamSpec("P")
R = TypeVar("R")

#: Keys of the advisory locks: what kind of diary, and whose.
_OF_A_PATIENT, _OF_A_RESOURCE = 7001, 7002
_KINDS = ("practitioner", "room", "device")
_DEADLOCK = "40P01"
#: Constraints that mean "somebody else has that time".
TAKEN = frozenset({"nobody_and_nothing_is_double_booked", "patient_is_not_in_two_places"})
#: A practitioner or a room has one seat, and one more for who is squeezed in on purpose.
SEAT, OVERFLOW = 1, 2


#: Everybody in line, in order.
_QUEUE = """
SELECT pg_advisory_xact_lock(k.kind, k.id) FROM unnest(%(kinds)s::int[], %(ids)s::int[]) AS k(kind, id)"""
#: The condition on the queue is asked first: the rows are met when everybody before us is through.
_QUEUE_FOR_RECORDS = f"""
SELECT id FROM patients_patient
 WHERE (SELECT count(*) FROM ({_QUEUE} OFFSET 0) AS queue) > 0 AND id = ANY(%(people)s::bigint[])
 ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608 -- ours


def lock_diaries(*, resources: Iterable[int], patients: Iterable[Patient], records: bool = False) -> None:
    """Queue up behind anyone else changing these diaries; always in one order, once per transaction or savepoint.

    Without it the constraint still keeps the diary right, but those who clash wait for each other and die. With
    `records` the patients' own rows are locked behind it, as messages and care team want it.
    """
    people = sorted({patient.root_id for patient in patients})
    keys = [(_OF_A_PATIENT, pk) for pk in people] + [(_OF_A_RESOURCE, pk) for pk in sorted(set(resources))]
    values: dict[str, list[int]] = {"kinds": [kind for kind, _ in keys], "ids": [pk % 2**31 for _, pk in keys]}
    if records and people:
        statement, values["people"] = _QUEUE_FOR_RECORDS, people
    else:
        statement = _QUEUE
    with prepared.ask(statement, values):
        pass


def once_more_after_deadlock(verb: Callable[P, R]) -> Callable[P, R]:
    """Locks are taken in one order, so a deadlock should not happen; should it, the verb is tried once more."""

    @wraps(verb)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except DatabaseError as error:
            # Inside a verb of others the whole transaction is lost: that verb is tried once more.
            if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK or connection.in_atomic_block:
                raise
            return verb(*args, **kwargs)

    return tried


def taken_by(error: IntegrityError) -> str | None:
    """The name of the constraint, when the error means that somebody else has the time."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return name if name in TAKEN else None


# -- Choosing room, device and seats ---------------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """What one claim will be: a seat of one thing, from and until when, buffers included."""

    kind: str
    thing: int
    seat: int
    start: datetime
    end: datetime
    #: The id of the thing's resource row.
    resource: int

    def stands_in_the_way(self, kind: str, thing: int, start: datetime, end: datetime) -> bool:
        return (self.kind, self.thing) == (kind, thing) and self.start < end and start < self.end


@dataclass(frozen=True)
class Places:
    """Where a visit will be held and with what, and the seats that it takes."""

    room: Room | None
    device: Device | None = None
    slots: tuple[Slot, ...] = ()

    @property
    def is_overbooked(self) -> bool:
        return any(slot.kind != "device" and slot.seat == OVERFLOW for slot in self.slots)


class NothingFree(Exception):
    """Carries what is short: "Every suitable room is taken then." """

    def __init__(self, sentence: str, *, squeezable: bool = False) -> None:
        super().__init__(sentence)
        #: There is an overflow seat for that.
        self.squeezable = squeezable


class InTheWay(Exception):
    """Who or what is busy, whichever room is chosen; and what is short besides."""

    def __init__(self, wish: Wish, busy: Sequence[Busy], short: NothingFree | None) -> None:
        super().__init__()
        self.wish, self.busy, self.short = wish, busy, short


@dataclass(frozen=True)
class Wish:
    """A proposal, and what somebody insists on or would like."""

    proposal: Proposal
    room: Room | None = None
    prefer: Room | None = None
    device: Device | None = None
    #: May take the overflow seat of practitioner and room.
    squeeze: bool = False
    #: Claims that the same act will make for other visits.
    besides: tuple[Slot, ...] = field(default=())
    #: Rooms, and seats of devices, that were tried and leave nothing for another visit of the same act.
    avoid: frozenset[tuple[str, int, int]] = frozenset()

    def window(self, kind: str) -> tuple[datetime, datetime]:
        return _window(self.proposal.service, kind, self.proposal.starts_at, self.proposal.ends_at)

    @property
    def own_rooms(self) -> list[int]:
        """Rooms that other visits of the same act take then."""
        start, end = self.window("room")
        return [slot.thing for slot in self.besides if slot.stands_in_the_way("room", slot.thing, start, end)]


def _window(service: Service, kind: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    before, after = service.around(kind)
    return start - before, end + after


def choose(wish: Wish, *, now: datetime) -> Places:
    """The room that was asked for, or the free one that has least to spare; a free seat of a device. Unlocked.

    Raises InTheWay when somebody is busy, NothingFree when rooms or devices are short.
    """
    seen = look(wish, now=now)
    chosen = _things(wish, seen)
    short = chosen if isinstance(chosen, NothingFree) else None
    if busy := _busy(wish, seen):
        raise InTheWay(wish, busy, short)
    if isinstance(chosen, NothingFree):
        raise chosen
    room, device, taken = chosen
    rows = _rows(seen, taken)
    slots = [Slot(kind, thing, seat, *wish.window(kind), rows[kind, thing]) for (kind, thing), seat in taken.items()]
    return Places(room, device, tuple(slots))


def _things(wish: Wish, seen: Vacancies) -> tuple[Room | None, Device | None, dict[tuple[str, int], int]] | NothingFree:
    """Room and device, and which seat of each thing; or what is short."""
    who = ("practitioner", wish.proposal.practitioner.pk)
    taken = {who: OVERFLOW if wish.squeeze and seen.taken[who] else SEAT}
    try:
        room, room_seat = _room(wish, seen)
        device, device_seat = _device(wish, seen)
    except NothingFree as nothing:
        return nothing
    if room is not None:
        taken["room", room.pk] = room_seat
    if device is not None:
        taken["device", device.pk] = device_seat
    return room, device, taken


def _rows(seen: Vacancies, things: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The resource rows of what is taken; what never had one gets it."""
    missing = [thing for thing in things if thing not in seen.rows]
    if not missing:
        return seen.rows
    practitioners, rooms, devices = ([pk for one, pk in missing if one == kind] for kind in _KINDS)
    return seen.rows | resources.ensure(practitioners=practitioners, rooms=rooms, devices=devices)


def ways(wish: Wish, *, now: datetime) -> Iterator[Places]:
    """What `choose` chooses, then every other room and seat that would do. Raises NothingFree when there is none."""
    seats: frozenset[tuple[str, int, int]] = frozenset()
    while True:
        rooms: frozenset[tuple[str, int, int]] = frozenset()
        while True:
            try:
                places = choose(replace(wish, avoid=rooms | seats), now=now)
            except NothingFree:
                if not rooms and not seats:
                    raise
                if not rooms:
                    return
                break
            yield places
            if places.room is None or wish.room is not None:
                break
            rooms |= {("room", places.room.pk, SEAT)}
        taken = [("device", slot.thing, slot.seat) for slot in places.slots if slot.kind == "device"]
        if not taken:
            return
        seats |= {*taken}


def _room(wish: Wish, seen: Vacancies) -> tuple[Room | None, int]:
    if wish.room is not None:
        return wish.room, OVERFLOW if wish.squeeze and seen.taken["room", wish.room.pk] else SEAT
    if seen.room is not None or not wish.proposal.service.needs_room:
        return seen.room, SEAT
    rooms = vacancies.rooms_for(wish)
    tried = [thing for kind, thing, _ in wish.avoid if kind == "room"]
    if wish.squeeze and (any_room := rooms.exclude(pk__in=[*tried, *wish.own_rooms]).first()):
        return any_room, OVERFLOW
    if not rooms.exists():
        service, place = wish.proposal.service, wish.proposal.location
        feature = f" with {service.room_feature}" if service.room_feature else ""
        raise NothingFree(f"There is no room{feature} at {place}.")
    raise NothingFree("Every suitable room is taken then.", squeezable=True)


def _device(wish: Wish, seen: Vacancies) -> tuple[Device | None, int]:
    kind, place = wish.proposal.service.device_kind, wish.proposal.location
    if not kind:
        return None, SEAT
    start, end = wish.window("device")
    for device in seen.devices:
        taken = {claim.seat for claim in seen.taken["device", device.pk]}
        taken |= {one.seat for one in wish.besides if one.stands_in_the_way("device", device.pk, start, end)}
        for seat in range(1, device.count + 1):
            if seat not in taken and ("device", device.pk, seat) not in wish.avoid:
                return device, seat
    if not seen.devices:
        raise NothingFree(f"There is no {kind} at {place}.")
    raise NothingFree(f"Every {kind} is taken then.")


# -- Claiming --------------------------------------------------------------------------------------------


def claim(owner: Appointment | GroupSession | Hold, places: Places) -> None:
    """Take the time of each, with what comes before and after: preparing and charting, setting up and cleaning."""
    Claim.objects.bulk_create(claims(owner, places))


def claims(owner: Appointment | GroupSession | Hold, places: Places) -> list[Claim]:
    """The same, for the caller to write."""
    kind = {Appointment: "appointment", GroupSession: "session", Hold: "hold"}[type(owner)]
    return [
        Claim(**{kind: owner}, resource_id=slot.resource, seat=slot.seat, during=half_open(slot.start, slot.end))
        for slot in places.slots
    ]


def give_back(owner: Appointment | GroupSession) -> None:
    """Whoever wants the time may have it."""
    kind = "appointment" if isinstance(owner, Appointment) else "session"
    Claim.objects.filter(**{kind: owner}).delete()


def drop_run_out(rows: Iterable[int], *, now: datetime) -> int:
    """End the holds on these resources whose time is over; how many. Nobody waits for them to be swept away."""
    claimed = Claim.objects.filter(resource__in=list(rows)).values("hold")
    with transaction.atomic():
        # The hold before its offer, as everywhere: see docs/algorithms/waitlist.md.
        over = list(Hold.objects.run_out(now).filter(pk__in=claimed).select_for_update().order_by("pk"))
        Hold.objects.filter(pk__in=[one.pk for one in over]).delete()
    return len(over)


# -- Who is busy -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Busy:
    """Who or what stands in the way, and until when."""

    what: str
    thing: str
    until: datetime
    is_held: bool = False

    def sentence(self, proposal: Proposal) -> str:
        clock = self.until.astimezone(proposal.location.tz)
        verb = {"patient": "already has a visit", "practitioner": "is busy"}.get(self.what, "is taken")
        held = ", held for a patient who was asked" if self.is_held else ""
        return f"{self.thing} {verb} until {clock:%H:%M}{held}."


def who_is_busy(wish: Wish, *, now: datetime) -> list[Busy]:
    """The practitioner, the room that was insisted on, the patient: each that is taken. One query."""
    return _busy(wish, look(wish, now=now))


def _busy(wish: Wish, seen: Vacancies) -> list[Busy]:
    proposal = wish.proposal
    named = [("practitioner", proposal.practitioner.pk, proposal.practitioner.user.name)]
    if wish.room is not None:
        named.append(("room", wish.room.pk, wish.room.name))
    # Who is squeezed in is refused only when the overflow seat is taken too.
    seats = (OVERFLOW,) if wish.squeeze else (SEAT, OVERFLOW)
    found = [
        Busy(what, name, taken[0].until, taken[0].is_held)
        for what, thing, name in named
        if (taken := [one for one in seen.taken[what, thing] if one.seat in seats])
    ]
    if seen.elsewhere is not None and proposal.patient is not None:
        found.append(Busy("patient", proposal.patient.display_name, seen.elsewhere))
    return found


def other_visits(proposal: Proposal) -> AppointmentQuerySet:
    """The person's own visits at that time, under whichever record of theirs."""
    if proposal.patient is None:
        return Appointment.objects.none()
    visits = (
        Appointment.objects.for_patient(proposal.patient)
        .holding_time()
        .within(proposal.starts_at, proposal.ends_at)
        .order_by(F("ends_at").desc())
    )
    return visits.exclude(pk__in=proposal.vacated) if proposal.vacated else visits
