"""New places for touched visits: read in a fixed number of queries for each location, however many visits there are.

What disturbs least is decided in `scheduling.disruption`. Nothing is written by asking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice

from clinic import time
from clinic.models import DeskTask, Practitioner
from patients.models import CareTeamMember
from scheduling import availability, cells, disruption
from scheduling.availability import Ask, Ground
from scheduling.disruption import Facts, Option, Spaced, Taking
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.models import Appointment, GroupSession, ResourceKind, TimePreference
from scheduling.surveys import Survey, survey
from scheduling.touched import Cause
from treatments.models import Referral

#: So many visits are looked at together; the rest follow once these are settled.
AT_ONCE = 60
#: How far after the absence a new place is looked for, and how soon somebody can be there.
AFTER, SOONEST = timedelta(days=21), timedelta(hours=1)
#: Others are looked at so far around the old time.
AROUND = timedelta(days=7)
#: The cheapest places that are weighed for each visit (and two more for each other visit, up to a number), how many
#: rooms for each of them, and how many places are shown.
FEW, MANY, ROOMS, SHOWN = 12, 48, 3, 3


@dataclass(frozen=True)
class Place:
    """A new place for one visit, as it is shown."""

    pick: str
    starts_at: datetime
    practitioner: Practitioner
    words: tuple[str, ...]
    is_best: bool = False


@dataclass
class Row:
    """One touched visit."""

    visit: Appointment
    places: list[Place] = field(default_factory=list)
    #: The value of what is chosen: a pick, "call", "off" or "leave".
    chosen: str = "leave"
    #: Somebody is to speak with the patient first.
    call: DeskTask | None = None


@dataclass
class Sheet:
    """All that one cause touches, and how far the desk has got."""

    rows: list[Row]
    sessions: list[GroupSession]
    placed: int
    total: int
    #: Touched visits that are not on this sheet yet.
    more: int = 0

    @property
    def is_done(self) -> bool:
        return not self.rows and not self.sessions


def sheet(cause: Cause, *, now: datetime, choices: Mapping[str, str]) -> Sheet:
    """Every touched visit with new places for it. `choices` by the visit's uid: what somebody chose before."""
    standing = set(cause.visits(now).values_list("pk", flat=True))
    visits = list(cause.visits(now).for_page()[:AT_ONCE])
    placed = len(cause.displaced() - standing)
    calls = {
        task.subject_uid: task
        for task in DeskTask.objects.open().filter(
            kind=DeskTask.Kind.CALL_PATIENT, subject_uid__in=[visit.uid for visit in visits]
        )
    }
    rows = [Row(visit, call=calls.get(visit.uid)) for visit in visits]
    by_location: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_location[row.visit.location_id].append(row)
    _propose(list(by_location.values()), cause, choices, now)
    for row in rows:
        _choose(row, choices.get(str(row.visit.uid), ""))
    return Sheet(rows, cause.sessions(now), placed, placed + len(standing), max(0, len(standing) - len(visits)))


def _choose(row: Row, said: str) -> None:
    """What was said, if it can still be had; else the best place, or a call for who is to be called already."""
    possible = {place.pick for place in row.places} | {"call", "off", "leave"}
    if said in possible:
        row.chosen = said
    elif row.call is not None:
        row.chosen = "leave"
    else:
        row.chosen = row.places[0].pick if row.places else "call"


# -- Proposals -------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """What is known of the patients of one location's touched visits."""

    known: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    wishes: dict[int, TimePreference] = field(default_factory=dict)
    #: Sessions of a part of a plan: (visit, local day).
    sessions: dict[int, list[tuple[int, date]]] = field(default_factory=lambda: defaultdict(list))
    #: Episode → the last day of its newest referral.
    referred_until: dict[int, date | None] = field(default_factory=dict)

    @classmethod
    def of(cls, visits: Sequence[Appointment]) -> Reader:
        """Four queries."""
        reader = cls()
        people = {v.patient.survivor.pk for v in visits} | {v.patient_id for v in visits}
        for patient, who in (
            CareTeamMember.objects.current().filter(patient__in=people).values_list("patient_id", "practitioner_id")
        ):
            reader.known[patient].add(who)
        reader.wishes = {one.patient_id: one for one in TimePreference.objects.filter(patient__in=people)}
        parts = {v.intervention_id for v in visits if v.intervention_id}
        tz = visits[0].location.tz
        for part, pk, at in (
            Appointment.objects.holding_time()
            .filter(intervention__in=parts)
            .values_list("intervention_id", "pk", "starts_at")
        ):
            reader.sessions[part].append((pk, time.local_day(at, tz)))
        episodes = {v.intervention.plan.episode_id for v in visits if v.intervention}
        for referral in Referral.objects.standing().filter(episode__in=episodes).order_by("dated_on", "pk"):
            reader.referred_until[referral.episode_id] = referral.expires_on
        return reader

    def keeps_the_plan(self, visit: Appointment, day: date) -> bool:
        """Spaced as the plan asks, and while the referral holds; where it did not before, it need not now."""
        part = visit.intervention
        if part is None:
            return True
        here = time.local_day(visit.starts_at, visit.location.tz)
        if part.days_between and not self._spaced(visit, day) and self._spaced(visit, here):
            return False
        until = self.referred_until.get(part.plan.episode_id)
        return until is None or day <= until or here > until

    def _spaced(self, visit: Appointment, day: date) -> bool:
        apart = (visit.intervention and visit.intervention.days_between) or 0
        others = self.sessions[visit.intervention_id or 0]
        return all(pk == visit.pk or abs((other - day).days) >= apart for pk, other in others)


@dataclass
class _Ground:
    """One location with its touched visits, and what each of them could have."""

    rows: list[Row]
    seen: Survey
    reader: Reader
    options: list[list[Option]]

    @classmethod
    def read(cls, rows: list[Row], until: datetime, now: datetime) -> _Ground:
        visits = [row.visit for row in rows]
        seen = survey(
            visits[0].location, Interval(now, until), {visit.service for visit in visits},
            minutes=max(visit.minutes for visit in visits), patients=[visit.patient for visit in visits], now=now,
        )  # fmt: skip
        reader = Reader.of(visits)
        return cls(rows, seen, reader, [list(_options(row.visit, seen, reader, len(rows), now)) for row in rows])


def _propose(by_location: list[list[Row]], cause: Cause, choices: Mapping[str, str], now: datetime) -> None:
    """The least total for all of them, then two more places for each that nobody else was given."""
    starts = [row.visit.starts_at for rows in by_location for row in rows]
    until = max([now, min(max([cause.span.end, *starts]), now + timedelta(days=180))]) + AFTER
    grounds = [_Ground.read(rows, until, now) for rows in by_location]
    best = disruption.assign([options for ground in grounds for options in ground.options])
    number = 0
    for ground in grounds:
        for row, options in zip(ground.rows, ground.options, strict=True):
            others = [one for n, one in enumerate(best) if one is not None and n != number]
            shown = _shown(best[number], options, others)
            said = choices.get(str(row.visit.uid), "")
            kept = [one for one in _once(options) if _pick(one, ground.seen) == said and not _among(one, shown)]
            row.places = [
                _place(one, row.visit, ground.seen, ground.reader, is_best=one is best[number]) for one in shown + kept
            ]
            number += 1


def _shown(best: Option | None, options: Sequence[Option], others: Sequence[Option]) -> list[Option]:
    """The best, the best of another kind, and the next best; none that was proposed to somebody else."""
    possible = (one for one in _once(options) if not any(one.excludes(other) for other in others))
    free = list(islice(possible, FEW))
    shown = [best] if best else []
    for differs in (True, False):
        for one in free:
            if _among(one, shown):
                continue
            if differs and best and one.practitioner == best.practitioner:
                continue
            shown.append(one)
            break
    for one in free:
        if len(shown) >= SHOWN:
            break
        if not _among(one, shown):
            shown.append(one)
    return shown[:SHOWN]


def _among(one: Option, others: Collection[Option]) -> bool:
    return any((one.practitioner, one.starts_at) == (o.practitioner, o.starts_at) for o in others)


def _once(options: Sequence[Option]) -> Iterator[Option]:
    """Without those that differ only in the room."""
    met: set[tuple[int, datetime]] = set()
    for one in options:
        if (key := (one.practitioner, one.starts_at)) not in met:
            met.add(key)
            yield one


def _options(visit: Appointment, seen: Survey, reader: Reader, among: int, now: datetime) -> Iterator[Option]:
    """Where the visit could be: at its own time with others, later with the same, and near its time with others."""
    patient = visit.patient.survivor
    land = seen.ground(visit.service, patient=patient, ignoring={visit.pk})
    ask = Ask(visit.service, seen.location, seen.span, minutes=visit.minutes, step=cells.MINUTES)
    masks = availability.starts(ask, land)
    # Who is in the waiting room can be taken at once.
    soonest = now if visit.arrived_at else now + SOONEST
    soon = seen.ruler.starting_in(soonest, seen.span.end) & seen.ruler.starts_on(15, land.tz)
    here = seen.ruler.cell(visit.starts_at)
    exact = seen.ruler.instant(here) == visit.starts_at
    places = _Places(visit, ask, land, seen, reader)
    week = seen.ruler.starting_in(visit.starts_at - AROUND, visit.starts_at + AROUND)
    found: list[tuple[int, int, int]] = []
    for who, mask in masks.items():
        is_same = who == visit.practitioner_id
        count = min(2 * among if is_same else 3, MANY) + 4
        near = mask & soon & (-1 if is_same else week)
        worth = _worth_a_look(near, here, count, visit=visit, seen=seen, reader=reader)
        if exact and here >= 0 and mask >> here & 1:
            worth.add(here)
        found += [(price, who, cell) for cell in worth if (price := places.price(who, cell)) is not None]
    for price, who, cell in sorted(found)[: min(2 * among + FEW, MANY)]:
        yield from places.at(who, cell, price)


def _worth_a_look(mask: int, here: int, count: int, *, visit: Appointment, seen: Survey, reader: Reader) -> set[int]:
    """The cells nearest to the old time, those at its hour on other days, and those that the patient likes."""
    day, apart = 24 * 60 // cells.MINUTES, cells.needed(visit.minutes)
    ranked = sorted(cells.cells(mask), key=lambda cell: (abs(cell - here), cell))
    found = set(_apart(ranked, apart, count))
    found.update([cell for cell in ranked if (cell - here) % day == 0][:3])
    if wish := reader.wishes.get(visit.patient.survivor.pk):
        length = visit.ends_at - visit.starts_at
        at = seen.ruler.instant
        liked = [cell for cell in ranked if wish.fits(at(cell), at(cell) + length, seen.location.tz)]
        found.update(_apart(liked, apart, count))
    return found


def _apart(ranked: Sequence[int], apart: int, count: int) -> list[int]:
    """The first few that do not lie on top of each other."""
    kept: list[int] = []
    for cell in ranked:
        if len(kept) >= count:
            break
        if all(abs(cell - other) >= apart for other in kept):
            kept.append(cell)
    return kept


@dataclass
class _Places:
    """Turns a free start into options, one for each room that would do."""

    visit: Appointment
    ask: Ask
    land: Ground
    seen: Survey
    reader: Reader

    def __post_init__(self) -> None:
        fits = partial(availability.fits, self.ask, self.land)
        ranked = sorted(self.land.taken_rooms.items(), key=lambda item: item[0] != self.visit.room_id)
        self.rooms: list[tuple[int | None, int]] = [(pk, fits(ResourceKind.ROOM, taken)) for pk, taken in ranked]
        self.seats: list[tuple[tuple[int, int] | None, int]] = [
            (seat, fits(ResourceKind.DEVICE, taken)) for seat, taken in self.land.taken_devices.items()
        ]

    def price(self, who: int, cell: int) -> int | None:
        """What it disturbs; None: the plan does not want it there, or it is where the visit stands already."""
        visit, start = self.visit, self.land.ruler.instant(cell)
        if (who, start) == (visit.practitioner_id, visit.starts_at):
            return None
        if not self.reader.keeps_the_plan(visit, time.local_day(start, self.land.tz)):
            return None
        return disruption.cost(facts(visit, self.seen.people[who], start, self.reader, self._waste(who, cell)))

    def at(self, who: int, cell: int, price: int) -> Iterator[Option]:
        visit, start = self.visit, self.land.ruler.instant(cell)
        day = time.local_day(start, self.land.tz)
        part = visit.intervention
        session = Spaced(part.pk, day.toordinal(), part.days_between) if part and part.days_between else None
        patient = (0, visit.patient.survivor.pk)
        always: tuple[Taking, ...] = (
            self._taking(ResourceKind.PRACTITIONER, who, start),
            Taking(("patient", *patient), start, start + timedelta(minutes=self.ask.length)),
        )
        for room in self._rooms(cell):
            for seat in self._seats(cell):
                takes = always
                if room is not None:
                    takes += (self._taking(ResourceKind.ROOM, room, start),)
                if seat is not None:
                    takes += (self._taking(ResourceKind.DEVICE, seat, start),)
                yield Option(who, start, price, takes, session)

    def _waste(self, who: int, cell: int) -> int:
        return availability.waste(self.ask, self.land, who, cell)

    def _taking(self, kind: ResourceKind, thing: object, start: datetime) -> Taking:
        before, after = self.visit.service.around(kind)
        end = start + timedelta(minutes=self.ask.length)
        return Taking((kind.value, thing), start - before, end + after)

    def _rooms(self, cell: int) -> list[int | None]:
        """The present room first."""
        if not self.visit.service.needs_room:
            return [None]
        return [pk for pk, mask in self.rooms if mask >> cell & 1][:ROOMS]

    def _seats(self, cell: int) -> list[tuple[int, int] | None]:
        if not self.visit.service.device_kind:
            return [None]
        return [seat for seat, mask in self.seats if mask >> cell & 1][:2]


def facts(visit: Appointment, who: Practitioner, start: datetime, reader: Reader, waste: int = 0) -> Facts:
    """How the place differs from what the patient expects."""
    tz, patient = visit.location.tz, visit.patient.survivor
    old, new = visit.starts_at.astimezone(tz), start.astimezone(tz)
    wish = reader.wishes.get(patient.pk)
    known = reader.known[patient.pk] | reader.known[visit.patient_id]
    return Facts(
        same_person=who.pk == visit.practitioner_id,
        known=who.pk in known,
        asked_for=wish is not None and wish.practitioner_id == who.pk,
        speaks=not who.languages or patient.language in who.languages,
        likes_the_time=wish is None or wish.fits(start, start + (visit.ends_at - visit.starts_at), tz),
        same_time=start == visit.starts_at,
        days_away=abs((new.date() - old.date()).days),
        clock_shift=abs((new.hour * 60 + new.minute) - (old.hour * 60 + old.minute)),
        earlier=start < visit.starts_at,
        waste=waste,
    )


def _pick(one: Option, seen: Survey) -> str:
    return str(Pick(seen.people[one.practitioner].uid, one.starts_at))


def _place(one: Option, visit: Appointment, seen: Survey, reader: Reader, *, is_best: bool) -> Place:
    who = seen.people[one.practitioner]
    read = facts(visit, who, one.starts_at, reader)
    words = [
        "same time" if read.same_time else "",
        "the same therapist" if read.same_person else "",
        "whom they asked for" if read.asked_for and not read.same_person else "",
        "knows them" if read.known and not read.same_person else "",
        "" if read.speaks else f"does not speak {visit.patient.survivor.get_language_display()}",
        "" if read.likes_the_time else "not at a time they like",
    ]
    return Place(_pick(one, seen), one.starts_at, who, tuple(word for word in words if word), is_best)
