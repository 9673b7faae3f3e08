"""The front desk's page for a new patient, and who may be the same person while one types."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic import audit
from clinic.access import Can, requires
from clinic.forms import add_refusal
from clinic.models import Clinic
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients import matching, registration
from patients.forms.intake import RegistrationForms
from patients.records import RecordRefused


@requires(Can.REGISTER_PATIENTS)
def register(request: StaffRequest) -> HttpResponse:
    """Register a patient with all that the desk asks; who may be here already is shown before anything is saved."""
    forms = RegistrationForms(posted(request), today=request.now.date(), country=_country())
    context: dict[str, Any] = {"forms": forms}
    if request.method == "POST" and forms.is_valid():
        try:
            patient = registration.register(**forms.arguments(), by=request.user, now=request.now)
        except registration.LikelyDuplicates as likely:
            context |= {"likenesses": likely.likenesses, "asked": True}
            _say_who_was_shown(request, likely.likenesses)
        except RecordRefused as refusal:
            add_refusal(forms.particulars, refusal)
        else:
            messages.success(request, f"{patient.display_name} is registered as {patient.number_label}.")
            return go_to(request, "patients:patient", patient.uid)
    return page(request, "patients/register.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@requires(Can.REGISTER_PATIENTS)
def duplicates(request: StaffRequest) -> HttpResponse:
    """Who may be the person being typed; asked by the page as soon as a name and something more are there."""
    forms = RegistrationForms(request.POST, today=request.now.date(), country=_country())
    forms.particulars.is_valid()
    typed = forms.particulars.cleaned_data
    likenesses = matching.find(
        matching.Particulars(
            given_name=typed.get("given_name", ""),
            family_name=typed.get("family_name", ""),
            preferred_name=typed.get("preferred_name", ""),
            born_on=typed.get("born_on"),
            phones=tuple(filter(None, (typed.get("phone"), typed.get("other_phone")))),
            email=typed.get("email", ""),
        )
    )
    _say_who_was_shown(request, likenesses)
    return page(request, "patients/duplicates.html", {"likenesses": likenesses}, partial="likenesses")


def _say_who_was_shown(request: StaffRequest, likenesses: list[matching.Likeness]) -> None:
    shown = [found.patient.uid for found in likenesses]
    audit.viewed_many("patients.likely_duplicates", by=request.user, now=request.now, patient_uids=shown)


def _country() -> str:
    return Clinic.objects.values_list("country", flat=True).first() or "US"
