"""How several dates of one patient stand: free, or what is in the way and what could be done. Writes nothing.

A fixed number of queries, however many dates. Guarantees and method: docs/algorithms/series.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from clinic import time
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import availability, cells, foresight
from scheduling.availability import Ask, Ground
from scheduling.diaries import Busy
from scheduling.foresight import Facts
from scheduling.intervals import Interval
from scheduling.models import Appointment, Room, Service
from scheduling.preflight import Proposal
from scheduling.rules import Finding
from scheduling.taken import Taken
from treatments.models import Intervention

#: How far from the date a proposed one may be.
NEAR = timedelta(days=6)
#: How many of the nearest free times are tried against the rules before none is proposed.
_TRIED = 40
#: Whether a time with somebody leaves nothing to be decided.
Cures = Callable[[datetime, Practitioner], bool]


@dataclass(frozen=True)
class Common:
    """What all the visits share."""

    patient: Patient
    service: Service
    location: Location
    minutes: int
    #: The room that is insisted on.
    room: Room | None = None
    intervention: Intervention | None = None
    #: Visits that give up their present time in the same act.
    making_way: frozenset[int] = frozenset()
    #: The rules that are looked at; None: all.
    only: frozenset[str] | None = None


@dataclass(frozen=True)
class Wanted:
    """One date as somebody would like to have it."""

    number: int
    starts_at: datetime
    practitioner: Practitioner
    #: No clock shows the wished time on that day.
    is_skipped: bool = False
    is_left_out: bool = False
    #: Warnings that somebody has read.
    despite: frozenset[str] = frozenset()
    #: The visit that would be moved there.
    moving: Appointment | None = None


@dataclass(frozen=True)
class Fix:
    """A free time instead."""

    starts_at: datetime
    practitioner: Practitioner
    is_other_person: bool
    is_other_day: bool


@dataclass
class Row:
    """One date, and how it stands."""

    wanted: Wanted
    proposal: Proposal
    busy: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)

    @property
    def blocks(self) -> list[str]:
        """What makes it impossible."""
        skipped = ["The clocks go forward that night: this time does not exist."] if self.wanted.is_skipped else []
        return skipped + [f.message for f in self.findings if f.blocks] + self.busy

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if not f.blocks]

    @property
    def unread(self) -> list[Finding]:
        return [f for f in self.warnings if f.rule not in self.wanted.despite]

    @property
    def is_kept(self) -> bool:
        return not self.wanted.is_left_out

    @property
    def is_settled(self) -> bool:
        """Can be booked as it stands, or need not be."""
        return self.wanted.is_left_out or not (self.blocks or self.unread)

    @property
    def verdict(self) -> str:
        """One word for the page: what stands out most."""
        if self.wanted.is_left_out:
            return "left"
        if self.wanted.is_skipped:
            return "skipped"
        ruled = {f.rule for f in self.findings}
        if "BOOK-06" in ruled:
            return "closed"
        if "BOOK-05" in ruled:
            return "away"
        if self.busy:
            return "busy"
        if self.blocks:
            return "blocked"
        if not self.unread:
            return "free"
        return "outside" if {f.rule for f in self.unread} & {"BOOK-11", "BOOK-12"} else "ask"

    def sentence(self) -> str:
        """ "Tue 1 Dec 2026, 09:00: Dana is busy until 10:00." """
        local = self.wanted.starts_at.astimezone(self.proposal.location.tz)
        why = " ".join(self.blocks or [f.message for f in self.unread])
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}: {why}"


def look(common: Common, wanted: Sequence[Wanted], *, now: datetime, fix: bool = True) -> list[Row]:
    """How each date stands when those before it are booked, and what could be done where it does not."""
    rows = [Row(one, _proposal(common, one)) for one in sorted(wanted, key=lambda w: (w.starts_at, w.number))]
    if not rows:
        return []
    ground = _Ground.read(common, rows, now)
    before: list[datetime] = []
    for row in rows:
        if not row.is_kept:
            continue
        row.findings = ground.findings(row, before)
        row.busy = ground.busy(row)
        if not row.blocks:
            ground.take(row)
            before.append(row.wanted.starts_at)
    if fix:
        ground.propose(rows)
    return rows


def _proposal(common: Common, one: Wanted) -> Proposal:
    return Proposal(
        common.patient,
        common.service,
        one.practitioner,
        common.location,
        one.starts_at,
        one.starts_at + timedelta(minutes=common.minutes),
        common.intervention,
        moving=one.moving,
        making_way=common.making_way,
    )


Window = tuple[datetime, datetime]


@dataclass
class _Ground:
    """All that is read, and what earlier dates have taken since."""

    common: Common
    now: datetime
    facts: Facts
    ask: Ask
    land: Ground
    claims: Taken
    visits: list[Window]
    people: dict[int, Practitioner]

    @classmethod
    def read(cls, common: Common, rows: Sequence[Row], now: datetime) -> _Ground:
        """Eight queries for what is free, six to nine for the rules, five for who is busy."""
        edges = [row.wanted.starts_at for row in rows]
        span = Interval(max(min(edges) - NEAR, min(now, *edges)), max(edges) + NEAR + timedelta(days=1))
        ask = Ask(
            common.service,
            common.location,
            span,
            room=common.room.pk if common.room else None,
            minutes=common.minutes,
            patient=common.patient,
            making_way=common.making_way,
            now=now,
        )
        land = availability.ground(ask)
        asked = {row.wanted.practitioner.pk: row.wanted.practitioner for row in rows}
        others = Practitioner.objects.select_related("user").in_bulk(set(land.open) | set(asked))
        facts = foresight.read(
            patient=common.patient,
            location=common.location,
            people=(others | asked).values(),
            span=span,
            intervention=common.intervention,
            vacated=common.making_way,
            now=now,
        )
        claims = Taken.read(ask, set(land.open) | set(asked), span)
        visits = Appointment.objects.for_patient(common.patient).holding_time().within(span.start, span.end)
        taken = list(visits.exclude(pk__in=common.making_way).values_list("starts_at", "ends_at"))
        return cls(common, now, facts, ask, land, claims, taken, others | asked)

    def findings(self, row: Row, besides: Sequence[datetime]) -> list[Finding]:
        found = self.facts.findings(row.proposal, besides=besides)
        return [f for f in found if self.common.only is None or f.rule in self.common.only]

    # -- Who is busy -----------------------------------------------------------------------------------

    def busy(self, row: Row) -> list[str]:
        """A sentence for each that stands in the way."""
        proposal, found = row.proposal, []
        who = row.wanted.practitioner
        if taken := self._until("practitioner", who.pk, row):
            found.append(Busy("practitioner", who.user.name, *taken))
        start, end = proposal.starts_at, proposal.ends_at
        if ends := [b for a, b in self.visits if a < end and start < b]:
            found.append(Busy("patient", self.common.patient.display_name, max(ends)))
        sentences = [one.sentence(proposal) for one in found]
        if self.common.room and (taken := self._until("room", self.common.room.pk, row)):
            sentences.append(Busy("room", self.common.room.name, *taken).sentence(proposal))
        elif self.common.service.needs_room and self._room(row) is None and not self.common.room:
            sentences.append("Every suitable room is taken then.")
        if self.common.service.device_kind and self._device(row) is None:
            sentences.append(f"Every {self.common.service.device_kind} is taken then.")
        return sentences

    def _until(self, kind: str, thing: int, row: Row) -> tuple[datetime, bool] | None:
        start, end = self._window(kind, row)
        return self.claims.hit(kind, thing, start, end)

    def _window(self, kind: str, row: Row) -> Window:
        before, after = self.common.service.around(kind)
        return row.proposal.starts_at - before, row.proposal.ends_at + after

    def _room(self, row: Row) -> int | None:
        return next((room for room in self.claims.rooms if self._until("room", room, row) is None), None)

    def _device(self, row: Row) -> tuple[str, int, int] | None:
        start, end = self._window("device", row)
        for thing, seats in self.claims.devices.items():
            for seat in range(1, seats + 1):
                if self.claims.hit("device", thing, start, end, seat=seat) is None:
                    return "device", thing, seat
        return None

    def take(self, row: Row) -> None:
        """Later dates find this one's time taken."""
        self.visits.append((row.proposal.starts_at, row.proposal.ends_at))
        self._claim(("practitioner", row.wanted.practitioner.pk, 1), row)
        room = self.common.room.pk if self.common.room else self._room(row) if self.common.service.needs_room else None
        if room is not None:
            self._claim(("room", room, 1), row)
        if device := self._device(row):
            self._claim(device, row)

    def _claim(self, key: tuple[str, int, int], row: Row) -> None:
        self.claims.add(key, *self._window(key[0], row))

    # -- What could be done ----------------------------------------------------------------------------

    def propose(self, rows: Sequence[Row]) -> None:
        """For each date that is not settled: the same day with the same person, a near day, then a colleague."""
        if all(row.is_settled for row in rows):
            return
        starts = availability.starts(self.ask, self.land)
        kept = [row for row in rows if row.is_kept and row.is_settled]
        used = {self._day(row.wanted.starts_at) for row in rows if row.is_kept}
        spacing = max(1, (self.common.intervention.days_between or 1) if self.common.intervention else 1)
        for row in rows:
            if row.is_settled:
                continue
            others = [one.wanted.starts_at for one in rows if one is not row and one.is_kept and not one.blocks]
            cures = partial(self._cures, row, others)
            fixes = [
                self._own(row, starts, kept, used=used, spacing=spacing, cures=cures),
                self._colleague(row, starts, kept, cures),
            ]
            row.fixes = [one for one in fixes if one is not None]
            if row.fixes:
                used.add(self._day(row.fixes[0].starts_at))

    def _day(self, at: datetime) -> date:
        return time.local_day(at, self.common.location.tz)

    def _cures(self, row: Row, others: Sequence[datetime], at: datetime, who: Practitioner) -> bool:
        """Whether nothing that is not read yet would speak against the date then."""
        end = at + timedelta(minutes=self.common.minutes)
        moved = Row(row.wanted, replace(row.proposal, starts_at=at, ends_at=end, practitioner=who))
        return all(f.rule in row.wanted.despite for f in self.findings(moved, others))

    def _own(
        self,
        row: Row,
        starts: dict[int, int],
        kept: Sequence[Row],
        *,
        used: set[date],
        spacing: int,
        cures: Cures,
    ) -> Fix | None:
        """The same practitioner: that day as near as can be; else the nearest day, at the nearest time."""
        who, wish, tz = row.wanted.practitioner, row.wanted.starts_at, self.common.location.tz
        day, wall = self._day(wish), _minute(wish, tz)
        others = used - {day}

        def distance(at: datetime) -> tuple[bool, int, int, datetime]:
            away = self._day(at)
            close = min((abs((away - other).days) for other in others), default=spacing)
            return (close < spacing, abs((away - day).days), abs(_minute(at, tz) - wall), at)

        free = (at for at in self._free(starts.get(who.pk, 0), wish, kept) if self._day(at) not in others)
        near = sorted((distance(at), at) for at in free)[:_TRIED]
        best = next((at for _, at in near if cures(at, who)), None)
        return None if best is None else Fix(best, who, is_other_person=False, is_other_day=self._day(best) != day)

    def _colleague(self, row: Row, starts: dict[int, int], kept: Sequence[Row], cures: Cures) -> Fix | None:
        """Somebody else who can do it that day: at the same time if anybody can, else as near as can be."""
        wish, day = row.wanted.starts_at, self._day(row.wanted.starts_at)
        found = sorted(
            (abs(at - wish), self.people[who].user.name, who, at)
            for who, mask in starts.items()
            if who != row.wanted.practitioner.pk
            for at in self._free(mask, wish, kept)
            if self._day(at) == day
        )
        for _, _, who, at in found[:_TRIED]:
            if cures(at, self.people[who]):
                return Fix(at, self.people[who], is_other_person=True, is_other_day=False)
        return None

    def _free(self, mask: int, around: datetime, kept: Sequence[Row]) -> Iterator[datetime]:
        """Free starts within a few days, apart from the series' own other dates."""
        ruler, length = self.land.ruler, timedelta(minutes=self.common.minutes)
        near = mask & ruler.starting_in(max(around - NEAR, self.now), around + NEAR + timedelta(days=1))
        own = [(row.proposal.starts_at, row.proposal.ends_at) for row in kept]
        for cell in cells.cells(near):
            at = ruler.instant(cell)
            if at > self.now and not any(a < at + length and at < b for a, b in own):
                yield at


def _minute(at: datetime, tz: object) -> int:
    local = at.astimezone(tz)  # type: ignore[arg-type]
    return local.hour * 60 + local.minute
