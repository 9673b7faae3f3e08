"""The diaries that a visit touches: queue up for them, claim time in them, say who is busy.

Used by `scheduling.booking` alone; see docs/algorithms/booking.md for why it cannot double-book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Exists, F, OuterRef

from patients.models import Patient
from scheduling import resources
from scheduling.models import Appointment, Claim, Device, Room, half_open
from scheduling.models.appointments import AppointmentQuerySet, ClaimQuerySet
from scheduling.preflight import Proposal

P = ParamSpec("P")
R = TypeVar("R")

#: Keys of the advisory locks: what kind of diary, and whose.
_OF_A_PATIENT, _OF_A_RESOURCE = 7001, 7002
_DEADLOCK = "40P01"
#: Constraints that mean "somebody else has that time".
TAKEN = frozenset({"nobody_and_nothing_is_double_booked", "patient_is_not_in_two_places"})


def lock_diaries(*, resources: Iterable[int], patient: Patient) -> None:
    """Queue up behind anyone else changing these diaries; always in one order, once per transaction or savepoint.

    Without it the constraint still keeps the diary right, but those who clash wait for each other and die.
    """
    person = patient.merged_into_id or patient.pk
    keys = [(_OF_A_PATIENT, person), *((_OF_A_RESOURCE, pk) for pk in sorted(set(resources)))]
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
            if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                raise
            return verb(*args, **kwargs)

    return tried


def taken_by(error: IntegrityError) -> str | None:
    """The name of the constraint, when the error means that somebody else has the time."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return name if name in TAKEN else None


# -- Choosing room and device ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """Where a visit will be held and with what; which of these somebody insists on."""

    room: Room | None
    device: Device | None = None
    seat: int = 1


class NothingFree(Exception):
    """Carries what is short: "Every suitable room is taken then." """


def choose(proposal: Proposal, *, room: Room | None, prefer: Room | None = None) -> Places:
    """The room that was asked for, or the free one that has least to spare; a free seat of a device. Unlocked."""
    return Places(_room(proposal, room, prefer), *_device(proposal))


def _room(proposal: Proposal, wanted: Room | None, prefer: Room | None) -> Room | None:
    service = proposal.service
    if wanted is not None or not service.needs_room:
        return wanted
    rooms = Room.objects.active().filter(location=proposal.location)
    if service.room_feature:
        rooms = rooms.filter(features__contains=[service.room_feature])
    end = proposal.ends_at + timedelta(minutes=service.minutes_after)
    busy = _claims(proposal, end).filter(resource__room=OuterRef("pk"))
    ranked = sorted(rooms.annotate(busy=Exists(busy)), key=lambda r: (r != prefer, len(r.features), r.name))
    if not ranked:
        feature = f" with {service.room_feature}" if service.room_feature else ""
        raise NothingFree(f"There is no room{feature} at {proposal.location}.")
    for one in ranked:
        if not one.busy:
            return one
    raise NothingFree("Every suitable room is taken then.")


def _device(proposal: Proposal) -> tuple[Device | None, int]:
    kind = proposal.service.device_kind
    if not kind:
        return None, 1
    devices = list(Device.objects.active().filter(location=proposal.location, kind__iexact=kind).order_by("pk"))
    taken = set(
        _claims(proposal, proposal.ends_at).filter(resource__device__in=devices).values_list("resource__device", "seat")
    )
    for device in devices:
        for seat in range(1, device.count + 1):
            if (device.pk, seat) not in taken:
                return device, seat
    if not devices:
        raise NothingFree(f"There is no {kind} at {proposal.location}.")
    raise NothingFree(f"Every {kind} is taken then.")


def _claims(proposal: Proposal, until: datetime) -> ClaimQuerySet:
    claims = Claim.objects.within(proposal.starts_at, until)
    return claims.exclude(appointment=proposal.moving) if proposal.moving else claims


# -- Claiming --------------------------------------------------------------------------------------------


def rows_of(proposal: Proposal, places: Places) -> dict[tuple[str, int], int]:
    """The resource rows that the visit will claim."""
    return resources.ensure(
        practitioners=[proposal.practitioner.pk],
        rooms=[places.room.pk] if places.room else [],
        devices=[places.device.pk] if places.device else [],
    )


def claim(visit: Appointment, proposal: Proposal, places: Places, rows: dict[tuple[str, int], int]) -> None:
    """Take the time of each, with what follows the visit: charting for the practitioner, cleaning for the room."""
    after = {
        "practitioner": proposal.service.charting_minutes,
        "room": proposal.service.minutes_after,
        "device": 0,
    }
    Claim.objects.bulk_create(
        Claim(
            appointment=visit,
            resource_id=row,
            seat=places.seat if kind == "device" else 1,
            during=half_open(proposal.starts_at, proposal.ends_at + timedelta(minutes=after[kind])),
        )
        for (kind, _), row in rows.items()
    )


def give_back(visit: Appointment) -> None:
    """Whoever wants the time may have it."""
    Claim.objects.filter(appointment=visit).delete()


# -- Who is busy -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Busy:
    """Who or what stands in the way, and until when."""

    what: str
    thing: str
    until: datetime

    def sentence(self, proposal: Proposal) -> str:
        clock = self.until.astimezone(proposal.location.tz)
        verb = {"patient": "already has a visit", "practitioner": "is busy"}.get(self.what, "is taken")
        return f"{self.thing} {verb} until {clock:%H:%M}."


def who_is_busy(proposal: Proposal, *, room: Room | None) -> list[Busy]:
    """The practitioner, the room that was insisted on, the patient: each that is taken. Three queries at most."""
    service, found = proposal.service, []
    chart_end = proposal.ends_at + timedelta(minutes=service.charting_minutes)
    clean_end = proposal.ends_at + timedelta(minutes=service.minutes_after)
    mine = _claims(proposal, chart_end).filter(resource__practitioner=proposal.practitioner)
    if claimed := mine.first():
        found.append(Busy("practitioner", proposal.practitioner.user.name, claimed.during.upper))
    if room and (claimed := _claims(proposal, clean_end).filter(resource__room=room).first()):
        found.append(Busy("room", room.name, claimed.during.upper))
    visit = other_visits(proposal).first()
    if visit is not None:
        found.append(Busy("patient", proposal.patient.display_name, visit.ends_at))
    return found


def other_visits(proposal: Proposal) -> AppointmentQuerySet:
    """The person's own visits at that time, under whichever record of theirs."""
    visits = (
        Appointment.objects.for_patient(proposal.patient)
        .holding_time()
        .within(proposal.starts_at, proposal.ends_at)
        .order_by(F("ends_at").desc())
    )
    return visits.exclude(pk=proposal.moving.pk) if proposal.moving else visits
