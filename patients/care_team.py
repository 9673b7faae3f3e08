"""Who treats a patient, and the glass that may be broken in need: who belongs may open the clinical record."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from clinic import audit
from clinic.access import Actor, Can
from clinic.models import Practitioner, User
from patients import records
from patients.models import BreakGlass, CareTeamMember, Joining, Patient

#: How long a broken glass stays open.
OPEN_FOR = timedelta(minutes=60)


class CareRefused(Exception):
    """Carries a sentence fit for the person who asked."""


@transaction.atomic
def join(*, patient: Patient, practitioner: Practitioner, why: str, by: Actor, now: datetime) -> CareTeamMember:
    """The practitioner treats this patient from now on; who already does, stays as they are."""
    member = _current(patient, practitioner)
    if member is not None:
        return member
    patient = records.lock(patient)
    member = _current(patient, practitioner)
    if member is not None:
        return member
    member = CareTeamMember.objects.create(
        patient=patient,
        practitioner=practitioner,
        why=Joining(why),
        joined_at=now,
        joined_by=records.staff(by),
    )
    audit.record(
        "care_team.joined",
        by=by,
        now=now,
        subject=member,
        patient_uid=patient.uid,
        detail={"practitioner": str(practitioner.uid), "why": why},
    )
    return member


@transaction.atomic
def leave(*, patient: Patient, practitioner: Practitioner, by: User, now: datetime) -> None:
    """The practitioner treats this patient no longer, under whichever record of the person they joined."""
    records.lock(patient)
    current = CareTeamMember.objects.current().for_patient(patient).filter(practitioner=practitioner)
    for member in current.select_related("patient"):
        member.left_at, member.left_by = now, by
        member.save(update_fields=["left_at", "left_by"])
        audit.record(
            "care_team.left",
            by=by,
            now=now,
            subject=member,
            patient_uid=member.patient.uid,
            detail={"practitioner": str(practitioner.uid)},
        )


@transaction.atomic
def break_glass(*, patient: Patient, reason: str, by: User, now: datetime) -> BreakGlass:
    """Open a record outside one's care for an hour, for a reason the owner will read."""
    if not by.can(Can.BREAK_GLASS):
        raise CareRefused("Only who treats patients may open a record this way.")
    if len(reason.strip()) < 5:
        raise CareRefused("Say why you need to open this record; the owner reads it.")
    glass = BreakGlass.objects.create(
        patient=records.lock(patient), opened_by=by, reason=reason.strip(), opened_at=now, expires_at=now + OPEN_FOR
    )
    audit.record(
        "record.opened_with_reason", by=by, now=now, subject=glass, patient_uid=patient.uid, reason=reason.strip()
    )
    return glass


def is_in_care(patient: Patient, practitioner: Practitioner) -> bool:
    """Whether the practitioner belongs to the person's care team."""
    return _current(patient, practitioner) is not None


def _current(patient: Patient, practitioner: Practitioner) -> CareTeamMember | None:
    return CareTeamMember.objects.current().for_patient(patient).filter(practitioner=practitioner).first()
