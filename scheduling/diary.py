"""What the diary pages show, read in a fixed number of queries: a day or a week of a location, by people or rooms.

Rows become columns here, and cells; what they look like is written in `scheduling.cards`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from clinic import models as clinic
from clinic.models import Discipline, Location
from scheduling import daygrid, diary_rows, intervals, models, presence, wallclock
from scheduling.daygrid import Column, Frame
from scheduling.diary_rows import Entry, Held, Person, Room, Service, Visit
from scheduling.intervals import Interval, Spans
from scheduling.models import ResourceKind
from scheduling.presence import Presence
from scheduling.states import Status
from scheduling.wallclock import Clock


@dataclass(frozen=True)
class Lens:
    """Through whom the diary is looked at: people or rooms, all of them or one."""

    by_rooms: bool = False
    practitioner: clinic.Practitioner | None = None
    room: models.Room | None = None

    @property
    def one(self) -> clinic.Practitioner | models.Room | None:
        return self.room if self.by_rooms else self.practitioner

    def sees(self, entry: Entry | models.Appointment) -> bool:
        if self.by_rooms:
            return self.room is None or entry.room_id == self.room.pk
        return self.practitioner is None or entry.practitioner_id == self.practitioner.pk


#: All practitioners side by side.
EVERYBODY = Lens()


@dataclass(frozen=True)
class Sums:
    """A day or a week at a glance."""

    visits: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    missed: int = 0


_NEVER: Spans[int] = Spans()


@dataclass
class Board:
    """All that the days of a location are drawn from, as far as the lens shows it."""

    location: Location
    days: Sequence[date]
    whole: dict[date, Interval[int]]
    hours: Presence
    now: int
    #: Each by itself, those in groups, too.
    visits: list[Visit]
    #: What is drawn: visits by themselves, groups as one, held times.
    entries: list[Entry]
    #: Who stands here, by name; the rooms in the order of their numbers.
    people: list[Person]
    rooms: list[Room]
    services: dict[int, Service]

    @cached_property
    def _open_on(self) -> dict[tuple[int, date], Spans[int]]:
        return {}

    @cached_property
    def clock(self) -> Clock:
        return Clock(self.location.tz)

    @cached_property
    def person(self) -> dict[int, Person]:
        return {person.pk: person for person in self.people}

    @cached_property
    def room(self) -> dict[int, Room]:
        return {room.pk: room for room in self.rooms}

    @property
    def patients(self) -> list[str]:
        """Everybody who is named: random ids, each once."""
        named: list[Visit | Held] = [*self.visits, *(entry for entry in self.entries if isinstance(entry, Held))]
        return list(dict.fromkeys(one.patient_uid for one in named))

    @property
    def waiting(self) -> list[Visit]:
        """Who sits in the waiting room, the longest first."""
        here = [visit for visit in self.visits if visit.status == Status.ARRIVED]
        return sorted(here, key=lambda visit: visit.arrived or visit.begins)

    @cached_property
    def sums(self) -> Sums:
        count = Counter(visit.status for visit in self.visits)
        unconfirmed = sum(v.status == Status.BOOKED and not v.is_confirmed and v.begins > self.now for v in self.visits)
        return Sums(
            visits=sum(count.values()) - count[Status.NO_SHOW],
            waiting=count[Status.ARRIVED],
            unconfirmed=unconfirmed,
            missed=count[Status.NO_SHOW],
        )

    def works(self, who: Person | None) -> Spans[int]:
        """When the practitioner is there; without one, when the location is open."""
        return self.hours.opening if who is None else self.hours.works.get(who.pk, _NEVER)

    def open_on(self, who: Person | None, day: date) -> Spans[int]:
        """The part of that which falls on one day; reckoned once for all who keep the same hours."""
        works = self.works(who)
        if (id(works), day) not in self._open_on:
            self._open_on[id(works), day] = works & Spans((self.whole[day],))
        return self._open_on[id(works), day]


@dataclass
class Diary(Board):
    """Columns side by side: of a day one for each person or room, of a week one for each day."""

    area: Frame = field(kw_only=True)
    columns: list[Column] = field(default_factory=list, kw_only=True)


def of_day(location: Location, day: date, *, now: datetime, lens: Lens = EVERYBODY) -> Diary:
    """Everyone who works there that day or has a visit, or every room, side by side."""
    return _diary(location, [day], now=now, lens=lens)


def of_week(location: Location, monday: date, *, now: datetime, lens: Lens) -> Diary:
    """Seven days of one practitioner or one room."""
    return _diary(location, week_of(monday), now=now, lens=lens)


def week_of(monday: date) -> list[date]:
    return list(wallclock.days(monday, monday + timedelta(days=6)))


def _diary(location: Location, days: Sequence[date], *, now: datetime, lens: Lens) -> Diary:
    board = _read(location, days, lens, now=now)
    works = () if lens.by_rooms else board.hours.works.values()
    area = _frame(board, [board.hours.opening, *works])
    found = Diary(**vars(board), area=area)
    draw = _rooms if lens.by_rooms else _people
    for day in days:
        found.columns += draw(board, lens, day=day, area=area if len(days) == 1 else _shifted(area, day))
    return found


def _people(board: Board, lens: Lens, *, day: date, area: Frame) -> list[Column]:
    one, week = lens.practitioner, len(board.days) > 1
    return [
        _fill(
            board,
            Column(
                day,
                weekday(day) if week else person.name,
                practitioner=person,
                sub="" if week else str(Discipline(person.discipline).label),
            ),
            area,
            [entry for entry in _on(board, day) if entry.practitioner_id == person.pk],
        )
        for person in board.people
        if one is None or person.pk == one.pk
    ]


def _rooms(board: Board, lens: Lens, *, day: date, area: Frame) -> list[Column]:
    """A column for each room, and a last one for visits that have none."""
    one, week, entries = lens.room, len(board.days) > 1, _on(board, day)
    shown: list[Room | None] = [room for room in board.rooms if one is None or room.pk == one.pk]
    if one is None and any(entry.room_id is None for entry in entries):
        shown.append(None)
    columns = []
    for room in shown:
        heading = weekday(day) if week else room.name if room else "No room"
        column = Column(day, heading, room=room, sub="" if week or room is None else ", ".join(room.features))
        mine = [entry for entry in entries if entry.room_id == (room.pk if room else None)]
        columns.append(_fill(board, column, area, mine))
        if room is None:
            column.gaps = []
    return columns


def _on(board: Board, day: date) -> list[Entry]:
    return [entry for entry in board.entries if entry.begins in board.whole[day]]


def _fill(board: Board, column: Column, area: Frame, entries: Sequence[Entry]) -> Column:
    who = column.practitioner
    return daygrid.fill(
        column,
        area,
        works=board.works(who),
        away=board.hours.away[who.pk] if who else (),
        entries=entries,
        services=board.services,
        now=board.now,
    )


def weekday(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


# -- A week of everybody -----------------------------------------------------------------------------------


#: Less than this is not worth naming as free, in minutes.
SHORTEST = 15


@dataclass
class Cell:
    """One day of one practitioner or room, in a few words."""

    day: date
    entries: list[Entry] = field(default_factory=list)
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
        return bool(self.is_open and self.entries) and not (self.is_over or self.away or self.has_room)

    @property
    def free_words(self) -> str:
        """3 h 30 min"""
        hours, minutes = divmod(self.free_minutes, 60)
        return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


@dataclass
class Row:
    """One practitioner's or one room's week."""

    heading: str
    practitioner: Person | None = None
    room: Room | None = None
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Week(Board):
    rows: list[Row] = field(default_factory=list, kw_only=True)


def of_everybody(location: Location, monday: date, *, now: datetime, by_rooms: bool = False) -> Week:
    """A week of all practitioners or rooms: who is there, what is booked, how much is free."""
    board = _read(location, week_of(monday), Lens(by_rooms), now=now)
    found = Week(**vars(board))
    by_day: dict[tuple[int | None, date], list[Entry]] = defaultdict(list)
    for day, entry in _by_day(board):
        by_day[entry.room_id if by_rooms else entry.practitioner_id, day].append(entry)
    if by_rooms:
        found.rows = [Row(room.name, room=room) for room in board.rooms]
        if any(entry.room_id is None for entry in board.entries):
            found.rows.append(Row("No room"))
    else:
        found.rows = [Row(person.name, practitioner=person) for person in board.people]
    for row in found.rows:
        key = row.practitioner.pk if row.practitioner else row.room.pk if row.room else None
        row.cells = [_cell(board, row, day, by_day[key, day]) for day in board.days]
    return found


def _by_day(board: Board) -> Iterable[tuple[date, Entry]]:
    """Entries with the day on which they begin; both are in order of time."""
    days = iter(board.whole.items())
    day, span = next(days)
    for entry in board.entries:
        while entry.begins >= span.end:
            day, span = next(days)
        if entry.begins in span:
            yield day, entry


def _cell(board: Board, row: Row, day: date, entries: list[Entry]) -> Cell:
    who, span, now = row.practitioner, board.whole[day], board.now
    away = board.hours.away[who.pk] if who else []
    gone = [one.label for one in away if one.span.overlaps(span)]
    cell = Cell(day, entries, away=gone[0] if gone else "", is_over=now >= span.end)
    parts = board.open_on(who, day)
    cell.is_open = bool(parts)
    if parts and (who or row.room):
        kind = ResourceKind.ROOM if who is None else ResourceKind.PRACTITIONER
        taken = [daygrid.held(e, board.services[e.service_id].around(kind)) for e in entries if daygrid.holds_time(e)]
        taken += [(one.span.start, one.span.end) for one in away]
        if span.start < now:
            taken.append((span.start, now))
        cell.free_minutes = intervals.left(parts, taken) // 60
    return cell


# -- Reading ----------------------------------------------------------------------------------------------


def _read(location: Location, days: Sequence[date], lens: Lens, *, now: datetime) -> Board:
    """Five queries, however full it is: hours, visits, services, rooms, people; two more where groups or holds are."""
    whole = {day: daygrid.day_seconds(day, location.tz) for day in days}
    span = Interval(wallclock.day_span(days[0], location.tz).start, wallclock.day_span(days[-1], location.tz).end)
    hours = presence.of(location, days, span)
    visits = diary_rows.visits(location, span)
    entries: list[Entry] = [visit for visit in visits if not visit.is_seat]
    if hours.has_groups:
        entries += diary_rows.groups(location, span)
    if hours.has_holds:
        entries += diary_rows.held(location, span, now=now)
    entries.sort(key=lambda entry: entry.begins)
    rooms = diary_rows.rooms(location)
    used = {entry.room_id for entry in entries} | ({lens.room.pk} if lens.room else set())
    chosen = {lens.practitioner.pk} if lens.practitioner and not lens.by_rooms else set()
    here = {*hours.works, *(entry.practitioner_id for entry in [*entries, *visits]), *chosen}
    return Board(
        location,
        days,
        whole,
        hours,
        int(now.timestamp()),
        [visit for visit in visits if lens.sees(visit)],
        [entry for entry in entries if lens.sees(entry)],
        sorted(diary_rows.people(here).values(), key=lambda person: person.name),
        sorted(
            (room for room in rooms.values() if room.is_active or room.pk in used),
            key=lambda room: (_natural(room.name), room.pk),
        ),
        diary_rows.services({entry.service_id for entry in entries}),
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Room 2 before Room 10."""
    return [(int(part), "") if part.isdigit() else (0, part.lower()) for part in name.split()]


def _frame(board: Board, open_or_at_work: Iterable[Spans[int]]) -> Frame:
    """One day's frame; of several days, from the earliest hour on the wall to the latest, laid on the first."""
    tz, whole = board.location.tz, board.whole
    spans = {part for some in open_or_at_work for part in some}
    spans |= {Interval(entry.begins, entry.ends) for entry in board.entries}
    frames = [daygrid.frame(day, tz, spans) for day in whole if any(s.overlaps(whole[day]) for s in spans)]
    if not frames:
        return daygrid.frame(board.days[0], tz, [])
    first = min(datetime.fromtimestamp(f.span.start, tz).time() for f in frames)
    longest = max(f.span.end - daygrid.reached(_day_of(f, tz), first, tz) for f in frames)
    start = daygrid.reached(board.days[0], first, tz)
    return Frame(Interval(start, start + longest), tz)


def _day_of(area: Frame, tz: ZoneInfo) -> date:
    return datetime.fromtimestamp(area.span.start, tz).date()


def _shifted(area: Frame, day: date) -> Frame:
    """The same hours on another day."""
    start = daygrid.reached(day, datetime.fromtimestamp(area.span.start, area.tz).time(), area.tz)
    return Frame(Interval(start, start + (area.span.end - area.span.start)), area.tz)
