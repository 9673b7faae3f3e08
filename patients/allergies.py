"""Allergies: not asked, none known, or listed. The database keeps the answer and the list in agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clinic import audit
from clinic.access import Actor
from clinic.models import User
from patients import records
from patients.models import Allergy, AllergyKind, AllergyStatus, Patient, Severity
from patients.records import RecordRefused


@dataclass(frozen=True)
class Allergies:
    """What is known of a person's allergies, over all records that are this person."""

    status: AllergyStatus
    listed: Sequence[Allergy]


def of(patient: Patient) -> Allergies:
    """The person's answer: whatever is listed anywhere counts; none known only when the standing record says so."""
    patient = patient.survivor
    listed = list(Allergy.objects.for_patient(patient).worst_first())
    return Allergies(status_of(patient, listed), listed)


def status_of(survivor: Patient, listed: Sequence[object]) -> AllergyStatus:
    """The answer of the record that stands, given what is listed anywhere."""
    if listed:
        return AllergyStatus.LISTED
    said = AllergyStatus(survivor.allergy_status)
    return AllergyStatus.NOT_ASKED if said == AllergyStatus.LISTED else said


@transaction.atomic
def add(
    *,
    patient: Patient,
    substance: str,
    kind: str = AllergyKind.UNKNOWN,
    reaction: str = "",
    severity: str = Severity.UNKNOWN,
    by: Actor,
    now: datetime,
) -> Allergy:
    """List an allergy; from then on "none known" is out of the question."""
    patient = records.lock(patient)
    _set_status(patient, AllergyStatus.LISTED)
    return records.add(
        Allergy, patient=patient, substance=substance, kind=kind, reaction=reaction, severity=severity, by=by, now=now
    )


@transaction.atomic
def say_none_known(*, patient: Patient, by: Actor, now: datetime) -> Patient:
    """Asked, and the patient knows of none. Refused while the list has entries."""
    patient = records.lock(patient)
    if Allergy.objects.for_patient(patient).standing().exists():
        raise RecordRefused(records.REFUSALS["none_known_means_no_allergy_is_listed"])
    _set_status(patient, AllergyStatus.NONE_KNOWN)
    audit.record("allergies.none_known", by=by, now=now, subject=patient, patient_uid=patient.uid)
    return patient


@transaction.atomic
def void(allergy: Allergy, *, reason: str, by: User, now: datetime) -> Allergy:
    """Strike an allergy that is none. When it was the last, allergies have to be asked about again."""
    allergy = records.void(allergy, reason=reason, by=by, now=now)
    owner = Patient.objects.select_for_update(no_key=True).get(pk=allergy.patient_id)
    if not Allergy.objects.standing().filter(patient=owner).exists():
        _set_status(owner, AllergyStatus.NOT_ASKED)
    return allergy


def _set_status(patient: Patient, status: AllergyStatus) -> None:
    if patient.allergy_status != status:
        patient.allergy_status = status
        patient.save(update_fields=["allergy_status"])
