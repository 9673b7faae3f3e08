"""What goes out on one day, to whom and why; what does not, and why not; and whether the outbox has all of it.

The diary and the rules are asked anew (scheduling.due, scheduling.nudges), then laid beside the outbox. So what is
missing there shows, and a day that is past can be reckoned.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse

from clinic import time as clocks
from clinic.messaging_states import OPEN, STOPPABLE, MessagePurpose, Reason, State
from clinic.models import Location, OutboundMessage
from patients.models import Patient
from scheduling import customs as house
from scheduling import due, foreseen, nudges
from scheduling.contact import Way
from scheduling.customs import Customs
from scheduling.due import Asked
from scheduling.foreseen import Foreseen
from scheduling.models import Appointment, DayReckoned, MessageRule
from scheduling.models.message_rules import in_words
from scheduling.nudges import Nudge, Setting
from scheduling.words import REMINDER

#: Why each message is written that no rule asks for.
CAUSES = {
    MessagePurpose.VISIT_BOOKED: "A visit was booked",
    MessagePurpose.VISIT_MOVED: "A visit was given another time",
    MessagePurpose.VISIT_CANCELLED: "A visit was called off by the clinic",
    MessagePurpose.VISIT_REMINDER: "A visit is near",
    MessagePurpose.WAITLIST_OFFER: "A time became free",
    MessagePurpose.HOME_PROGRAMME: "Sent by a therapist",
    MessagePurpose.QUESTIONS: "Sent by a therapist",
    MessagePurpose.REPLY: "They wrote to us",
}
#: What is written to staff is no business of this page.
TO_STAFF = (
    MessagePurpose.INVITATION,
    MessagePurpose.PASSWORD_RESET,
    MessagePurpose.SIGN_IN_NOTICE,
    MessagePurpose.RECORD_OPENED,
)


@dataclass(frozen=True)
class Line:
    """One message of the day: whether it goes out or not, and why."""

    at: datetime
    zone: str
    who: str
    patient_uid: uuid.UUID | None
    channel: str
    what: str
    why: str
    #: Empty: it goes out. Else why it does not.
    why_not: str = ""
    #: What has become of it already.
    row: OutboundMessage | None = None
    #: The diary asks for it, and the outbox has nothing of it.
    is_missing: bool = False
    #: When the visit is that it speaks of, if it does; and the page of what it is about.
    visit_at: datetime | None = None
    page: str = ""
    address: str = ""
    #: It is said by another one of this list.
    with_at: datetime | None = None

    @property
    def goes_out(self) -> bool:
        return not self.why_not


@dataclass(frozen=True)
class Day:
    """All lines of one day, by the clock of the house."""

    day: date
    place: Location | None
    lines: list[Line] = field(default_factory=list)
    #: What the diary and the rules ask for on it, and how much of that the outbox has.
    asked: int = 0
    written: int = 0

    @property
    def going(self) -> list[Line]:
        return [line for line in self.lines if line.goes_out]

    @property
    def staying(self) -> list[Line]:
        return [line for line in self.lines if not line.goes_out]

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.is_missing]


def of_day(day: date, *, now: datetime) -> Day:
    """What goes out on that day and what does not, as things are now. A fixed number of statements."""
    here, customs = nudges.setting(now), house.read()
    since, until = clocks.day_bounds(day, here.tz)
    asked = [*_reminders(customs, since, until, now), *_nudges(here, since, until)]
    seen = {line.row.uid for line in asked if line.row is not None}
    lines = [line for line in [*asked, *_others(since, until, here, seen)] if since <= line.at < until]
    lines.sort(key=lambda line: (line.at, line.who))
    required = [line for line in asked if since <= line.at < until and (line.row is not None or line.is_missing)]
    missing = sum(line.is_missing for line in required)
    return Day(day, here.place, _said_together(lines), asked=len(required), written=len(required) - missing)


def reckon(*, now: datetime) -> DayReckoned | None:
    """Write down, once it is over, whether the outbox had what yesterday asked for. None: that was done already."""
    here = nudges.setting(now)
    day = here.today - timedelta(days=1)
    if DayReckoned.objects.filter(day=day).exists():
        return None
    found = of_day(day, now=now)
    row, is_new = DayReckoned.objects.get_or_create(
        day=day, defaults={"asked": found.asked, "written": found.written, "reckoned_at": now}
    )
    return row if is_new else None


# -- Reminders of visits -----------------------------------------------------------------------------------


def _reminders(customs: Customs, since: datetime, until: datetime, now: datetime) -> Iterator[Line]:
    reach = max(customs.horizon, foreseen.longest_lead())
    visits = (
        Appointment.objects.filter(starts_at__gt=since, starts_at__lt=until + reach)
        .for_telling()
        .select_related("last_move")
    )
    if until > now:  # what was called off or has begun asks for nothing any more
        visits = visits.awaited()
    rules = {rule.uid: rule for rule in customs.rules}
    for case in foreseen.read(visits, customs):
        todo = {one.occasion for one in case.steps(now).write}
        for ask in case.asks:
            row = case.row_of(ask)
            at = row.due_at if row is not None and row.state in OPEN else ask.at
            if not since <= at < until:
                continue
            rule = rules.get(ask.rule) if ask.rule else None
            if row is None and (_was_told_since(case, ask) or (rule is not None and rule.made_at > ask.at)):
                continue
            is_missing = ask.occasion in todo if ask.at >= now else not case.rows and _stood(case, ask)
            if row is None and not is_missing:
                continue
            yield _reminder(case, ask, row, at, is_missing=is_missing)


def _was_told_since(case: Foreseen, ask: Asked) -> bool:
    """The visit was booked or moved when this reminder would have gone out already: the patient was told then."""
    move = getattr(case.visit, "last_move", None)
    told = max(filter(None, (case.visit.booked_at, move.moved_at if move else None)))
    return bool(told > ask.at - due.WINDOW)


def _stood(case: Foreseen, ask: Asked) -> bool:
    """Whether the visit was still to take place when its reminder was due."""
    off = case.visit.cancelled_at
    return off is None or off > ask.at


def _reminder(case: Foreseen, ask: Asked, row: OutboundMessage | None, at: datetime, *, is_missing: bool) -> Line:
    why = f"{in_words(ask.minutes)} before the visit"
    if ask.occasion == due.OWN_CHOICE:
        why += ", as they wish"
    if ask.at != ask.wanted_at:
        why += ", sooner because of the night"
    return Line(
        at=at,
        zone=case.visit.location.zone,
        **_to(case.patient, case.way, row),
        what=MessagePurpose.VISIT_REMINDER.label,
        why=why,
        why_not=_why_not(case.way, row) or ("another reminder says it" if ask.said_by and row is None else ""),
        row=row,
        is_missing=is_missing and row is None and not ask.said_by,
        visit_at=case.visit.starts_at,
        page=reverse("scheduling:visit", args=[case.visit.uid]),
    )  # fmt: skip


# -- Between visits -----------------------------------------------------------------------------------------


def _nudges(here: Setting, since: datetime, until: datetime) -> Iterator[Line]:
    found = [nudge for nudge in nudges.wanted(here, until) if nudges.is_asked(nudge, here.now)]
    held = nudges.held_of(found)
    ways = nudges.ways_to(nudge.patient for nudge in found)
    for nudge in found:
        row = held.get(nudge.key)
        at = row.due_at if row is not None else nudge.due_at
        if since <= at < until:
            yield _nudge(nudge, ways[nudge.patient.pk], row, at, here)


def _nudge(nudge: Nudge, way: Way, row: OutboundMessage | None, at: datetime, here: Setting) -> Line:
    return Line(
        at=at,
        zone=here.tz.key,
        **_to(nudge.patient, way, row),
        what=nudge.purpose.label,
        why=nudge.why,
        why_not=_why_not(way, row),
        row=row,
        # The planner writes them a day and a half ahead.
        is_missing=row is None and at < here.now + nudges.AHEAD,
        page=nudge.page,
    )  # fmt: skip


# -- All else ------------------------------------------------------------------------------------------------


def _others(since: datetime, until: datetime, here: Setting, seen: Iterable[uuid.UUID]) -> Iterator[Line]:
    """What the outbox has for that day besides: of what was booked, offered or answered, and of rules that are gone."""
    rows = (
        OutboundMessage.objects.filter(due_at__gte=since, due_at__lt=until)
        .exclude(Q(uid__in=[*seen]) | Q(purpose__in=TO_STAFF))
        .for_list()
    )
    in_force = set(MessageRule.objects.in_force().values_list("uid", flat=True))
    for row in rows:
        purpose = MessagePurpose(row.purpose)
        if row.rule_uid is not None and row.state == State.SUPPRESSED and row.reason != Reason.QUIET_HOURS:
            continue  # it was stopped, and what took its place is told above
        yield Line(
            at=row.due_at,
            zone=here.tz.key,
            who=row.to_name,
            patient_uid=row.patient_uid,
            channel=row.get_channel_display(),
            what=(MessagePurpose(row.says) if row.says else purpose).label,
            why=CAUSES.get(MessagePurpose(row.says or row.purpose), "By a rule that held then"),
            why_not=_why_not(None, row) or _stops(row, in_force),
            row=row,
            address=row.to_address,
        )


def _stops(row: OutboundMessage, in_force: Collection[uuid.UUID]) -> str:
    """Why something that is pending will be stopped: what the diary and the rules ask for was told already."""
    if row.rule_uid is None or row.state not in STOPPABLE or row.says != row.purpose:
        return ""
    done = row.purpose != REMINDER and row.rule_uid in in_force
    return str((Reason.NO_LONGER_NEEDED if done else Reason.RULE_CHANGED).label)


# -- Parts -----------------------------------------------------------------------------------------------


def _to(patient: Patient, way: Way, row: OutboundMessage | None) -> dict[str, Any]:
    return {
        "who": patient.display_name,
        "patient_uid": patient.uid,
        "channel": row.get_channel_display() if row is not None else _channel(way),
        "address": "" if way.blocked else way.address,
    }


def _channel(way: Way) -> str:
    return dict(OutboundMessage._meta.get_field("channel").choices or [])[way.channel]


def _why_not(way: Way | None, row: OutboundMessage | None) -> str:
    """Why it does not go out, in words; nothing when it does, or has."""
    if row is not None:
        return (
            "" if row.state in OPEN or row.state not in (State.SUPPRESSED, State.FAILED) else row.get_reason_display()
        )
    return Reason(way.blocked).label if way is not None and way.blocked else ""


def _said_together(lines: list[Line]) -> list[Line]:
    """Reminders to one address, of visits on one day and due within one window, go out as one message: the first."""
    leaders: dict[tuple[str, str, date], Line] = {}
    found = []
    for line in lines:
        is_reminder = line.visit_at is not None and line.goes_out and line.address
        if not is_reminder or (line.row is not None and (line.row.state not in STOPPABLE or line.row.says != REMINDER)):
            found.append(line)
            continue
        assert line.visit_at is not None
        key = (line.channel, line.address, clocks.local_day(line.visit_at, ZoneInfo(line.zone)))
        leader = leaders.setdefault(key, line)
        together = leader is not line and line.at - leader.at < due.WINDOW
        found.append(replace(line, with_at=leader.at) if together else line)
    return found
