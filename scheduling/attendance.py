"""How a visit goes on the day: here, in session, held, or not come. Called as `booking.arrive(...)` and so on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from clinic import time
from clinic.access import SYSTEM, Actor
from scheduling import diaries, reminders
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.visits import BookingRefused, check_step, locked, record
from treatments.models import SessionNote


def arrive(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The patient is here and waits."""
    return _step(appointment, Status.ARRIVED, by=by, now=now, arrived_at=now)


def start(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The session begins."""
    return _step(appointment, Status.IN_SESSION, by=by, now=now, started_at=now)


def complete(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The session was held."""
    return _step(appointment, Status.COMPLETED, by=by, now=now, completed_at=now)


@transaction.atomic
def no_show(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The patient did not come. What is left of the time is free for others."""
    visit = locked(appointment)
    if visit.status == Status.NO_SHOW:
        return visit
    if now < visit.starts_at:
        raise BookingRefused("The visit has not begun yet: the patient may still come.")
    check_step(visit, Status.NO_SHOW)
    diaries.give_back(visit)
    visit.status, visit.changed_at = Status.NO_SHOW, now
    visit.save(update_fields=["status", "changed_at"])
    reminders.void_for(appointment=visit, reason="over", now=now)
    record("no_show", visit, by=by, now=now)
    return visit


def complete_charted(*, now: datetime, limit: int = 200) -> int:
    """A visit whose note is signed was held: say so. Found again by whoever asks, so nothing depends on the asking."""
    signed = SessionNote.objects.signed().filter(visit_uid__isnull=False, signed_at__gt=now - timedelta(days=30))
    held = Appointment.objects.active().filter(uid__in=signed.values("visit_uid"))
    done = 0
    for visit in held.order_by("pk")[:limit]:
        complete(appointment=visit, by=SYSTEM, now=now)
        done += 1
    return done


@transaction.atomic
def _step(appointment: Appointment, to: Status, *, by: Actor, now: datetime, **at: datetime) -> Appointment:
    """One step of the day. A click that comes twice changes nothing."""
    visit = locked(appointment)
    if visit.status == to:
        return visit
    check_step(visit, to)
    day, today = (time.local_day(x, visit.location.tz) for x in (visit.starts_at, now))
    if day > today:
        raise BookingRefused(f"This visit is on {day:%a} {day.day} {day:%b}, not today.")
    visit.status, visit.changed_at = to, now
    for name, instant in at.items():
        setattr(visit, name, instant)
    visit.save(update_fields=["status", "changed_at", *at])
    record(to, visit, by=by, now=now)
    return visit
