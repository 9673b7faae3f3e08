"""Reads what the booking rules look at, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic import time
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import hours, referrals, rules
from scheduling.intervals import Interval
from scheduling.models import Appointment, GroupSession, Hold, Service
from scheduling.rules import Finding, PlanFacts, Snapshot, day_clash
from treatments import red_flags
from treatments.models import Intervention
from treatments.states import PlanStatus


@dataclass(frozen=True)
class Proposal:
    """A visit as somebody would like to have it."""

    #: None: a group's session, before anybody has joined.
    patient: Patient | None
    service: Service
    practitioner: Practitioner
    location: Location
    starts_at: datetime
    ends_at: datetime
    intervention: Intervention | None = None
    #: The visit that is being moved: it does not count against itself.
    moving: Appointment | None = None
    #: Other visits that give up their time in the same act, such as the one it changes places with.
    making_way: frozenset[int] = frozenset()
    #: The group's session that is being moved: its present time does not stand in its way.
    meeting: GroupSession | None = None
    #: The hold that keeps this time for the patient.
    taking: Hold | None = None

    @property
    def vacated(self) -> frozenset[int]:
        """Visits whose present time does not stand in the way."""
        return self.making_way | ({self.moving.pk} if self.moving is not None else frozenset())


def findings(proposal: Proposal, *, now: datetime) -> list[Finding]:
    """What speaks against it, apart from who is busy: that the database alone decides."""
    return rules.findings(snapshot(proposal, now=now))


def snapshot(proposal: Proposal, *, now: datetime) -> Snapshot:
    """One query; four or five more for a session of a plan."""
    place, who = proposal.location, proposal.practitioner
    visit = Interval(proposal.starts_at, proposal.ends_at)
    day = time.local_day(proposal.starts_at, place.tz)
    then = hours.around(who, place, visit)
    is_open = then.open.covers(visit)
    return Snapshot(
        day=day,
        today=time.local_day(now, place.tz),
        practitioner=who.user.name,
        location=place.name,
        practitioner_active=who.is_active,
        has_the_skill=who.discipline == proposal.service.discipline,
        knows=not proposal.service.skill or proposal.service.skill in who.skills,
        skill=proposal.service.skill,
        at_work=then.works.covers(visit),
        away=then.away,
        open=is_open,
        closed_for=None if is_open else then.closure,
        patient_active=proposal.patient is None or proposal.patient.deactivated_at is None,
        plan=_plan(proposal, day) if proposal.intervention else None,
    )


def _plan(proposal: Proposal, day: date) -> PlanFacts:
    part = proposal.intervention
    assert part is not None
    plan = part.plan
    episode_visits = Appointment.objects.holding_time().filter(intervention__plan__episode=plan.episode_id)
    if proposal.vacated:
        episode_visits = episode_visits.exclude(pk__in=proposal.vacated)
    others = list(episode_visits.values_list("intervention_id", "starts_at", "intervention__kind"))
    mine = [time.local_day(at, proposal.location.tz) for which, at, _ in others if which == part.pk]
    that_day = [(at, kind) for _, at, kind in others if time.local_day(at, proposal.location.tz) == day]
    referral = referrals.in_force(plan.episode_id)
    return PlanFacts(
        accepted=plan.status == PlanStatus.ACCEPTED,
        same_patient=proposal.patient is not None and plan.patient_id in _family(proposal.patient),
        kind_matches=part.kind == proposal.service.discipline,
        sessions=part.sessions or 0,
        spoken_for=len(mine),
        days_between=part.days_between or 0,
        nearest_days=min((abs((other - day).days) for other in mine), default=None),
        referral_expires_on=referral.expires_on if referral else None,
        referral_sessions=referral.sessions_authorised if referral else None,
        referral_used=referrals.used(referral, [time.local_day(at, proposal.location.tz) for _, at, _ in others])
        if referral
        else 0,
        day_clash=day_clash(plan.same_day, part.kind, proposal.starts_at, that_day),
        red_flags=red_flags.hold(proposal.patient or plan.patient),
    )


def _family(patient: Patient) -> set[int]:
    return set(Patient.objects.family(patient).values_list("pk", flat=True))


def earliest_day(intervention: Intervention, location: Location, *, now: datetime) -> date:
    """The first day on which the next session keeps the spacing of the plan."""
    today = time.local_day(now, location.tz)
    last = (
        Appointment.objects.counting_for(intervention)
        .order_by("-starts_at")
        .values_list("starts_at", flat=True)
        .first()
    )
    if last is None:
        return today
    return max(today, time.local_day(last, location.tz) + timedelta(days=intervention.days_between or 0))
