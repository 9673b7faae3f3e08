"""What booking, moving and their kin write, once the place is chosen and the locks are held."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from clinic import access, audit
from clinic.access import Actor, Can
from clinic.rows import insert
from patients import care_team
from patients.models import Joining
from scheduling import diaries, moves, preflight, reminders
from scheduling.diaries import Places
from scheduling.models import Appointment
from scheduling.placing import refused
from scheduling.preflight import Proposal
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, event, record, staff

#: What a move is checked for: not the plan's count, which it does not change.
TIME_RULES = frozenset(f"BOOK-{n:02}" for n in (1, 2, 4, 5, 6, 11, 12, 25, 26))


def check(
    proposal: Proposal, *, despite: Collection[str], now: datetime, only: Collection[str] | None = None
) -> list[str]:
    """Refuse what blocks, and warnings that nobody has read yet; the rules that were overruled."""
    found = [f for f in preflight.findings(proposal, now=now) if only is None or f.rule in only]
    if blocking := [f for f in found if f.blocks]:
        raise refused(proposal, " ".join(f.message for f in blocking), now=now)
    if unread := [f for f in found if f.rule not in despite]:
        raise refused(proposal, " ".join(f.message for f in unread), now=now, warnings=unread)
    return [f.rule for f in found]


def may_squeeze(reason: str, *, by: Actor) -> bool:
    """Whether a visit may be booked on top of another: for those who are allowed to, with a reason."""
    if not reason.strip():
        return False
    if not access.allows(by, Can.OVERBOOK):
        raise BookingRefused("You may not overbook. Ask the front desk.")
    return True


def new_visit(
    visit: Appointment,
    proposal: Proposal,
    places: Places,
    turn: Turn,
    *,
    by: Actor,
    now: datetime,
    overruled: Collection[str],
    overbook: str = "",
    confirm: bool = True,
    besides: Sequence[datetime] = (),
    parts: Sequence[Appointment] = (),
) -> Appointment:
    """A new visit with all that belongs to it; the locks are held.

    The confirmation names those `besides` it too, or the other `parts` of its errand.
    """
    visit.booked_at, visit.booked_by = now, staff(by)
    visit.overbook_reason = overbook.strip() if places.is_overbooked else ""
    fill(visit, proposal, places, now=now)
    person = turn.person(visit.patient)
    squeezed = {"overbooked": True} if visit.is_overbooked else {}
    with audit.must_be_written("appointment.booked"):
        insert(
            visit,
            *diaries.claims(visit, places),
            *care_team.joining(person, visit.practitioner, why=Joining.VISIT, by=by, now=now),
            *reminders.planned(visit, person, turn.customs, now=now, confirm=confirm, besides=besides, parts=parts),
            event("booked", visit, by=by, now=now, reason=visit.overbook_reason, overruled=list(overruled), **squeezed),
        )
    return visit


def moved_visit(
    visit: Appointment,
    proposal: Proposal,
    places: Places,
    *,
    by: Actor,
    now: datetime,
    overruled: Collection[str],
    overbook: str = "",
    tell: bool = True,
    **facts: Any,
) -> Appointment:
    """A locked visit whose time was given back, in its new place; the patient hears of it when it matters to them.

    With `tell=False` the caller tells them (`notices.tell`): of several visits in one message.
    """
    matters = (visit.starts_at, visit.ends_at, visit.practitioner_id, visit.location_id) != (
        proposal.starts_at, proposal.ends_at, proposal.practitioner.pk, proposal.location.pk,
    )  # fmt: skip
    former = moves.former(visit, by=by, now=now)
    visit.overbook_reason = (overbook.strip() or visit.overbook_reason) if places.is_overbooked else ""
    fill(visit, proposal, places, now=now)
    if matters:
        visit.version += 1
        visit.confirmed_at = None
    visit.save()
    diaries.claim(visit, places)
    moves.remember(former, visit)
    if matters:
        # The patient's row is locked before their messages, as everywhere: see docs/algorithms/outbox.md.
        care_team.join(patient=visit.patient, practitioner=visit.practitioner, why=Joining.VISIT, by=by, now=now)
        reminders.void_for(appointment=visit, reason="moved", now=now)
        if tell:
            reminders.plan_for(appointment=visit, now=now)
    record("moved", visit, by=by, now=now, overruled=list(overruled), **facts)
    return visit


def fill(visit: Appointment, proposal: Proposal, places: Places, *, now: datetime) -> None:
    visit.service, visit.practitioner, visit.location = proposal.service, proposal.practitioner, proposal.location
    visit.room, visit.device = places.room, places.device
    visit.starts_at, visit.ends_at, visit.changed_at = proposal.starts_at, proposal.ends_at, now
