"""The last look at messages about visits: each is read again with its visit, its patient and the present words.

Reminders that one address would get within one window become one message here: of the parts of an errand, of two
visits on one day, of a family that shares a phone. The first of them names all visits, the others are written down as
said by it. See docs/adr/0028-one-message-in-one-window.md and docs/algorithms/outbox.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from clinic import last_look, time
from clinic.last_look import Answer, Later, Opens, Say, Stop
from clinic.links import Purpose
from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import OutboundMessage
from patients.models import Patient
from scheduling import customs as house
from scheduling import words
from scheduling.contact import Way
from scheduling.customs import Customs
from scheduling.due import WINDOW
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.words import BOOKED, REMINDER, Times

KIND = "scheduling.appointment"
#: The occasion of what the clinic tells unasked: see scheduling.notices, which alone knows what was before.
BY_THE_CLINIC = "by the clinic"


@dataclass
class _Spoken:
    """A message, the visit it is about, and what it says besides."""

    message: OutboundMessage
    visit: Appointment
    #: Visits that its words name besides its own.
    named: list[Appointment] = field(default_factory=list)
    #: Reminders that it says as well.
    absorbed: list[_Spoken] = field(default_factory=list)

    @property
    def patient(self) -> Patient:
        return self.visit.patient.survivor

    @property
    def is_reminder(self) -> bool:
        return self.message.says == REMINDER

    @property
    def day(self) -> tuple[str, str, date]:
        """Whom it reaches, and the day of the visit where it takes place."""
        local = time.local_day(self.visit.starts_at, self.visit.location.tz)
        return self.message.channel, self.message.to_address, local


def look(batch: Sequence[OutboundMessage], now: datetime) -> dict[UUID, Answer]:
    """What stops, what waits for the morning, and in which words the others go. At most nine queries for a batch."""
    customs = house.read()
    visits = _visits({message.subject_uid for message in batch})
    answers: dict[UUID, Answer] = {}
    going: list[_Spoken] = []
    for message in batch:
        visit = visits.get(message.subject_uid)
        answer = _stopped(message, visit, now) or _too_early_or_late(message, visit, customs, now)
        if answer:
            answers[message.uid] = answer
        elif visit is not None:
            going.append(_Spoken(message, visit))
    _name_others(going)
    for spoken in _merged(going, now):
        answers[spoken.message.uid] = _say(spoken, customs, now)
    return answers


def _visits(uids: Iterable[UUID]) -> dict[UUID, Appointment]:
    return {visit.uid: visit for visit in Appointment.objects.filter(uid__in=list(uids)).for_telling()}


def _stopped(message: OutboundMessage, visit: Appointment | None, now: datetime) -> Stop | None:
    """What it speaks of is no longer so."""
    if visit is None:
        return Stop(Reason.TAKEN_BACK)
    off = visit.status == Status.CANCELLED
    if message.says == MessagePurpose.VISIT_CANCELLED:
        return None if off and visit.version == message.subject_version else Stop(Reason.TAKEN_BACK)
    if off:
        return Stop(Reason.CANCELLED)
    if visit.version != message.subject_version:
        return Stop(Reason.MOVED)
    return None if visit.status == Status.BOOKED and now < visit.starts_at else Stop(Reason.OVER)


def _too_early_or_late(
    message: OutboundMessage, visit: Appointment | None, customs: Customs, now: datetime
) -> Later | None:
    """What answers nobody keeps decent hours, also when it comes late: after a server was away, or the clock leapt."""
    if visit is None or not (message.says == REMINDER or message.occasion == BY_THE_CLINIC):
        return None
    zone = house.zone_of(visit.patient.survivor, visit.location)
    return None if customs.hours.hold(now, zone) else Later(customs.hours.later(now, zone))


# -- What is said in one message -------------------------------------------------------------------------


def _name_others(going: Sequence[_Spoken]) -> None:
    """A confirmation names the other parts of its errand, or the days of its series that were booked with it."""
    mine = [one for one in going if one.message.says == BOOKED and one.message.occasion != BY_THE_CLINIC]
    baskets = {one.visit.basket for one in mine if one.visit.basket}
    series = {one.visit.series_id for one in mine if one.visit.series_id}
    others: list[Appointment] = []
    if baskets:
        others += Appointment.objects.awaited().filter(basket__in=baskets).for_telling()
    if series:
        others += Appointment.objects.awaited().filter(series__in=series).for_telling()
    for one in mine:
        one.named = [other for other in others if other.pk != one.visit.pk and _booked_with(one.visit, other)]


def _booked_with(visit: Appointment, other: Appointment) -> bool:
    if visit.basket is not None:
        return other.basket == visit.basket
    return other.series_id == visit.series_id and other.booked_at == visit.booked_at


def _merged(going: Sequence[_Spoken], now: datetime) -> list[_Spoken]:
    """Those that go out themselves, with what each says besides."""
    speakers = [one for one in going if not one.is_reminder]
    reminders = [one for one in going if one.is_reminder]
    near = _due_soon(going, now) if going else []
    left: list[_Spoken] = []
    for one in [*reminders, *near]:
        speaker = next((other for other in speakers if _says_already(other, one)), None) if speakers else None
        speaker.absorbed.append(one) if speaker else left.append(one)
    groups: dict[tuple[str, str, date], list[_Spoken]] = {}
    for one in left:
        groups.setdefault(one.day, []).append(one)
    claimed = {one.message.pk for one in reminders}
    leaders = [_lead(group, claimed) for group in groups.values()]
    return speakers + [one for one in leaders if one is not None]


def _says_already(speaker: _Spoken, reminder: _Spoken) -> bool:
    named = {visit.pk for visit in (speaker.visit, *speaker.named)}
    return speaker.day[:2] == reminder.day[:2] and reminder.visit.pk in named


def _lead(group: list[_Spoken], claimed: set[int]) -> _Spoken | None:
    """The one that says it for all: about the first visit of those that are due now."""
    group.sort(key=lambda one: (one.visit.starts_at, one.visit.pk, one.message.pk))
    leader = next((one for one in group if one.message.pk in claimed), None)
    if leader is None:
        return None
    leader.absorbed = [one for one in group if one is not leader]
    visits = {one.visit.pk: one.visit for one in group}
    leader.named = [visit for pk, visit in visits.items() if pk != leader.visit.pk]
    return leader


def _due_soon(going: Sequence[_Spoken], now: datetime) -> list[_Spoken]:
    """Reminders to the same addresses that would follow within the window; those that must not go stay out of it."""
    found = OutboundMessage.objects.filter(
        channel__in={one.message.channel for one in going},
        to_address__in={one.message.to_address for one in going},
        due_at__range=(now - 2 * WINDOW, now + WINDOW),
        state=State.PLANNED,
        says=REMINDER,
        subject_kind=KIND,
        too_late_at__gt=now,
    ).exclude(pk__in=[one.message.pk for one in going])
    rows = list(found.select_for_update(skip_locked=True).order_by("pk"))
    if not rows:
        return []
    visits, held_up = _visits({row.subject_uid for row in rows}), last_look.guarded(rows, now)
    return [
        _Spoken(row, visit)
        for row in rows
        if row.uid not in held_up and (visit := visits.get(row.subject_uid)) and not _stopped(row, visit, now)
    ]


# -- Words -----------------------------------------------------------------------------------------------


def _say(spoken: _Spoken, customs: Customs, now: datetime) -> Say:
    message, visit = spoken.message, spoken.visit
    with_ = [other.message for other in spoken.absorbed]
    together = sorted([visit, *spoken.named], key=lambda each: (each.starts_at, each.pk))
    holds = (lambda: _still(message, with_, together)) if len(together) > 1 or with_ else None
    if message.occasion == BY_THE_CLINIC:
        return Say(with_=tuple(with_), holds=holds)
    way = Way(message.channel, message.to_address)
    if spoken.is_reminder and spoken.named:
        draft = words.reminder_of_several(together, customs.clinic, way, about=visit, due_at=message.due_at, now=now)
    else:
        draft = words.draft(
            visit, spoken.patient, customs.clinic, way,
            purpose=MessagePurpose(message.purpose), words=MessagePurpose(message.says), due_at=message.due_at, now=now,
            times=Times(tuple(each.starts_at for each in spoken.named), every_one=visit.basket is not None),
            variant=customs.variant_of(message.rule_uid) if spoken.is_reminder else "",
        )  # fmt: skip
    opens: list[Opens] = []
    if spoken.named and (spoken.is_reminder or visit.basket is not None):
        opens = [_open(each, message) for each in together]
        draft = replace(draft, link_purpose=Purpose.VISITS, link_expires_at=max(each.expires_at for each in opens))
    said = Say.of(draft, with_=with_, opens=opens, holds=holds)
    if not any(one.calendar for one in (message, *with_)):
        return replace(said, calendar="")
    if len(together) == 1 and message.calendar:
        return replace(said, calendar=None)  # it is of this version, as the message is
    return replace(said, calendar=words.with_entries(draft, together, customs.clinic).calendar)


def _open(visit: Appointment, message: OutboundMessage) -> Opens:
    expires_at = min(visit.starts_at, message.due_at + words.LONGEST_LINK)
    return Opens(Purpose.VISIT, visit.uid, visit.version, expires_at)


def _still(leader: OutboundMessage, with_: Sequence[OutboundMessage], visits: Sequence[Appointment]) -> bool:
    """Whether all of it may still be said: locked until the leader is let go, and nothing that is locked already."""
    left_out = OutboundMessage.objects.said_by([leader.uid]).filter(pk__in=[one.pk for one in with_])
    if len(left_out.select_for_update(skip_locked=True).values_list("pk")) != len(with_):
        return False
    rows = Appointment.objects.filter(pk__in=[visit.pk for visit in visits])
    found = rows.select_for_update(no_key=True, skip_locked=True).values_list("pk", "version", "status")
    return set(found) == {(visit.pk, visit.version, visit.status) for visit in visits}


last_look.register(KIND, look)
