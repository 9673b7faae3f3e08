"""A diary drawn as columns of five-minute rows: where each visit, gap and shade begins and how far it reaches.

Positions are numbers for CSS classes (`r13 n12`: row 13, 12 rows long), as the page carries no inline style.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Practitioner
from scheduling import wallclock
from scheduling.intervals import Interval, Spans
from scheduling.models import Appointment, GroupSession, Hold, ResourceKind, Room
from scheduling.presence import Away

Entry = Appointment | Hold | GroupSession

ROW = timedelta(minutes=5)
#: Gaps are offered in steps of this on the wall clock.
OFFER = timedelta(minutes=30)
SHORTEST_OFFER = timedelta(minutes=15)
DEFAULT_HOURS = (time(8), time(18))


@dataclass(frozen=True)
class Frame:
    """The part of a day that is drawn: from one whole hour on the wall to another."""

    span: Interval[datetime]
    tz: ZoneInfo

    @property
    def rows(self) -> int:
        return int((self.span.end - self.span.start) / ROW)

    def row(self, at: datetime) -> int:
        """The row that an instant falls into, from 1; cut to the frame."""
        at = min(max(at, self.span.start), self.span.end)
        return int((at - self.span.start) // ROW) + 1

    def box(self, start: datetime, end: datetime) -> tuple[int, int]:
        """First row and number of rows, at least one."""
        first = self.row(start)
        last = -int((self.span.start - min(max(end, self.span.start), self.span.end)) // ROW)
        return first, max(1, last - first + 1)

    def hours(self) -> list[Mark]:
        """A mark at each whole hour on the wall."""
        marks, at = [], self.span.start
        while at < self.span.end:
            wall = at.astimezone(self.tz)
            if wall.minute == 0:
                marks.append(Mark(self.row(at), f"{wall:%H:%M}"))
            at += ROW
        return marks


@dataclass(frozen=True)
class Mark:
    row: int
    label: str


@dataclass(frozen=True)
class Block:
    """A stretch of a column: shaded, away, or free to be booked."""

    row: int
    rows: int
    label: str = ""
    #: The instant of a gap, as addresses carry it: 2026-11-25T14:00Z.
    at: str = ""


def kind_of(entry: Entry) -> str:
    return {Appointment: "visit", Hold: "hold", GroupSession: "group"}[type(entry)]


@dataclass
class Card:
    """A visit, a held time or a group's session in a column; of those that overlap each has a lane of its own."""

    entry: Entry
    row: int
    rows: int
    #: Rows that it holds besides: preparing before it, charting or cleaning after it.
    lead: int = 0
    tail: int = 0
    lane: int = 0
    lanes: int = 1
    #: On the wall: from and until.
    clock: str = ""
    until: str = ""

    @property
    def kind(self) -> str:
        return kind_of(self.entry)

    @property
    def is_tight(self) -> bool:
        """Room for one line only."""
        return self.rows < 6

    @property
    def is_snug(self) -> bool:
        """Just room for two."""
        return self.rows == 6

    @property
    def lead_row(self) -> int:
        return self.row - self.lead

    @property
    def at(self) -> int:
        """When it begins, in whole seconds, for the script that moves it."""
        return int(self.entry.starts_at.timestamp())


@dataclass
class Column:
    """One day of one practitioner or one room."""

    day: date
    heading: str
    practitioner: Practitioner | None = None
    room: Room | None = None
    sub: str = ""
    away_words: str = ""
    #: The instant of its first row.
    begins_at: datetime | None = None
    shades: list[Block] = field(default_factory=list)
    away: list[Block] = field(default_factory=list)
    gaps: list[Block] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    now_row: int | None = None

    @property
    def lanes(self) -> int:
        return max((card.lanes for card in self.cards), default=1)

    @property
    def begins(self) -> int:
        """The same in whole seconds, for the script that reckons times from rows."""
        return int(self.begins_at.timestamp()) if self.begins_at else 0

    @property
    def wanted(self) -> str:
        """How the address of a gap begins; its instant follows."""
        if self.practitioner:
            return f"practitioner={self.practitioner.uid}&at={self.practitioner.uid}@"
        return f"room={self.room.uid}&when=" if self.room else ""

    @property
    def of_rooms(self) -> bool:
        """Visits without a room have a column as well, which is nobody's."""
        return self.practitioner is None

    @property
    def kind(self) -> ResourceKind:
        return ResourceKind.ROOM if self.of_rooms else ResourceKind.PRACTITIONER


def frame(day: date, tz: ZoneInfo, spans: Iterable[Interval[datetime]]) -> Frame:
    """From the first hour that anything happens to the last; a working day's length when nothing does."""
    whole = wallclock.day_span(day, tz)
    inside = [cut for span in spans if (cut := span.meet(whole))]
    first, last = DEFAULT_HOURS
    start = min((s.start for s in inside), default=wallclock.reached(day, first, tz))
    end = max((s.end for s in inside), default=wallclock.reached(day, last, tz))
    start = max(_hour_before(start, tz), whole.start)
    end = min(_hour_after(end, tz), whole.end)
    return Frame(Interval(start, max(end, start + timedelta(hours=1))), tz)


def _hour_before(at: datetime, tz: ZoneInfo) -> datetime:
    wall = at.astimezone(tz)
    return at - timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)


def _hour_after(at: datetime, tz: ZoneInfo) -> datetime:
    floor = _hour_before(at, tz)
    return at if floor == at else floor + timedelta(hours=1)


def fill(
    column: Column,
    area: Frame,
    *,
    works: Spans[datetime],
    away: Sequence[Away] = (),
    entries: Sequence[Entry],
    now: datetime,
) -> Column:
    """Draw one column: what is closed, who is away, what is booked, what can be booked from now on."""
    whole = Spans.of([area.span])
    column.begins_at = area.span.start
    column.shades = [Block(*area.box(s.start, s.end)) for s in whole - works]
    gone = Spans.of(one.span for one in away)
    for one in away:
        if cut := one.span.meet(area.span):
            column.away.append(Block(*area.box(cut.start, cut.end), label=one.label))
            first, last = (edge.astimezone(area.tz) for edge in (cut.start, cut.end))
            column.away_words = f"{one.label} {first:%H:%M} to {last:%H:%M}"
    column.cards = lanes(_card(area, entry, column.kind) for entry in entries)
    taken = Spans.of(held(entry, column.kind) for entry in entries if holds_time(entry))
    free = ((works & whole) - gone) - taken
    column.gaps = [
        Block(*area.box(a, b), label=f"{a.astimezone(area.tz):%H:%M}", at=f"{a.astimezone(UTC):%Y-%m-%dT%H:%MZ}")
        for a, b in offers(free, area, now)
    ]
    if now in area.span:
        column.now_row = area.row(now)
    return column


def held(entry: Entry, kind: ResourceKind) -> Interval[datetime]:
    """From when until when it takes a practitioner or a room, buffers included."""
    before, after = entry.service.around(kind)
    return Interval(entry.starts_at - before, entry.ends_at + after)


def holds_time(entry: Entry) -> bool:
    return not isinstance(entry, Appointment) or entry.holds_time


def offers(free: Spans[datetime], area: Frame, now: datetime) -> Iterable[tuple[datetime, datetime]]:
    """Free stretches cut at each whole and half hour on the wall; what is past or too short is left out."""
    for part in free:
        start = part.start
        while start < part.end:
            wall = start.astimezone(area.tz)
            to_half = OFFER - timedelta(minutes=wall.minute % 30, seconds=wall.second)
            end = min(start + to_half, part.end)
            if part.end - end < SHORTEST_OFFER:
                end = part.end
            if end - start >= SHORTEST_OFFER and start >= now - SHORTEST_OFFER:
                yield start, end
            start = end


def _card(area: Frame, entry: Entry, kind: ResourceKind) -> Card:
    row, rows = area.box(entry.starts_at, entry.ends_at)
    clock, until = (f"{edge.astimezone(area.tz):%H:%M}" for edge in (entry.starts_at, entry.ends_at))
    card = Card(entry, row, rows, clock=clock, until=until)
    if holds_time(entry):
        before, after = (buffer // ROW for buffer in entry.service.around(kind))
        card.lead, card.tail = min(before, row - 1), min(after, max(0, area.rows - row - rows + 1))
    return card


def lanes(cards: Iterable[Card]) -> list[Card]:
    """Side by side where they overlap (a missed visit and who came instead); alone, a card has the whole width."""
    placed: list[Card] = []
    group: list[Card] = []
    reach = 0
    for card in sorted(cards, key=lambda c: (c.row, -c.rows)):
        if group and card.row >= reach:
            _share(group)
            group = []
        busy = {c.lane for c in group if c.row + c.rows > card.row}
        card.lane = next(n for n in range(len(group) + 1) if n not in busy)
        group.append(card)
        reach = max(reach, card.row + card.rows) if len(group) > 1 else card.row + card.rows
        placed.append(card)
    _share(group)
    return placed


def _share(group: Sequence[Card]) -> None:
    width = max((card.lane for card in group), default=0) + 1
    for card in group:
        card.lanes = width
