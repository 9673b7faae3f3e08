"""What the booking rules look at, for many visits of a patient at one location, in a fixed number of queries.

Each visit is judged as if those before it had been booked already, so what it says is what booking one after the
other would say; a test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic import time
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import referrals, rota, rules, wallclock
from scheduling.intervals import Interval, Spans
from scheduling.models import Absence, Appointment, Closure, ExtraHours, WorkingHours
from scheduling.preflight import Proposal
from scheduling.rules import Finding, PlanFacts, Snapshot, day_clash
from scheduling.wallclock import Rule
from treatments import red_flags
from treatments.models import Intervention, Referral
from treatments.states import PlanStatus


@dataclass(frozen=True)
class PlanGround:
    """What is known of the plan before any of the visits."""

    part: Intervention
    family: frozenset[int]
    #: Visits of the episode: (id of the part, day).
    others: tuple[tuple[int | None, date], ...]
    #: The same by their days: (when, kind).
    by_day: dict[date, list[tuple[datetime, str]]]
    referral: Referral | None
    red_flags: str

    def facts(self, proposal: Proposal, day: date, besides: Sequence[date]) -> PlanFacts:
        plan, referral = self.part.plan, self.referral
        others = [*self.others, *((self.part.pk, other) for other in besides)]
        mine = [other for which, other in others if which == self.part.pk]
        return PlanFacts(
            accepted=plan.status == PlanStatus.ACCEPTED,
            same_patient=plan.patient_id in self.family,
            kind_matches=self.part.kind == proposal.service.discipline,
            sessions=self.part.sessions or 0,
            spoken_for=len(mine),
            days_between=self.part.days_between or 0,
            nearest_days=min((abs((other - day).days) for other in mine), default=None),
            referral_expires_on=referral.expires_on if referral else None,
            referral_sessions=referral.sessions_authorised if referral else None,
            referral_used=referrals.used(referral, [other for _, other in others]) if referral else 0,
            day_clash=day_clash(plan.same_day, self.part.kind, proposal.starts_at, self.by_day.get(day, ())),
            red_flags=self.red_flags,
        )


@dataclass(frozen=True)
class Facts:
    """Everything that bears on the rules, read once."""

    location: Location
    now: datetime
    opening: Spans[datetime]
    #: (first day, last day, name)
    closures: tuple[tuple[date, date, str], ...]
    working: dict[int, list[Rule]] = field(default_factory=dict)
    extra: dict[int, list[Interval[datetime]]] = field(default_factory=dict)
    away: dict[int, list[Interval[datetime]]] = field(default_factory=dict)
    plan: PlanGround | None = None

    def findings(self, proposal: Proposal, *, besides: Sequence[datetime]) -> list[Finding]:
        """What speaks against the visit when those of `besides` are booked."""
        return rules.findings(self._snapshot(proposal, besides))

    def _snapshot(self, proposal: Proposal, besides: Sequence[datetime]) -> Snapshot:
        place, who, tz = self.location, proposal.practitioner, self.location.tz
        visit = Interval(proposal.starts_at, proposal.ends_at)
        day = time.local_day(proposal.starts_at, tz)
        extra = Spans.of(part for part in self.extra.get(who.pk, ()) if part.overlaps(visit))
        works = wallclock.open_spans(self.working.get(who.pk, ()), wallclock.days_touching(visit, tz), tz)
        is_open = (self.opening | extra).covers(visit)
        closed = next((name for first, last, name in self.closures if first <= day <= last), None)
        return Snapshot(
            day=day,
            today=time.local_day(self.now, tz),
            practitioner=who.user.name,
            location=place.name,
            practitioner_active=who.is_active,
            has_the_skill=who.discipline == proposal.service.discipline,
            knows=not proposal.service.skill or proposal.service.skill in who.skills,
            skill=proposal.service.skill,
            at_work=(works | extra).covers(visit),
            away=any(absence.overlaps(visit) for absence in self.away.get(who.pk, ())),
            open=is_open,
            closed_for=closed if not is_open else None,
            patient_active=proposal.patient is None or proposal.patient.deactivated_at is None,
            plan=self.plan.facts(proposal, day, [time.local_day(at, tz) for at in besides]) if self.plan else None,
        )


def read(
    *,
    patient: Patient,
    location: Location,
    people: Collection[Practitioner],
    span: Interval[datetime],
    intervention: Intervention | None,
    vacated: Collection[int],
    now: datetime,
) -> Facts:
    """Six queries; five more for sessions of a plan."""
    days = list(wallclock.days_touching(span, location.tz))
    first, last = days[0], days[-1]
    shut = Closure.objects.filter(location=location).within(first, last)
    facts = Facts(
        location,
        now,
        rota.read(location, span, disciplines=()).opened(),
        tuple(shut.values_list("starts_on", "ends_on", "name")),
        defaultdict(list),
        defaultdict(list),
        defaultdict(list),
        _plan(patient, location, intervention, vacated) if intervention else None,
    )
    pks = [one.pk for one in people]
    working = WorkingHours.objects.filter(practitioner__in=pks, location=location).valid_within(first, last)
    for who, *rule in working.values_list("practitioner", "weekday", "opens", "closes", "valid_from", "valid_to"):
        facts.working[who].append(Rule(*rule))
    extra = ExtraHours.objects.filter(practitioner__in=pks, location=location).within(span.start, span.end)
    for who, *part in extra.values_list("practitioner", "starts_at", "ends_at"):
        facts.extra[who].append(Interval(*part))
    away = Absence.objects.filter(practitioner__in=pks).within(span.start, span.end)
    for who, *part in away.values_list("practitioner", "starts_at", "ends_at"):
        facts.away[who].append(Interval(*part))
    return facts


def _plan(patient: Patient, location: Location, part: Intervention, vacated: Collection[int]) -> PlanGround:
    visits = Appointment.objects.holding_time().filter(intervention__plan__episode=part.plan.episode_id)
    read = visits.exclude(pk__in=vacated).values_list("intervention_id", "starts_at", "intervention__kind")
    others = [(which, time.local_day(at, location.tz), at, kind) for which, at, kind in read]
    by_day: dict[date, list[tuple[datetime, str]]] = {}
    for _, day, at, kind in others:
        by_day.setdefault(day, []).append((at, kind))
    return PlanGround(
        part,
        frozenset(Patient.objects.family(patient).values_list("pk", flat=True)),
        tuple((which, day) for which, day, _, _ in others),
        by_day,
        referrals.in_force(part.plan.episode_id),
        red_flags.hold(patient),
    )
