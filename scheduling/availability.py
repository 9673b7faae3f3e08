"""Free times: asked often, never stored. Guarantees and method: docs/algorithms/booking.md.

`ground()` reads what bears on the question in a fixed number of queries, however many practitioners, rooms and
visits there are; the rest is arithmetic on bits. Nothing is written by asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from clinic import prepared
from clinic.models import Location
from patients.models import Patient
from scheduling import cells, rota
from scheduling.intervals import Interval
from scheduling.models import Appointment, ResourceKind, Service
from scheduling.models.resources import LONGEST_CLAIM

#: A gap shorter than this between two visits is of no use to anybody.
USELESS_GAP_MINUTES = 30
STEP_MINUTES = 15
#: Where other times are looked for first when one cannot be had.
NEARBY = timedelta(hours=12)
#: Another practitioner's time counts as so many seconds farther away.
OTHERS_ARE_FARTHER = 1800


@dataclass(frozen=True)
class Ask:
    """One question: this service, there, within this span; perhaps with these people, for this patient."""

    service: Service
    location: Location
    span: Interval[datetime]
    #: Ids; None: everyone of the service's discipline who works there.
    practitioners: frozenset[int] | None = None
    #: Id of a room that somebody insists on.
    room: int | None = None
    minutes: int | None = None
    step: int = STEP_MINUTES
    patient: Patient | None = None
    #: A visit about to be moved does not stand in its own way.
    ignoring: Appointment | None = None
    #: Nor do others that are moved in the same act.
    making_way: frozenset[int] = frozenset()
    #: Holds that have run out by then are nobody's; None: every hold counts.
    now: datetime | None = None

    @cached_property
    def length(self) -> int:
        return self.minutes or self.service.minutes

    @cached_property
    def needs(self) -> dict[ResourceKind, tuple[int, int]]:
        """Of each kind of resource: cells before the visit, and cells in all."""
        found = {}
        for kind in ResourceKind:
            before, after = (int(part.total_seconds()) // 60 for part in self.service.around(kind))
            found[kind] = (cells.needed(before), cells.needed(before) + cells.needed(self.length + after))
        return found


@dataclass(frozen=True, order=True)
class Free:
    """A time that can be booked."""

    starts_at: datetime
    ends_at: datetime
    practitioner_id: int
    #: Minutes of useless gaps that it would leave in the practitioner's diary.
    waste: int = 0


@dataclass
class Ground:
    """Everything that bears on one question, as bits."""

    ruler: cells.Ruler
    tz: ZoneInfo
    #: Practitioner → when they work and the location is open.
    open: dict[int, int] = field(default_factory=dict)
    taken_people: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: One mask for each suitable room, and for each seat of each suitable device.
    taken_rooms: dict[int, int] = field(default_factory=dict)
    taken_devices: dict[tuple[int, int], int] = field(default_factory=dict)
    taken_patient: int = 0

    @cached_property
    def all(self) -> int:
        return (1 << self.ruler.count) - 1


def free_times(ask: Ask) -> list[Free]:
    """Every free start within the span, by time; of several practitioners, each with their own."""
    land = ground(ask)
    masks = starts(ask, land)
    length = timedelta(minutes=ask.length)
    found = [
        Free(at := land.ruler.instant(cell), at + length, practitioner, waste(ask, land, practitioner, cell))
        for practitioner, mask in masks.items()
        for cell in cells.cells(mask)
    ]
    return sorted(found, key=lambda free: (free.starts_at, free.practitioner_id))


def nearest(ask: Ask, wanted: datetime, *, practitioner_id: int | None, count: int = 3) -> list[Free]:
    """The free times closest to the one that could not be had; the same practitioner's count as half an hour nearer.

    Looked for within half a day first: what is found there cannot be beaten from outside.
    """
    around = ask.span.meet(Interval(wanted - NEARBY, wanted + NEARBY))
    if around is not None:
        found = _nearest(replace(ask, span=around), wanted, practitioner_id, count)
        if len(found) == count and _distance(found[-1], wanted, practitioner_id) < NEARBY.total_seconds():
            return found
    return _nearest(ask, wanted, practitioner_id, count)


def _distance(free: Free, wanted: datetime, practitioner_id: int | None) -> float:
    away = abs((free.starts_at - wanted).total_seconds())
    return away + (OTHERS_ARE_FARTHER if free.practitioner_id != practitioner_id else 0)


def _nearest(ask: Ask, wanted: datetime, practitioner_id: int | None, count: int) -> list[Free]:
    """No start twice; of several at one distance the least wasteful, then the earliest."""
    land = ground(ask)
    masks = starts(ask, land)
    mine = masks.pop(practitioner_id, 0) if practitioner_id is not None else 0
    seconds, length = wanted.timestamp() - land.ruler.origin, timedelta(minutes=ask.length)
    candidates = [(abs(cell * cells.SECONDS - seconds), cell, True) for cell in cells.cells(mine)]
    candidates += [
        (abs(cell * cells.SECONDS - seconds) + OTHERS_ARE_FARTHER, cell, False)
        for cell in cells.cells(cells.union(masks.values()) & ~mine)
    ]
    chosen: list[Free] = []
    for _, group in groupby(sorted(candidates), key=lambda one: one[0]):
        tied = []
        for _, cell, is_mine in group:
            who = practitioner_id if is_mine else None
            spare, who = _least_waste(ask, land, masks, cell) if who is None else (waste(ask, land, who, cell), who)
            at = land.ruler.instant(cell)
            tied.append(Free(at, at + length, who, spare))
        chosen += sorted(tied, key=lambda free: (free.waste, free.starts_at))
        if len(chosen) >= count:
            break
    return chosen[:count]


def _least_waste(ask: Ask, land: Ground, masks: dict[int, int], cell: int) -> tuple[int, int]:
    """Of those who are free at this cell: (waste, practitioner) of whom it suits best."""
    best: tuple[int, int] | None = None
    for practitioner in sorted(masks):
        if masks[practitioner] >> cell & 1:
            found = (waste(ask, land, practitioner, cell), practitioner)
            best = min(best, found) if best else found
            if best[0] == 0:
                break
    assert best is not None
    return best


def best_first(
    found: Iterable[Free],
    *,
    familiar: Collection[int],
    tz: ZoneInfo,
    per_day: int,
    suits: Callable[[Free], bool] = lambda _: False,
) -> list[Free]:
    """At most `per_day` times of each local day: with whom the patient knows, when it suits, without useless gaps."""
    by_day: dict[object, list[Free]] = defaultdict(list)
    for free in found:
        by_day[free.starts_at.astimezone(tz).date()].append(free)
    best: list[Free] = []
    for day in sorted(by_day, key=str):
        ranked = sorted(
            by_day[day], key=lambda f: (f.practitioner_id not in familiar, not suits(f), f.waste, f.starts_at)
        )
        best.extend(ranked[:per_day])
    return best


# -- Reading ---------------------------------------------------------------------------------------------


def ground(ask: Ask) -> Ground:
    """Two queries; three with a patient."""
    tz = ask.location.tz
    befores, afters = zip(*(ask.service.around(kind) for kind in ResourceKind), strict=True)
    cell = timedelta(minutes=cells.MINUTES)
    slack = timedelta(minutes=ask.length) + max(afters) + cell
    land = Ground(cells.Ruler.over(ask.span, lead=max(befores) + cell, slack=slack), tz)
    span = Interval(land.ruler.instant(0), land.ruler.instant(land.ruler.count))
    _read_hours(ask, land, span)
    _read_claims(ask, land, span)
    if ask.patient is not None:
        visits = Appointment.objects.for_patient(ask.patient).holding_time().within(span.start, span.end)
        if ask.ignoring is not None:
            visits = visits.exclude(pk=ask.ignoring.pk)
        if ask.making_way:
            visits = visits.exclude(pk__in=ask.making_way)
        land.taken_patient = cells.union(land.ruler.outer(a, b) for a, b in visits.values_list("starts_at", "ends_at"))
    return land


def _read_hours(ask: Ask, land: Ground, span: Interval[datetime]) -> None:
    service = ask.service
    found = rota.read(
        ask.location, span, disciplines=[service.discipline], skill=service.skill, practitioners=ask.practitioners
    )
    land.open = found.people(land.ruler)


#: Which resources could serve a question: their rows under the names r, room and device.
_SUITABLE = """
  scheduling_resource r
  LEFT JOIN scheduling_room room ON room.id = r.room_id
  LEFT JOIN scheduling_device device ON device.id = r.device_id
WHERE r.practitioner_id = ANY(%(people)s::bigint[])
  OR (%(needs_room)s AND room.id = %(room)s)
  OR (%(needs_room)s AND %(room)s IS NULL AND room.location_id = %(location)s AND room.is_active
      AND room.features @> %(features)s::varchar[])
  OR (device.location_id = %(location)s AND device.is_active AND upper(device.kind) = upper(%(device_kind)s))
"""
_SUITABLE_SQL = f"""
SELECT r.id, r.kind, coalesce(r.practitioner_id, r.room_id, r.device_id), coalesce(device.count, 1) FROM {_SUITABLE}
"""  # noqa: S608 -- text of ours
#: With the cells that claims touch, the first of each and the one after its last: reckoned where the claims are.
_CLAIMED_SQL = f"""
SELECT suitable.*, claimed.* FROM ({_SUITABLE_SQL}) AS suitable (id, kind, thing, seats)
LEFT JOIN LATERAL (
  SELECT c.seat,
    array_agg(floor((date_part('epoch', lower(c.during)) - %(origin)s) / {cells.SECONDS})::int),
    array_agg(ceil((date_part('epoch', upper(c.during)) - %(origin)s) / {cells.SECONDS})::int)
  FROM scheduling_claim c LEFT JOIN scheduling_hold hold ON hold.id = c.hold_id
  WHERE c.resource_id = suitable.id
    AND lower(c.during) > %(earliest)s AND lower(c.during) < %(end)s AND upper(c.during) > %(start)s
    AND (hold.runs_out_at IS NULL OR %(now)s::timestamptz IS NULL OR hold.runs_out_at > %(now)s)
    AND (c.appointment_id IS NULL OR c.appointment_id <> ALL(%(making_way)s::bigint[]))
  GROUP BY c.seat
) AS claimed ON true
"""  # noqa: S608 -- text of ours


def _read_claims(ask: Ask, land: Ground, span: Interval[datetime]) -> None:
    """One query: which resources could serve, and what is claimed of them."""
    giving_way = ask.making_way | ({ask.ignoring.pk} if ask.ignoring is not None else set())
    asked = _suiting(ask, land.open) | {
        "origin": land.ruler.origin,
        "earliest": span.start - LONGEST_CLAIM,
        "start": span.start,
        "end": span.end,
        "now": ask.now,
        "making_way": list(giving_way),
    }
    with prepared.ask(_CLAIMED_SQL, asked) as cursor:
        rows = cursor.fetchall()
    for _, kind, thing, seats, seat, begins, ends in rows:
        mask = cells.union(map(land.ruler.between, begins, ends)) if seat else 0
        if kind == ResourceKind.PRACTITIONER:
            land.taken_people[thing] |= mask
        elif kind == ResourceKind.ROOM:
            land.taken_rooms[thing] = land.taken_rooms.get(thing, 0) | mask
        else:
            for one in range(1, seats + 1):
                land.taken_devices.setdefault((thing, one), 0)
            if seat and seat <= seats:
                land.taken_devices[thing, seat] |= mask


def _suiting(ask: Ask, people: Iterable[int]) -> dict[str, Any]:
    service = ask.service
    return {
        "people": list(people),
        "needs_room": service.needs_room,
        "room": ask.room,
        "location": ask.location.pk,
        "features": [service.room_feature] if service.room_feature else [],
        "device_kind": service.device_kind or None,
    }


def suitable(ask: Ask, *, people: Iterable[int]) -> list[tuple[int, ResourceKind, int, int]]:
    """The resource rows that could serve: (resource, kind, id of the thing, seats). One query."""
    with prepared.ask(_SUITABLE_SQL, _suiting(ask, people)) as cursor:
        return [(pk, ResourceKind(kind), thing, seats) for pk, kind, thing, seats in cursor.fetchall()]


# -- Reckoning -------------------------------------------------------------------------------------------


def starts(ask: Ask, land: Ground) -> dict[int, int]:
    """Practitioner → the cells at which the visit can begin."""
    visit = cells.needed(ask.length)
    everywhere = land.ruler.starts_on(ask.step, land.tz) & land.ruler.starting_in(ask.span.start, ask.span.end)
    if ask.service.needs_room:
        everywhere &= cells.union(fits(ask, land, ResourceKind.ROOM, taken) for taken in land.taken_rooms.values())
    if ask.service.device_kind:
        everywhere &= cells.union(fits(ask, land, ResourceKind.DEVICE, taken) for taken in land.taken_devices.values())
    if land.taken_patient:
        everywhere &= cells.runs(land.all & ~land.taken_patient, visit)
    bare = ask.needs[ResourceKind.PRACTITIONER] == (0, visit)
    found = {}
    for practitioner, open_ in land.open.items():
        taken = land.taken_people.get(practitioner, 0)
        found[practitioner] = everywhere & cells.runs(open_ & ~taken, visit)
        if not bare:  # preparing and charting need not lie within open hours
            found[practitioner] &= fits(ask, land, ResourceKind.PRACTITIONER, taken)
    return found


def fits(ask: Ask, land: Ground, kind: ResourceKind, taken: int) -> int:
    """The cells at which a visit can begin so that its time of this resource, before and after included, is free."""
    lead, need = ask.needs[kind]
    return cells.runs(land.all & ~taken, need) << lead & land.all


def waste(ask: Ask, land: Ground, practitioner: int, cell: int) -> int:
    """Minutes of gaps too short for anybody that a visit at this cell would leave before and after it."""
    usable = land.open[practitioner] & ~land.taken_people.get(practitioner, 0)
    first = cell - cells.needed(ask.service.preparing_minutes)
    before = first - (((1 << first) - 1) & ~usable).bit_length()
    rest = ~(usable >> (cell + cells.needed(ask.length + ask.service.charting_minutes)))
    after = (rest & -rest).bit_length() - 1
    gaps = (before * cells.MINUTES, after * cells.MINUTES)
    return sum(gap for gap in gaps if gap < USELESS_GAP_MINUTES)
