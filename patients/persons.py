"""A patient under the lock of their record, with what decides how they are told of a visit and who treats them."""

from __future__ import annotations

from dataclasses import dataclass, field

from patients import consent, records
from patients.models import CareTeamMember, Patient


@dataclass
class Person:
    """The record as it is now, the newest word on each channel, and the practitioners (ids) of the care team."""

    patient: Patient
    agreed: dict[str, bool] = field(default_factory=dict)
    treated_by: set[int] = field(default_factory=set)


def lock(patient: Patient) -> Person:
    """Queue up behind anyone else writing on this person's record. Three queries."""
    patient = records.lock(patient)
    team = CareTeamMember.objects.current().for_patient(patient)
    return Person(patient, consent.agreed(patient), set(team.values_list("practitioner_id", flat=True)))
