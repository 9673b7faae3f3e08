"""The only writer of visits. What is promised, and why it holds: docs/algorithms/booking.md."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from clinic.access import Actor
from clinic.models import Location, Practitioner
from patients import care_team
from patients.models import Joining, Patient
from scheduling import availability, diaries, preflight, reminders
from scheduling.attendance import arrive, complete, complete_charted, no_show, start
from scheduling.availability import Ask, Free
from scheduling.diaries import NothingFree, Places, lock_diaries, once_more_after_deadlock
from scheduling.intervals import Interval
from scheduling.models import Appointment, Room, Service
from scheduling.preflight import Proposal
from scheduling.rules import Finding
from scheduling.states import HOLDS_TIME, UNDO, Side, Status
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
]

#: Called off later than this before its start, a visit counts as called off late.
LATE = timedelta(hours=24)
#: How often another room is tried when one was taken in the same moment.
_TRIES = 6

Rows = dict[tuple[str, int], int]
Write = Callable[[Places, Rows], Appointment]


class _Taken(Exception):
    """The person has a visit then under another of their records: seen under the lock, explained outside."""


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
) -> Appointment:
    """Book a visit: practitioner, room and device, or nothing at all. Raises BookingRefused.

    Without `room` a suitable one is found. `despite` names the warnings that the booker has read (rules.SEVERITY).
    The same `request_key` again returns the visit that it booked before.
    """
    person = patient.survivor
    ends_at = starts_at + timedelta(minutes=minutes or service.minutes)
    proposal = Proposal(person, service, practitioner, location, starts_at, ends_at, intervention)
    if before := _booked_before(request_key, proposal):
        return before
    overruled = _check(proposal, despite=despite, now=now)

    def write(places: Places, rows: Rows) -> Appointment:
        visit = Appointment(
            patient=person,
            intervention=intervention,
            note=note,
            request_key=request_key,
            booked_at=now,
            booked_by=staff(by),
        )
        _fill(visit, proposal, places, now=now)
        visit.save(force_insert=True)
        diaries.claim(visit, proposal, places, rows)
        care_team.join(patient=person, practitioner=practitioner, why=Joining.VISIT, by=by, now=now)
        reminders.plan_for(appointment=visit, now=now)
        record("booked", visit, by=by, now=now, overruled=overruled)
        return visit

    try:
        return _place(proposal, write, room=room, now=now)
    except (BookingRefused, IntegrityError):
        # The same form, sent twice in the same moment: the other one may have got through.
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
) -> Appointment:
    """Give a visit another time or place; what is not said stays. Raises BookingRefused and changes nothing then.

    `version` is the one that the mover saw: if somebody moved it meanwhile, the move is refused. A new time, person
    or location raises the version, takes back a confirmation, voids the reminders and plans new ones.
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
    )
    check_version(appointment, version)
    check_step(appointment, moving=True)
    overruled = _check(proposal, despite=despite, now=now, only=_TIME_RULES)
    before = {"from": appointment.starts_at.isoformat(), "from_practitioner": str(appointment.practitioner.uid)}

    def write(places: Places, rows: Rows) -> Appointment:
        visit = locked(appointment)
        check_version(visit, version or appointment.version)
        check_step(visit, moving=True)
        diaries.give_back(visit)
        matters = (visit.starts_at, visit.ends_at, visit.practitioner_id, visit.location_id) != (
            proposal.starts_at, proposal.ends_at, proposal.practitioner.pk, proposal.location.pk,
        )  # fmt: skip
        _fill(visit, proposal, places, now=now)
        if matters:
            visit.version += 1
            visit.confirmed_at = None
        visit.save()
        diaries.claim(visit, proposal, places, rows)
        if matters:
            # The patient's row is locked before their messages, as everywhere: see docs/algorithms/outbox.md.
            care_team.join(patient=visit.patient, practitioner=visit.practitioner, why=Joining.VISIT, by=by, now=now)
            reminders.void_for(appointment=visit, reason="moved", now=now)
            reminders.plan_for(appointment=visit, now=now)
        record("moved", visit, by=by, now=now, overruled=overruled, **before)
        return visit

    stays = location is None or location == appointment.location
    return _place(proposal, write, room=room, prefer=appointment.room if stays else None, now=now)


def _place(
    proposal: Proposal, write: Write, *, now: datetime, room: Room | None = None, prefer: Room | None = None
) -> Appointment:
    """Choose, queue up, write; when what was merely chosen is taken in the same moment, choose again."""
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                places = diaries.choose(proposal, room=room, prefer=prefer)
                rows = diaries.rows_of(proposal, places)
                lock_diaries(resources=rows.values(), patient=proposal.patient)
                if diaries.other_visits(proposal).exists():
                    raise _Taken
                return write(places, rows)
        except NothingFree as short:
            raise _refused(proposal, str(short), now=now) from None
        except (IntegrityError, _Taken) as error:
            if isinstance(error, IntegrityError) and diaries.taken_by(error) is None:
                raise
            if busy := diaries.who_is_busy(proposal, room=room):
                sentence = " ".join(one.sentence(proposal) for one in busy)
                raise _refused(proposal, sentence, now=now) from None
    raise _refused(proposal, "That time was taken a moment ago.", now=now)


def _refused(proposal: Proposal, sentence: str, *, now: datetime, warnings: Collection[Finding] = ()) -> BookingRefused:
    """With the three nearest free times, the same practitioner's before others'."""
    early = max(now, proposal.starts_at - timedelta(days=3))
    ask = Ask(
        proposal.service,
        proposal.location,
        Interval(early, max(early, proposal.starts_at) + timedelta(days=14)),
        minutes=int((proposal.ends_at - proposal.starts_at).total_seconds()) // 60,
        patient=proposal.patient,
        ignoring=proposal.moving,
    )

    def near() -> list[Free]:
        return availability.nearest(ask, proposal.starts_at, practitioner_id=proposal.practitioner.pk)

    return BookingRefused(sentence, warnings=warnings, look_for=near)


def _fill(visit: Appointment, proposal: Proposal, places: Places, *, now: datetime) -> None:
    visit.service, visit.practitioner, visit.location = proposal.service, proposal.practitioner, proposal.location
    visit.room, visit.device = places.room, places.device
    visit.starts_at, visit.ends_at, visit.changed_at = proposal.starts_at, proposal.ends_at, now


def _booked_before(key: uuid.UUID | None, proposal: Proposal) -> Appointment | None:
    """The visit that this form booked; refuses when the form now asks for something else."""
    before = Appointment.objects.filter(request_key=key).first() if key else None
    if before is None:
        return None
    same = (before.patient_id, before.practitioner_id, before.starts_at) == (
        proposal.patient.pk, proposal.practitioner.pk, proposal.starts_at,
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
) -> Appointment:
    """Call a visit off, by the patient or by the clinic. Its time is free for others at once.

    Calling off what is called off already changes nothing, so a link that is tapped twice is kindly met.
    """
    visit = locked(appointment)
    if visit.status == Status.CANCELLED:
        return visit
    check_version(visit, version)
    check_step(visit, Status.CANCELLED)
    side, reason = Side(side), reason.strip()
    if not reason and side is Side.CLINIC:
        raise BookingRefused("Say why the visit is called off; the patient may ask.")
    diaries.give_back(visit)
    visit.status, visit.changed_at = Status.CANCELLED, now
    visit.cancelled_at, visit.cancelled_by, visit.cancelled_side = now, staff(by), side
    visit.cancelled_late = side is Side.PATIENT and visit.starts_at - now < LATE
    visit.cancel_reason = reason or "By the patient"
    visit.save()
    reminders.void_for(appointment=visit, reason="cancelled", now=now)
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
    proposal = Proposal(
        appointment.patient.survivor,
        appointment.service,
        appointment.practitioner,
        appointment.location,
        appointment.starts_at,
        appointment.ends_at,
        moving=appointment,
    )

    def write(places: Places, rows: Rows) -> Appointment:
        visit = locked(appointment)
        if visit.status != appointment.status:
            raise changed_meanwhile()
        visit.status, visit.changed_at = Status.BOOKED, now
        visit.room, visit.device = places.room, places.device
        visit.cancelled_at = visit.cancelled_by = visit.confirmed_at = None
        visit.cancelled_side, visit.cancel_reason, visit.cancelled_late = "", "", False
        visit.version += 1  # links and messages of before stay dead
        visit.save()
        diaries.claim(visit, proposal, places, rows)
        reminders.plan_for(appointment=visit, now=now)
        record("step_undone", visit, by=by, now=now, was=appointment.status)
        return visit

    return _place(proposal, write, prefer=appointment.room, now=now)


# -- Checks ----------------------------------------------------------------------------------------------


#: What a move is checked for: not the plan's count, which it does not change.
_TIME_RULES = frozenset(f"BOOK-{n:02}" for n in (1, 2, 4, 5, 6, 11, 12, 25, 26))


def _check(
    proposal: Proposal, *, despite: Collection[str], now: datetime, only: Collection[str] | None = None
) -> list[str]:
    """Refuse what blocks, and warnings that nobody has read yet; the rules that were overruled."""
    found = [f for f in preflight.findings(proposal, now=now) if only is None or f.rule in only]
    if blocking := [f for f in found if f.blocks]:
        raise _refused(proposal, " ".join(f.message for f in blocking), now=now)
    if unread := [f for f in found if f.rule not in despite]:
        raise _refused(proposal, " ".join(f.message for f in unread), now=now, warnings=unread)
    return [f.rule for f in found]
