"""How every page of this room finds its row: only what the actor may do this to exists."""

from __future__ import annotations

import uuid
from datetime import date
from zoneinfo import ZoneInfo

from django.shortcuts import get_object_or_404

from clinic.access import Can
from clinic.requests import StaffRequest
from clinic.time import local_day
from patients.models import Patient
from treatments import notes
from treatments.models import Episode, Plan, SessionNote


def today_of(request: StaffRequest) -> date:
    """The calendar day at the clinic."""
    return local_day(request.now, ZoneInfo(notes.house_zone()))


def patient_or_404(request: StaffRequest, uid: uuid.UUID, can: Can) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user, can, now=request.now), uid=uid)


def episode_or_404(request: StaffRequest, uid: uuid.UUID, can: Can) -> Episode:
    seen = Episode.objects.visible_to(request.user, can, now=request.now)
    return get_object_or_404(seen.select_related("patient", "injury", "tissue_seen_by", "opened_by"), uid=uid)


def plan_or_404(request: StaffRequest, uid: uuid.UUID, can: Can) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user, can, now=request.now).with_parts(), uid=uid)


def note_or_404(request: StaffRequest, uid: uuid.UUID, can: Can) -> SessionNote:
    return get_object_or_404(SessionNote.objects.visible_to(request.user, can, now=request.now).with_parts(), uid=uid)


def may(request: StaffRequest, patient: Patient, can: Can) -> bool:
    """Whether the actor may do this to this patient: what a page asks before it shows a part of itself."""
    return Patient.objects.visible_to(request.user, can, now=request.now).filter(pk=patient.pk).exists()
