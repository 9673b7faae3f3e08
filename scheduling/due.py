"""Which messages about a visit are due, and when: the one derivation that the planner, the page of what goes out and
the reckoning of the diary against the outbox read. Arithmetic on given instants alone; the guarantees are in
docs/algorithms/reminders.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from scheduling import wallclock

#: Two messages about one visit closer together than this are one.
WINDOW = timedelta(hours=12)
DAY = 24 * 60
#: What falls into the night is said so long before it begins.
EVENING = timedelta(minutes=30)
#: The occasion of a reminder that the patient's own choice asks for.
OWN_CHOICE = "own choice"


@dataclass(frozen=True)
class Hours:
    """The decent hours of a day: a message that answers nobody arrives within them."""

    begins: time = time(8)
    ends: time = time(21)

    @property
    def evening(self) -> time:
        """Shortly before they end: then is said what falls into the night that follows."""
        last = datetime.combine(date.min, self.ends)
        return max(self.begins, (last - EVENING).time())

    def hold(self, at: datetime, tz: ZoneInfo) -> bool:
        return self.begins <= at.astimezone(tz).time() < self.ends

    def earlier(self, at: datetime, tz: ZoneInfo) -> datetime:
        """The instant itself within decent hours, else the evening before it. Never later."""
        if self.hold(at, tz):
            return at
        local = at.astimezone(tz)
        day = local.date() if local.time() >= self.ends else local.date() - timedelta(days=1)
        evening = wallclock.reached(day, self.evening, tz)
        # Where clocks skip the evening, the morning of that day.
        return evening if self.hold(evening, tz) else wallclock.reached(day, self.begins, tz)

    def later(self, at: datetime, tz: ZoneInfo) -> datetime:
        """The instant itself within decent hours, else the next morning. Never earlier."""
        if self.hold(at, tz):
            return at
        local = at.astimezone(tz)
        day = local.date() if local.time() < self.begins else local.date() + timedelta(days=1)
        return wallclock.reached(day, self.begins, tz)


class Rule(Protocol):
    """What the derivation reads of one of the clinic's rules."""

    @property
    def uid(self) -> uuid.UUID: ...
    @property
    def minutes(self) -> int: ...
    @property
    def service_id(self) -> int | None: ...
    @property
    def location_id(self) -> int | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class Case:
    """A visit as the derivation sees it: where and when, and what its patient has chosen."""

    starts_at: datetime
    service_id: int
    location_id: int
    #: Of the place: days before the visit are counted by its clock.
    place: ZoneInfo
    #: Of the patient: the decent hours are theirs.
    recipient: ZoneInfo
    channel: str = ""
    #: So many hours before is what the patient wants, whatever the clinic's rules say.
    lead_hours: int | None = None


@dataclass(frozen=True, order=True)
class Asked:
    """One reminder that a rule, or the patient's own choice, asks for."""

    at: datetime
    occasion: str
    minutes: int = field(compare=False)
    #: When it would go out, were it not for the night.
    wanted_at: datetime = field(compare=False)
    rule: uuid.UUID | None = field(default=None, compare=False)
    #: Of several within one window the first says it for the others.
    said_by: str = field(default="", compare=False)


def occasion_of(rule: uuid.UUID) -> str:
    """By which of several reminders of a visit the outbox tells them apart."""
    return f"rule {rule.hex[:16]}"


def before(at: datetime, minutes: int, tz: ZoneInfo) -> datetime:
    """So long before: whole days by the clock on the wall, so that ten o'clock stays ten; the rest to the minute."""
    days, rest = divmod(minutes, DAY)
    if days:
        local = at.astimezone(tz)
        at = wallclock.reached(local.date() - timedelta(days=days), local.time().replace(fold=0), tz)
    return at.astimezone(UTC) - timedelta(minutes=rest)


def applying(rules: Iterable[R], *, service_id: int | None, location_id: int | None, channel: str = "") -> list[R]:
    """Those that hold for a visit: the most special that there are, for the patient's channel if any speaks of it."""
    rules = list(rules)
    for service, location in ((service_id, location_id), (service_id, None), (None, location_id), (None, None)):
        special = [rule for rule in rules if (rule.service_id, rule.location_id) == (service, location)]
        if special:
            fitting = [rule for rule in special if rule.channel in ("", channel)]
            return fitting or special
    return []


def asked(case: Case, rules: Iterable[Rule], hours: Hours) -> list[Asked]:
    """The reminders that a visit is to have, the first first, each within decent hours and none moved later."""
    if case.lead_hours is not None:
        wanted: list[tuple[int, str, uuid.UUID | None]] = [(case.lead_hours * 60, OWN_CHOICE, None)]
    else:
        holding = applying(rules, service_id=case.service_id, location_id=case.location_id, channel=case.channel)
        wanted = [(rule.minutes, occasion_of(rule.uid), rule.uid) for rule in holding]
    found = []
    for minutes, occasion, rule in wanted:
        at = before(case.starts_at, minutes, case.place)
        found.append(Asked(hours.earlier(at, case.recipient), occasion, minutes, at, rule))
    return folded(sorted(found))


def folded(reminders: Sequence[Asked]) -> list[Asked]:
    """Of those within one window the first goes out, and says it for the others."""
    kept: list[Asked] = []
    found = []
    for one in reminders:
        if kept and one.at - kept[-1].at < WINDOW:
            found.append(replace(one, said_by=kept[-1].occasion))
        else:
            kept.append(one)
            found.append(replace(one, said_by=""))
    return found


@dataclass(frozen=True)
class Parted:
    """The reminders of a visit, as they lie around the moment in which the patient is told of it."""

    #: Their time has passed.
    gone: list[Asked]
    #: So soon that what the patient is told now says it.
    soon: list[Asked]
    later: list[Asked]

    @property
    def reached(self) -> list[Asked]:
        """What the patient is told now stands for these."""
        return [*self.gone, *self.soon]


def parted(reminders: Sequence[Asked], now: datetime) -> Parted:
    later = folded([one for one in reminders if one.at > now + WINDOW])
    return Parted(
        gone=[one for one in reminders if one.at <= now],
        soon=[one for one in reminders if now < one.at <= now + WINDOW],
        later=later,
    )


# -- What stands in the outbox already ---------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A reminder of this visit, as it is now, that the outbox has."""

    uid: uuid.UUID
    occasion: str
    channel: str
    due_at: datetime
    #: By a rule or by the patient's own choice: the only ones that follow when these change.
    is_by_rule: bool = True
    #: Nothing of it has left, and it says nothing but the reminder.
    is_pending: bool = False
    #: It was not sent, for a reason that may have been taken back since.
    is_curable: bool = False
    #: The message that says it as well.
    said_by: uuid.UUID | None = None


@dataclass(frozen=True)
class Steps:
    """What is to be done to the outbox so that it has what is due."""

    write: list[Asked] = field(default_factory=list)
    #: Late is better than never: its time has passed, and nothing was ever said.
    write_late: list[Asked] = field(default_factory=list)
    change: list[tuple[uuid.UUID, Asked]] = field(default_factory=list)
    stop: list[uuid.UUID] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.write or self.write_late or self.change or self.stop)


def steps(reminders: Sequence[Asked], held: Sequence[Held], *, channel: str, is_blocked: bool, now: datetime) -> Steps:
    """How the outbox comes to hold what a visit is to have, and nothing else.

    What lies ahead is planned, each. When nothing does and nothing was ever said, the last of those whose time has
    passed is made up for; never when another one is to come. What was sent, or failed for good, is left as it is.
    """
    ahead = folded([one for one in reminders if one.at >= now])
    asked_for = {one.occasion for one in reminders}
    stop = [
        one.uid
        for one in held
        if one.is_pending and one.is_by_rule and (one.occasion not in asked_for or one.channel != channel)
    ]
    standing = {one.occasion: one for one in held if not one.is_curable and one.uid not in stop}
    orphans = {one.occasion for one in standing.values() if one.said_by in stop}
    if is_blocked:
        known = {one.occasion for one in held if one.channel == channel and one.uid not in stop}
        fresh = [one for one in ahead or reminders[-1:] if one.occasion not in known]
        return Steps(write=fresh if ahead or not known else [], stop=stop)
    change = [
        (standing[one.occasion].uid, one)
        for one in ahead
        if one.occasion in standing and _differs(standing[one.occasion], one, is_orphan=one.occasion in orphans)
    ]
    write = [one for one in ahead if one.occasion not in standing]
    late = list(reminders[-1:]) if not ahead and not standing else []
    return Steps(write=write, write_late=late, change=change, stop=stop)


def _differs(held: Held, one: Asked, *, is_orphan: bool) -> bool:
    if held.is_pending:
        return held.due_at != one.at or bool(one.said_by)
    return is_orphan and not one.said_by
