"""Whom a free time suits, and in which order they are asked. Pure; see docs/algorithms/waitlist.md."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval

#: Visits begin at whole quarters of an hour, as everywhere in the diary.
STEP = timedelta(minutes=15)
#: A gap shorter than this between two visits is of no use to anybody.
USELESS = timedelta(minutes=30)
#: Whose days end within a week of the free time are asked before who has longer.
LAST_CHANCE = timedelta(days=7)

Span = Interval[datetime]


@dataclass(frozen=True)
class Wishes:
    """One entry of the waitlist, and what else decides whether a time suits."""

    entry: int
    since: datetime
    service: int
    minutes: int
    discipline: str
    skill: str = ""
    is_group: bool = False
    #: Minutes of the practitioner's time before and after the visit.
    before: int = 0
    after: int = 0
    #: Empty: anybody; anywhere; any day.
    practitioners: frozenset[int] = frozenset()
    locations: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    earliest: time | None = None
    latest: time | None = None
    first_on: date | None = None
    last_on: date | None = None
    #: The visit that would be moved: only what is over before it begins is earlier.
    present: Span | None = None
    urgent: bool = False
    #: What the patient has at other times: visits, and times kept for them.
    busy: tuple[Span, ...] = ()
    #: Times that they were offered before.
    offered: tuple[Span, ...] = ()

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Stretch:
    """A free stretch in a practitioner's diary around a time that became free."""

    practitioner: int
    location: int
    tz: ZoneInfo
    discipline: str
    skills: frozenset[str]
    #: When the practitioner works and nothing is booked.
    free: Span
    #: When nothing is booked, at work or not: what comes before and after a visit may lie here.
    untaken: Span
    #: What became free. A visit must touch it: the rest was free all along.
    freed: Span
    #: Of a group's session: its service. Then `free` is the session.
    session_of: int | None = None


@dataclass(frozen=True)
class Candidate:
    """Somebody whom the stretch suits, with the starts that do, the best first."""

    wishes: Wishes
    starts: tuple[datetime, ...]

    @property
    def gain(self) -> timedelta | None:
        """How much earlier than the present visit; None: there is none."""
        return self.wishes.present.start - self.starts[0] if self.wishes.present else None


def candidates(
    waiting: Iterable[Wishes], stretches: Collection[Stretch], *, from_: datetime
) -> list[tuple[Stretch, Candidate]]:
    """Everybody whom one of the stretches suits at some start from that instant on, in the order to be asked."""
    found = [
        (stretch, Candidate(wishes, at))
        for wishes in waiting
        for stretch in stretches
        if (at := starts(wishes, stretch, from_=from_))
    ]
    return sorted(found, key=lambda pair: order(pair[1], pair[0]))


def order(candidate: Candidate, stretch: Stretch) -> tuple[object, ...]:
    """Total and stable: two different candidates never compare equal.

    Who must not wait; whose days are nearly over, the nearest end first; who has waited longest, by days; who asked
    for this practitioner by name; who has no visit at all before who has one, then who gains most; who came first.
    """
    wishes, start = candidate.wishes, candidate.starts[0]
    day = start.astimezone(stretch.tz).date()
    ending = wishes.last_on is not None and wishes.last_on - day <= LAST_CHANCE
    gain = candidate.gain
    return (
        not wishes.urgent,
        not ending,
        wishes.last_on if ending and wishes.last_on else date.max,
        wishes.since.astimezone(stretch.tz).date(),
        stretch.practitioner not in wishes.practitioners,
        gain is not None,
        -(gain or timedelta()),
        wishes.since,
        wishes.entry,
        start,
        stretch.practitioner,
    )


def starts(wishes: Wishes, stretch: Stretch, *, from_: datetime) -> tuple[datetime, ...]:
    """Starts within the stretch that suit: least useless gaps first, then nearest to what became free, then early."""
    if not able(wishes, stretch):
        return ()
    fitting = [
        start
        for start in _possible(wishes, stretch)
        if start >= from_ and wanted(wishes, Interval(start, start + length_in(wishes, stretch)), stretch.tz)
    ]
    return tuple(sorted(fitting, key=lambda at: (_waste(wishes, stretch, at), abs(at - stretch.freed.start), at)))


def length_in(wishes: Wishes, stretch: Stretch) -> timedelta:
    """A group's session lasts as long as it does, whatever was wished."""
    return stretch.free.end - stretch.free.start if stretch.session_of is not None else wishes.length


def able(wishes: Wishes, stretch: Stretch) -> bool:
    """Whether it is the right service, with somebody and at a place that the patient wants."""
    if wishes.practitioners and stretch.practitioner not in wishes.practitioners:
        return False
    if wishes.locations and stretch.location not in wishes.locations:
        return False
    if stretch.session_of is not None:
        return stretch.session_of == wishes.service
    return (
        not wishes.is_group
        and wishes.discipline == stretch.discipline
        and (not wishes.skill or wishes.skill in stretch.skills)
    )


def wanted(wishes: Wishes, visit: Span, tz: ZoneInfo, *, offered_before: bool = False) -> bool:
    """Whether it is within the wishes, not offered before (a person may offer it again), and the patient is free."""
    start, end = visit.start.astimezone(tz), visit.end.astimezone(tz)
    return (
        (not wishes.weekdays or start.weekday() in wishes.weekdays)
        and (wishes.earliest is None or start.time() >= wishes.earliest)
        and (wishes.latest is None or (end.time() <= wishes.latest and end.date() == start.date()))
        and (wishes.first_on is None or start.date() >= wishes.first_on)
        and (wishes.last_on is None or start.date() <= wishes.last_on)
        and (wishes.present is None or visit.end <= wishes.present.start)
        and not any(visit.overlaps(other) for other in wishes.busy)
        and (offered_before or not any(visit.overlaps(other) for other in wishes.offered))
    )


def _possible(wishes: Wishes, stretch: Stretch) -> Iterator[datetime]:
    """Starts at which the visit is in free time, what is around it in untaken time, and it touches what was freed."""
    free, untaken, length = stretch.free, stretch.untaken, length_in(wishes, stretch)
    if stretch.session_of is not None:
        yield free.start
        return
    before, after = timedelta(minutes=wishes.before), timedelta(minutes=wishes.after)
    start = _on_the_grid(max(free.start, stretch.freed.start - length), stretch.tz)
    while start + length <= free.end and start < stretch.freed.end:
        touches = start + length > stretch.freed.start
        if touches and untaken.start <= start - before and start + length + after <= untaken.end:
            yield start
        start += STEP


def _on_the_grid(at: datetime, tz: ZoneInfo) -> datetime:
    """The first whole quarter of an hour on the wall from then on."""
    local = at.astimezone(tz)
    past = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    return at if not past else at + STEP - past


def _waste(wishes: Wishes, stretch: Stretch, start: datetime) -> timedelta:
    """Time of gaps too short for anybody that a visit then would leave in the stretch."""
    if stretch.session_of is not None:
        return timedelta()
    before = start - timedelta(minutes=wishes.before) - stretch.free.start
    after = stretch.free.end - (start + wishes.length + timedelta(minutes=wishes.after))
    return sum((gap for gap in (before, after) if timedelta() < gap < USELESS), timedelta())
