"""What patients are told about their visits, and when. Written into the outbox with the visit itself.

The rule of the house: one reminder at the same wall-clock time the day before, and a confirmation at booking,
unless the two would fall within twelve hours: then one message, at once, is both. Reminders keep decent hours;
the answer to a booking that was just made does not wait. See docs/adr/0028-one-message-in-one-window.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clinic import desk, messaging
from clinic.messaging import Draft
from clinic.messaging_states import CURABLE, MessagePurpose, Reason, State
from clinic.models import Clinic, OutboundMessage
from patients import records
from patients.models import Patient
from patients.persons import Person
from scheduling import words
from scheduling.contact import Way, day_before, decent, next_decent, way_to
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.words import BOOKED, MOVED, REMINDER, TOO_LATE, Times

#: Two messages about one visit closer together than this are one.
WINDOW = timedelta(hours=12)
#: So long nothing is said of a move, and it can be taken back: see docs/adr/0040-a-move-can-be-taken-back.md.
SECOND_THOUGHTS = timedelta(minutes=3)
#: How far ahead the planner looks for visits without a reminder.
HORIZON = timedelta(hours=72)

#: What a message is for, what its words are about, and when it is due.
Wanted = tuple[MessagePurpose, MessagePurpose, datetime]


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
    messaging.enqueue(words.with_entries(draft, [appointment], clinic), now=now)
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
    return words.draft(
        appointment, patient, clinic, way, purpose=REMINDER, words=REMINDER, due_at=due_at, now=now,
        times=Times(tuple(parts), every_one=True),
    )  # fmt: skip


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
    times = Times((*besides, *(part.starts_at for part in parts)), every_one=bool(parts))
    drafts = [
        words.draft(
            appointment, patient, clinic, way, purpose=purpose, words=about, due_at=due_at, now=now,
            times=times if about == BOOKED else Times(),
        )
        for purpose, about, due_at in wanted
    ]  # fmt: skip
    told_otherwise = appointment.basket is not None and wanted[0][1] == REMINDER
    if not told_otherwise:  # the first message about this version brings its entry for the calendar
        drafts[:1] = [words.with_entries(drafts[0], [appointment, *parts], clinic)]
    return drafts
