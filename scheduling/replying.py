"""How long somebody has to answer an offer, and when they hear of it. Arithmetic on given instants alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.due import Hours

USUAL = Hours()
#: From an answer's deadline to the visit at least: who takes it must be able to come, the house to get ready.
NOTICE = timedelta(hours=1)
#: Nobody has less time than this to answer a message.
SHORTEST = timedelta(minutes=30)
#: So far ahead: so long to answer. The nearer the visit, the more people can still be asked after a silence.
WAITS = (
    (timedelta(days=3), timedelta(hours=4)),
    (timedelta(days=1), timedelta(hours=2)),
    (timedelta(hours=6), timedelta(hours=1)),
    (timedelta(), SHORTEST),
)
#: A deadline that would fall into the night is this hour of the morning.
MORNING = time(9)
#: Who is called needs less: they answer at once.
NOTICE_BY_PHONE = timedelta(minutes=30)
SHORTEST_BY_PHONE = timedelta(minutes=15)


@dataclass(frozen=True)
class Reply:
    """When the patient is told, until when the time is kept, and whether the desk has to call."""

    tell_at: datetime
    until: datetime
    by_phone: bool = False


def window(
    starts_at: datetime, *, now: datetime, tz: ZoneInfo, hours: Hours = USUAL, recipient: ZoneInfo | None = None
) -> Reply | None:
    """By message where that leaves time to answer, else by phone where that does; None: it begins too soon.

    What begins, and deadlines, are of the place; when somebody may be written to is a matter of their own clock.
    """
    tell_at = hours.later(now, recipient or tz)
    until = _until(starts_at, tell_at, NOTICE, tz)
    if until - tell_at >= SHORTEST:
        return Reply(tell_at, until)
    until = _until(starts_at, tell_at, NOTICE_BY_PHONE, tz)
    if until - now >= SHORTEST_BY_PHONE:
        return Reply(now, until, by_phone=True)
    return None


def earliest(now: datetime) -> datetime:
    """Before this nothing can be offered to anybody."""
    return now + NOTICE_BY_PHONE + SHORTEST_BY_PHONE


def _until(starts_at: datetime, tell_at: datetime, notice: timedelta, tz: ZoneInfo) -> datetime:
    ahead = starts_at - tell_at
    wait = next((wait for distance, wait in WAITS if ahead >= distance), SHORTEST)
    return min(_not_at_night(tell_at + wait, tz), starts_at - notice)


def _not_at_night(at: datetime, tz: ZoneInfo) -> datetime:
    """A deadline between 21:00 and 08:00 is 09:00: nobody answers in their sleep."""
    local = at.astimezone(tz)
    if USUAL.begins <= local.time() <= USUAL.ends:
        return at
    day = local.date() if local.time() < USUAL.begins else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=tz).astimezone(at.tzinfo)
