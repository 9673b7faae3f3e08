"""How a zone's clock stands over a stretch of time, written down, and where another book of the same zone differs.

Laws change clocks, sometimes weeks ahead: then an instant that was booked as nine o'clock shows eight or ten. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

#: From which second of the epoch the clock stands how many seconds east of Greenwich.
Stand = tuple[int, int]
#: No two changes of a clock are nearer than this.
_STEP = int(timedelta(days=3).total_seconds())
_MINUTE = 60


@dataclass(frozen=True)
class Difference:
    """Half-open: in these seconds of the epoch the clock stands otherwise than was written down."""

    begins: int
    ends: int
    was: int
    now: int


def book(tz: ZoneInfo, since: datetime, until: datetime) -> list[Stand]:
    """How the clock stands from `since` on, and from when it stands otherwise, to the minute, before `until`."""
    at, end = int(since.timestamp()) // _MINUTE * _MINUTE, int(until.timestamp())
    found = [(at, _offset(tz, at))]
    while at < end:
        after = min(at + _STEP, end)
        if _offset(tz, after) != _offset(tz, at):
            change = _change(tz, at, after)
            found.append((change, _offset(tz, change)))
        at = after
    return found


def _offset(tz: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(tz).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _change(tz: ZoneInfo, low: int, high: int) -> int:
    """The first minute between the two at which the clock stands as at the later one."""
    before = _offset(tz, low)
    while high - low > _MINUTE:
        middle = (low + high) // 2 // _MINUTE * _MINUTE
        if _offset(tz, middle) == before:
            low = middle
        else:
            high = middle
    return high


def differences(was: Sequence[Stand], now: Sequence[Stand], *, until: int) -> list[Difference]:
    """Where the two books differ, from the later of their beginnings to `until`."""
    begins = max(was[0][0], now[0][0])
    edges = sorted({begins, until, *(at for at, _ in (*was, *now) if begins < at < until)})
    found: list[Difference] = []
    for start, end in pairwise(edges):
        old, new = _standing(was, start), _standing(now, start)
        if old == new:
            continue
        if found and (found[-1].ends, found[-1].was, found[-1].now) == (start, old, new):
            found[-1] = Difference(found[-1].begins, end, old, new)
        else:
            found.append(Difference(start, end, old, new))
    return found


def _standing(stands: Sequence[Stand], at: int) -> int:
    return next(offset for begins, offset in reversed(stands) if begins <= at)


def wall(stands: Sequence[Stand], at: datetime) -> datetime:
    """What the clock on the wall showed at this instant by the book, without a zone."""
    seconds = int(at.timestamp())
    return (at.astimezone(UTC) + timedelta(seconds=_standing(stands, seconds))).replace(tzinfo=None)
