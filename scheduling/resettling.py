"""Give touched visits their new places, all in one transaction, and tell each patient once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clinic.models import Practitioner, User
from scheduling import booking, diaries, groups, notices, preflight, writing
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, Displacement, GroupSession, LastMove
from scheduling.notices import Change
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.states import Side
from scheduling.touched import Cause
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, check_step, check_version, locked

MOVED, CALLED_OFF = Displacement.Outcome.MOVED, Displacement.Outcome.CALLED_OFF


@dataclass(frozen=True)
class Move:
    """A visit, and the place that was accepted for it."""

    visit: Appointment
    practitioner: Practitioner
    starts_at: datetime


@dataclass(frozen=True)
class Decisions:
    """What the desk decided about touched visits; each visit is read as the desk saw it."""

    moves: Sequence[Move] = ()
    off: Sequence[Appointment] = ()
    calls: Sequence[Appointment] = ()
    sessions_off: Sequence[GroupSession] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.moves or self.off or self.calls or self.sessions_off)


@once_more_after_deadlock
def settle(*, cause: Cause, decisions: Decisions, by: User, now: datetime) -> None:
    """Move, call off and leave on the desk what was decided: all of it or nothing. Raises BookingRefused.

    Each patient gets one message about all that changed for them; whom none reaches is left on the desk to be called.
    """
    if decisions.is_empty:
        raise BookingRefused("Nothing is chosen yet.")
    proposals = [_proposal(move) for move in decisions.moves]
    _check_apart(proposals)
    overruled = [_check(proposal, now=now) for proposal in proposals]

    def write(places: list[Places], _: Turn) -> None:
        moves = list(zip(decisions.moves, proposals, places, overruled, strict=True))
        changes = _lock_and_give_back(decisions)
        was = {
            pk: {"from": change.was_at.isoformat(), "from_practitioner": str(change.visit.practitioner.uid)}
            for pk, change in changes.items()
        }
        for move, proposal, where, read in sorted(moves, key=lambda one: (one[0].visit.patient_id, one[0].visit.pk)):
            change = changes[move.visit.pk]
            visit = writing.moved_visit(
                change.visit, proposal, where, by=by, now=now, overruled=read, tell=False,
                because=str(cause.of.uid), **was[move.visit.pk],
            )  # fmt: skip
            _note(cause, visit, MOVED, change.was_at, by=by, now=now)
            changes[visit.pk] = Change(visit, change.was_at)
        off = {visit.pk: visit for visit in [*decisions.off, *_visits_of(decisions.sessions_off)]}
        for seen in sorted(off.values(), key=lambda visit: (visit.patient_id, visit.pk)):
            visit = booking.cancel(
                appointment=seen,
                side=Side.CLINIC,
                reason=cause.reason,
                version=seen.version,
                tell=False,
                by=by,
                now=now,
            )
            _note(cause, visit, CALLED_OFF, visit.starts_at, by=by, now=now)
            changes[visit.pk] = Change(visit, visit.starts_at)
        for session in decisions.sessions_off:
            groups.call_off(session=session, reason=cause.reason, by=by, now=now)
        # Told in one message with others, a single move is no longer taken back by itself.
        LastMove.objects.filter(appointment__in=[move.visit.pk for move in decisions.moves]).delete()
        notices.tell(list(changes.values()), by=by, now=now)
        for visit in decisions.calls:
            notices.ask_to_call(visit, visit.patient.survivor, _words(cause, visit), by=by, now=now)

    wishes = [_wish(move, proposal) for move, proposal in zip(decisions.moves, proposals, strict=True)]
    try:
        place(wishes, write, now=now)
    except BookingRefused as refusal:
        raise named(refusal) from None


def _visits_of(sessions: Sequence[GroupSession]) -> list[Appointment]:
    """Who would come, with the sessions locked so that nobody joins meanwhile."""
    for session in sorted(sessions, key=lambda one: one.pk):
        GroupSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    return list(Appointment.objects.active().filter(session__in=sessions).for_verb())


def _proposal(move: Move) -> Proposal:
    visit = move.visit
    check_step(visit, moving=True)
    return Proposal(
        visit.patient.survivor, visit.service, move.practitioner, visit.location,
        move.starts_at, move.starts_at + (visit.ends_at - visit.starts_at), visit.intervention, moving=visit,
    )  # fmt: skip


def _wish(move: Move, proposal: Proposal) -> Wish:
    return Wish(proposal, prefer=move.visit.room)


def _check_apart(proposals: Sequence[Proposal]) -> None:
    """Two of the chosen places may need the same person at the same time: say which."""
    for one, other in itertools.combinations(proposals, 2):
        if not (one.starts_at < other.ends_at and other.starts_at < one.ends_at):
            continue
        names = [p.patient.display_name for p in (one, other) if p.patient]
        if one.practitioner == other.practitioner:
            who = one.practitioner.user.name
            raise BookingRefused(f"{names[0]} and {names[1]} cannot both be with {who} then. Choose again for one.")
        if one.patient == other.patient:
            raise BookingRefused(f"Two visits of {names[0]} would overlap. Choose again for one.")


def _check(proposal: Proposal, *, now: datetime) -> list[str]:
    """What speaks against the new place; a warning that the old place had as well was read when it was booked."""
    try:
        return writing.check(proposal, despite=(), now=now, only=writing.TIME_RULES)
    except BookingRefused as refusal:
        visit, new = proposal.moving, {finding.rule for finding in refusal.warnings}
        assert visit is not None
        old = replace(proposal, practitioner=visit.practitioner, starts_at=visit.starts_at, ends_at=visit.ends_at)
        if not new or not new <= {finding.rule for finding in preflight.findings(old, now=now)}:
            raise named(refusal) from None
        return writing.check(proposal, despite=new, now=now, only=writing.TIME_RULES)


def named(refusal: BookingRefused) -> BookingRefused:
    """Of several visits, whose it is that stands in the way."""
    if not refusal.whose:
        return refusal
    return BookingRefused(f"{refusal.whose}: {refusal}", stale=refusal.stale)


def _lock_and_give_back(decisions: Decisions) -> dict[int, Change]:
    """Every visit that changes, reread under its lock in one order, as it was when the desk looked."""
    seen = [*(move.visit for move in decisions.moves), *decisions.off]
    moved = {move.visit.pk for move in decisions.moves}
    changes = {}
    for before in sorted(seen, key=lambda visit: visit.pk):
        visit = locked(before)
        try:
            check_version(visit, before.version)
            check_step(visit, moving=True)
        except BookingRefused as refusal:
            raise BookingRefused(f"{visit.patient.display_name}: {refusal}", stale=True) from None
        if visit.pk in moved:
            diaries.give_back(visit)
        changes[visit.pk] = Change(visit, visit.starts_at)
    return changes


def _note(cause: Cause, visit: Appointment, outcome: str, was_at: datetime, *, by: User, now: datetime) -> None:
    whose: dict[str, Any] = {"absence" if cause.is_absence else "closure": cause.of, "appointment": visit}
    facts = {"outcome": outcome, "was_at": was_at, "settled_at": now, "settled_by": by}
    Displacement.objects.update_or_create(**whose, defaults=facts)


def _words(cause: Cause, visit: Appointment) -> str:
    return f"{cause.reason}: find another time for {visit.service.name} with {visit.practitioner.user.name}."
