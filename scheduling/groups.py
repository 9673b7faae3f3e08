"""Groups that meet: a session with seats takes practitioner and room; each patient has a visit with a seat in it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clinic import audit, time
from clinic.access import Actor
from clinic.models import Location, Practitioner, User
from patients import care_team
from patients.models import Joining, Patient
from scheduling import booking, diaries, holds, reminders, writing
from scheduling.diaries import Places, Wish, lock_diaries, once_more_after_deadlock
from scheduling.models import Appointment, GroupSession, Hold, Room, Service
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.states import Side
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, record, staff
from treatments.models import Intervention


def open_session(*, starts_at: datetime, **facts: Any) -> GroupSession:
    """One session; see `open_sessions`."""
    return open_sessions(starts_at=[starts_at], **facts)[0]


@once_more_after_deadlock
def open_sessions(
    *,
    service: Service,
    practitioner: Practitioner,
    location: Location,
    starts_at: Sequence[datetime],
    by: User,
    now: datetime,
    seats: int | None = None,
    minutes: int | None = None,
    room: Room | None = None,
    despite: Collection[str] = (),
) -> list[GroupSession]:
    """Sessions of a group, each with practitioner, room and device; all of them or none. Raises BookingRefused."""
    if not service.is_group:
        raise BookingRefused(f"{service.name} is for one patient at a time, not for a group.")
    count = seats or service.seats
    if not 1 <= count <= 50:
        raise BookingRefused("A group has one to fifty seats.")
    length = timedelta(minutes=minutes or service.minutes)
    proposals = [Proposal(None, service, practitioner, location, at, at + length) for at in starts_at]
    overruled = [_check(proposal, len(proposals), despite=despite, now=now) for proposal in proposals]

    def write(places: list[Places], _: Turn) -> list[GroupSession]:
        return [
            _write(proposal, where, seats=count, overruled=read, by=by, now=now)
            for proposal, where, read in zip(proposals, places, overruled, strict=True)
        ]

    return place([Wish(proposal, room=room) for proposal in proposals], write, now=now)


def _check(proposal: Proposal, of: int, *, despite: Collection[str], now: datetime) -> list[str]:
    """As any visit is checked; of several the refusal says which day it speaks of."""
    try:
        return writing.check(proposal, despite=despite, now=now)
    except BookingRefused as why:
        if of == 1:
            raise
        day = time.local_day(proposal.starts_at, proposal.location.tz)
        raise BookingRefused(f"{day:%a} {day.day} {day:%b}: {why}", warnings=why.warnings) from None


def _write(
    proposal: Proposal, places: Places, *, seats: int, overruled: list[str], by: User, now: datetime
) -> GroupSession:
    session = GroupSession.objects.create(
        service=proposal.service,
        practitioner=proposal.practitioner,
        location=proposal.location,
        room=places.room,
        device=places.device,
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
        seats=seats,
        created_at=now,
        created_by=by,
        changed_at=now,
    )
    diaries.claim(session, places)
    record_step("opened", session, by=by, now=now, seats=seats, overruled=overruled)
    return session


@once_more_after_deadlock
def join(
    *,
    session: GroupSession,
    patient: Patient,
    by: Actor,
    now: datetime,
    intervention: Intervention | None = None,
    note: str = "",
    request_key: uuid.UUID | None = None,
    despite: Collection[str] = (),
    hold: Hold | None = None,
) -> Appointment:
    """A visit with a seat in the session: with messages, care team and rules like any other. Raises BookingRefused.

    The same `request_key` again returns the visit that it booked before. `hold` keeps a seat, and ends with it.
    """
    person = patient.survivor
    if before := _joined_before(request_key, session, person):
        return before
    proposal = Proposal(
        person, session.service, session.practitioner, session.location, session.starts_at, session.ends_at,
        intervention,
    )  # fmt: skip
    overruled = writing.check(proposal, despite=despite, now=now)
    try:
        with transaction.atomic():
            # As every verb: the patient's diary first, then rows.
            lock_diaries(resources=[], patients=[person])
            group = GroupSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
            if group.is_called_off:
                raise BookingRefused("This session was called off.")
            if busy := diaries.other_visits(proposal).first():
                raise BookingRefused(diaries.Busy("patient", person.display_name, busy.ends_at).sentence(proposal))
            if hold is not None:
                holds.end(hold, now=now)
            visit = Appointment(
                patient=person, intervention=intervention, note=note, request_key=request_key,
                session=group, seat=hold.seat if hold else free_seat(group, now=now),
                booked_at=now, booked_by=staff(by),
            )  # fmt: skip
            writing.fill(visit, proposal, Places(group.room, group.device), now=now)
            visit.save(force_insert=True)
            GroupSession.objects.filter(pk=group.pk).update(changed_at=now)
            care_team.join(patient=person, practitioner=visit.practitioner, why=Joining.VISIT, by=by, now=now)
            reminders.plan_for(appointment=visit, now=now)
            record("booked", visit, by=by, now=now, overruled=overruled, session=str(group.uid))
            return visit
    except IntegrityError:
        if twin := _joined_before(request_key, session, person):
            return twin
        raise


def free_seat(session: GroupSession, *, now: datetime) -> int:
    """The lowest seat that is neither taken nor kept; the session is locked. Raises BookingRefused when it is full."""
    taken = seats_taken(session, now=now)
    for seat in range(1, session.seats + 1):
        if seat not in taken:
            return seat
    raise BookingRefused(f"All {session.seats} seats of this session are taken.")


def seats_taken(session: GroupSession, *, now: datetime) -> set[int]:
    """By visits, and by holds that stand."""
    visits = Appointment.objects.holding_time().filter(session=session).values_list("seat", flat=True)
    kept = Hold.objects.kept(now).filter(session=session).values_list("seat", flat=True)
    return {seat for seat in (*visits, *kept) if seat}


def _joined_before(key: uuid.UUID | None, session: GroupSession, person: Patient) -> Appointment | None:
    before = Appointment.objects.filter(request_key=key).first() if key else None
    if before is None:
        return None
    if (before.patient_id, before.session_id) != (person.pk, session.pk):
        raise BookingRefused("This form has already booked a visit. Open a new one to book another.", stale=True)
    return before


@transaction.atomic
def set_seats(*, session: GroupSession, seats: int, by: User, now: datetime) -> GroupSession:
    """More or fewer seats; never fewer than are taken."""
    group = GroupSession.objects.select_for_update(of=("self",)).for_page().get(pk=session.pk)
    highest = max(seats_taken(group, now=now), default=0)
    if not max(1, highest) <= seats <= 50:
        raise BookingRefused(f"A group has one to fifty seats, and seat {highest} is taken." if highest else
                             "A group has one to fifty seats.")  # fmt: skip
    group.seats, group.changed_at = seats, now
    group.save(update_fields=["seats", "changed_at"])
    record_step("seats_set", group, by=by, now=now, seats=seats)
    return group


@once_more_after_deadlock
@transaction.atomic
def call_off(*, session: GroupSession, reason: str, by: User, now: datetime) -> GroupSession:
    """The session does not take place: every visit that has not begun is called off by the clinic, in one go."""
    if not reason.strip():
        raise BookingRefused("Say why the session is called off; the patients may ask.")
    group = GroupSession.objects.select_for_update(of=("self",)).for_page().get(pk=session.pk)
    if group.is_called_off:
        return group
    visits = list(Appointment.objects.active().filter(session=group).for_verb().order_by("patient_id", "pk"))
    if any(not visit.can_be_moved for visit in visits):
        raise BookingRefused("The session is under way.")
    for visit in visits:
        booking.cancel(appointment=visit, side=Side.CLINIC, reason=reason, by=by, now=now)
    diaries.give_back(group)
    group.called_off_at, group.called_off_by, group.call_off_reason = now, by, reason.strip()[:200]
    group.changed_at = now
    group.save()
    record_step("called_off", group, by=by, now=now, reason=group.call_off_reason, visits=len(visits))
    return group


def record_step(
    step: str, session: GroupSession, *, by: Actor, now: datetime, reason: str = "", **facts: object
) -> None:
    detail = {"at": session.starts_at.isoformat(), **facts}
    audit.record(f"group_session.{step}", by=by, now=now, subject=session, reason=reason, detail=detail)
