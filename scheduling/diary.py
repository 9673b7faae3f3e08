"""What the diary pages show, read in a fixed number of queries: a day or a week of a location, by people or rooms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from clinic.models import Location, Practitioner
from scheduling import daygrid, presence, wallclock
from scheduling.daygrid import Column, Entry, Frame
from scheduling.intervals import Interval, Spans
from scheduling.models import Appointment, GroupSession, Hold, ResourceKind, Room, Service
from scheduling.presence import Presence
from scheduling.states import HOLDS_TIME, Status


@dataclass(frozen=True)
class Lens:
    """Through whom the diary is looked at: people or rooms, all of them or one."""

    by_rooms: bool = False
    practitioner: Practitioner | None = None
    room: Room | None = None

    @property
    def one(self) -> Practitioner | Room | None:
        return self.room if self.by_rooms else self.practitioner

    def sees(self, entry: Entry) -> bool:
        if self.by_rooms:
            return self.room is None or entry.room_id == self.room.pk
        return self.practitioner is None or entry.practitioner_id == self.practitioner.pk


#: All practitioners side by side.
EVERYBODY = Lens()


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
    #: Everything that names a patient.
    seen: list[Appointment | Hold] = field(default_factory=list)
    #: Who, or which rooms, could be chosen in the filter.
    people: list[Practitioner] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    sums: Sums = Sums()

    @property
    def waiting(self) -> list[Appointment]:
        """Who sits in the waiting room, the longest first."""
        here = [visit for visit in self.visits if visit.status == Status.ARRIVED]
        return sorted(here, key=lambda visit: visit.arrived_at or visit.starts_at)


@dataclass
class _Facts:
    """All that the days of a location are drawn from."""

    location: Location
    days: Sequence[date]
    whole: dict[date, Interval[datetime]]
    hours: Presence
    visits: list[Appointment]
    #: What is drawn: visits by themselves, groups as one, held times.
    entries: list[Entry]
    people: dict[int, Practitioner] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)

    def works(self, who: Practitioner | None) -> Spans[datetime]:
        """When the practitioner is there; without one, when the location is open."""
        return self.hours.opening if who is None else self.hours.works.get(who.pk, Spans())


def of_day(location: Location, day: date, *, now: datetime, lens: Lens = EVERYBODY) -> Diary:
    """Everyone who works there that day or has a visit, or every room, side by side."""
    return _diary(location, [day], now=now, lens=lens)


def of_week(location: Location, monday: date, *, now: datetime, lens: Lens) -> Diary:
    """Seven days of one practitioner or one room."""
    return _diary(location, week_of(monday), now=now, lens=lens)


def week_of(monday: date) -> list[date]:
    return list(wallclock.days(monday, monday + timedelta(days=6)))


def _diary(location: Location, days: Sequence[date], *, now: datetime, lens: Lens) -> Diary:
    facts = _read(location, days, lens, now=now)
    seen = [visit for visit in facts.visits if lens.sees(visit)]
    entries = [entry for entry in facts.entries if lens.sees(entry)]
    works = () if lens.by_rooms else facts.hours.works.values()
    area = _frame(days, location.tz, [facts.hours.opening, *works], entries)
    found = Diary(location, area, visits=seen, seen=[*seen, *_holds(entries)], sums=_sums(seen, now))
    found.people = sorted(facts.people.values(), key=lambda p: p.user.name)
    found.rooms = facts.rooms
    for day in days:
        area = found.area if len(days) == 1 else _shifted(found.area, day, location.tz)
        mine = [entry for entry in entries if entry.starts_at in facts.whole[day]]
        draw = _rooms if lens.by_rooms else _people
        found.columns += draw(facts, lens, day=day, area=area, entries=mine, now=now)
    return found


def _holds(entries: Iterable[Entry]) -> list[Hold]:
    return [entry for entry in entries if isinstance(entry, Hold)]


def _people(
    facts: _Facts, lens: Lens, *, day: date, area: Frame, entries: Sequence[Entry], now: datetime
) -> list[Column]:
    one, week = lens.practitioner, len(facts.days) > 1
    shown = [p for p in facts.people.values() if one is None or p.pk == one.pk] or ([one] if one else [])
    return [
        daygrid.fill(
            Column(
                day,
                _weekday(day) if week else person.user.name,
                practitioner=person,
                sub="" if week else person.get_discipline_display(),
            ),
            area,
            works=facts.works(person),
            away=facts.hours.away[person.pk],
            entries=[entry for entry in entries if entry.practitioner_id == person.pk],
            now=now,
        )
        for person in sorted(shown, key=lambda p: p.user.name)
    ]


def _rooms(
    facts: _Facts, lens: Lens, *, day: date, area: Frame, entries: Sequence[Entry], now: datetime
) -> list[Column]:
    """A column for each room, and a last one for visits that have none."""
    one, week = lens.room, len(facts.days) > 1
    shown: list[Room | None] = [room for room in facts.rooms if one is None or room.pk == one.pk]
    if one is None and any(entry.room_id is None for entry in entries):
        shown.append(None)
    columns = []
    for room in shown:
        heading = _weekday(day) if week else room.name if room else "No room"
        column = Column(day, heading, room=room, sub="" if week or room is None else ", ".join(room.features))
        mine = [entry for entry in entries if entry.room_id == (room.pk if room else None)]
        columns.append(daygrid.fill(column, area, works=facts.works(None), entries=mine, now=now))
        if room is None:
            column.gaps = []
    return columns


def _weekday(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


# -- A week of everybody -----------------------------------------------------------------------------------


#: Less than this is not worth naming as free, in minutes.
SHORTEST = 15


@dataclass(frozen=True)
class Chip:
    """One line in a day of a week: when, and what."""

    clock: str
    kind: str
    entry: Entry


@dataclass
class Cell:
    """One day of one practitioner or room, in a few words."""

    day: date
    chips: list[Chip] = field(default_factory=list)
    #: Open and not taken, from now on.
    free_minutes: int = 0
    away: str = ""
    is_open: bool = False
    is_over: bool = False

    @property
    def has_room(self) -> bool:
        return self.free_minutes >= SHORTEST

    @property
    def is_full(self) -> bool:
        return bool(self.is_open and self.chips) and not (self.is_over or self.away or self.has_room)

    @property
    def free_words(self) -> str:
        """3 h 30 min"""
        hours, minutes = divmod(self.free_minutes, 60)
        return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


@dataclass
class Row:
    """One practitioner's or one room's week."""

    heading: str
    practitioner: Practitioner | None = None
    room: Room | None = None
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Week:
    days: Sequence[date]
    rows: list[Row] = field(default_factory=list)
    #: Everything that names a patient.
    seen: list[Appointment | Hold] = field(default_factory=list)
    people: list[Practitioner] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    sums: Sums = Sums()


def of_everybody(location: Location, monday: date, *, now: datetime, by_rooms: bool = False) -> Week:
    """A week of all practitioners or rooms: who is there, what is booked, how much is free."""
    lens = Lens(by_rooms)
    facts = _read(location, week_of(monday), lens, now=now)
    seen: list[Appointment | Hold] = [*facts.visits, *_holds(facts.entries)]
    found = Week(facts.days, seen=seen, rooms=facts.rooms, sums=_sums(facts.visits, now))
    found.people = sorted(facts.people.values(), key=lambda p: p.user.name)
    by_day: dict[tuple[int | None, date], list[Entry]] = defaultdict(list)
    for entry in facts.entries:
        day = entry.starts_at.astimezone(location.tz).date()
        by_day[entry.room_id if by_rooms else entry.practitioner_id, day].append(entry)
    if by_rooms:
        found.rows = [Row(room.name, room=room) for room in facts.rooms]
        if any(entry.room_id is None for entry in facts.entries):
            found.rows.append(Row("No room"))
    else:
        found.rows = [Row(person.user.name, practitioner=person) for person in found.people]
    for row in found.rows:
        key = row.practitioner.pk if row.practitioner else row.room.pk if row.room else None
        row.cells = [_cell(facts, row, day, by_day[key, day], now) for day in facts.days]
    return found


def _cell(facts: _Facts, row: Row, day: date, entries: list[Entry], now: datetime) -> Cell:
    who, span = row.practitioner, facts.whole[day]
    works = facts.works(who) & Spans.of([span])
    away = facts.hours.away[who.pk] if who else []
    kind = ResourceKind.ROOM if who is None else ResourceKind.PRACTITIONER
    taken = [daygrid.held(entry, kind) for entry in entries if daygrid.holds_time(entry)]
    free = works - Spans.of(one.span for one in away) - Spans.of([*taken, *_past(span, now)])
    if who is None and row.room is None:
        free = Spans()
    gone = [one.label for one in away if one.span.overlaps(span)]
    minutes = sum(int((part.end - part.start).total_seconds()) // 60 for part in free)
    chips = [Chip(f"{e.starts_at.astimezone(facts.location.tz):%H:%M}", daygrid.kind_of(e), e) for e in entries]
    return Cell(day, chips, minutes, away=gone[0] if gone else "", is_open=bool(works), is_over=now >= span.end)


def _past(span: Interval[datetime], now: datetime) -> list[Interval[datetime]]:
    return [Interval(span.start, now)] if span.start < now else []


# -- Reading ----------------------------------------------------------------------------------------------


def _read(location: Location, days: Sequence[date], lens: Lens, *, now: datetime) -> _Facts:
    """Five queries, however full it is: hours, visits, services, rooms, people; two more where groups or holds are."""
    whole = {day: wallclock.day_span(day, location.tz) for day in days}
    span = Interval(whole[days[0]].start, whole[days[-1]].end)
    hours = presence.of(location, days, span)
    visits = list(Appointment.objects.at(location).not_called_off().within(span.start, span.end).for_grid())
    entries = _entries(location, span, visits, hours, now)
    services = Service.objects.in_bulk({entry.service_id for entry in entries})
    rooms = {room.pk: room for room in Room.objects.filter(location=location)}
    people = Practitioner.objects.select_related("user").in_bulk(
        {*hours.works, *(entry.practitioner_id for entry in entries)}
    )
    for entry in {*visits, *entries}:
        entry.location, entry.service = location, services[entry.service_id]
        entry.practitioner, entry.room = people[entry.practitioner_id], rooms.get(entry.room_id or 0)
    used = {entry.room_id for entry in entries} | ({lens.room.pk} if lens.room else set())
    shown = [room for room in rooms.values() if room.is_active or room.pk in used]
    shown.sort(key=lambda room: (_natural(room.name), room.pk))
    return _Facts(location, days, whole, hours, visits, entries, people, shown)


def _entries(
    location: Location, span: Interval[datetime], visits: Sequence[Appointment], hours: Presence, now: datetime
) -> list[Entry]:
    """Visits by themselves, a group's session as one with how many of its seats are taken, and times that are held."""
    found: list[Entry] = [visit for visit in visits if visit.session_id is None]
    if hours.has_groups:
        taken = Count("appointments", filter=Q(appointments__status__in=sorted(HOLDS_TIME)))
        groups = GroupSession.objects.at(location).standing().within(span.start, span.end)
        found += groups.annotate(taken=taken)
    if hours.has_holds:
        held = Hold.objects.filter(location=location).kept(now).within(span.start, span.end)
        found += held.select_related("patient")
    return sorted(found, key=lambda entry: entry.starts_at)


def _natural(name: str) -> list[tuple[int, str]]:
    """Room 2 before Room 10."""
    return [(int(part), "") if part.isdigit() else (0, part.lower()) for part in name.split()]


def _frame(
    days: Sequence[date],
    tz: ZoneInfo,
    open_or_at_work: Iterable[Spans[datetime]],
    entries: Iterable[Entry],
) -> Frame:
    """One day's frame; of several days, from the earliest hour on the wall to the latest, laid on the first."""
    spans = [*(part for some in open_or_at_work for part in some), *(Interval(e.starts_at, e.ends_at) for e in entries)]
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
