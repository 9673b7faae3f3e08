"""What patients are written about between visits: invitations to book, reviews of the plan, exercises, invoices.

Each is asked for by a rule, planned once for each occasion, and stopped as no longer needed as soon as what it asks for
was done. Who knows the facts registers a `Source`: of plans it is here, of invoices billing's. The planner, the page of
what goes out and the last look before sending all read the same sources. See docs/algorithms/reminders.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic import last_look, messaging, wordings
from clinic import time as clocks
from clinic.last_look import Answer, Later, Say, Stop
from clinic.messaging import Draft, Subject
from clinic.messaging_states import CURABLE, STOPPABLE, MessagePurpose, Reason, State
from clinic.models import Clinic, Location, OutboundMessage
from clinic.wording import Facts, Kind
from patients import consent, records
from patients.models import Patient
from scheduling import due, wallclock
from scheduling.contact import Way, way_to
from scheduling.due import Hours
from scheduling.models.message_rules import DAY, MessageRule

#: A message that could wait for weeks goes out in the morning.
MORNING = time(10)
#: So long ahead is it planned, so that everybody can see it coming.
AHEAD = timedelta(hours=36)
#: What should have been planned longer ago than this is not made up for.
LATE = timedelta(days=3)

Key = tuple[str, UUID, int, str]


@dataclass(frozen=True)
class Nudge:
    """One message that a rule asks for, as things are now."""

    rule: MessageRule
    kind: Kind
    #: The record that stands for the person.
    patient: Patient
    about: Subject
    #: What it is for the first time and what again: such as the day of the last visit.
    since: str
    due_at: datetime
    too_late_at: datetime
    #: In a few words, for the desk.
    why: str
    facts: Facts = field(default_factory=Facts)
    link_purpose: str = ""
    link_for: timedelta = timedelta(days=30)
    #: The page of what it is about.
    page: str = ""

    @property
    def purpose(self) -> MessagePurpose:
        return MessagePurpose(self.rule.purpose)

    @property
    def occasion(self) -> str:
        return f"{due.occasion_of(self.rule.uid)} {self.since}".strip()

    @property
    def key(self) -> Key:
        return (self.rule.purpose, self.about.uid, self.about.version, self.occasion)


@dataclass(frozen=True)
class Setting:
    """What is the same for all of them: the hour, the house, its clock."""

    now: datetime
    clinic: Clinic | None
    place: Location | None
    hours: Hours

    @property
    def tz(self) -> ZoneInfo:
        """Of the house: which day something was on."""
        return self.place.tz if self.place else ZoneInfo("UTC")

    @property
    def today(self) -> date:
        return clocks.local_day(self.now, self.tz)

    def zone_of(self, patient: Patient) -> ZoneInfo:
        return ZoneInfo(patient.zone) if patient.zone else self.tz

    def morning_of(self, day: date, patient: Patient) -> datetime:
        """In the morning of that day, by the patient's clock."""
        at = MORNING if self.hours.begins <= MORNING < self.hours.ends else self.hours.begins
        return self.hours.later(wallclock.reached(day, at, self.zone_of(patient)), self.zone_of(patient))

    def after(self, day: date, rule: MessageRule, patient: Patient) -> datetime:
        """So many days later, in the morning."""
        return self.morning_of(day + timedelta(days=rule.minutes // DAY), patient)


#: All that rules of this purpose ask for now, and that is due before the instant; however long it has been due.
Wanted = Callable[[Sequence[MessageRule], Setting, datetime], Iterable[Nudge]]


@dataclass(frozen=True)
class Source:
    """Who knows what is wanted for one purpose, and about what kind of thing that is."""

    purpose: MessagePurpose
    subject_kind: str
    wanted: Wanted


_SOURCES: dict[MessagePurpose, Source] = {}


def register(source: Source) -> None:
    _SOURCES[source.purpose] = source
    last_look.register(source.subject_kind, look)


def setting(now: datetime) -> Setting:
    clinic = Clinic.objects.first()
    hours = Hours(clinic.messages_from, clinic.messages_until) if clinic else Hours()
    return Setting(now, clinic, Location.objects.active().order_by("pk").first(), hours)


def wanted(here: Setting, until: datetime, *, purposes: Iterable[str] = ()) -> list[Nudge]:
    """All that the rules in force ask for as things are now and that is due before then."""
    among = [*map(str, purposes)] or [source.purpose.value for source in _SOURCES.values()]
    rules = MessageRule.objects.in_force().filter(purpose__in=among).order_by("minutes", "pk")
    by_purpose: dict[MessagePurpose, list[MessageRule]] = {}
    for rule in rules:
        by_purpose.setdefault(MessagePurpose(rule.purpose), []).append(rule)
    return [
        nudge
        for purpose, theirs in by_purpose.items()
        if purpose in _SOURCES
        for nudge in _SOURCES[purpose].wanted(theirs, here, until)
    ]


def is_asked(nudge: Nudge, now: datetime) -> bool:
    """Not what was due before its rule was made, or too long ago: nobody is overrun by a new rule."""
    return nudge.due_at >= max(nudge.rule.made_at, now - LATE)


def plan(*, now: datetime, limit: int = 500) -> int:
    """Let the outbox have what is due soon, and stop what is no longer needed. Returns how many of both."""
    here = setting(now)
    found = {nudge.key: nudge for nudge in wanted(here, now + AHEAD)}
    held = held_of(found.values())
    done = _stop_others(found, now)
    ways = ways_to(nudge.patient for nudge in found.values())
    for key, nudge in found.items():
        if done >= limit:
            break
        row = held.get(key)
        if not is_asked(nudge, now) or not _is_to_be_written(row, ways[nudge.patient.pk]):
            continue
        with transaction.atomic():
            way = way_to(records.lock(nudge.patient))
            messaging.enqueue(draft(nudge, way, here), now=now)
        done += 1
    return done


def look(batch: Sequence[OutboundMessage], now: datetime) -> dict[UUID, Answer]:
    """The last look before they leave: is it still wanted, is this an hour for it, and what does it say now?"""
    mine = [row for row in batch if row.rule_uid is not None and row.purpose in _SOURCES]
    if not mine:
        return {}
    here = setting(now)
    found = {nudge.key: nudge for nudge in wanted(here, now + AHEAD, purposes={row.purpose for row in mine})}
    return {row.uid: _answer(row, found.get(key_of(row)), here) for row in mine}


def _answer(row: OutboundMessage, nudge: Nudge | None, here: Setting) -> Answer:
    if nudge is None:
        return Stop(Reason.NO_LONGER_NEEDED)
    zone = here.zone_of(nudge.patient)
    if not here.hours.hold(here.now, zone):
        return Later(here.hours.later(here.now, zone))
    return Say.of(draft(nudge, Way(row.channel, row.to_address), here))


def _is_to_be_written(row: OutboundMessage | None, way: Way) -> bool:
    """It was not yet, or was not sent for a reason that is gone."""
    if row is None:
        return True
    return row.state == State.SUPPRESSED and row.reason in CURABLE and not way.blocked


def ways_to(people: Iterable[Patient]) -> dict[int, Way]:
    """How each of them is reached: one statement."""
    each = {person.pk: person for person in people}
    said = consent.agreed_of(each.values()) if each else {}
    return {pk: way_to(person, said.get(pk, {})) for pk, person in each.items()}


def held_of(nudges: Iterable[Nudge]) -> dict[Key, OutboundMessage]:
    """What the outbox has of them, whichever way it goes: what counts before what was stopped."""
    uids = {nudge.about.uid for nudge in nudges}
    rows = OutboundMessage.objects.filter(subject_uid__in=uids, purpose__in=[*_SOURCES]).for_list().order_by("pk")
    found: dict[Key, OutboundMessage] = {}
    for row in rows:
        key = key_of(row)
        if key not in found or found[key].state == State.SUPPRESSED:
            found[key] = row
    return found


def key_of(row: OutboundMessage) -> Key:
    return (row.purpose, row.subject_uid, row.subject_version, row.occasion)


def _stop_others(found: Mapping[Key, Nudge], now: datetime) -> int:
    """What is pending and not wanted any more."""
    pending = OutboundMessage.objects.stoppable().filter(purpose__in=[*_SOURCES], rule_uid__isnull=False)
    rules = set(MessageRule.objects.in_force().values_list("uid", flat=True))
    gone = [row.pk for row in pending.for_list() if key_of(row) not in found]
    for pk in gone:
        with transaction.atomic():
            row = OutboundMessage.objects.select_for_update().get(pk=pk)
            if row.state in STOPPABLE:
                reason = Reason.NO_LONGER_NEEDED if row.rule_uid in rules else Reason.RULE_CHANGED
                messaging.leave_out(row, reason=reason, now=now)
    return len(gone)


def draft(nudge: Nudge, way: Way, here: Setting) -> Draft:
    """The message, due when it may be read; or with the reason why it will not go out."""
    place, patient = here.place, nudge.patient
    facts = replace(
        nudge.facts,
        name=patient.greeting_name,
        phone=(place.phone if place else "") or (here.clinic.phone if here.clinic else ""),
    )
    said = wordings.say(
        nudge.kind, way.channel, patient.language, facts, clinic=here.clinic, variant=nudge.rule.variant
    )
    due_at = max(nudge.due_at, here.hours.later(here.now, here.zone_of(patient)))
    suppressed = way.blocked or (Reason.TOO_LATE if due_at >= nudge.too_late_at else "")
    return Draft(
        purpose=nudge.purpose,
        occasion=nudge.occasion,
        about=nudge.about,
        to=replace(way.recipient(patient), language=said.language),
        title=said.title,
        text=said.text,
        wording=said.wording,
        rule_uid=nudge.rule.uid,
        due_at=due_at,
        too_late_at=nudge.too_late_at,
        link_purpose=nudge.link_purpose,
        link_expires_at=due_at + nudge.link_for if nudge.link_purpose else None,
        suppressed=suppressed,
        needs_person=False,  # nobody is harmed when it does not go out
    )
