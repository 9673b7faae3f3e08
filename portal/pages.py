"""How a page speaks to a patient: in their language, by their first name, with the number to call."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from clinic.models import Clinic, Location
from clinic.pages import page
from patients.models import Patient

#: What these pages can speak; English to everybody else.
SPOKEN = frozenset(code for code, _ in settings.LANGUAGES)


def page_for(
    patient: Patient,
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    location: Location | None = None,
    status: int = 200,
) -> HttpResponse:
    """The template with `first_name`, `clinic` and `phone` (the location's own, where it has one) besides."""
    patient, clinic = patient.survivor, Clinic.objects.first()
    house = clinic.phone if clinic else ""
    facts = {
        "first_name": patient.greeting_name,
        "clinic": clinic,
        "phone": (location.phone if location else "") or house,
    }
    with translation.override(patient.language if patient.language in SPOKEN else "en"):
        return page(request, template, facts | (context or {}), status=status)
