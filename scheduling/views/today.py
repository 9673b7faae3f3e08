"""A therapist's own day: who comes, who is here, what is still to be signed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from clinic import audit, time
from clinic.access import Can, requires
from clinic.models import Practitioner
from clinic.pages import go_to, page
from clinic.requests import StaffRequest
from patients.models import Allergy, AllergyStatus
from scheduling import booking
from scheduling.models import Appointment
from scheduling.states import Status
from scheduling.views import places
from treatments import notes
from treatments.models import SessionNote


@dataclass
class Row:
    """One visit with what a therapist must know before it."""

    visit: Appointment
    note: SessionNote | None = None
    allergies: list[str] = field(default_factory=list)
    not_asked: bool = False


@require_safe
@requires(Can.SEE_DIARY)
def today(request: StaffRequest) -> HttpResponse:
    """My visits in order."""
    among = places.locations()
    location = places.chosen(request, among)
    me = request.user.practitioner_or_none
    if location is None or me is None:
        return page(request, "scheduling/not_treating.html" if location else "scheduling/no_location.html")
    day = places.day_in(request, location)
    visits = list(
        Appointment.objects.of_practitioner(me).not_called_off().within(*time.day_bounds(day, location.tz)).for_diary()
    )
    unsigned = _unsigned(me, request, visits)
    seen = dict.fromkeys([*(v.patient.uid for v in visits), *(n.patient.uid for n in unsigned)])
    audit.viewed_many("today", by=request.user, now=request.now, patient_uids=seen)
    context = {
        "rows": _rows(request, visits),
        "unsigned": unsigned,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "is_today": day == time.local_day(request.now, location.tz),
        "location": location,
        "zone": location.zone,
    }
    return page(request, "scheduling/today.html", context, partial="rows")


def _rows(request: StaffRequest, visits: Sequence[Appointment]) -> list[Row]:
    """Notes and allergies of all rows in two queries; clinical facts only of patients in the reader's care."""
    found = {n.visit_uid: n for n in SessionNote.objects.filter(visit_uid__in=[v.uid for v in visits])}
    allergies: dict[int, list[str]] = defaultdict(list)
    listed = Allergy.objects.visible_to(request.user, Can.SEE_HISTORY, now=request.now).standing()
    for allergy in listed.filter(patient__in=[v.patient_id for v in visits]):
        allergies[allergy.patient_id].append(allergy.substance)
    return [
        Row(v, found.get(v.uid), allergies[v.patient_id], v.patient.allergy_status == AllergyStatus.NOT_ASKED)
        for v in visits
    ]


def _unsigned(me: Practitioner, request: StaffRequest, visits: Sequence[Appointment]) -> list[SessionNote]:
    """Notes of other days that still wait for a signature."""
    shown = [visit.uid for visit in visits]
    drafts = SessionNote.objects.unsigned_by(me).filter(service_at__lt=request.now).select_related("patient")
    return list(drafts.exclude(visit_uid__in=shown)[:20])


@require_POST
@requires(Can.WRITE_NOTES)
def open_chart(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """One click from the visit to its chart; who has arrived is now in session."""
    visit = places.visible_visit(request, uid, Can.WRITE_NOTES)
    me = request.user.practitioner_or_none
    if me is None:
        messages.error(request, "Only who treats patients writes notes.")
        return go_to(request, "scheduling:visit", visit.uid)
    try:
        note = notes.start(
            patient=visit.patient,
            plan=visit.intervention.plan if visit.intervention else None,
            practitioner=me,
            visit_uid=visit.uid,
            service_at=visit.starts_at,
            zone=visit.location.zone,
            by=request.user,
            now=request.now,
        )
    except notes.NoteRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "scheduling:visit", visit.uid)
    if visit.status == Status.ARRIVED:
        booking.start(appointment=visit, by=request.user, now=request.now)
    return go_to(request, "treatments:note" if note.is_signed else "treatments:chart", note.uid)
