"""From wall-clock rules to instants, right on the days when clocks change. Pure.

"Opens at 09:00" means: from the first instant of that local day at which the clock on the wall has reached 09:00.
On an ordinary day that is 09:00. Where clocks skip 09:00 it is the moment they jump. Where 09:00 comes twice it is
the first. "Closes at 17:00" likewise, and closing at 00:00 is the first instant of the next day. So hours never
begin or end at a time that no clock shows, and a day of 23 or 25 hours loses or gains only the hour itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval, Spans

MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """Open on one day of the week, from and until a time on the wall, within its days of validity (both included)."""

    weekday: int
    opens: time
    closes: time
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
        )


def reached(day: date, wall: time, tz: ZoneInfo) -> datetime:
    """The first instant of the local day at which the clock shows `wall` or, when it skips that, a later time."""
    naive = datetime.combine(day, wall)
    instant = naive.replace(tzinfo=tz).astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) == naive:
        return instant
    return _jump(naive.replace(tzinfo=tz, fold=1).astimezone(UTC), instant, tz)


def _jump(before: datetime, after: datetime, tz: ZoneInfo) -> datetime:
    """The instant between the two at which the zone's offset changes, to the second."""
    new = after.astimezone(tz).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, tz).utcoffset() == new:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def day_span(day: date, tz: ZoneInfo) -> Interval[datetime]:
    """The local day as instants: 23, 24 or 25 hours, or whatever its zone makes of it."""
    return Interval(reached(day, MIDNIGHT, tz), reached(day + _DAY, MIDNIGHT, tz))


def hours_on(day: date, opens: time, closes: time, tz: ZoneInfo) -> Interval[datetime] | None:
    """The instants of one rule on one day; None when a clock change swallows them all."""
    start = reached(day, opens, tz)
    end = reached(day + _DAY, MIDNIGHT, tz) if closes == MIDNIGHT else reached(day, closes, tz)
    return Interval(start, end) if start < end else None


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    while first <= last:
        yield first
        first += _DAY


def days_touching(span: Interval[datetime], tz: ZoneInfo) -> Iterator[date]:
    """Every local day that has an instant in common with the span."""
    last = (span.end - timedelta(microseconds=1)).astimezone(tz).date()
    return days(span.start.astimezone(tz).date(), last)


def open_spans(rules: Iterable[Rule], over: Iterable[date], tz: ZoneInfo) -> Spans[datetime]:
    """All instants at which a rule holds on one of the days."""
    rules = list(rules)
    found = (hours_on(day, rule.opens, rule.closes, tz) for day in over for rule in rules if rule.holds_on(day))
    return Spans.of(part for part in found if part is not None)


class Clock(dict[int, str]):
    """What the clock on the wall shows (14:30) at an instant, in seconds since 1970; reckoned once for each."""

    def __init__(self, tz: tzinfo, form: str = "%H:%M") -> None:
        super().__init__()
        self.tz, self.form = tz, form

    def __missing__(self, at: int) -> str:
        shown = self[at] = datetime.fromtimestamp(at, self.tz).strftime(self.form)
        return shown
