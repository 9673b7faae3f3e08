"""Who treats the patient; opening a record outside one's care, with a reason."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.models import Practitioner
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import care_team
from patients.forms.care import AssignForm
from patients.forms.facts import ReasonForm
from patients.models import BreakGlass, CareTeamMember, Joining
from patients.views.record import may, visible


@requires(Can.SEE_PATIENTS)
def team(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Who treats the patient, who did, and who opened the record without treating."""
    patient = visible(request, uid, Can.SEE_PATIENTS).survivor
    audit.viewed("patient.care_team", by=request.user, now=request.now, patient_uid=patient.uid)
    everyone = CareTeamMember.objects.for_patient(patient).in_order()
    context = {
        "patient": patient,
        "members": [member for member in everyone if member.left_at is None],
        "former": [member for member in everyone if member.left_at is not None],
        "broken": list(BreakGlass.objects.for_patient(patient).newest_first()[:50]),
        "form": AssignForm(patient=patient),
    }
    return page(request, "patients/care_team.html", context)


@require_POST
@requires(Can.ASSIGN_CARE)
def assign(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Put a practitioner on the care team."""
    patient = visible(request, uid, Can.ASSIGN_CARE).survivor
    form = AssignForm(request.POST, patient=patient)
    if form.is_valid():
        practitioner = form.cleaned_data["practitioner"]
        care_team.join(
            patient=patient, practitioner=practitioner, why=Joining.ASSIGNED, by=request.user, now=request.now
        )
        messages.success(request, f"{practitioner} treats {patient.display_name} from now on.")
    else:
        messages.warning(request, "Choose who treats the patient.")
    return go_to(request, "patients:care_team", uid)


@require_POST
@requires(Can.ASSIGN_CARE)
def dismiss(request: StaffRequest, uid: uuid.UUID, practitioner: uuid.UUID) -> HttpResponse:
    """Take a practitioner off the care team; from the next request on the record is closed to them."""
    patient = visible(request, uid, Can.ASSIGN_CARE).survivor
    who = get_object_or_404(Practitioner, uid=practitioner)
    care_team.leave(patient=patient, practitioner=who, by=request.user, now=request.now)
    messages.success(request, f"{who} no longer treats {patient.display_name}.")
    return go_to(request, "patients:care_team", uid)


@requires(Can.BREAK_GLASS)
def open_record(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Open a record outside one's care for an hour, for a reason that the owner reads."""
    patient = visible(request, uid, Can.BREAK_GLASS).survivor
    if may(request, patient, Can.SEE_HISTORY):
        return go_to(request, "patients:patient", patient.uid)
    form = ReasonForm(posted(request), label="Why do you need to open it?")
    if request.method == "POST" and form.is_valid():
        try:
            care_team.break_glass(patient=patient, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except care_team.CareRefused as refusal:
            add_refusal(form, refusal, "reason")
        else:
            messages.warning(request, "The record is open to you for an hour. The owner sees that you opened it.")
            return go_to(request, "patients:patient", patient.uid)
    context = {"form": form, "patient": patient}
    return page(request, "patients/open_record.html", context, status=422 if form.errors else 200)
