"""Time as bits: one bit for each cell of five minutes, lowest first, in Python's big integers. Pure.

A month is 8 064 bits, about a kilobyte; a few dozen shifts and ANDs of such numbers answer for every start at once.
Everything that is taken is rounded outwards and everything open inwards, so a start that is offered is free.
See docs/algorithms/booking.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval

MINUTES = 5
SECONDS = MINUTES * 60


@dataclass(frozen=True)
class Ruler:
    """Numbers the cells of a span of time; its first cell starts at `origin`, a whole cell since 1970."""

    origin: int
    count: int

    @classmethod
    def over(cls, span: Interval[datetime], *, lead: timedelta = timedelta(), slack: timedelta = timedelta()) -> Ruler:
        """Cells for the span, widened before it and after it, for what begins or ends outside."""
        first = int((span.start - lead).timestamp()) // SECONDS
        last = -(-int((span.end + slack).timestamp()) // SECONDS)
        return cls(first * SECONDS, last - first)

    def instant(self, cell: int) -> datetime:
        return datetime.fromtimestamp(self.origin + cell * SECONDS, UTC)

    def cell(self, instant: datetime) -> int:
        """The cell that the instant lies in; it may lie outside the ruler."""
        return int((instant.timestamp() - self.origin) // SECONDS)

    def outer(self, start: datetime, end: datetime) -> int:
        """Every cell that [start, end) touches: what is taken."""
        return self.touched(start.timestamp(), end.timestamp())

    def touched(self, start: float, end: float) -> int:
        """The same, from seconds since 1970."""
        return self.between(int((start - self.origin) // SECONDS), -int((self.origin - end) // SECONDS))

    def starting_in(self, start: datetime, end: datetime) -> int:
        """Every cell whose first instant lies in [start, end)."""
        first = -int((self.origin - start.timestamp()) // SECONDS)
        last = -int((self.origin - end.timestamp()) // SECONDS)
        return self.between(first, last)

    def inner(self, start: datetime, end: datetime) -> int:
        """Every cell that lies wholly in [start, end): what is open."""
        first = -int((self.origin - start.timestamp()) // SECONDS)
        last = int((end.timestamp() - self.origin) // SECONDS)
        return self.between(first, last)

    def between(self, first: int, last: int) -> int:
        """The cells from the first to the one before the last, as far as they lie on the ruler."""
        first, last = max(first, 0), min(last, self.count)
        return ((1 << (last - first)) - 1) << first if last > first else 0

    def starts_on(self, step: int, tz: ZoneInfo) -> int:
        """The cells at which the clock on the wall shows a multiple of `step` minutes."""
        mask, stride = 0, step // MINUTES
        for first, last, offset in self._even_pieces(tz):
            shift = -((self.origin + offset) // SECONDS + first) % stride
            cells = last - first - shift
            if cells > 0:
                comb = _comb(-(-cells // stride), stride)
                mask |= comb << (first + shift)
        return mask

    def _even_pieces(self, tz: ZoneInfo) -> Iterator[tuple[int, int, int]]:
        """(first cell, cell after the last, seconds east of UTC) of stretches without a clock change."""
        first, offset = 0, _offset(self.origin, tz)
        probe = 0
        while probe < self.count:
            following = min(probe + 6 * 3600 // SECONDS, self.count)
            if (new := _offset(self.origin + (following - 1) * SECONDS, tz)) != offset:
                low, high = max(probe - 1, 0), following - 1
                while high - low > 1:
                    middle = (low + high) // 2
                    if _offset(self.origin + middle * SECONDS, tz) == offset:
                        low = middle
                    else:
                        high = middle
                yield first, high, offset
                first, offset = high, new
            probe = following
        yield first, self.count, offset


def _offset(timestamp: int, tz: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(timestamp, tz).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _comb(teeth: int, stride: int) -> int:
    """`teeth` bits, each `stride` cells after the one before."""
    comb, have = 1, 1
    while have < teeth:
        add = min(have, teeth - have)
        comb |= (comb & ((1 << (add * stride)) - 1)) << (have * stride)
        have += add
    return comb


def runs(free: int, need: int) -> int:
    """The cells at which `need` free cells begin, by doubling: free & free>>1 & free>>2 …"""
    have = 1
    while have < need and free:
        step = min(have, need - have)
        free &= free >> step
        have += step
    return free


def cells(mask: int) -> Iterator[int]:
    """The numbers of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def needed(minutes: int) -> int:
    """How many cells so many minutes take."""
    return -(-minutes // MINUTES)


def union(masks: Iterable[int]) -> int:
    """Where at least one has a bit."""
    found = 0
    for mask in masks:
        found |= mask
    return found
