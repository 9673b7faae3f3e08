"""Instants, local days and wall-clock times. The only module that asks the machine for the time.

Instants are aware and in UTC. Opening hours and the like are wall-clock times of a zone and become
instants here; an hour that a clock change skips does not exist and says so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone


class InGap(ValueError):
    """That wall-clock time does not exist on that day: the clocks skip it."""


def now() -> datetime:
    """This instant, in UTC. Called at the edge (request, task, command) and passed on from there."""
    return timezone.now()


def local_day(at: datetime, tz: ZoneInfo) -> date:
    """The calendar day of an instant, as a clock on that place's wall shows it."""
    return at.astimezone(tz).date()


def at_wall(day: date, wall: time, tz: ZoneInfo, *, fold: int = 0) -> datetime:
    """The instant (UTC) at which the wall clock shows `wall` on `day`.

    When clocks go back the hour exists twice: `fold` 0 is the first, 1 the second.
    Raises InGap when clocks skip it.
    """
    local = datetime.combine(day, wall, tzinfo=tz).replace(fold=fold)
    instant = local.astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise InGap(f"{wall:%H:%M} does not exist on {day:%d %b %Y}: the clocks go forward.")
    return instant


def first_instant(day: date, tz: ZoneInfo) -> datetime:
    """The first instant of a local day: midnight, or what follows it where clocks skip midnight."""
    return datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)


def day_bounds(day: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Half-open [first instant, first instant of the next day) of a local day; 23 or 25 h at a change."""
    return first_instant(day, tz), first_instant(day + timedelta(days=1), tz)


def age_on(born_on: date, day: date) -> int:
    """Whole years of age on a day; who is born on 29 February is a year older on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
