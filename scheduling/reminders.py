"""What patients are told about their visits, and when. Written into the outbox with the visit itself.

The rules of the house (scheduling.message_rules) or the patient's own choice say when: see scheduling.due, which alone
knows. A booking is confirmed at once; what falls within twelve hours of that is said by it: then one message is both.
Reminders keep decent hours; the answer to a booking that was just made does not wait. See
docs/adr/0028-one-message-in-one-window.md and docs/algorithms/reminders.md.
"""

from __future__ import annotations

import time as machine
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from clinic import desk, messaging
from clinic.messaging import Draft
from clinic.messaging_states import CURABLE, MessagePurpose, Reason
from clinic.models import OutboundMessage
from patients import records
from patients.models import Patient
from patients.persons import Person
from scheduling import customs as house
from scheduling import foreseen, words
from scheduling.contact import Way, way_to
from scheduling.customs import Customs
from scheduling.due import Asked, Steps, parted
from scheduling.foreseen import Foreseen
from scheduling.models import Appointment, MessageRule
from scheduling.states import Status
from scheduling.words import BOOKED, MOVED, REMINDER, TOO_LATE, Times

#: So long nothing is said of a move, and it can be taken back: see docs/adr/0040-a-move-can-be-taken-back.md.
SECOND_THOUGHTS = timedelta(minutes=3)


def plan_for(
    *, appointment: Appointment, now: datetime, confirm: bool = True, told: bool = False
) -> list[OutboundMessage]:
    """Write the messages about a visit that was just booked or moved, in the caller's transaction.

    `confirm=False` leaves out the confirmation, for a visit of which the patient is told otherwise; `told`: at this
    moment. Of a move nothing is said for a few minutes, in which it can be taken back.
    """
    if not is_awaited(appointment, now):
        return []
    patient = records.lock(appointment.patient)
    about = _About(appointment, patient, house.read(), way_to(patient), now)
    drafts = about.drafts(confirm=confirm, told=told)
    return messaging.enqueue(*drafts, now=now)


def planned(
    appointment: Appointment,
    person: Person,
    customs: Customs,
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
    if not is_awaited(appointment, now):
        return []
    about = _About(appointment, person.patient, customs, way_to(person.patient, person.agreed), now)
    drafts = about.drafts(confirm=confirm, besides=besides, parts=parts)
    return [messaging.message(draft, now=now) for draft in drafts]


def is_awaited(appointment: Appointment, now: datetime) -> bool:
    return appointment.status == Status.BOOKED and appointment.starts_at > now


class _About:
    """A visit, whose it is, and all that decides what they are told of it."""

    def __init__(self, visit: Appointment, patient: Patient, customs: Customs, way: Way, now: datetime) -> None:
        self.visit, self.patient, self.customs, self.way, self.now = visit, patient, customs, way, now
        self.asks = customs.asks(visit, patient, way.channel)

    def drafts(
        self,
        *,
        confirm: bool,
        told: bool = False,
        besides: Sequence[datetime] = (),
        parts: Sequence[Appointment] = (),
    ) -> list[Draft]:
        """What is to be written about a visit that was just booked or moved, the first message first."""
        lying = parted(self.asks, self.now)
        if told:
            return self._reminders(lying.later) + [self._said(ask) for ask in lying.soon]
        if self.way.blocked or not confirm:
            drafts = self._reminders([*lying.soon, *lying.later] or lying.gone[-1:])
            others_tell = not confirm and self.visit.basket is not None
            return drafts if others_tell else self.with_entries(drafts, parts)
        times = Times((*besides, *(part.starts_at for part in parts)), every_one=bool(parts))
        if lying.later or not lying.reached:
            first = self._news(self.telling, times)
        else:  # so near that it is the reminder as well
            last = lying.reached[-1]
            first = replace(self._news(REMINDER, times), occasion=last.occasion, rule_uid=last.rule)
        said = [self._said(ask, first) for ask in lying.soon if ask.occasion != first.occasion]
        return [*self.with_entries([first], parts), *said, *self._reminders(lying.later)]

    @property
    def telling(self) -> MessagePurpose:
        """What the patient is told when it was booked or moved."""
        return MOVED if self.visit.version > 1 else BOOKED

    def _news(self, purpose: MessagePurpose, times: Times) -> Draft:
        at_once = self.now if self.telling is BOOKED else _after_second_thoughts(self.visit, self.now)
        times = times if self.telling is BOOKED else Times()
        return self._draft(purpose, self.telling, at_once, times)

    def reminder(self, ask: Asked, sayers: Mapping[str, UUID]) -> Draft:
        """The reminder that is asked for; left out when another one of this visit says it."""
        draft = self._draft(REMINDER, REMINDER, ask.at, Times(), rule=ask.rule)
        draft = replace(draft, occasion=ask.occasion, rule_uid=ask.rule)
        return self._as_said(draft, sayers.get(ask.said_by)) if ask.said_by else draft

    def late(self, ask: Asked) -> Draft:
        """The reminder whose time has passed, at the next decent hour; it answers nobody."""
        at = self.customs.hours.later(self.now, house.zone_of(self.patient, self.visit.location))
        draft = self._draft(REMINDER, REMINDER, at, Times(), rule=ask.rule)
        return replace(draft, occasion=ask.occasion, rule_uid=ask.rule)

    def _reminders(self, asks: Sequence[Asked]) -> list[Draft]:
        drafts: dict[str, Draft] = {}
        for ask in asks:
            drafts[ask.occasion] = self.reminder(ask, {name: draft.uid for name, draft in drafts.items()})
        return list(drafts.values())

    def _said(self, ask: Asked, by: Draft | None = None) -> Draft:
        """Written down as said by what the patient is told now, so that nobody plans it."""
        return self._as_said(self.reminder(ask, {}), by.uid if by else None)

    def _as_said(self, draft: Draft, by: UUID | None) -> Draft:
        if draft.suppressed:
            return draft
        return replace(draft, suppressed=Reason.DUPLICATE_CONTACT, needs_person=False, said_by_uid=by)

    def with_entries(self, drafts: list[Draft], parts: Sequence[Appointment] = ()) -> list[Draft]:
        """The first message about this version brings its entry for the calendar."""
        drafts[:1] = [words.with_entries(draft, [self.visit, *parts], self.customs.clinic) for draft in drafts[:1]]
        return drafts

    def _draft(
        self, purpose: MessagePurpose, says: MessagePurpose, due_at: datetime, times: Times, rule: UUID | None = None
    ) -> Draft:
        return words.draft(
            self.visit, self.patient, self.customs.clinic, self.way,
            purpose=purpose, words=says, due_at=due_at, now=self.now, times=times,
            variant=self.customs.variant_of(rule),
        )  # fmt: skip


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


# -- What is missing, and what has changed ----------------------------------------------------------------


def plan_all(*, now: datetime, seconds: float, limit: int = 500) -> int:
    """Plan what is missing, turn after turn, until nothing is or the time is up; returns for how many visits."""
    until, done = machine.monotonic() + seconds, 0
    while machine.monotonic() < until:
        turn = plan_missing(now=now, limit=limit)
        done += turn
        if turn < limit:
            break
    return done


def plan_missing(*, now: datetime, limit: int = 500) -> int:
    """Let the outbox have what the diary asks for: visits that came in without reminders, consent given since, rules
    and choices that have changed. Returns for how many visits something was written or stopped.

    Stops after `limit` of them; who cannot be reached takes nobody's place. After a change of the rules all visits
    ahead are gone through, however many turns it takes; else those of which something is due next.
    """
    changed = list(MessageRule.objects.to_follow().of(REMINDER).values_list("pk", "retired_at"))
    customs = house.read()
    done = 0
    for case in foreseen.astray(customs, now=now, however_far=bool(changed)):
        if done >= limit:
            return done
        with transaction.atomic():
            visit = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related(
                "patient__merged_into", "location"
            ).get(pk=case.visit.pk)  # fmt: skip
            done += settle(visit, customs, now=now)
    for pk, retired_at in changed:  # unless it was retired in between
        MessageRule.objects.filter(pk=pk, retired_at=retired_at).update(followed_at=now)
    return done


def follow(patient_uids: Collection[UUID], now: datetime) -> None:
    """A person wants to be written to otherwise: what is planned for them changes, under their record's lock.

    The visits need no lock: whoever moves one waits for the patient's, and then voids what is written here.
    """
    coming = Appointment.objects.awaited().filter(patient__uid__in=patient_uids, starts_at__gt=now)
    customs = house.read()
    for case in foreseen.read(coming.for_telling(), customs):
        if case.steps(now):
            settle(case.visit, customs, now=now)


def settle(visit: Appointment, customs: Customs, *, now: datetime) -> bool:
    """Let the outbox have what a locked visit asks for, and nothing else of that kind; whether it had not."""
    if not is_awaited(visit, now):
        return False
    patient = records.lock(visit.patient)
    way = way_to(patient)
    rows = list(foreseen.reminders_of([visit]).select_for_update().order_by("pk"))
    about = _About(visit, patient, customs, way, now)
    todo = Foreseen(visit, patient, way, about.asks, rows).steps(now)
    if todo:
        _take(todo, about, {row.uid: row for row in rows})
    return bool(todo)


def _take(todo: Steps, about: _About, rows: dict[UUID, OutboundMessage]) -> None:
    for uid in todo.stop:
        messaging.leave_out(rows[uid], reason=Reason.RULE_CHANGED, now=about.now)
    sayers = {row.occasion: row.uid for row in rows.values() if row.uid not in todo.stop}
    for uid, ask in todo.change:
        messaging.say_instead(rows[uid], about.reminder(ask, sayers), now=about.now)
    fresh = [about.reminder(ask, sayers) for ask in todo.write]
    fresh += [about.late(ask) for ask in todo.write_late]
    nothing_was_said = all(row.reason in CURABLE for row in rows.values())
    messaging.enqueue(*(about.with_entries(fresh) if nothing_was_said else fresh), now=about.now)
