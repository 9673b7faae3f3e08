"""What patients are told about their visits, and when. Written into the outbox with the visit itself.

The rule of the house: one reminder at the same wall-clock time the day before, and a confirmation at booking,
unless the two would fall within twelve hours: then one message, at once, is both. Reminders keep decent hours;
the answer to a booking that was just made does not wait. See docs/adr/0028-one-message-in-one-window.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clinic import channels, desk, messaging
from clinic.forms import show_phone
from clinic.links import Purpose
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import CURABLE, Channel, MessagePurpose, Reason, State
from clinic.models import Clinic, OutboundMessage
from patients import consent, records
from patients.models import Patient
from patients.persons import Person
from scheduling.calendar_entries import entries_for
from scheduling.models import Appointment
from scheduling.states import Status

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

#: Two messages about one visit closer together than this are one.
WINDOW = timedelta(hours=12)
#: Later than this before the visit, a message no longer helps.
TOO_LATE = timedelta(minutes=30)
#: So long nothing is said of a move, and it can be taken back: see docs/adr/0040-a-move-can-be-taken-back.md.
SECOND_THOUGHTS = timedelta(minutes=3)
LONGEST_LINK = timedelta(days=30)
DAY_BEGINS, DAY_ENDS = time(8), time(21)
#: What falls into the night is said on the evening before.
EVENING = time(20, 30)
#: How far ahead the planner looks for visits without a reminder.
HORIZON = timedelta(hours=72)

#: What a message is for, what its words are about, and when it is due.
Wanted = tuple[MessagePurpose, MessagePurpose, datetime]
REMINDER, BOOKED, MOVED = MessagePurpose.VISIT_REMINDER, MessagePurpose.VISIT_BOOKED, MessagePurpose.VISIT_MOVED

TITLES = {
    REMINDER: "Reminder of your visit",
    BOOKED: "Your visit is booked",
    MOVED: "Your visit has a new time",
}
#: For several visits in one message: how many times it names, and what it says around them.
NAMED = {Channel.EMAIL: 24, Channel.SMS: 3}
SEVERAL = {
    REMINDER: "this is a reminder of your visits to {clinic}:",
    BOOKED: "your visits to {clinic} are booked:",
}
SEVERAL_TITLES = {REMINDER: "Reminder of your visits", BOOKED: "Your visits are booked"}
#: Titles of what is a reminder and nothing else.
PLAIN = frozenset({TITLES[REMINDER], SEVERAL_TITLES[REMINDER]})
#: Clinic, first name, date, time, link. Never the service, a body part or a diagnosis: others may read it.
OPENINGS = {
    REMINDER: "this is a reminder of your visit to {clinic}:",
    BOOKED: "your visit to {clinic} is booked:",
    MOVED: "your visit to {clinic} has a new time:",
}
TEXT = """Hello {name},

{opening}

{when}

Please confirm{which}, or tell us that you cannot come:

{{link}}

The link is meant for you alone and works once.{call}

{clinic}
"""


@dataclass(frozen=True)
class Way:
    """How a patient can be reached about visits, or why they cannot."""

    channel: str
    address: str = ""
    blocked: str = ""

    def recipient(self, patient: Patient) -> Recipient:
        """To whom and where; without an address when they may not be written to."""
        address = "" if self.blocked else self.address
        return Recipient(self.channel, patient.display_name, address, patient.language, patient.uid)


def plan_for(
    *,
    appointment: Appointment,
    now: datetime,
    confirm: bool = True,
) -> list[OutboundMessage]:
    """Write the messages about a visit that was just booked or moved, in the caller's transaction.

    `confirm=False` leaves out the confirmation, for a visit of which the patient is told otherwise. Of a move nothing
    is said for a few minutes, in which it can be taken back.
    """
    if not _is_awaited(appointment, now):
        return []
    patient = records.lock(appointment.patient)
    way = way_to(patient)
    wanted = _wanted(appointment, way, now, confirm=confirm)
    drafts = _drafts(appointment, patient, clinic=Clinic.objects.first(), way=way, wanted=wanted, now=now)
    return messaging.enqueue(*drafts, now=now)


def planned(
    appointment: Appointment,
    person: Person,
    clinic: Clinic | None,
    *,
    now: datetime,
    confirm: bool = True,
    besides: Sequence[datetime] = (),
    parts: Sequence[Appointment] = (),
) -> list[OutboundMessage]:
    """What `plan_for` writes, about a visit that the caller is about to write: together with it.

    `besides` are the times of others that are written as well: the confirmation names them. Or it names the other
    `parts` of an errand, every one, and brings their entries for the calendar.
    """
    if not _is_awaited(appointment, now):
        return []
    way = way_to(person.patient, person.agreed)
    wanted = _wanted(appointment, way, now, confirm=confirm)
    drafts = _drafts(
        appointment, person.patient, clinic=clinic, way=way, wanted=wanted, now=now, besides=besides, parts=parts
    )
    return [messaging.message(draft, now=now) for draft in drafts]


def _is_awaited(appointment: Appointment, now: datetime) -> bool:
    return appointment.status == Status.BOOKED and appointment.starts_at > now


def _wanted(appointment: Appointment, way: Way, now: datetime, *, confirm: bool) -> list[Wanted]:
    """Which messages a visit is due that was just booked or moved."""
    told = MOVED if appointment.version > 1 else BOOKED
    due_at = day_before(appointment.starts_at, appointment.location.tz)
    at_once = now if told is BOOKED else _after_second_thoughts(appointment, now)
    reminder = (REMINDER, REMINDER, decent(due_at, appointment.location.tz))
    if way.blocked or not confirm:
        return [reminder]
    if due_at <= now + WINDOW:
        return [(REMINDER, told, at_once)]
    return [(told, told, at_once), reminder]


def void_for(*, appointment: Appointment, reason: str, now: datetime) -> int:
    """Stop what is pending about a visit, its links, and what the desk was asked to do about it.

    Call it in the transaction that moves or cancels, before `plan_for`. Reason: "moved", "cancelled", "over" or
    "taken_back".
    Locks go visit, patient, messages, links: the same way round as when a patient takes their consent back.
    """
    records.lock(appointment.patient)
    desk.close_for(subject_uid=appointment.uid, outcome=overtaken(reason), now=now)
    return messaging.void_for(subject_uid=appointment.uid, reason=Reason(reason), now=now)


def _after_second_thoughts(appointment: Appointment, now: datetime) -> datetime:
    """When a move may be told of: in a few minutes, sooner when it would be too late then."""
    return max(now, min(now + SECOND_THOUGHTS, appointment.starts_at - TOO_LATE - timedelta(minutes=1)))


def overtaken(reason: str) -> str:
    """What becomes of the desk's tasks about a visit when it is moved, called off or over."""
    return f"The visit was {reason.replace('_', ' ')} since."


def as_before(*, appointment: Appointment, version: int, undone: int, moved_at: datetime, now: datetime) -> None:
    """A move was taken back: messages, links and the patient's wishes are as they were before `moved_at`.

    What was planned about the move never goes out; raises messaging.AlreadyTold when some of it has begun to.
    """
    records.lock(appointment.patient)
    uid, becomes = appointment.uid, appointment.version
    messaging.restore_for(
        subject_uid=uid,
        version=version,
        undone=undone,
        becomes=becomes,
        reason=Reason.MOVED,
        stopped_at=moved_at,
        now=now,
    )
    desk.reopen_for(
        subject_uid=uid,
        version=version,
        becomes=becomes,
        closed_at=moved_at,
        outcome=overtaken(Reason.MOVED),
    )


def plan_missing(*, now: datetime, limit: int = 500) -> int:
    """Find visits of the next days that lack a reminder (imported ones, consent given since) and plan it.

    Stops after `limit` that were planned; who cannot be reached takes nobody's place.
    """
    from scheduling import gathered  # noqa: PLC0415 -- it speaks in the words of this module

    planned = 0
    for visit in _without_reminder(now):
        if planned >= limit:
            break
        with transaction.atomic():
            appointment = (
                Appointment.objects.select_for_update(no_key=True, of=("self",))
                .select_related("patient__merged_into", "location")
                .get(pk=visit.pk)
            )
            planned += _plan_late(appointment, now)
            gathered.gather(appointment.basket, now=now)
    return planned


def _without_reminder(now: datetime) -> list[Appointment]:
    standing = OutboundMessage.objects.filter(
        subject_uid=OuterRef("uid"), subject_version=OuterRef("version"), purpose=REMINDER
    ).exclude(state=State.SUPPRESSED, reason__in=CURABLE)
    coming = Appointment.objects.awaited().filter(
        Q(starts_at__gt=now + TOO_LATE, starts_at__lt=now + HORIZON), ~Exists(standing)
    )
    return list(coming.select_related("patient__merged_into", "location").order_by("starts_at", "pk"))


def _plan_late(appointment: Appointment, now: datetime) -> int:
    """A reminder by itself, which answers nobody: at its hour, or at the next decent one."""
    if appointment.status != Status.BOOKED:
        return 0
    patient = records.lock(appointment.patient)
    way = way_to(patient)
    known = OutboundMessage.objects.about(appointment.uid).filter(subject_version=appointment.version, purpose=REMINDER)
    if way.blocked and known.exists():
        return 0
    clinic = Clinic.objects.first()
    draft = late(appointment, patient, clinic, way, now)
    messaging.enqueue(with_entries(draft, [appointment], clinic), now=now)
    return 1


def late(
    appointment: Appointment,
    patient: Patient,
    clinic: Clinic | None,
    way: Way,
    now: datetime,
    *,
    parts: Sequence[datetime] = (),
) -> Draft:
    """A reminder by itself, at its hour or at the next decent one; of an errand it names the other parts, every one."""
    tz = appointment.location.tz
    due_at = decent(day_before(appointment.starts_at, tz), tz)
    if due_at < now:
        due_at = next_decent(now, tz)
    return _draft(
        appointment, patient, clinic, way, purpose=REMINDER, words=REMINDER, due_at=due_at, now=now,
        times=_Times(tuple(parts), every_one=True),
    )  # fmt: skip


@dataclass(frozen=True)
class _Times:
    """Of other visits that the message names after its own."""

    besides: tuple[datetime, ...] = ()
    #: However many; otherwise those at the end are only counted.
    every_one: bool = False

    def lines(self, first: datetime, way: Way, tz: ZoneInfo) -> str:
        times = [first, *self.besides]
        named = len(times) if self.every_one else NAMED.get(Channel(way.channel), 1)
        lines = [when(at, tz) for at in times[:named]]
        more = len(times) - len(lines)
        return "\n".join([*lines, f"and {more} more, of each of which we remind you."] if more else lines)


def _drafts(
    appointment: Appointment,
    patient: Patient,
    *,
    clinic: Clinic | None,
    way: Way,
    wanted: Sequence[Wanted],
    now: datetime,
    besides: Sequence[datetime] = (),
    parts: Sequence[Appointment] = (),
) -> list[Draft]:
    times = _Times((*besides, *(part.starts_at for part in parts)), every_one=bool(parts))
    drafts = [
        _draft(
            appointment, patient, clinic, way, purpose=purpose, words=words, due_at=due_at, now=now,
            times=times if words == BOOKED else _Times(),
        )
        for purpose, words, due_at in wanted
    ]  # fmt: skip
    told_otherwise = appointment.basket is not None and wanted[0][1] == REMINDER
    if not told_otherwise:  # the first message about this version brings its entry for the calendar
        drafts[:1] = [with_entries(drafts[0], [appointment, *parts], clinic)]
    return drafts


def with_entries(draft: Draft, visits: Sequence[Appointment], clinic: Clinic | None) -> Draft:
    """By e-mail it brings the visits for the patient's own calendar."""
    if draft.to.channel != Channel.EMAIL:
        return draft
    return replace(draft, calendar=entries_for(visits, clinic).decode())


def _draft(
    appointment: Appointment,
    patient: Patient,
    clinic: Clinic | None,
    way: Way,
    *,
    purpose: MessagePurpose,
    words: MessagePurpose,
    due_at: datetime,
    now: datetime,
    times: _Times,
) -> Draft:
    too_late_at = appointment.starts_at - TOO_LATE
    suppressed, needs_person = way.blocked, None
    if not suppressed and now >= too_late_at:
        suppressed, needs_person = Reason.TOO_LATE, False  # who books for right now knows of it
    elif not suppressed and due_at >= too_late_at:
        suppressed = Reason.QUIET_HOURS
    name = clinic.sender if clinic else "the clinic"
    phone = appointment.location.phone or (clinic.phone if clinic else "")
    text = TEXT.format(
        name=braced(patient.greeting_name),
        opening=(SEVERAL if times.besides else OPENINGS)[words].format(clinic=braced(name)),
        when=times.lines(appointment.starts_at, way, appointment.location.tz),
        which=" the first" if times.besides else "",
        call=f" You can also call {show_phone(phone)}." if phone else "",
        clinic=braced(name),
    )
    return Draft(
        purpose=purpose,
        occasion="day before" if purpose == REMINDER else "at booking",
        about=Subject("scheduling.appointment", appointment.uid, appointment.version),
        to=way.recipient(patient),
        title=(SEVERAL_TITLES if times.besides else TITLES)[words],
        text=text,
        due_at=due_at,
        too_late_at=too_late_at,
        link_purpose=Purpose.VISIT,
        link_expires_at=min(appointment.starts_at, due_at + LONGEST_LINK)
        if due_at < appointment.starts_at
        else appointment.starts_at,
        suppressed=suppressed,
        needs_person=needs_person,
    )


def braced(name: str) -> str:
    """A name that holds `{link}` or the like is still only a name."""
    return name.replace("{", "(").replace("}", ")")


def when(at: datetime, tz: ZoneInfo) -> str:
    """ "Tuesday 24 November 2026, 14:30 (EST)": the day in full, the hour of the place, and whose hour it is."""
    local = at.astimezone(tz)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({local:%Z})"


# -- Whom, when ----------------------------------------------------------------------------------------


def way_to(patient: Patient, agreed: Mapping[str, bool] | None = None) -> Way:
    """The channel that the patient chose and agreed to; e-mail when this clinic cannot send text messages.

    Consent is read under the patient's lock, or was (`agreed`); taking it back later stops what is pending.
    """
    patient = patient.survivor
    wanted, offered = patient.preferred_channel, channels.offered()
    if patient.deactivated_at is not None or wanted not in Channel.values:
        return Way(Channel.EMAIL, blocked=Reason.OPTED_OUT)
    channel = wanted if wanted in offered else Channel.EMAIL
    address = {Channel.EMAIL: patient.email, Channel.SMS: patient.phone}[Channel(channel)]
    if not address:
        return Way(channel, blocked=Reason.NO_ADDRESS)
    said = (consent.agreed(patient) if agreed is None else agreed).get(channel)
    if said is None:
        return Way(channel, blocked=Reason.NO_CONSENT if channel == wanted else Reason.NO_ADDRESS)
    return Way(channel, address) if said else Way(channel, blocked=Reason.OPTED_OUT)


def day_before(starts_at: datetime, tz: ZoneInfo) -> datetime:
    """The same wall-clock time on the day before, where the visit takes place."""
    return (starts_at.astimezone(tz) - timedelta(days=1)).astimezone(starts_at.tzinfo)


def decent(at: datetime, tz: ZoneInfo) -> datetime:
    """The instant itself between 08:00 and 21:00 of the place, else the evening before it."""
    local = at.astimezone(tz)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return at
    day = local.date() if local.time() >= DAY_ENDS else local.date() - timedelta(days=1)
    return datetime.combine(day, EVENING, tzinfo=tz).astimezone(at.tzinfo)


def next_decent(at: datetime, tz: ZoneInfo) -> datetime:
    """The instant itself between 08:00 and 21:00 of the place, else the next morning."""
    local = at.astimezone(tz)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return at
    day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
    return datetime.combine(day, DAY_BEGINS, tzinfo=tz).astimezone(at.tzinfo)
