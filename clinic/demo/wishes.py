"""What patients have asked of the desk and nobody has seen to yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from clinic import desk
from clinic.access import SYSTEM
from clinic.models import DeskTask
from scheduling.models import Appointment


def build(visits: list[Appointment], *, now: datetime) -> int:
    """The first who comes the day after tomorrow or later would rather come in the morning."""
    coming = Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).coming(now + timedelta(days=2))
    visit = coming.select_related("patient", "location").first()
    if visit is None:
        return 0
    desk.ask(
        kind=DeskTask.Kind.MOVE_WANTED,
        patient_uid=visit.patient.uid,
        patient_name=visit.patient.display_name,
        subject_kind="scheduling.appointment",
        subject_uid=visit.uid,
        subject_version=visit.version,
        subject_at=visit.starts_at,
        zone=visit.location.zone,
        note="Mornings suit me better that week, any day.",
        by=SYSTEM,
        now=now - timedelta(hours=1),
    )
    return 1
