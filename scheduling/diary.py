"""What the diary pages show, read in a fixed number of queries: a day of a location, a week of a practitioner."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Max

from clinic.models import Location, Practitioner
from scheduling import availability, daygrid, wallclock
from scheduling.daygrid import Column, Frame
from scheduling.intervals import Interval, Spans
from scheduling.models import Absence, Appointment, ExtraHours, WorkingHours
from scheduling.states import Status
from scheduling.wallclock import Rule


@dataclass(frozen=True)
class Sums:
    """A day at a glance."""

    visits: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    missed: int = 0


@dataclass
class Diary:
    location: Location
    area: Frame
    columns: list[Column] = field(default_factory=list)
    visits: list[Appointment] = field(default_factory=list)
    #: Practitioners who could be chosen in the filter.
    people: list[Practitioner] = field(default_factory=list)
    sums: Sums = Sums()

    @property
    def waiting(self) -> list[Appointment]:
        """Who sits in the waiting room, the longest first."""
        here = [visit for visit in self.visits if visit.status == Status.ARRIVED]
        return sorted(here, key=lambda visit: visit.arrived_at or visit.starts_at)

    @property
    def is_empty(self) -> bool:
        return not self.visits


def of_day(location: Location, day: date, *, now: datetime, only: Practitioner | None = None) -> Diary:
    """Everyone who works there that day or has a visit, side by side. Five queries."""
    return _diary(location, [day], now=now, only=only)


def of_week(location: Location, monday: date, practitioner: Practitioner, *, now: datetime) -> Diary:
    """Seven days of one practitioner. Five queries."""
    return _diary(
        location, list(wallclock.days(monday, monday + timedelta(days=6))), now=now, only=practitioner, week=True
    )


def _diary(
    location: Location, days: Sequence[date], *, now: datetime, only: Practitioner | None, week: bool = False
) -> Diary:
    tz = location.tz
    whole = {day: wallclock.day_span(day, tz) for day in days}
    span = Interval(whole[days[0]].start, whole[days[-1]].end)
    visits = list(Appointment.objects.at(location).not_called_off().within(span.start, span.end).for_diary())
    rules, people = _workers(location, days)
    extra = _extra(location, span, people)
    for visit in visits:
        people.setdefault(visit.practitioner_id, visit.practitioner)
    shown = [p for p in people.values() if only is None or p.pk == only.pk] or ([only] if only else [])
    opening = availability.opening(location, span)
    works = {p.pk: (wallclock.open_spans(rules[p.pk], days, tz) & opening) | extra[p.pk] for p in shown}
    absences: dict[int, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(practitioner__in=[p.pk for p in shown]).within(span.start, span.end):
        absences[absence.practitioner_id].append(absence)
    seen = [v for v in visits if only is None or v.practitioner_id == only.pk]
    found = Diary(location, _frame(days, tz, opening, works.values(), seen), visits=seen, sums=_sums(seen, now))
    found.people = sorted(people.values(), key=lambda p: p.user.name)
    for person in sorted(shown, key=lambda p: p.user.name):
        for day in days:
            area = found.area if len(days) == 1 else _shifted(found.area, day, tz)
            column = Column(person, day, heading=f"{day:%a} {day.day} {day:%b}" if week else person.user.name,
                            sub="" if week else person.get_discipline_display())  # fmt: skip
            mine = [v for v in seen if v.practitioner_id == person.pk and v.starts_at in whole[day]]
            found.columns.append(
                daygrid.fill(column, area, works=works[person.pk], absences=absences[person.pk], visits=mine, now=now)
            )
    return found


def _workers(location: Location, days: Sequence[date]) -> tuple[dict[int, list[Rule]], dict[int, Practitioner]]:
    """Who works there on one of the days, and by which rules."""
    rules: dict[int, list[Rule]] = defaultdict(list)
    people: dict[int, Practitioner] = {}
    working = (
        WorkingHours.objects.filter(location=location, practitioner__is_active=True)
        .filter(weekday__in={day.weekday() for day in days})
        .valid_within(days[0], days[-1])
        .select_related("practitioner__user")
    )
    for row in working:
        rule = Rule(row.weekday, row.opens, row.closes, row.valid_from, row.valid_to)
        if any(rule.holds_on(day) for day in days):
            rules[row.practitioner_id].append(rule)
            people[row.practitioner_id] = row.practitioner
    return rules, people


def _extra(
    location: Location, span: Interval[datetime], people: dict[int, Practitioner]
) -> defaultdict[int, Spans[datetime]]:
    """Who works beyond the weekly hours, and when; whoever does is added to the people of the day."""
    found: defaultdict[int, Spans[datetime]] = defaultdict(Spans)
    rows = ExtraHours.objects.filter(location=location, practitioner__is_active=True).within(span.start, span.end)
    for row in rows.select_related("practitioner__user"):
        people.setdefault(row.practitioner_id, row.practitioner)
        found[row.practitioner_id] |= Spans.of([Interval(row.starts_at, row.ends_at)])
    return found


def _frame(
    days: Sequence[date],
    tz: ZoneInfo,
    opening: Spans[datetime],
    works: Iterable[Spans[datetime]],
    visits: Iterable[Appointment],
) -> Frame:
    """One day's frame; of several days, from the earliest hour on the wall to the latest, laid on the first."""
    spans = [*opening, *(part for some in works for part in some), *(Interval(v.starts_at, v.ends_at) for v in visits)]
    frames = [
        daygrid.frame(day, tz, spans) for day in days if any(s.overlaps(wallclock.day_span(day, tz)) for s in spans)
    ]
    if not frames:
        return daygrid.frame(days[0], tz, [])
    first = min(f.span.start.astimezone(tz).time() for f in frames)
    longest = max(f.span.end - _at(f, first, tz) for f in frames)
    start = wallclock.reached(days[0], first, tz)
    return Frame(Interval(start, start + longest), tz)


def _at(area: Frame, wall: object, tz: ZoneInfo) -> datetime:
    return wallclock.reached(area.span.start.astimezone(tz).date(), wall, tz)  # type: ignore[arg-type]


def _shifted(area: Frame, day: date, tz: ZoneInfo) -> Frame:
    """The same hours on another day."""
    start = wallclock.reached(day, area.span.start.astimezone(tz).time(), tz)
    return Frame(Interval(start, start + (area.span.end - area.span.start)), tz)


def _sums(visits: Iterable[Appointment], now: datetime) -> Sums:
    count = Counter(Status(visit.status) for visit in visits)
    unconfirmed = sum(v.status == Status.BOOKED and v.confirmed_at is None and v.starts_at > now for v in visits)
    return Sums(
        visits=sum(count.values()) - count[Status.NO_SHOW],
        waiting=count[Status.ARRIVED],
        unconfirmed=unconfirmed,
        missed=count[Status.NO_SHOW],
    )


def stamp(location: Location, start: datetime, end: datetime, *, now: datetime) -> str:
    """Differs whenever the diary of these days would look different. One query."""
    facts = Appointment.objects.at(location).within(start, end).aggregate(n=Count("pk"), last=Max("changed_at"))
    minute = int(now.timestamp()) // 300 if start <= now < end else 0
    return hashlib.sha256(f"{facts['n']}|{facts['last']}|{minute}".encode()).hexdigest()[:16]
