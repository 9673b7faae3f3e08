"""The diaries that an act touches: queue up for them, claim time in them, say who is busy.

Used by the verbs of `scheduling.booking` alone; see docs/algorithms/booking.md for why it cannot double-book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Value
from django.db.models.functions import Mod
from django.db.models.lookups import Exact

from clinic.models import Location
from patients.models import Patient
from scheduling import resources
from scheduling.models import Appointment, Claim, Device, GroupSession, Hold, Room, Service, half_open
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.models.claims import ClaimQuerySet
from scheduling.preflight import Proposal

P = ParamSpec("P")
R = TypeVar("R")

#: Keys of the advisory locks: what kind of diary, and whose.
_OF_A_PATIENT, _OF_A_RESOURCE = 7001, 7002
_DEADLOCK = "40P01"
#: Constraints that mean "somebody else has that time".
TAKEN = frozenset({"nobody_and_nothing_is_double_booked", "patient_is_not_in_two_places"})
#: A practitioner or a room has one seat, and one more for who is squeezed in on purpose.
SEAT, OVERFLOW = 1, 2


def lock_diaries(*, resources: Iterable[int], patients: Iterable[Patient]) -> None:
    """Queue up behind anyone else changing these diaries; always in one order, once per transaction or savepoint.

    Without it the constraint still keeps the diary right, but those who clash wait for each other and die.
    """
    people = sorted({patient.merged_into_id or patient.pk for patient in patients})
    keys = [(_OF_A_PATIENT, pk) for pk in people] + [(_OF_A_RESOURCE, pk) for pk in sorted(set(resources))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(k.kind, k.id) FROM unnest(%s::int[], %s::int[]) AS k(kind, id)",
            [[kind for kind, _ in keys], [pk % 2**31 for _, pk in keys]],
        )


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

    def own(self, kind: str, thing: int) -> bool:
        """Whether another visit of the same act takes this thing then."""
        return any(slot.stands_in_the_way(kind, thing, *self.window(kind)) for slot in self.besides)


def _window(service: Service, kind: str, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    before, after = service.around(kind)
    return start - before, end + after


def choose(wish: Wish, *, now: datetime) -> Places:
    """The room that was asked for, or the free one that has least to spare; a free seat of a device. Unlocked."""
    who = wish.proposal.practitioner
    room, room_seat = _room(wish, now)
    device, device_seat = _device(wish, now)
    busy = wish.squeeze and _claims(wish, "practitioner", now).filter(resource__practitioner=who).exists()
    slots = [Slot("practitioner", who.pk, OVERFLOW if busy else SEAT, *wish.window("practitioner"))]
    if room:
        slots.append(Slot("room", room.pk, room_seat, *wish.window("room")))
    if device:
        slots.append(Slot("device", device.pk, device_seat, *wish.window("device")))
    return Places(room, device, tuple(slots))


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


def _room(wish: Wish, now: datetime) -> tuple[Room | None, int]:
    service, place = wish.proposal.service, wish.proposal.location
    wanted = wish.room
    if wanted is not None:
        busy = wish.squeeze and _claims(wish, "room", now).filter(resource__room=wanted).exists()
        return wanted, OVERFLOW if busy else SEAT
    if not service.needs_room:
        return None, SEAT
    rooms = Room.objects.active().filter(location=place)
    if service.room_feature:
        rooms = rooms.filter(features__contains=[service.room_feature])
    taken = {slot.thing for slot in wish.besides if slot.kind == "room" and wish.own("room", slot.thing)}
    taken |= {thing for kind, thing, _ in wish.avoid if kind == "room"}
    ranked = rooms.exclude(pk__in=taken).order_by(*_least_to_spare(wish))
    claimed = _claims(wish, "room", now).filter(resource=OuterRef("resource__pk"))
    if free := ranked.filter(~Exists(claimed)).first():
        return free, SEAT
    if wish.squeeze and (any_room := ranked.first()):
        return any_room, OVERFLOW
    if not rooms.exists():
        feature = f" with {service.room_feature}" if service.room_feature else ""
        raise NothingFree(f"There is no room{feature} at {place}.")
    raise NothingFree("Every suitable room is taken then.", squeezable=True)


def _least_to_spare(wish: Wish) -> list[Any]:
    """The room that is preferred, then those with the fewest features; of equals each practitioner begins elsewhere.

    Otherwise all who book the same hour at the same moment would choose the same room, and all but one choose again.
    """
    preferred = wish.prefer.pk if wish.prefer else 0
    features = Func(F("features"), function="cardinality", output_field=IntegerField())
    turn = Mod(F("pk") + wish.proposal.practitioner.pk, Value(64))
    return [Exact(F("pk"), preferred).desc(), features, turn, F("name")]


def _device(wish: Wish, now: datetime) -> tuple[Device | None, int]:
    kind, place = wish.proposal.service.device_kind, wish.proposal.location
    if not kind:
        return None, SEAT
    devices = [wish.device] if wish.device else _devices(place, kind)
    taken = set(
        _claims(wish, "device", now).filter(resource__device__in=devices).values_list("resource__device", "seat")
    )
    start, end = wish.window("device")
    taken |= {
        (slot.thing, slot.seat) for slot in wish.besides if slot.stands_in_the_way("device", slot.thing, start, end)
    }
    for device in devices:
        for seat in range(1, device.count + 1):
            if (device.pk, seat) not in taken and ("device", device.pk, seat) not in wish.avoid:
                return device, seat
    if not devices:
        raise NothingFree(f"There is no {kind} at {place}.")
    raise NothingFree(f"Every {kind} is taken then.")


def _devices(place: Location, kind: str) -> list[Device]:
    return list(Device.objects.active().filter(location=place, kind__iexact=kind).order_by("pk"))


def _claims(wish: Wish, kind: str, now: datetime) -> ClaimQuerySet:
    """What others have in the window of this kind of resource."""
    claims = Claim.objects.within(*wish.window(kind)).standing(now)
    if vacated := wish.proposal.vacated:
        claims = claims.exclude(appointment__in=vacated)
    if wish.proposal.taking is not None:
        claims = claims.exclude(hold=wish.proposal.taking)
    return claims


# -- Claiming --------------------------------------------------------------------------------------------


def rows_of(places: Iterable[Places]) -> dict[tuple[str, int], int]:
    """The resource rows that will be claimed: (kind, id of the thing) → id of the row."""
    wanted: dict[str, list[int]] = {"practitioner": [], "room": [], "device": []}
    for place in places:
        for slot in place.slots:
            wanted[slot.kind].append(slot.thing)
    return resources.ensure(practitioners=wanted["practitioner"], rooms=wanted["room"], devices=wanted["device"])


def claim(owner: Appointment | GroupSession | Hold, places: Places, rows: dict[tuple[str, int], int]) -> None:
    """Take the time of each, with what comes before and after: preparing and charting, setting up and cleaning."""
    kind = {Appointment: "appointment", GroupSession: "session", Hold: "hold"}[type(owner)]
    Claim.objects.bulk_create(
        Claim(
            **{kind: owner},
            resource_id=rows[slot.kind, slot.thing],
            seat=slot.seat,
            during=half_open(slot.start, slot.end),
        )
        for slot in places.slots
    )


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
    """The practitioner, the room that was insisted on, the patient: each that is taken. Three queries at most."""
    proposal, room, found = wish.proposal, wish.room, []
    who = proposal.practitioner
    people = _claims(wish, "practitioner", now).filter(resource__practitioner=who, seat__in=_seats(wish))
    if claimed := people.first():
        found.append(Busy("practitioner", who.user.name, claimed.during.upper, claimed.hold_id is not None))
    if room:
        claimed = _claims(wish, "room", now).filter(resource__room=room, seat__in=_seats(wish)).first()
        if claimed:
            found.append(Busy("room", room.name, claimed.during.upper, claimed.hold_id is not None))
    visit = other_visits(proposal).first()
    if visit is not None and proposal.patient is not None:
        found.append(Busy("patient", proposal.patient.display_name, visit.ends_at))
    return found


def _seats(wish: Wish) -> Sequence[int]:
    """Who is squeezed in is refused only when the overflow seat is taken too."""
    return (OVERFLOW,) if wish.squeeze else (SEAT, OVERFLOW)


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
