"""Half-open intervals and sets of them: [start, end). Pure; for integers, instants, anything ordered.

Back-to-back never overlaps. A Spans is kept sorted, merged and free of empty parts, so equal sets of points
are equal values. The laws are in tests/scheduling/test_intervals.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)


@dataclass(frozen=True)
class Interval(Generic[T]):
    """[start, end), never empty."""

    start: T
    end: T

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"An interval must end after it starts: {self.start} to {self.end}.")

    def __contains__(self, point: T) -> bool:
        return self.start <= point < self.end

    def overlaps(self, other: Interval[T]) -> bool:
        return self.start < other.end and other.start < self.end

    def covers(self, other: Interval[T]) -> bool:
        return self.start <= other.start and other.end <= self.end

    def meet(self, other: Interval[T]) -> Interval[T] | None:
        """What both have, or None."""
        start = max(self.start, other.start)
        end = min(other.end, self.end)
        return Interval(start, end) if start < end else None


@dataclass(frozen=True)
class Spans(Generic[T]):
    """A set of points as sorted intervals that neither overlap nor touch."""

    parts: tuple[Interval[T], ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Interval[T]]) -> Spans[T]:
        merged: list[Interval[T]] = []
        for part in sorted(intervals, key=lambda i: i.start):
            if merged and part.start <= merged[-1].end:
                if merged[-1].end < part.end:
                    merged[-1] = Interval(merged[-1].start, part.end)
            else:
                merged.append(part)
        return cls(tuple(merged))

    def __iter__(self) -> Iterator[Interval[T]]:
        return iter(self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __contains__(self, point: T) -> bool:
        return any(point in part for part in self.parts)

    def __or__(self, other: Spans[T]) -> Spans[T]:
        return Spans.of((*self.parts, *other.parts))

    def __and__(self, other: Spans[T]) -> Spans[T]:
        found: list[Interval[T]] = []
        i = j = 0
        while i < len(self.parts) and j < len(other.parts):
            mine, theirs = self.parts[i], other.parts[j]
            if both := mine.meet(theirs):
                found.append(both)
            if mine.end < theirs.end:
                i += 1
            else:
                j += 1
        return Spans(tuple(found))

    def __sub__(self, other: Spans[T]) -> Spans[T]:
        found: list[Interval[T]] = []
        for part in self.parts:
            start = part.start
            for hole in other.parts:
                if hole.end <= start:
                    continue
                if part.end <= hole.start:
                    break
                if start < hole.start:
                    found.append(Interval(start, hole.start))
                start = hole.end
                if part.end <= start:
                    break
            if start < part.end:
                found.append(Interval(start, part.end))
        return Spans(tuple(found))

    def covers(self, interval: Interval[T]) -> bool:
        """Whether every point of the interval is in the set: one part must hold it whole."""
        return any(part.covers(interval) for part in self.parts)


def left(parts: Iterable[Interval[int]], holes: Iterable[tuple[int, int]]) -> int:
    """How much of some parts is in none of the holes, which may overlap: `Spans - Spans` without making either."""
    total, holes = 0, sorted(holes)
    for part in parts:
        at, end = part.start, part.end
        for start, until in holes:
            if start >= end:
                break
            if at < until:
                if at < start:
                    total += start - at
                at = until
        if at < end:
            total += end - at
    return total
