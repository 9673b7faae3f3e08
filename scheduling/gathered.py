"""One reminder for all visits of an errand on one day: that of the first names the others, which have none themselves.

Asked for after a part was booked, moved, called off or taken up again, in the transaction of that: it looks at all
parts anew, so it is right whatever happened before. See docs/adr/0028-one-message-in-one-window.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from clinic import messaging, time
from clinic.messaging import Draft
from clinic.messaging_states import NEVER_LEFT, STOPPABLE, Reason, State
from clinic.models import Clinic, OutboundMessage
from patients import records
from scheduling import words
from scheduling.contact import way_to
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.words import REMINDER, Times, when


@dataclass(frozen=True)
class Told:
    """What was written about an errand by way of reminder."""

    rows: Sequence[OutboundMessage]

    def names(self, visit: Appointment) -> bool:
        """Whether the patient hears of this time by what has left, or is about to go out for another reason as well."""
        its_time = when(visit.starts_at, visit.location.tz)
        return any(its_time in row.text for row in self.rows if _goes_out_as_it_is(row))

    def own(self, visit: Appointment) -> OutboundMessage | None:
        """The visit's own reminder, while it can still be written anew or left out."""
        for row in self.rows:
            if (row.subject_uid, row.subject_version) == (visit.uid, visit.version) and _can_be_changed(row):
                return row
        return None


def _can_be_changed(row: OutboundMessage) -> bool:
    pending = row.state in STOPPABLE or (row.state == State.SUPPRESSED and row.reason == Reason.DUPLICATE_CONTACT)
    return pending and row.says == REMINDER


def _goes_out_as_it_is(row: OutboundMessage) -> bool:
    return row.state not in NEVER_LEFT or (row.state in STOPPABLE and row.says != REMINDER)


def gather(basket: UUID | None, *, now: datetime) -> None:
    """Let one reminder a day speak of all parts that are still awaited. Locks the patient, then their messages."""
    if basket is None:
        return
    parts = list(Appointment.objects.filter(basket=basket).for_verb().order_by("starts_at", "pk"))
    awaited = [part for part in parts if part.status == Status.BOOKED and part.starts_at > now]
    if not awaited:
        return
    records.lock(awaited[0].patient)
    about = OutboundMessage.objects.filter(subject_uid__in=[part.uid for part in parts], purpose=REMINDER)
    told = Told(list(about.select_for_update().order_by("pk")))
    for _, day in groupby(awaited, key=lambda part: time.local_day(part.starts_at, part.location.tz)):
        _speak_of(list(day), told, now)


def _speak_of(parts: list[Appointment], told: Told, now: datetime) -> None:
    left_out = [part for part in parts if told.names(part)]
    rest = [(part, row) for part in parts if part not in left_out and (row := told.own(part))]
    for number, (first, row) in enumerate(rest):
        draft = _reminder(first, rest[number + 1 :], row, now)
        if not draft.suppressed:
            messaging.say_instead(row, draft, now=now)
            left_out += [part for part, _ in rest[number + 1 :]]
            break
    for part in left_out:
        if own := told.own(part):
            messaging.leave_out(own, now=now)


def _reminder(
    first: Appointment, others: Sequence[tuple[Appointment, OutboundMessage]], row: OutboundMessage, now: datetime
) -> Draft:
    """With what it, or one that it stands for, was to bring for the patient's calendar."""
    patient, clinic = first.patient.survivor, Clinic.objects.first()
    times = Times(tuple(part.starts_at for part, _ in others), every_one=True)
    draft = words.draft(
        first, patient, clinic, way_to(patient),
        purpose=REMINDER, words=REMINDER, due_at=max(row.due_at, now), now=now, times=times,
    )  # fmt: skip
    draft = replace(draft, occasion=row.occasion, rule_uid=row.rule_uid)
    if row.calendar or any(one.calendar for _, one in others):
        draft = words.with_entries(draft, [first, *(part for part, _ in others)], clinic)
    return draft
