"""Numbers of other places, and insurance cover."""

from __future__ import annotations

from datetime import date, datetime

from clinic.access import Actor
from patients import records
from patients.models import Coverage, Identifier, Patient, Relationship


def add_identifier(
    *, patient: Patient, kind: str, value: str, issuer: str = "", by: Actor, now: datetime
) -> Identifier:
    """A number that somebody else knows the patient by."""
    return records.add(Identifier, patient=patient, kind=kind, value=value, issuer=issuer, by=by, now=now)


def add_coverage(
    *,
    patient: Patient,
    payer_name: str,
    member_id: str,
    plan_name: str = "",
    group_number: str = "",
    relationship: str = Relationship.SELF,
    subscriber_name: str = "",
    subscriber_born_on: date | None = None,
    priority: int = 1,
    valid_from: date | None = None,
    valid_to: date | None = None,
    by: Actor,
    now: datetime,
) -> Coverage:
    """Who pays, under which numbers, from when to when."""
    return records.add(
        Coverage,
        patient=patient,
        payer_name=payer_name,
        member_id=member_id,
        plan_name=plan_name,
        group_number=group_number,
        relationship=relationship,
        subscriber_name=subscriber_name,
        subscriber_born_on=subscriber_born_on,
        priority=priority,
        valid_from=valid_from,
        valid_to=valid_to,
        by=by,
        now=now,
    )
