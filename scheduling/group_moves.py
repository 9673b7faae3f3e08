"""Moving a group's session with everybody who has a seat in it, and taking that back.

What is promised: docs/adr/0053-a-group-moves-as-one.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from clinic import messaging
from clinic.access import Actor
from clinic.models import Practitioner, User
from scheduling import diaries, groups, moves, placing, reminders, writing
from scheduling.availability import Free
from scheduling.diaries import Busy, Places, Wish, once_more_after_deadlock
from scheduling.intervals import Interval
from scheduling.models import Appointment, GroupSession, Hold, LastMove, Room
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.turns import Turn
from scheduling.visits import BookingRefused

#: Of so many free times near the wish those are offered at which nobody who has a seat is elsewhere.
_CANDIDATES = 60


@once_more_after_deadlock
def move(
    *,
    session: GroupSession,
    by: Actor,
    now: datetime,
    starts_at: datetime | None = None,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    minutes: int | None = None,
    version: int | None = None,
    despite: Collection[str] = (),
) -> GroupSession:
    """Give a session another time or place, and each visit in it; what is not said stays. All of it or nothing.

    Raises BookingRefused: practitioner, room or device are taken, or somebody who has a seat is elsewhere then. Seats
    stay whose they are. Each patient is told once, when a few minutes are over.
    """
    seen = _Seen.of(session, version or session.version, now=now)
    start = starts_at or session.starts_at
    length = timedelta(minutes=minutes) if minutes else session.ends_at - session.starts_at
    proposal = Proposal(
        None, session.service, practitioner or session.practitioner, session.location, start, start + length,
        meeting=session,
    )  # fmt: skip
    before: dict[str, Any] = {
        "from": session.starts_at.isoformat(),
        "from_practitioner": str(session.practitioner.uid),
    }

    def write(places: list[Places], _: Turn) -> GroupSession:
        group, visits = _locked(seen, proposal, now=now)
        where = _settle(group, proposal, places[0], now=now)
        for visit in visits:
            to = replace(proposal, patient=visit.patient, intervention=visit.intervention)
            writing.moved_visit(visit, to, where, by=by, now=now, overruled=(), session=str(group.uid), **before)
        groups.record_step("moved", group, by=by, now=now, visits=len(visits), overruled=overruled, **before)
        return group

    wish = Wish(proposal, room=room, prefer=session.room)
    try:
        overruled = writing.check(proposal, despite=despite, now=now, only=writing.TIME_RULES)
        _check_guests(seen, proposal)
        return place([wish], write, now=now, guests=[visit.patient for visit in seen.visits])
    except BookingRefused as refusal:
        if refusal.stale:
            raise
        raise _with_times_for_all(seen, proposal, refusal, now=now) from None


@once_more_after_deadlock
def undo_move(*, session: GroupSession, by: User, now: datetime, version: int | None = None) -> GroupSession:
    """Put a session and every visit in it back where they were before its last move. Raises BookingRefused.

    As `booking.undo_move` does for one visit, while nobody has been told and nothing has happened to any of them.
    """
    seen = _Seen.of(session, version or session.version, now=now)
    former = check_can_undo(session, seen.visits, now=now)
    back = next(iter(former.values()))
    proposal = Proposal(
        None, session.service, back.practitioner, back.location, back.starts_at, back.ends_at, meeting=session
    )
    _check_guests(seen, proposal)

    def write(places: list[Places], _: Turn) -> GroupSession:
        group, visits = _locked(seen, proposal, now=now)
        check_can_undo(group, visits, now=now)
        where = _settle(group, proposal, places[0], now=now)
        for visit in visits:
            moves.put_back(visit, former[visit.pk], where, by=by, now=now)
        groups.record_step("move_undone", group, by=by, now=now, visits=len(visits))
        return group

    wish = Wish(proposal, room=back.room, device=back.device)
    try:
        return place([wish], write, now=now, guests=[visit.patient for visit in seen.visits])
    except messaging.AlreadyTold:
        raise BookingRefused(
            "A patient has been told of the new time already. Move the session again instead."
        ) from None
    except BookingRefused as refusal:
        if refusal.stale:
            raise
        raise BookingRefused(f"It cannot go back. {refusal}") from None


def check_can_undo(session: GroupSession, visits: Sequence[Appointment], *, now: datetime) -> dict[int, LastMove]:
    """Where each visit was before; that is where the session was. Raises BookingRefused when it cannot go back."""
    rows = LastMove.objects.select_related("practitioner__user", "location", "room", "device")
    former = {place.appointment_id: place for place in rows.filter(appointment__in=visits)}
    if not former:
        raise BookingRefused("There is no move to take back: nobody has a seat who would be told of it.")
    for visit in visits:
        place_before = former.get(visit.pk)
        if place_before is None or place_before.moved_at != session.changed_at:
            raise _changed()
        moves.check_can_undo(visit, place_before, now=now)
    return former


def can_undo(session: GroupSession, *, now: datetime) -> bool:
    """Whether the session was moved a moment ago with somebody in it, and nothing has happened to it since."""
    if now >= session.changed_at + reminders.SECOND_THOUGHTS:
        return False
    try:
        seen = _Seen.of(session, session.version, now=now)
        check_can_undo(session, seen.visits, now=now)
    except BookingRefused:
        return False
    return True


def elsewhere(session: GroupSession, start: datetime, end: datetime) -> AppointmentQuerySet:
    """Other visits then of those who have a seat, under whichever record of theirs."""
    people = {visit.patient.root_id for visit in _visits(session)}
    others = Appointment.objects.holding_time().within(start, end).exclude(session=session)
    theirs = Q(patient__in=people) | Q(patient__merged_into__in=people)
    return others.filter(theirs).select_related("patient__merged_into").order_by(F("ends_at").desc())


# -- What is shared ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """The session as the mover saw it, and who has a seat in it."""

    session: GroupSession
    version: int
    visits: list[Appointment]

    @classmethod
    def of(cls, session: GroupSession, version: int, *, now: datetime) -> _Seen:
        visits = _visits(session)
        _check(session, visits, version, now=now)
        return cls(session, version, visits)


def _visits(session: GroupSession) -> list[Appointment]:
    """All that hold a seat, in the order in which they are locked."""
    return list(Appointment.objects.holding_time().filter(session=session).for_verb().order_by("pk"))


def _check(session: GroupSession, visits: Sequence[Appointment], version: int, *, now: datetime) -> None:
    if session.is_called_off:
        raise BookingRefused("This session was called off.")
    if session.version != version:
        raise _changed()
    if session.starts_at <= now or any(not visit.can_be_moved for visit in visits):
        raise BookingRefused("The session is under way.")
    if Hold.objects.kept(now).filter(session=session).exists():
        raise BookingRefused("A seat is kept for somebody who was asked. Move the session when they have answered.")


def _changed() -> BookingRefused:
    return BookingRefused(
        "Somebody changed this session a moment ago. Look at it as it is now, then decide.", stale=True
    )


def _check_guests(seen: _Seen, proposal: Proposal) -> None:
    """Nobody who has a seat is anywhere else then."""
    busy: dict[int, Busy] = {}
    for other in elsewhere(seen.session, proposal.starts_at, proposal.ends_at):
        person = other.patient.survivor
        busy.setdefault(person.pk, Busy("patient", person.display_name, other.ends_at))
    if busy:
        raise BookingRefused(" ".join(one.sentence(proposal) for one in busy.values()))


def _with_times_for_all(seen: _Seen, proposal: Proposal, refusal: BookingRefused, *, now: datetime) -> BookingRefused:
    """The same refusal, with times at which nobody who has a seat is elsewhere."""

    def near() -> list[Free]:
        found = placing.near(proposal, now=now, count=_CANDIDATES)
        if not found:
            return []
        reach = min(free.starts_at for free in found), max(free.ends_at for free in found)
        taken = [Interval(*span) for span in elsewhere(seen.session, *reach).values_list("starts_at", "ends_at")]
        suits = [free for free in found if not any(Interval(free.starts_at, free.ends_at).overlaps(t) for t in taken)]
        return suits[:3]

    return BookingRefused(str(refusal), warnings=refusal.warnings, look_for=near)


def _locked(seen: _Seen, proposal: Proposal, *, now: datetime) -> tuple[GroupSession, list[Appointment]]:
    """Session and visits as they are now, until the end of the transaction; the diaries are locked."""
    group = GroupSession.objects.select_for_update(of=("self",)).for_page().get(pk=seen.session.pk)
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",)).filter(session=group).order_by("pk")
    visits = [visit for visit in rows.for_verb() if visit.holds_time]
    _check(group, visits, seen.version, now=now)
    _check_guests(seen, proposal)
    over = Hold.objects.run_out(now).filter(session=group).select_for_update().order_by("pk")
    Hold.objects.filter(pk__in=[one.pk for one in over]).delete()
    return group, visits


def _settle(group: GroupSession, proposal: Proposal, places: Places, *, now: datetime) -> Places:
    """The session in its new place; where the visits in it are then, which claim nothing themselves."""
    diaries.give_back(group)
    group.practitioner, group.room, group.device = proposal.practitioner, places.room, places.device
    group.starts_at, group.ends_at, group.changed_at = proposal.starts_at, proposal.ends_at, now
    group.save()
    diaries.claim(group, places)
    return Places(places.room, places.device)
