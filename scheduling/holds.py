"""Keep a time for one patient for a while: nobody else can book it, and it runs out by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit
from clinic.access import SYSTEM, Actor
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import diaries, writing
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, Hold, Room, Service
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, staff
from treatments.models import Intervention


@once_more_after_deadlock
def hold(
    *,
    patient: Patient,
    service: Service,
    practitioner: Practitioner,
    location: Location,
    starts_at: datetime,
    until: datetime,
    by: Actor,
    now: datetime,
    minutes: int | None = None,
    room: Room | None = None,
    intervention: Intervention | None = None,
    instead_of: Appointment | None = None,
) -> Hold:
    """Keep practitioner, room and device until an instant, or nothing at all. Raises BookingRefused.

    Checked like a booking: what blocks or warns refuses, as nobody may be there to read a warning when it is taken.
    `instead_of` is a visit that would move here: it is checked like a move, and keeps its own time meanwhile.
    """
    person = patient.survivor
    ends_at = starts_at + timedelta(minutes=minutes or service.minutes)
    proposal = Proposal(person, service, practitioner, location, starts_at, ends_at, intervention)
    if until <= now:
        raise BookingRefused("A time is held until some later moment.")
    only = writing.TIME_RULES if instead_of else None
    writing.check(replace(proposal, moving=instead_of), despite=(), now=now, only=only)

    def write(places: list[Places], _: Turn) -> Hold:
        kept = Hold.objects.create(
            patient=person,
            practitioner=practitioner,
            service=service,
            location=location,
            room=places[0].room,
            device=places[0].device,
            starts_at=starts_at,
            ends_at=ends_at,
            runs_out_at=until,
            held_at=now,
            held_by=staff(by),
        )
        diaries.claim(kept, places[0])
        record("held", kept, by=by, now=now)
        return kept

    return place([Wish(proposal, room=room)], write, now=now)


def end(kept: Hold, *, now: datetime) -> None:
    """Its time is being booked, in the caller's transaction. Raises BookingRefused when it has run out meanwhile."""
    row = Hold.objects.select_for_update().filter(pk=kept.pk, runs_out_at__gt=now).first()
    if row is None:
        raise BookingRefused("This time is no longer held: it was taken, given back, or has run out.", stale=True)
    row.delete()


@transaction.atomic
def release(*, hold: Hold, by: Actor, now: datetime) -> None:
    """Give it back before it runs out. Giving back what is gone already changes nothing."""
    row = Hold.objects.select_for_update(of=("self",)).select_related("patient").filter(pk=hold.pk).first()
    if row is not None:
        record("hold_released", row, by=by, now=now)
        row.delete()


def sweep(*, now: datetime, limit: int = 500) -> int:
    """Remove what has run out; how many. Nothing depends on it: whoever asks or books looks past such holds."""
    with transaction.atomic():
        over = Hold.objects.run_out(now).select_for_update(skip_locked=True, of=("self",)).select_related("patient")
        rows = list(over.order_by("runs_out_at", "pk")[:limit])
        for row in rows:
            record("hold_ran_out", row, by=SYSTEM, now=now)
        Hold.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def record(step: str, kept: Hold, *, by: Actor, now: datetime) -> None:
    audit.record(
        f"appointment.{step}",
        by=by,
        now=now,
        subject=kept,
        patient_uid=kept.patient.uid,
        detail={"at": kept.starts_at.isoformat(), "until": kept.runs_out_at.isoformat()},
    )
