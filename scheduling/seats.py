"""A seat of a group kept for one patient for a while, as `holds.hold` keeps a time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clinic.access import Actor
from patients.models import Patient
from scheduling import diaries, groups, holds, writing
from scheduling.diaries import lock_diaries, once_more_after_deadlock
from scheduling.models import Appointment, GroupSession, Hold
from scheduling.preflight import Proposal
from scheduling.visits import BookingRefused, staff
from treatments.models import Intervention


@once_more_after_deadlock
@transaction.atomic
def hold(
    *,
    session: GroupSession,
    patient: Patient,
    until: datetime,
    by: Actor,
    now: datetime,
    intervention: Intervention | None = None,
    instead_of: Appointment | None = None,
) -> Hold:
    """Keep a seat until an instant, or nothing at all. Raises BookingRefused; checked like a booking."""
    person = patient.survivor
    proposal = Proposal(
        person, session.service, session.practitioner, session.location, session.starts_at, session.ends_at,
        intervention, moving=instead_of,
    )  # fmt: skip
    writing.check(proposal, despite=(), now=now)
    lock_diaries(resources=[], patients=[person])
    group = GroupSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if group.is_called_off:
        raise BookingRefused("This session was called off.")
    if busy := diaries.other_visits(proposal).first():
        raise BookingRefused(diaries.Busy("patient", person.display_name, busy.ends_at).sentence(proposal))
    over = Hold.objects.run_out(now).filter(session=group).select_for_update().order_by("pk")
    Hold.objects.filter(pk__in=[one.pk for one in over]).delete()
    kept = Hold.objects.create(
        patient=person,
        practitioner=session.practitioner,
        service=session.service,
        location=session.location,
        room=group.room,
        device=group.device,
        session=group,
        seat=groups.free_seat(group, now=now),
        starts_at=group.starts_at,
        ends_at=group.ends_at,
        runs_out_at=until,
        held_at=now,
        held_by=staff(by),
    )
    holds.record("held", kept, by=by, now=now)
    return kept
