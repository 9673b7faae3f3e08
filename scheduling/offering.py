"""What the booking page offers: for whom, which service of which plan, which times, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from clinic import time
from clinic.models import Location, Practitioner, User
from patients.models import CareTeamMember, Patient
from scheduling import availability, preflight, wallclock
from scheduling.availability import Ask, Free
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.models import Appointment, Service, TimePreference
from scheduling.states import COUNTS_FOR_THE_PLAN
from treatments.models import Intervention, Plan

#: How far one answer looks, how many days it shows, and how many times of each.
LOOK = timedelta(days=21)
DAYS_SHOWN = 5
TIMES_SHOWN = 8


@dataclass(frozen=True)
class Part:
    """A part of an accepted plan of which sessions can be booked."""

    intervention: Intervention
    spoken_for: int

    @property
    def left(self) -> int:
        return max(0, (self.intervention.sessions or 0) - self.spoken_for)


@dataclass(frozen=True)
class Offer:
    """A button: one free time."""

    pick: str
    starts_at: datetime
    practitioner: Practitioner
    is_best: bool = False
    #: When the patient would rather come.
    suits: bool = False


@dataclass
class Day:
    day: date
    offers: list[Offer] = field(default_factory=list)
    #: Times of that day that are not shown.
    more: int = 0


def parts_of(patient: Patient, *, by: User, now: datetime) -> list[Part]:
    """What the plans of the patient ask for, with how much of it is booked or done; for who may see plans."""
    from clinic.access import Can  # noqa: PLC0415 -- only for this question

    plans = Plan.objects.visible_to(by, Can.SEE_PLANS, now=now).for_patient(patient)
    counted = Count("appointments", filter=Q(appointments__status__in=sorted(COUNTS_FOR_THE_PLAN)))
    found = Intervention.objects.bookable().filter(plan__in=plans).annotate(spoken_for=counted)
    return [Part(part, part.spoken_for) for part in found.order_by("plan_id", "position", "pk")]


def service_for(part: Intervention, services: Sequence[Service]) -> Service | None:
    """The service that fits the part best: same kind, same technique, closest length."""
    fitting = [service for service in services if service.discipline == part.kind]
    return min(
        fitting,
        key=lambda s: (bool(part.technique) and s.technique != part.technique, abs(s.minutes - (part.minutes or 0))),
        default=None,
    )


def familiar(patient: Patient, part: Intervention | None) -> set[int]:
    """Who treats the patient already; the plan's author and those who gave earlier sessions of it before all."""
    if part is not None:
        given = Appointment.objects.counting_for(part).values_list("practitioner_id", flat=True)
        return {part.plan.author_id, *given}
    return set(CareTeamMember.objects.current().for_patient(patient).values_list("practitioner_id", flat=True))


def usual_service(patient: Patient, services: Sequence[Service]) -> Service | None:
    """What the patient had last time, if it is still offered; else the first."""
    last = Appointment.objects.for_patient(patient).holding_time().order_by("-starts_at").first()
    return next((s for s in services if last and s.pk == last.service_id), services[0] if services else None)


def days(
    ask: Ask, *, known: set[int], now: datetime, only: date | None = None, wish: TimePreference | None = None
) -> list[Day]:
    """Free times by day, each day's best few in order of time; of one day all of them."""
    tz = ask.location.tz

    def suits(free: Free) -> bool:
        return wish is not None and not wish.is_empty and wish.fits(free.starts_at, free.ends_at, tz)

    here = ask.ignoring
    found = [
        free
        for free in availability.free_times(ask)
        if free.starts_at > now
        and not (here and (free.starts_at, free.practitioner_id) == (here.starts_at, here.practitioner_id))
    ]
    named = availability.best_first(found, familiar=known, tz=tz, per_day=1, suits=suits)[:3]
    best = {(f.practitioner_id, f.starts_at) for f in named}
    people = Practitioner.objects.select_related("user").in_bulk({free.practitioner_id for free in found})
    by_day: dict[date, list[Free]] = {}
    for free in found:
        by_day.setdefault(time.local_day(free.starts_at, tz), []).append(free)
    shown = []
    for day, times in list(by_day.items())[: 1 if only else DAYS_SHOWN]:
        ranked = availability.best_first(
            times, familiar=known, tz=tz, per_day=len(times) if only else TIMES_SHOWN, suits=suits
        )
        offers = [
            Offer(str(Pick(people[f.practitioner_id].uid, f.starts_at)), f.starts_at, people[f.practitioner_id],
                  (f.practitioner_id, f.starts_at) in best, suits(f))
            for f in sorted(ranked)
        ]  # fmt: skip
        shown.append(Day(day, offers, len(times) - len(ranked)))
    return shown


def at_that_time(ask: Ask, when: datetime) -> list[Offer]:
    """Everybody who could do it then."""
    then = replace(ask, span=Interval(when, when + timedelta(minutes=5)), step=5)
    return alternatives([free for free in availability.free_times(then) if free.starts_at == when])


def alternatives(free: Sequence[Free]) -> list[Offer]:
    """The same, for the times that a refusal brings."""
    people = Practitioner.objects.select_related("user").in_bulk({one.practitioner_id for one in free})
    return [
        Offer(str(Pick(people[one.practitioner_id].uid, one.starts_at)), one.starts_at, people[one.practitioner_id])
        for one in free
    ]


def span_from(day: date, location: Location, *, now: datetime, only: bool = False) -> Interval[datetime]:
    """From that day's beginning (or now), for three weeks; or that day alone."""
    start = time.first_instant(day, location.tz)
    end = wallclock.day_span(day, location.tz).end if only else start + LOOK
    start = max(start, min(now, end - timedelta(minutes=5)))
    return Interval(start, end)


def first_day(part: Intervention | None, location: Location, *, now: datetime) -> date:
    """Where to begin looking: today, or when the plan's spacing allows the next session."""
    return preflight.earliest_day(part, location, now=now) if part else time.local_day(now, location.tz)
