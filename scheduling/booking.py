"""The only writer of visits. What is promised, and why it holds: docs/algorithms/booking.md."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clinic.access import Actor
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import diaries, holds, notices, reminders, writing
from scheduling.attendance import arrive, complete, complete_charted, no_show, start
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, Hold, Room, Service
from scheduling.moves import undo_move
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.states import HOLDS_TIME, UNDO, Side, Status
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, changed_meanwhile, check_step, check_version, locked, record, staff
from treatments.models import Intervention, SessionNote

__all__ = [
    "BookingRefused",
    "arrive",
    "book",
    "cancel",
    "complete",
    "complete_charted",
    "confirm",
    "move",
    "no_show",
    "start",
    "undo",
    "undo_move",
]

#: Called off later than this before its start, a visit counts as called off late.
LATE = timedelta(hours=24)

# -- Book and move ---------------------------------------------------------------------------------------


@once_more_after_deadlock
def book(
    *,
    patient: Patient,
    service: Service,
    practitioner: Practitioner,
    location: Location,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    minutes: int | None = None,
    room: Room | None = None,
    intervention: Intervention | None = None,
    note: str = "",
    request_key: uuid.UUID | None = None,
    despite: Collection[str] = (),
    overbook: str = "",
    hold: Hold | None = None,
) -> Appointment:
    """Book a visit: practitioner, room and device, or nothing at all. Raises BookingRefused.

    Without `room` a suitable one is found. `despite` names the warnings that the booker has read (rules.SEVERITY).
    The same `request_key` again returns the visit that it booked before. `overbook` is the reason for which the
    visit may be squeezed in on top of another. `hold` is the patient's own, which ends with the booking.
    """
    person = patient.survivor
    ends_at = starts_at + timedelta(minutes=minutes or service.minutes)
    proposal = Proposal(person, service, practitioner, location, starts_at, ends_at, intervention, taking=hold)
    if service.is_group:
        raise BookingRefused("This is a group: choose one of its sessions.")
    squeeze = writing.may_squeeze(overbook, by=by)

    def write(places: list[Places], turn: Turn) -> Appointment:
        if hold is not None:
            holds.end(hold, now=now)
        visit = Appointment(patient=person, intervention=intervention, note=note, request_key=request_key)
        return writing.new_visit(
            visit, proposal, places[0], turn, by=by, now=now, overbook=overbook, overruled=overruled
        )

    try:
        overruled = writing.check(proposal, despite=despite, now=now)
        return place([Wish(proposal, room=room, squeeze=squeeze)], write, now=now, anew=hold is None)
    except (BookingRefused, IntegrityError):
        # The same form sent again, be it in the same moment: it finds its own visit in the way, or its key taken.
        if twin := _booked_before(request_key, proposal):
            return twin
        raise


@once_more_after_deadlock
def move(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    starts_at: datetime | None = None,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    room: Room | None = None,
    minutes: int | None = None,
    version: int | None = None,
    despite: Collection[str] = (),
    overbook: str = "",
    hold: Hold | None = None,
) -> Appointment:
    """Give a visit another time or place; what is not said stays. Raises BookingRefused and changes nothing then.

    `version` is the one that the mover saw: if somebody moved it meanwhile, the move is refused. A new time, person
    or location raises the version, takes back a confirmation, voids the reminders and plans new ones. For a few
    minutes nobody is told, and `undo_move` puts the visit back. `hold` keeps the new place, and ends with the move.
    """
    length = timedelta(minutes=minutes) if minutes else appointment.ends_at - appointment.starts_at
    start = starts_at or appointment.starts_at
    proposal = Proposal(
        appointment.patient.survivor,
        appointment.service,
        practitioner or appointment.practitioner,
        location or appointment.location,
        start,
        start + length,
        appointment.intervention,
        moving=appointment,
        taking=hold,
    )
    check_version(appointment, version)
    check_step(appointment, moving=True)
    if appointment.session_id is not None:
        raise BookingRefused("This is a place in a group. Call it off and choose another session.")
    squeeze = writing.may_squeeze(overbook, by=by)
    overruled = writing.check(proposal, despite=despite, now=now, only=writing.TIME_RULES)
    before: dict[str, Any] = {
        "from": appointment.starts_at.isoformat(),
        "from_practitioner": str(appointment.practitioner.uid),
    }

    def write(places: list[Places], _: Turn) -> Appointment:
        visit = locked(appointment)
        check_version(visit, version or appointment.version)
        check_step(visit, moving=True)
        if hold is not None:
            holds.end(hold, now=now)
        diaries.give_back(visit)
        return writing.moved_visit(
            visit, proposal, places[0], by=by, now=now, overbook=overbook, overruled=overruled, **before
        )

    stays = location is None or location == appointment.location
    wish = Wish(proposal, room=room, prefer=appointment.room if stays else None, squeeze=squeeze)
    return place([wish], write, now=now)


def _booked_before(key: uuid.UUID | None, proposal: Proposal) -> Appointment | None:
    """The visit that this form booked; refuses when the form now asks for something else."""
    before = Appointment.objects.filter(request_key=key).first() if key else None
    if before is None:
        return None
    same = (before.patient_id, before.practitioner_id, before.starts_at) == (
        proposal.patient and proposal.patient.pk, proposal.practitioner.pk, proposal.starts_at,
    )  # fmt: skip
    if not same:
        raise BookingRefused("This form has already booked a visit. Open a new one to book another.", stale=True)
    return before


# -- Confirm and call off --------------------------------------------------------------------------------


@transaction.atomic
def confirm(*, appointment: Appointment, by: Actor, now: datetime, version: int | None = None) -> Appointment:
    """The patient says they will come. Saying it twice changes nothing."""
    visit = locked(appointment)
    check_version(visit, version)
    if visit.confirmed_at is not None and visit.is_active:
        return visit
    if visit.status != Status.BOOKED:
        raise BookingRefused(f"This visit can no longer be confirmed: it is {visit.get_status_display().lower()}.")
    if visit.ends_at <= now:
        raise BookingRefused("This visit is over.")
    visit.confirmed_at = visit.changed_at = now
    visit.save(update_fields=["confirmed_at", "changed_at"])
    record("confirmed", visit, by=by, now=now)
    return visit


@transaction.atomic
def cancel(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    side: str = Side.CLINIC,
    reason: str = "",
    version: int | None = None,
    tell: bool = True,
) -> Appointment:
    """Call a visit off, by the patient or by the clinic. Its time is free for others at once.

    When the clinic does it the patient is told, unless they know already (`tell=False`). Calling off what is called
    off already changes nothing, so a link that is tapped twice is kindly met.
    """
    visit = locked(appointment)
    if visit.status == Status.CANCELLED:
        return visit
    check_version(visit, version)
    check_step(visit, Status.CANCELLED)
    side, reason, awaited = Side(side), reason.strip(), visit.status == Status.BOOKED and visit.ends_at > now
    if not reason and side is Side.CLINIC:
        raise BookingRefused("Say why the visit is called off; the patient may ask.")
    diaries.give_back(visit)
    visit.status, visit.changed_at = Status.CANCELLED, now
    visit.cancelled_at, visit.cancelled_by, visit.cancelled_side = now, staff(by), side
    visit.cancelled_late = side is Side.PATIENT and visit.starts_at - now < LATE
    visit.cancel_reason = reason or "By the patient"
    visit.save()
    reminders.void_for(appointment=visit, reason="cancelled", now=now)
    if tell and side is Side.CLINIC and awaited:
        notices.tell([notices.Change(visit, visit.starts_at)], by=by, now=now)
    record("cancelled", visit, by=by, now=now, reason=visit.cancel_reason, side=side, late=visit.cancelled_late)
    return visit


# -- Take back -------------------------------------------------------------------------------------------


@once_more_after_deadlock
def undo(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Take back the last step, where the world allows: a signed note stands, and a time given away may be taken."""
    back = UNDO[Status(appointment.status)]
    if back is None:
        raise BookingRefused("There is nothing to take back.")
    if appointment.status not in HOLDS_TIME:
        return _take_up_again(appointment, by=by, now=now)
    with transaction.atomic():
        visit = locked(appointment)
        if visit.status != appointment.status:
            raise changed_meanwhile()
        if visit.status == Status.COMPLETED and SessionNote.objects.signed().filter(visit_uid=visit.uid).exists():
            raise BookingRefused("The note of this visit is signed, so it was held.")
        here_since = visit.arrived_at or visit.started_at or visit.starts_at
        visit.arrived_at = here_since if back is Status.ARRIVED else None
        visit.started_at = visit.completed_at = None
        visit.status, visit.changed_at = back, now
        visit.save()
        record("step_undone", visit, by=by, now=now, was=appointment.status)
        return visit


def _take_up_again(appointment: Appointment, *, by: Actor, now: datetime) -> Appointment:
    """A visit that was called off or missed takes its time again, if it is still free."""
    if appointment.ends_at <= now:
        raise BookingRefused("Its time is over. Book a new visit instead.")
    if appointment.session_id is not None:
        raise BookingRefused("Its seat in the group was given back. Book a place in the session anew.")
    proposal = Proposal(
        appointment.patient.survivor,
        appointment.service,
        appointment.practitioner,
        appointment.location,
        appointment.starts_at,
        appointment.ends_at,
        moving=appointment,
    )

    def write(places: list[Places], _: Turn) -> Appointment:
        visit = locked(appointment)
        if visit.status != appointment.status:
            raise changed_meanwhile()
        visit.status, visit.changed_at, visit.overbook_reason = Status.BOOKED, now, ""
        visit.room, visit.device = places[0].room, places[0].device
        visit.cancelled_at = visit.cancelled_by = visit.confirmed_at = None
        visit.cancelled_side, visit.cancel_reason, visit.cancelled_late = "", "", False
        visit.version += 1  # links and messages of before stay dead
        visit.save()
        diaries.claim(visit, places[0])
        # A message that it was called off may still wait.
        reminders.void_for(appointment=visit, reason="taken_back", now=now)
        reminders.plan_for(appointment=visit, now=now)
        record("step_undone", visit, by=by, now=now, was=appointment.status)
        return visit

    return place([Wish(proposal, prefer=appointment.room)], write, now=now)
