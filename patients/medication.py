"""Medication as its prescriber ordered it: what, how (in the order's words), by whom, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from clinic.access import Actor
from clinic.models import User
from patients import drugs, records
from patients.dates import NOTHING_KNOWN, RoughDay
from patients.models import Medication, Patient


def add(
    *,
    patient: Patient,
    name: str,
    drug_classes: Sequence[str] | None = None,
    dose_as_ordered: str = "",
    prescriber: str = "",
    started: RoughDay = NOTHING_KNOWN,
    by: Actor,
    now: datetime,
) -> Medication:
    """List a drug. Without classes given, those that its name is known for."""
    return records.add(
        Medication,
        patient=patient,
        name=name,
        drug_classes=list(drug_classes) if drug_classes else drugs.classes_of(name),
        dose_as_ordered=dose_as_ordered,
        prescriber=prescriber,
        started_on=started.on,
        started_precision=started.precision,
        by=by,
        now=now,
    )


def stop(medication: Medication, *, ended_on: date, reason: str = "", by: User, now: datetime) -> Medication:
    """The patient takes it no more. It stays in the list, ended."""
    return records.correct(medication, ended_on=ended_on, end_reason=reason, by=by, now=now)


def cautions(taken: Sequence[Medication]) -> list[str]:
    """What hands-on work minds about drugs being taken, each once."""
    classes = {drug_class for medication in taken for drug_class in medication.drug_classes}
    return [sentence for drug_class, sentence in drugs.CAUTIONS.items() if drug_class in classes]
