"""Whom to call when something happens."""

from __future__ import annotations

from datetime import datetime

from clinic.access import Actor
from patients import records
from patients.models import EmergencyContact, Patient


def add(
    *, patient: Patient, name: str, phone: str, relationship: str = "", by: Actor, now: datetime
) -> EmergencyContact:
    """One more person to call; `phone` in E.164."""
    return records.add(
        EmergencyContact, patient=patient, name=name, phone=phone, relationship=relationship, by=by, now=now
    )
