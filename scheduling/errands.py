"""Free times for several services back to back: those at which every part fits, one after the other.

The masks of each part are shifted to the start of the whole and laid over each other. Where two parts stand so close
that what follows the one reaches into the other, they may not share a therapist, a room or a seat of a device.
Seven queries and two for the patient, however many parts there are. See docs/algorithms/booking.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from clinic.models import Location
from patients.models import Patient
from scheduling import availability, cells
from scheduling.availability import STEP_MINUTES, Ask
from scheduling.intervals import Interval
from scheduling.models import ResourceKind, Service
from scheduling.surveys import Survey, survey

Masks = Mapping[Hashable, int]
Clash = Callable[[int, int], bool]


@dataclass(frozen=True)
class Wanted:
    """One part: a service, and with whom if that matters."""

    service: Service
    #: Id; None: anybody who can.
    practitioner: int | None = None


@dataclass(frozen=True, order=True)
class Errand:
    """A time at which all parts fit, and with whom each of them would be."""

    starts_at: datetime
    practitioners: tuple[int, ...]


def fitting(parts: Sequence[Masks], clash: Clash, everywhere: int) -> int:
    """The cells at which every part can have a thing of its own. Pure.

    `parts`: for each, thing → the starts of the whole at which that thing is free for it; none at all: it needs
    none. `clash(i, j)`: whether parts i < j may not have the same thing.
    """
    known: dict[tuple[int, tuple[tuple[int, Hashable], ...]], int] = {}

    def rest(number: int, before: tuple[tuple[int, Hashable], ...]) -> int:
        if number == len(parts):
            return everywhere
        if (key := (number, before)) in known:
            return known[key]
        if not parts[number]:
            found = rest(number + 1, before)
        else:
            found = 0
            for thing, mask in parts[number].items():
                if any(other == thing and clash(earlier, number) for earlier, other in before):
                    continue
                taken = (*before, (number, thing))
                still = tuple(t for t in taken if any(clash(t[0], later) for later in range(number + 1, len(parts))))
                found |= mask & rest(number + 1, still)
        known[key] = found
        return found

    return rest(0, ())


def ways(parts: Sequence[Masks], clash: Clash, cell: int) -> Iterator[tuple[Hashable, ...]]:
    """Who or what each part could have at that start, in the order of `parts`."""

    def rest(chosen: tuple[Hashable, ...]) -> Iterator[tuple[Hashable, ...]]:
        number = len(chosen)
        if number == len(parts):
            yield chosen
            return
        for thing, mask in parts[number].items():
            taken = any(other == thing and clash(earlier, number) for earlier, other in enumerate(chosen))
            if mask >> cell & 1 and not taken:
                yield from rest((*chosen, thing))

    return rest(())


@dataclass
class _Board:
    """The parts over one survey, each kind of resource by itself: they do not depend on each other."""

    wanted: Sequence[Wanted]
    seen: Survey
    patient: Patient

    def __post_init__(self) -> None:
        lengths = [part.service.minutes for part in self.wanted]
        self.offsets = [sum(lengths[:n]) for n in range(len(lengths) + 1)]

    def clash(self, kind: ResourceKind) -> Clash:
        """Whether what follows the earlier part reaches into what comes before the later one."""

        def close(earlier: int, later: int) -> bool:
            between = timedelta(minutes=self.offsets[later] - self.offsets[earlier + 1])
            after = self.wanted[earlier].service.around(kind)[1]
            return after + self.wanted[later].service.around(kind)[0] > between

        return close

    def masks(self) -> dict[ResourceKind, list[Masks]]:
        """For each kind, for each part: who or what could take it, by the start of the whole."""
        found: dict[ResourceKind, list[Masks]] = {kind: [] for kind in ResourceKind}
        for part, offset in zip(self.wanted, self.offsets, strict=False):
            ask = Ask(part.service, self.seen.location, self.seen.span)
            land = self.seen.ground(part.service)
            shift, visit = cells.needed(offset), cells.needed(ask.length)
            people: dict[Hashable, int] = {
                who: (cells.runs(open_ & ~land.taken_people[who], visit)
                      & availability.fits(ask, land, ResourceKind.PRACTITIONER, land.taken_people[who])) >> shift
                for who, open_ in land.open.items()
                if part.practitioner in (None, who)
            }  # fmt: skip
            rooms: dict[Hashable, int] = {
                pk: availability.fits(ask, land, ResourceKind.ROOM, t) >> shift for pk, t in land.taken_rooms.items()
            }
            seats: dict[Hashable, int] = {
                seat: availability.fits(ask, land, ResourceKind.DEVICE, t) >> shift
                for seat, t in land.taken_devices.items()
            }
            found[ResourceKind.PRACTITIONER].append(people or {0: 0})
            found[ResourceKind.ROOM].append((rooms or {0: 0}) if part.service.needs_room else {})
            found[ResourceKind.DEVICE].append((seats or {0: 0}) if part.service.device_kind else {})
        return found

    def starts(self, masks: dict[ResourceKind, list[Masks]], step: int) -> int:
        ruler, tz = self.seen.ruler, self.seen.location.tz
        everywhere = ruler.starts_on(step, tz) & ruler.starting_in(self.seen.span.start, self.seen.span.end)
        free = ((1 << ruler.count) - 1) & ~cells.union(
            mask for _, mask in self.seen.visits[self.patient.merged_into_id or self.patient.pk]
        )
        everywhere &= cells.runs(free, cells.needed(self.offsets[-1]))
        for kind in ResourceKind:
            everywhere = fitting(masks[kind], self.clash(kind), everywhere)
        return everywhere


def errand_times(
    wanted: Sequence[Wanted],
    location: Location,
    span: Interval[datetime],
    *,
    patient: Patient,
    familiar: Collection[int] = (),
    now: datetime,
    step: int = STEP_MINUTES,
) -> list[Errand]:
    """Every start at which all parts fit, each time with those whom the patient knows best."""
    services = [part.service for part in wanted]
    total = sum(service.minutes for service in services)
    seen = survey(location, span, services, minutes=total, patients=[patient], now=now)
    board = _Board(wanted, seen, patient)
    masks = board.masks()
    people = [
        dict(sorted(theirs.items(), key=lambda item: (item[0] not in familiar, item[0])))
        for theirs in masks[ResourceKind.PRACTITIONER]
    ]
    close = board.clash(ResourceKind.PRACTITIONER)
    found = []
    for cell in cells.cells(board.starts(masks, step)):
        chosen = min(_few(ways(people, close, cell)), key=_changes)
        found.append(Errand(seen.ruler.instant(cell), tuple(int(str(who)) for who in chosen)))
    return found


def _few(choices: Iterator[tuple[Hashable, ...]]) -> Iterator[tuple[Hashable, ...]]:
    for _, one in zip(range(24), choices, strict=False):
        yield one


def _changes(people: Sequence[Hashable]) -> int:
    """How often the patient goes from one therapist to another."""
    return sum(one != other for one, other in pairwise(people))
