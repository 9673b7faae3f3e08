"""Small forms and pages on the real models, right and wrong, for the walks that send forms, follow links and wait.

As in `planted`: each fault is one that was made somewhere in earnest, and must be found as the kind that it is.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404
from django.utils.html import escape

from clinic import audit
from clinic.access import Can, allows, requires
from clinic.requests import StaffRequest
from patients.models import Injury, Patient
from tests.access.planted import LIST, NOTE, sound_note
from treatments.models import SessionNote

_INPUT = '<input type="text" name="mechanism" value="Lifted a box">'


def _patient(request: StaffRequest, uid: uuid.UUID) -> Patient:
    visible = Patient.objects.visible_to(request.user, Can.RECORD_HISTORY, now=request.now)
    patient = get_object_or_404(visible, uid=uid)
    audit.viewed("planted", by=request.user, now=request.now, patient_uid=patient.uid)
    return patient


def _form(patient: Patient, inside: str, query: str = "") -> HttpResponse:
    injury = Injury.objects.for_patient(patient).first()
    hidden = inside.format(uid=injury.uid if injury else "", pk=injury.pk if injury else "")
    query = query.format(uid=injury.uid if injury else "")
    return HttpResponse(f'<form method="post" action="{query}">{hidden}{_INPUT}<button>Save</button></form>')


def _save(injury: Injury, request: HttpRequest) -> HttpResponse:
    injury.mechanism = request.POST.get("mechanism", "")[:500]
    injury.save(update_fields=["mechanism"])
    return HttpResponse(status=204)


@requires(Can.RECORD_HISTORY)
def sound_form(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    if request.method == "POST":
        injury = get_object_or_404(
            Injury.objects.for_patient(patient), uid=request.POST.get("record") or uuid.UUID(int=0)
        )
        return _save(injury, request)
    return _form(patient, '<input type="hidden" name="record" value="{uid}">')


@requires(Can.SEE_PATIENTS)
def sound_links(request: StaffRequest) -> HttpResponse:
    return HttpResponse('<a href="/account/2fa/">Your sign-in</a> <a href="mailto:someone@clinic.example">Mail</a>')


# -- Faults: ids ---------------------------------------------------------------------------------------


@requires(Can.RECORD_HISTORY)
def id_in_the_body(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    if request.method == "POST":
        return _save(get_object_or_404(Injury, uid=request.POST.get("record") or uuid.UUID(int=0)), request)
    return _form(patient, '<input type="hidden" name="record" value="{uid}">')


@requires(Can.RECORD_HISTORY)
def key_in_a_row(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    if request.method == "POST":
        return _save(get_object_or_404(Injury, pk=request.POST.get("rows-0-id") or 0), request)
    return _form(patient, '<input type="hidden" name="rows-0-id" value="{pk}">')


@requires(Can.RECORD_HISTORY)
def id_in_the_query(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    if request.method == "POST":
        return _save(get_object_or_404(Injury, uid=request.GET.get("record") or uuid.UUID(int=0)), request)
    return _form(patient, "", query="?record={uid}")


@requires(Can.RECORD_HISTORY)
def answer_with_the_others_record(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    if request.method == "POST":
        other = get_object_or_404(Injury, uid=request.POST.get("record") or uuid.UUID(int=0))
        return HttpResponse(f"{escape(other.mechanism)} belongs to somebody else.", status=422)
    return _form(patient, '<input type="hidden" name="record" value="{uid}">')


# -- Faults: names -------------------------------------------------------------------------------------


@requires(Can.RECORD_HISTORY)
def every_column_by_its_name(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    injury = Injury.objects.for_patient(patient).first()
    if request.method == "POST" and injury:
        for name in ("mechanism", "body_part", "revision"):
            if name in request.POST:
                setattr(injury, name, request.POST[name])
        injury.save()
        return HttpResponse(status=204)
    return _form(patient, "")


class WideForm(forms.Form):
    mechanism = forms.CharField(required=False)
    revision = forms.IntegerField(required=False)


@requires(Can.RECORD_HISTORY)
def form_of_more_fields_than_it_shows(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    patient = _patient(request, uid)
    form = WideForm(request.POST or None)
    if form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if value is not None}
        Injury.objects.for_patient(patient).update(**said)
        return HttpResponse(status=204)
    return _form(patient, "")


# -- Faults: links -------------------------------------------------------------------------------------


@requires(Can.SEE_PATIENTS)
def link_to_what_is_gone(request: StaffRequest) -> HttpResponse:
    return HttpResponse(f'<a href="/patients/{uuid.uuid4()}/">The patient of before</a>')


@requires(Can.SEE_PATIENTS)
def link_that_nobody_knows(request: StaffRequest) -> HttpResponse:
    return HttpResponse('<form method="get" action="/back-door/"><input name="q"><button>Find</button></form>')


# -- Faults: time, and what is written down --------------------------------------------------------------


def role_kept_in_the_session(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    may = request.session.setdefault("may_read", allows(request.user, Can.SEE_NOTES))
    if not may:
        return HttpResponseForbidden("Not for you.")
    note = get_object_or_404(SessionNote, uid=uid)
    audit.viewed("planted", by=request.user, now=request.now, patient_uid=note.patient.uid)
    return HttpResponse(note.subjective)


role_kept_in_the_session.policy = sound_note.policy  # type: ignore[attr-defined]


@requires(Can.SEE_NOTES)
def shown_although_unrecorded(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(SessionNote.objects.visible_to(request.user, Can.SEE_NOTES, now=request.now), uid=uid)
    words = HttpResponse(note.subjective)
    with contextlib.suppress(audit.CannotRecord), transaction.atomic():
        audit.viewed("planted", by=request.user, now=request.now, patient_uid=note.patient.uid)
    return words


#: By walk: name → (pattern, view, kind to be found).
OF_FORMS: dict[str, tuple[str, Any, str]] = {
    "id in the body not checked": (NOTE, id_in_the_body, "swapped"),
    "key in a row not checked": (NOTE, key_in_a_row, "swapped"),
    "id in the query not checked": (NOTE, id_in_the_query, "swapped"),
    "answer that carries the record of another": (NOTE, answer_with_the_others_record, "canary"),
    "every column by its name": (NOTE, every_column_by_its_name, "named"),
    "form of more fields than it shows": (NOTE, form_of_more_fields_than_it_shows, "named"),
}
OF_LINKS: dict[str, tuple[str, Any, str]] = {
    "link to what is gone": (LIST, link_to_what_is_gone, "status"),
    "link that nobody knows": (LIST, link_that_nobody_knows, "unknown"),
}
OF_TIME: dict[str, tuple[str, Any, str]] = {
    "role kept in the session": (NOTE, role_kept_in_the_session, "canary"),
}
OF_RECORD: dict[str, tuple[str, Any, str]] = {
    "shown although unrecorded": (NOTE, shown_although_unrecorded, "audit"),
}
