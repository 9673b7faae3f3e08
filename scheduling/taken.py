"""What is taken of all that could serve, to the minute, read once for many questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from scheduling import availability
from scheduling.availability import Ask
from scheduling.intervals import Interval
from scheduling.models import Claim, ResourceKind

_SECONDS_A_DAY = 86_400


@dataclass
class Taken:
    """What others have of all that could serve, to the minute; kept by day, so that looking one up is quick."""

    rooms: list[int] = field(default_factory=list)
    #: Device → how many there are of it.
    devices: dict[int, int] = field(default_factory=dict)
    _by_day: dict[tuple[str, int, int], list[tuple[int, datetime, datetime, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @classmethod
    def read(cls, ask: Ask, people: Collection[int], span: Interval[datetime]) -> Taken:
        """Two queries."""
        whose: dict[int, tuple[str, int]] = {}
        found = cls()
        for pk, kind, thing, seats in availability.suitable(ask, people=people):
            whose[pk] = (str(kind), thing)
            if kind is ResourceKind.ROOM:
                found.rooms.append(thing)
            elif kind is ResourceKind.DEVICE:
                found.devices[thing] = seats
        taken = Claim.objects.filter(resource__in=list(whose)).within(span.start, span.end)
        if ask.now is not None:
            taken = taken.standing(ask.now)
        if ask.making_way:
            taken = taken.exclude(appointment__in=ask.making_way)
        for resource, seat, during, hold in taken.values_list("resource_id", "seat", "during", "hold_id"):
            found.add((*whose[resource], seat), during.lower, during.upper, is_held=hold is not None)
        return found

    def add(self, key: tuple[str, int, int], start: datetime, end: datetime, *, is_held: bool = False) -> None:
        kind, thing, seat = key
        for day in _days(start, end):
            self._by_day[kind, thing, day].append((seat, start, end, is_held))

    def hit(
        self, kind: str, thing: int, start: datetime, end: datetime, *, seat: int | None = None
    ) -> tuple[datetime, bool] | None:
        """Until when something of the thing (or of this seat) is taken then, and whether it is only held."""
        for day in _days(start, end):
            for which, a, b, held in self._by_day.get((kind, thing, day), ()):
                if a < end and start < b and seat in (None, which):
                    return b, held
        return None


def _days(start: datetime, end: datetime) -> range:
    return range(int(start.timestamp()) // _SECONDS_A_DAY, int(end.timestamp()) // _SECONDS_A_DAY + 1)
