"""A diary drawn as columns of five-minute rows: where each visit, gap and shade begins and how far it reaches.

Positions are numbers for CSS classes (`r13 n12`: row 13, 12 rows long), as the page carries no inline style. Instants
are whole seconds since 1970, so that finding a row is a division.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling import wallclock
from scheduling.diary_rows import Entry, Person, Room, Service, Visit
from scheduling.intervals import Interval, Spans
from scheduling.models import ResourceKind
from scheduling.presence import Away

#: Seconds of a row.
ROW = 5 * 60
HOUR = 60 * 60
#: Gaps are offered in steps of this on the wall clock.
OFFER = 30 * 60
SHORTEST_OFFER = 15 * 60
DEFAULT_HOURS = (time(8), time(18))


@dataclass(frozen=True)
class Frame:
    """The part of a day that is drawn: from one whole hour on the wall to another."""

    span: Interval[int]
    tz: ZoneInfo

    @property
    def rows(self) -> int:
        return (self.span.end - self.span.start) // ROW

    def row(self, at: int) -> int:
        """The row that an instant falls into, from 1; cut to the frame."""
        return (self._cut(at) - self.span.start) // ROW + 1

    def box(self, start: int, end: int) -> tuple[int, int]:
        """First row and number of rows, at least one."""
        first, last = self.row(start), -((self.span.start - self._cut(end)) // ROW)
        return first, max(1, last - first + 1)

    def _cut(self, at: int) -> int:
        return min(max(at, self.span.start), self.span.end)

    def hours(self) -> list[Mark]:
        """A mark at each whole hour on the wall."""
        walls = ((at, datetime.fromtimestamp(at, self.tz)) for at in range(self.span.start, self.span.end, ROW))
        return [Mark(self.row(at), f"{wall:%H:%M}") for at, wall in walls if wall.minute == 0]


@dataclass(frozen=True)
class Mark:
    row: int
    label: str


@dataclass(frozen=True)
class Block:
    """A stretch of a column that is shaded, or in which somebody is away."""

    row: int
    rows: int
    label: str = ""


class Gap(NamedTuple):
    """A free stretch of a column that can be booked from its beginning."""

    row: int
    rows: int
    begins: int


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

    @property
    def is_tight(self) -> bool:
        """Room for one line only."""
        return self.rows < 6

    @property
    def is_snug(self) -> bool:
        """Just room for two."""
        return self.rows == 6


@dataclass
class Column:
    """One day of one practitioner or one room."""

    day: date
    heading: str
    practitioner: Person | None = None
    room: Room | None = None
    sub: str = ""
    away_words: str = ""
    #: The instant of its first row.
    begins: int = 0
    shades: list[Block] = field(default_factory=list)
    away: list[Block] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    now_row: int | None = None

    @property
    def lanes(self) -> int:
        return max((card.lanes for card in self.cards), default=1)

    @property
    def of_rooms(self) -> bool:
        """Visits without a room have a column as well, which is nobody's."""
        return self.practitioner is None

    @property
    def kind(self) -> ResourceKind:
        return ResourceKind.ROOM if self.of_rooms else ResourceKind.PRACTITIONER


def frame(day: date, tz: ZoneInfo, spans: Iterable[Interval[int]]) -> Frame:
    """From the first hour that anything happens to the last; a working day's length when nothing does."""
    whole = day_seconds(day, tz)
    inside = [cut for span in spans if (cut := span.meet(whole))]
    first, last = DEFAULT_HOURS
    start = min((s.start for s in inside), default=reached(day, first, tz))
    end = max((s.end for s in inside), default=reached(day, last, tz))
    start = max(_hour_before(start, tz), whole.start)
    end = min(_hour_after(end, tz), whole.end)
    return Frame(Interval(start, max(end, start + HOUR)), tz)


def day_seconds(day: date, tz: ZoneInfo) -> Interval[int]:
    """The local day from its first instant to the next day's."""
    whole = wallclock.day_span(day, tz)
    return Interval(int(whole.start.timestamp()), int(whole.end.timestamp()))


def reached(day: date, wall: time, tz: ZoneInfo) -> int:
    """The first instant of the local day at which the clock shows `wall`, or what it skips to."""
    return int(wallclock.reached(day, wall, tz).timestamp())


def _hour_before(at: int, tz: ZoneInfo) -> int:
    wall = datetime.fromtimestamp(at, tz)
    return at - wall.minute * 60 - wall.second


def _hour_after(at: int, tz: ZoneInfo) -> int:
    floor = _hour_before(at, tz)
    return at if floor == at else floor + HOUR


def fill(
    column: Column,
    area: Frame,
    *,
    works: Spans[int],
    away: Sequence[Away] = (),
    entries: Sequence[Entry],
    services: Mapping[int, Service],
    now: int,
) -> Column:
    """Draw one column: what is closed, who is away, what is booked, what can be booked from now on."""
    whole = Spans.of([area.span])
    column.begins = area.span.start
    column.shades = [Block(*area.box(s.start, s.end)) for s in whole - works]
    gone = Spans.of(one.span for one in away)
    for one in away:
        if cut := one.span.meet(area.span):
            column.away.append(Block(*area.box(cut.start, cut.end), label=one.label))
            first, last = (datetime.fromtimestamp(edge, area.tz) for edge in (cut.start, cut.end))
            column.away_words = f"{one.label} {first:%H:%M} to {last:%H:%M}"
    column.cards = lanes(_card(area, entry, services[entry.service_id].around(column.kind)) for entry in entries)
    taken = Spans.of(
        Interval(*held(entry, services[entry.service_id].around(column.kind))) for entry in entries if holds_time(entry)
    )
    free = ((works & whole) - gone) - taken
    column.gaps = [Gap(*area.box(start, end), start) for start, end in offers(free, area, now)]
    if now in area.span:
        column.now_row = area.row(now)
    return column


def held(entry: Entry, around: tuple[int, int]) -> tuple[int, int]:
    """From when until when it takes a practitioner or a room, with what comes before and after it."""
    return entry.begins - around[0], entry.ends + around[1]


def holds_time(entry: Entry) -> bool:
    return not isinstance(entry, Visit) or entry.holds_time


def offers(free: Spans[int], area: Frame, now: int) -> Iterable[tuple[int, int]]:
    """Free stretches cut at each whole and half hour on the wall; what is past or too short is left out."""
    for part in free:
        start = part.start
        while start < part.end:
            wall = datetime.fromtimestamp(start, area.tz)
            end = min(start + OFFER - wall.minute % 30 * 60 - wall.second, part.end)
            if part.end - end < SHORTEST_OFFER:
                end = part.end
            if end - start >= SHORTEST_OFFER and start >= now - SHORTEST_OFFER:
                yield start, end
            start = end


def _card(area: Frame, entry: Entry, around: tuple[int, int]) -> Card:
    row, rows = area.box(entry.begins, entry.ends)
    card = Card(entry, row, rows)
    if holds_time(entry):
        before, after = (buffer // ROW for buffer in around)
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
