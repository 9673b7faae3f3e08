"""Registering patients, correcting who they are and how to reach them, deactivating those who left."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from clinic import audit, messaging, replanning
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.messaging_states import Reason
from clinic.models import User
from patients import allergies, changes, consent, contacts, cover, folding, history, matching, medication, records
from patients.models import AllergyStatus, Channel, Patient
from patients.records import RecordRefused, explained, lock, staff

#: What a registration may say about the person; anything else is somebody else's business.
PARTICULARS = (
    "given_name", "family_name", "preferred_name", "pronouns", "sex", "born_on", "phone", "other_phone", "email",
    "address_line", "city", "region", "postal_code", "country", "preferred_channel", "language", "lead_hours", "zone",
)  # fmt: skip
#: What of these decides how and when they are written to.
CHOICES = frozenset({"preferred_channel", "phone", "email", "lead_hours", "zone"})
_REGISTRATION_LOCK = 0x70617469


class LikelyDuplicates(Exception):
    """Somebody here may be the same person. Carries who, so that a person can decide."""

    def __init__(self, likenesses: Sequence[matching.Likeness]) -> None:
        self.likenesses = list(likenesses)
        super().__init__("Someone with these particulars is registered already. Is it the same person?")


@dataclass(frozen=True)
class Intake:
    """All that the front desk asks besides the particulars; each dict holds the arguments of the noun's own verb."""

    consents: Sequence[Mapping[str, Any]] = ()
    emergency_contacts: Sequence[Mapping[str, Any]] = ()
    injuries: Sequence[Mapping[str, Any]] = ()
    conditions: Sequence[Mapping[str, Any]] = ()
    surgeries: Sequence[Mapping[str, Any]] = ()
    allergy_status: str = AllergyStatus.NOT_ASKED
    allergies: Sequence[Mapping[str, Any]] = ()
    medication: Sequence[Mapping[str, Any]] = ()
    identifiers: Sequence[Mapping[str, Any]] = ()
    coverages: Sequence[Mapping[str, Any]] = ()
    #: Likely duplicates that somebody looked at and found to be other people.
    not_the_same_as: Collection[UUID] = field(default=())


@transaction.atomic
def register(
    *,
    family_name: str,
    born_on: date,
    given_name: str = "",
    intake: Intake | None = None,
    accept_duplicates: bool = False,
    by: Actor,
    now: datetime,
    **particulars: Any,
) -> Patient:
    """Make a record for a new patient, with everything the intake says, or nothing at all.

    Raises LikelyDuplicates unless those who may be the same person were ruled out by name (or wholesale, for
    imports). Two desks registering the same person at once queue up here, so that the second is asked.
    """
    intake = intake or Intake()
    patient = Patient(
        family_name=family_name, given_name=given_name, born_on=born_on, registered_at=now, registered_by=staff(by)
    )
    _tell(patient, particulars)
    _check_born(patient, now)
    if not accept_duplicates:
        _queue_up(patient)
        _refuse_duplicates(patient, intake.not_the_same_as)
    with explained(Patient):
        patient.save()
    detail = {"not_the_same_as": [str(uid) for uid in intake.not_the_same_as]} if intake.not_the_same_as else {}
    audit.record("patient.registered", by=by, now=now, subject=patient, patient_uid=patient.uid, detail=detail)
    _take_in(patient, intake, by=by, now=now)
    return patient


@transaction.atomic
def correct(patient: Patient, *, revision: int | None = None, by: Actor, now: datetime, **particulars: Any) -> Patient:
    """Correct particulars. With `revision`, only if they still are what the typist saw (else StaleRecord)."""
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if revision is not None and revision != patient.revision:
        check_revision(patient, revision, fields=changes.since(patient, revision))
    before = {name: getattr(patient, name) for name in particulars}
    _tell(patient, particulars)
    _check_born(patient, now)
    changed = [name for name, value in before.items() if getattr(patient, name) != value]
    if not changed:
        return patient
    patient.revision += 1
    with explained(Patient):
        patient.save(update_fields=[*changed, "revision"])
    audit.record(
        "patient.corrected", by=by, now=now, subject=patient, patient_uid=patient.uid, detail={"fields": changed}
    )
    _tell_the_outbox(patient, changed, now)
    return patient


@transaction.atomic
def deactivate(patient: Patient, *, reason: str, by: User, now: datetime) -> Patient:
    """The person is no longer a patient here: out of lists, no messages; the record stays."""
    patient = lock(patient)
    if not reason.strip():
        raise RecordRefused("Say why the record is deactivated.")
    if patient.deactivated_at:
        raise RecordRefused("The record is deactivated already.")
    patient.deactivated_at, patient.deactivated_by, patient.deactivated_reason = now, by, reason.strip()
    _keep(patient, "patient.deactivated", by=by, now=now, reason=reason)
    messaging.void_for_patient(patient_uids=records.uids_of(patient), reason=Reason.OPTED_OUT, now=now)
    return patient


@transaction.atomic
def reactivate(patient: Patient, *, by: User, now: datetime) -> Patient:
    """The person is back."""
    patient = lock(patient)
    if not patient.deactivated_at:
        raise RecordRefused("The record is in use.")
    patient.deactivated_at, patient.deactivated_by, patient.deactivated_reason = None, None, ""
    _keep(patient, "patient.reactivated", by=by, now=now)
    return patient


def _tell_the_outbox(patient: Patient, changed: Collection[str], now: datetime) -> None:
    """What is still to be sent goes to the new address, or nowhere when the patient wants no more messages."""
    uids = records.uids_of(patient)
    for channel, field_name in ((Channel.EMAIL, "email"), (Channel.SMS, "phone")):
        if field_name in changed:
            messaging.readdress(patient_uids=uids, channel=channel, address=getattr(patient, field_name), now=now)
    if "preferred_channel" in changed and patient.preferred_channel == Channel.NONE:
        messaging.void_for_patient(patient_uids=uids, reason=Reason.OPTED_OUT, now=now)
    if not CHOICES.isdisjoint(changed):
        replanning.follow(patient_uids=uids, now=now)


def _keep(patient: Patient, said: str, *, by: User, now: datetime, reason: str = "") -> None:
    patient.revision += 1
    patient.save(update_fields=["deactivated_at", "deactivated_by", "deactivated_reason", "revision"])
    audit.record(said, by=by, now=now, subject=patient, patient_uid=patient.uid, reason=reason)


def _tell(patient: Patient, particulars: Mapping[str, Any]) -> None:
    for name, value in particulars.items():
        if name not in PARTICULARS:
            raise TypeError(f"{name} is not among a patient's particulars.")
        setattr(patient, name, value)


def _check_born(patient: Patient, now: datetime) -> None:
    # A day ahead of UTC somewhere on Earth: a child born today there is no mistake.
    if (patient.born_on - now.date()).days > 1:
        raise RecordRefused("The date of birth is in the future.")


def _queue_up(patient: Patient) -> None:
    """One registration at a time of people with this name: the next sees the one before."""
    name = zlib.crc32(folding.fold(patient.family_name).encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_REGISTRATION_LOCK, name])


def _refuse_duplicates(patient: Patient, ruled_out: Collection[UUID]) -> None:
    likely = [found for found in matching.find(matching.of(patient)) if found.is_likely]
    if any(found.patient.uid not in ruled_out for found in likely):
        raise LikelyDuplicates(likely)


def _take_in(patient: Patient, intake: Intake, *, by: Actor, now: datetime) -> None:
    said: dict[str, Any] = {"patient": patient, "by": by, "now": now}
    for verb, entries in (
        (consent.record, intake.consents),
        (contacts.add, intake.emergency_contacts),
        (history.add_injury, intake.injuries),
        (history.add_condition, intake.conditions),
        (history.add_surgery, intake.surgeries),
        (allergies.add, intake.allergies),
        (medication.add, intake.medication),
        (cover.add_identifier, intake.identifiers),
        (cover.add_coverage, intake.coverages),
    ):
        for entry in entries:
            verb(**said, **entry)  # type: ignore[operator]
    if intake.allergy_status == AllergyStatus.NONE_KNOWN:
        allergies.say_none_known(**said)
    elif intake.allergy_status == AllergyStatus.LISTED and not intake.allergies:
        raise RecordRefused(records.REFUSALS["listed_means_an_allergy_is_listed"])
    patient.refresh_from_db(fields=["allergy_status"])
