"""When a series takes place: dates by a rule, and each at the same time on the wall. Pure.

The rule means what RRULE of RFC 5545 means (DAILY and WEEKLY with INTERVAL, BYDAY, WKST, COUNT or UNTIL), without the
rest of it. Days are reckoned first and become instants one by one, so that nine o'clock stays nine o'clock.
Guarantees: docs/algorithms/series.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import combinations, islice
from zoneinfo import ZoneInfo

from scheduling.wallclock import reached

MOST = 104
#: Nothing is booked further ahead.
LONGEST = timedelta(days=731)
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKDAYS = frozenset(range(5))


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class ImpossibleRule(ValueError):
    """Carries a sentence fit for the person at the desk, and the field that it is about."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Recurrence:
    """Every n days, or every n weeks on some days; from a day on, so often or until a day (included)."""

    first: date
    frequency: Frequency = Frequency.WEEKLY
    every: int = 1
    #: Of a weekly rule; 0 is Monday.
    weekdays: frozenset[int] = frozenset()
    count: int | None = None
    until: date | None = None
    #: The day on which a week begins: it decides which days belong to "every second week".
    week_starts: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.every <= 26:
            raise ImpossibleRule("Repeat every 1 to 26 days or weeks.", "every")
        if self.frequency is Frequency.WEEKLY and not self.weekdays:
            raise ImpossibleRule("On which days of the week?", "weekdays")
        if (self.count is None) == (self.until is None):
            raise ImpossibleRule("Say how often, or until which day.", "count")
        if self.count is not None and not 1 <= self.count <= MOST:
            raise ImpossibleRule(f"A series has 1 to {MOST} visits.", "count")
        if self.until is not None and self.until < self.first:
            raise ImpossibleRule("The last day is before the first.", "until")

    def dates(self) -> list[date]:
        """All days, in order. Raises ImpossibleRule when there are none, too many, or they reach too far ahead."""
        wanted = self.count or MOST + 1
        found = list(islice(self._days(), wanted))
        far = self.first + LONGEST
        if not found:
            raise ImpossibleRule("No day of this rule lies before its end.", "until")
        if self.count is None and len(found) > MOST:
            raise ImpossibleRule(f"These would be more than {MOST} visits. Choose an earlier last day.", "until")
        if found[-1] > far:
            raise ImpossibleRule("These would reach more than two years ahead.", "until" if self.until else "count")
        return found

    def _days(self) -> Iterator[date]:
        until = self.until or self.first + timedelta(days=MOST * self.every * 7 + 7)
        if self.frequency is Frequency.DAILY:
            day = self.first
            while day <= until:
                yield day
                day += self.every * _DAY
            return
        week = self.first - ((self.first.weekday() - self.week_starts) % 7) * _DAY
        while week <= until:
            for day in (week + n * _DAY for n in range(7)):
                if self.first <= day <= until and day.weekday() in self.weekdays:
                    yield day
            week += self.every * _WEEK

    def continued(self, after: int, *, shift: int = 0) -> Recurrence:
        """The same rule without its first `after` days, each of the rest `shift` days later."""
        rest = self.dates()[after:]
        if not rest:
            raise ImpossibleRule("Nothing of this series is left.", "count")
        return replace(
            self,
            first=rest[0] + shift * _DAY,
            weekdays=frozenset((day + shift) % 7 for day in self.weekdays),
            count=len(rest),
            until=None,
            week_starts=(self.week_starts + shift) % 7,
        )

    def in_words(self) -> str:
        """ "Every 2 weeks on Monday and Thursday"."""
        if self.frequency is Frequency.DAILY:
            return "Every day" if self.every == 1 else f"Every {self.every} days"
        if self.every == 1 and self.weekdays == WORKDAYS:
            return "Every weekday, Monday to Friday"
        names = [NAMES[day] for day in sorted(self.weekdays, key=lambda d: (d - self.week_starts) % 7)]
        days = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
        return f"Every week on {days}" if self.every == 1 else f"Every {self.every} weeks on {days}"


@dataclass(frozen=True)
class Instant:
    """A time on the wall of one day, as an instant."""

    at: datetime
    #: No clock shows that time on that day; `at` is the moment at which it jumps over it.
    is_skipped: bool = False


def instant(day: date, wall: time, tz: ZoneInfo) -> Instant:
    """The first instant at which the clock shows `wall` on that day; of a time that comes twice, the first."""
    at = reached(day, wall, tz)
    shown = at.astimezone(tz)
    return Instant(at, is_skipped=(shown.date(), shown.time().replace(microsecond=0)) != (day, wall))


def suggested(first: date, *, days_between: int, sessions: int, open_days: frozenset[int] = WORKDAYS) -> Recurrence:
    """What a plan asks for, as a rule: "8 sessions, 3 days between" from a Tuesday is every Tuesday and Friday."""
    count = min(max(sessions, 1), MOST)
    if days_between >= 7:
        every = min(-(-days_between // 7), 26)
        while every > 1 and (count - 1) * every * 7 > LONGEST.days:
            count -= 1
        return Recurrence(first, Frequency.WEEKLY, every, frozenset({first.weekday()}), count)
    others = sorted(open_days - {first.weekday()})
    best: tuple[int, ...] = (first.weekday(),)
    for size in range(1, 7 // max(days_between, 1)):
        for added in combinations(others, size):
            days = tuple(sorted((first.weekday(), *added)))
            if _closest(days) >= max(days_between, 1) and (len(days), _closest(days)) > (len(best), _closest(best)):
                best = days
    if days_between < 1:
        best = (first.weekday(),)
    return Recurrence(first, Frequency.WEEKLY, 1, frozenset(best), count)


def _closest(days: tuple[int, ...]) -> int:
    """The fewest days between two of these days of the week, around the week's end too."""
    return min((b - a) % 7 or 7 for a, b in zip(days, (*days[1:], days[0]), strict=True))
