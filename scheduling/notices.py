"""What a patient is told when the clinic changes or calls off their visits: one message, whatever happened to how many.

What a patient asked for answers at once (scheduling.reminders); this they did not expect, so it keeps decent hours.
Whom no message reaches in time is left on the desk to be called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clinic import desk, messaging, wordings
from clinic.access import Actor
from clinic.links import Purpose
from clinic.messaging import Draft, Subject
from clinic.messaging_states import Channel, MessagePurpose, Reason
from clinic.models import Clinic, DeskTask, OutboundMessage
from clinic.wording import SPEECHES, Became, Facts, Kind, Line
from patients import records
from patients.models import Patient
from scheduling import customs as house
from scheduling import reminders
from scheduling.calendar_entries import entries_for
from scheduling.contact import Way, way_to
from scheduling.customs import Customs
from scheduling.due import parted
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.words import LONGEST_LINK, TOO_LATE, phone_of

OCCASION = "by the clinic"


@dataclass(frozen=True)
class Change:
    """A visit as it is now, and when it was to be before."""

    visit: Appointment
    was_at: datetime

    @property
    def is_off(self) -> bool:
        return self.visit.status == Status.CANCELLED

    @property
    def line(self) -> Line:
        """As a line of the message."""
        tz = self.visit.location.tz
        at, was = self.visit.starts_at.astimezone(tz), self.was_at.astimezone(tz)
        if self.is_off:
            return Line(at, became=Became.OFF, was=was)
        return Line(at, became=Became.SAME_TIME if at == was else Became.MOVED, was=was)

    def sentence(self) -> str:
        """ "Tuesday …, 10:00 is now Wednesday …, 11:00", for who calls the patient."""
        return SPEECHES["en"].line(self.line, Channel.EMAIL)


def tell(changes: Sequence[Change], *, by: Actor, now: datetime) -> list[OutboundMessage]:
    """One message to each patient, in the caller's transaction, and the reminders of what was moved.

    Call it after what was planned about the visits before has been voided.
    """
    by_patient: dict[int, list[Change]] = {}
    for change in changes:
        by_patient.setdefault(change.visit.patient.survivor.pk, []).append(change)
    customs = house.read()
    sent = []
    for _, theirs in sorted(by_patient.items()):
        sent.append(_tell_one(sorted(theirs, key=lambda c: (c.is_off, c.visit.starts_at)), customs, by, now))
    return sent


def _tell_one(changes: list[Change], customs: Customs, by: Actor, now: datetime) -> OutboundMessage:
    """About the first moved visit, which its link answers for; if all are called off, about the first of them."""
    first = changes[0].visit
    patient = records.lock(first.patient)
    way = way_to(patient)
    draft = _draft(changes, patient, customs, way, now)
    if way.channel == Channel.EMAIL:
        calendar = entries_for([change.visit for change in changes], customs.clinic).decode()
        draft = replace(draft, calendar=calendar)
    drafts = [draft]
    for change in changes:
        if change.is_off:
            continue
        reminders.plan_for(appointment=change.visit, now=now, confirm=False, told=True)
        if change.visit != first and _is_near(change.visit, patient, customs, way, now):
            drafts.append(_said_already(draft, change.visit))
    if draft.suppressed:
        _call(first, patient, changes, by, now)
    return messaging.enqueue(*drafts, now=now)[0]


def _is_near(visit: Appointment, patient: Patient, customs: Customs, way: Way, now: datetime) -> bool:
    """So near that all its reminders are said by what the patient is told now."""
    lying = parted(customs.asks(visit, patient, way.channel), now)
    return bool(lying.reached) and not lying.later


def _draft(changes: list[Change], patient: Patient, customs: Customs, way: Way, now: datetime) -> Draft:
    first, is_off = changes[0].visit, changes[0].is_off
    due_at = customs.hours.later(now, house.zone_of(patient, first.location))
    # It must be there before they leave for the old time, or for a new one that is earlier.
    too_late_at = min(at for c in changes for at in (c.was_at, c.visit.starts_at)) - TOO_LATE
    suppressed = way.blocked or (Reason.TOO_LATE if now >= too_late_at else "")
    if not suppressed and due_at >= too_late_at:
        suppressed = Reason.QUIET_HOURS
    soon = not is_off and _is_near(first, patient, customs, way, now)
    purpose = MessagePurpose.VISIT_CANCELLED if is_off else MessagePurpose.VISIT_MOVED
    said = _said(changes, patient, customs.clinic, way)
    return Draft(
        # So near to the visit it is the reminder as well.
        purpose=MessagePurpose.VISIT_REMINDER if soon else purpose,
        occasion=OCCASION,
        about=Subject("scheduling.appointment", first.uid, first.version),
        to=replace(way.recipient(patient), language=said.language),
        says=purpose,
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=due_at,
        too_late_at=too_late_at,
        link_purpose="" if is_off else Purpose.VISIT,
        link_expires_at=None if is_off else min(first.starts_at, due_at + LONGEST_LINK),
        suppressed=suppressed,
        needs_person=False,  # the desk is asked to call: see below
    )


def _said(changes: list[Change], patient: Patient, clinic: Clinic | None, way: Way) -> wordings.Said:
    """All are named, whatever happened to each: nothing else tells the patient of it."""
    facts = Facts(
        name=patient.greeting_name,
        lines=[change.line for change in changes],
        every_one=True,
        phone=phone_of(changes[0].visit.location, clinic),
    )
    return wordings.say(_kind(changes), way.channel, patient.language, facts, clinic=clinic)


def _kind(changes: list[Change]) -> Kind:
    if all(change.is_off for change in changes):
        return Kind.VISIT_CANCELLED if len(changes) == 1 else Kind.VISITS_CANCELLED
    return Kind.VISIT_CHANGED if len(changes) == 1 else Kind.VISITS_CHANGED


def _said_already(draft: Draft, visit: Appointment) -> Draft:
    """So near that the one message stands for its reminder: written down, so that nobody plans another."""
    return Draft(
        purpose=MessagePurpose.VISIT_REMINDER,
        occasion=OCCASION,
        about=Subject("scheduling.appointment", visit.uid, visit.version),
        to=draft.to,
        says=draft.says,
        title=draft.title,
        text=draft.text.replace("{link}", ""),
        wording=draft.wording,
        due_at=draft.due_at,
        too_late_at=draft.too_late_at,
        suppressed=Reason.DUPLICATE_CONTACT,
        needs_person=False,
    )


def _call(visit: Appointment, patient: Patient, changes: list[Change], by: Actor, now: datetime) -> None:
    words = " ".join(change.sentence() for change in changes)
    ask_to_call(visit, patient, f"No message reaches them in time. Tell them: {words}", by=by, now=now)


def ask_to_call(visit: Appointment, patient: Patient, note: str, *, by: Actor, now: datetime) -> DeskTask:
    """Leave it on the desk that somebody should speak with the patient about this visit."""
    return ask_the_desk(DeskTask.Kind.CALL_PATIENT, visit, patient, note, by=by, now=now)


def ask_the_desk(
    kind: DeskTask.Kind, visit: Appointment, patient: Patient, note: str, *, by: Actor, now: datetime
) -> DeskTask:
    """Leave something about this visit on the desk."""
    return desk.ask(
        kind=kind,
        patient_uid=patient.uid,
        patient_name=patient.display_name,
        subject_kind="scheduling.appointment",
        subject_uid=visit.uid,
        subject_version=visit.version,
        subject_at=visit.starts_at,
        zone=visit.location.zone,
        note=note,
        by=by,
        now=now,
    )
