"""A patient's preferred times: said once, used whenever times are offered."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import StaleRecord, add_refusal
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients.models import Patient
from scheduling import preferences
from scheduling.forms.preferences import PreferenceForm


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Can.BOOK)
def preferred_times(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """Days, hours, a therapist: what is offered first from now on."""
    rows = Patient.objects.select_related("merged_into").visible_to(request.user, Can.SEE_PATIENTS, now=request.now)
    patient = get_object_or_404(rows, uid=uid).survivor
    audit.viewed("patient.preferred_times", by=request.user, now=request.now, patient_uid=patient.uid)
    form = PreferenceForm(posted(request), initial=PreferenceForm.initial_of(preferences.of(patient)))
    if request.method == "POST" and form.is_valid():
        try:
            preferences.say(patient=patient, by=request.user, now=request.now, **form.cleaned_data)
        except StaleRecord as stale:
            add_refusal(form, stale)
        else:
            messages.success(request, "Saved. Such times are offered first from now on.")
            return go_to(request, "patients:patient", patient.uid)
    context = {"patient": patient, "form": form}
    status = 422 if request.method == "POST" else 200
    return page(request, "scheduling/preferred_times.html", context, status=status)
