"""Asking a patient from afar: questions answered once by link, a diary kept by link; sent, shown or taken back.

A message says that there are questions before the next visit, and never what about.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit, channels, links, messaging, wordings
from clinic.access import LinkActor
from clinic.links import Purpose
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose, Reason
from clinic.models import ActionLink, Clinic, User
from clinic.wording import Facts, Kind
from patients import consent, records
from patients.models import Patient
from treatments import measuring
from treatments.measuring import Answers, MeasureRefused
from treatments.models import Episode, Measurement, MeasureRequest, SpasmDiary
from treatments.outcomes.measures import MEASURES

#: So long may questions be answered.
ASKED_FOR = timedelta(days=14)
#: So long does the link of a diary work; a new one renews it.
DIARY_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Asked:
    """What a link is about and where it leads."""

    subject: MeasureRequest | SpasmDiary
    purpose: Purpose
    until: datetime


# -- Questions -----------------------------------------------------------------------------------------


@transaction.atomic
def ask(
    *, patient: Patient, measures: Sequence[str], episode: Episode | None = None, by: User, now: datetime
) -> MeasureRequest:
    """Put questions to a patient; questions of the same kind that still waited are taken back."""
    patient = records.lock(patient)
    measures = [slug for slug in MEASURES if slug in measures]
    if not measures:
        raise MeasureRefused("Choose what to ask about.")
    if not set(measures) <= set(measuring.sendable()):
        raise MeasureRefused("That is measured in the clinic.")
    activities = measuring.activities_of(patient, episode) if "psfs" in measures else []
    if "psfs" in measures and not activities:
        raise MeasureRefused("The patient names the activities in the clinic the first time.")
    for waiting in MeasureRequest.objects.for_patient(patient).open().filter(episode=episode):
        if set(waiting.measures) & set(measures):
            withdraw(waiting, by=by, now=now)
    request = MeasureRequest.objects.create(
        patient=patient,
        episode=episode,
        measures=measures,
        activities=activities,
        asked_at=now,
        asked_by=by,
        runs_out_at=now + ASKED_FOR,
    )
    audit.record("measures.asked", by=by, now=now, subject=request, patient_uid=patient.uid)
    return request


@transaction.atomic
def withdraw(request: MeasureRequest, *, by: User, now: datetime) -> MeasureRequest:
    """Take questions back: their link is dead."""
    records.lock(request.patient)
    request = MeasureRequest.objects.select_related("patient").get(pk=request.pk)
    if request.answered_at is not None:
        raise MeasureRefused("These questions have been answered meanwhile.")
    if request.withdrawn_at is None:
        request.withdrawn_at, request.withdrawn_by = now, by
        request.save(update_fields=["withdrawn_at", "withdrawn_by"])
        end_links(request, now)
        audit.record("measures.withdrawn", by=by, now=now, subject=request, patient_uid=request.patient.uid)
    return request


@transaction.atomic
def answer(*, link: ActionLink, answers: Mapping[str, Answers], now: datetime) -> list[Measurement]:
    """What the patient says, all at once; the link is used up. Raises MeasureRefused, also when it was used before."""
    request = MeasureRequest.objects.select_related("patient", "episode__patient").get(uid=link.subject_uid)
    records.lock(request.patient)
    request.refresh_from_db(fields=["answered_at", "withdrawn_at"])
    if not request.is_open(now) or not links.use(link, used_for="answer", now=now):
        raise MeasureRefused("These questions have been answered already.")
    by = LinkActor(link.uid)
    taken = [
        measuring.take(
            patient=request.patient,
            measure=slug,
            answers=answers[slug],
            episode=request.episode,
            request=request,
            taken_at=now,
            by=by,
            now=now,
        )
        for slug in request.measures
    ]
    request.answered_at = now
    request.save(update_fields=["answered_at"])
    audit.record("measures.answered", by=by, now=now, subject=request, patient_uid=request.patient.survivor.uid)
    return taken


# -- The way to a link ---------------------------------------------------------------------------------


def asked(subject: MeasureRequest | SpasmDiary, now: datetime) -> Asked:
    if isinstance(subject, MeasureRequest):
        return Asked(subject, Purpose.MEASURES, subject.runs_out_at)
    return Asked(subject, Purpose.SPASM_DIARY, now + DIARY_FOR)


def end_links(subject: MeasureRequest | SpasmDiary, now: datetime) -> None:
    """No link to this works any more, nor will one that is on its way."""
    messaging.void_for(subject_uid=subject.uid, reason=Reason.TAKEN_BACK, now=now)


def channel_to(patient: Patient) -> str | None:
    """How this patient may be written to, if at all: as they wish and agreed, else by e-mail if they agreed to that."""
    person = patient.survivor
    for channel in (person.preferred_channel, Channel.EMAIL):
        if channel in channels.offered() and consent.may_contact(person, channel):
            return str(channel)
    return None


@transaction.atomic
def show(subject: MeasureRequest | SpasmDiary, *, by: User, now: datetime) -> str:
    """An address to hand over in the clinic, shown once. Any earlier link to the same stops working."""
    about = asked(subject, now)
    records.lock(subject.patient)
    end_links(subject, now)
    token = links.issue(purpose=about.purpose, subject_uid=subject.uid, expires_at=about.until, now=now)
    audit.record("link.shown", by=by, now=now, subject=subject, patient_uid=subject.patient.survivor.uid)
    return links.url_for(token, about.purpose)


@transaction.atomic
def send(subject: MeasureRequest | SpasmDiary, *, by: User, now: datetime) -> None:
    """Send the link. Raises MeasureRefused when the patient may not be written to. Earlier links stop working."""
    patient = records.lock(subject.patient)
    channel = channel_to(patient)
    if channel is None:
        raise MeasureRefused("There is no address this patient agreed to be written to. Show the link instead.")
    end_links(subject, now)
    messaging.enqueue(_draft(asked(subject, now), patient, channel, now), now=now)
    audit.record("link.sent", by=by, now=now, subject=subject, patient_uid=patient.uid)


def _draft(about: Asked, patient: Patient, channel: str, now: datetime) -> Draft:
    clinic = Clinic.objects.first()
    facts = Facts(name=patient.greeting_name, until=about.until.date(), phone=clinic.phone if clinic else "")
    kind = Kind.QUESTIONS if about.purpose == Purpose.MEASURES else Kind.DIARY
    said = wordings.say(kind, channel, patient.language, facts, clinic=clinic)
    address = patient.email if channel == Channel.EMAIL else patient.phone
    return Draft(
        purpose=MessagePurpose.QUESTIONS,
        # Each sending is a message of its own: what went out before may be lost.
        occasion=uuid.uuid4().hex,
        about=Subject(about.subject._meta.label_lower, about.subject.uid),
        to=Recipient(channel, patient.display_name, address, said.language, patient.uid),
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=now,
        too_late_at=min(about.until, now + timedelta(days=3)),
        link_purpose=about.purpose,
        link_expires_at=about.until,
    )
