"""How billing's views find what a URL names: only what the person may see exists."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.shortcuts import get_object_or_404

from billing.models import Charge, Invoice, Payment
from billing.refusals import BillingRefused
from clinic import time
from clinic.access import Can
from clinic.forms import StaleRecord, add_refusal
from clinic.models import Clinic, Location
from clinic.requests import StaffRequest
from patients.models import Patient

#: What a verb of billing may answer instead of doing it.
REFUSALS = (BillingRefused, StaleRecord)


def patient_or_404(request: StaffRequest, uid: UUID) -> Patient:
    """The record that stands for the person, also when the URL names one merged into it."""
    found = get_object_or_404(Patient.objects.visible_to(request.user, Can.BILL).select_related("merged_into"), uid=uid)
    return found.merged_into or found


def charge_or_404(request: StaffRequest, uid: UUID) -> Charge:
    return get_object_or_404(Charge.objects.visible_to(request.user, Can.BILL).for_list(), uid=uid)


def invoice_or_404(request: StaffRequest, uid: UUID) -> Invoice:
    rows = Invoice.objects.visible_to(request.user, Can.BILL).for_list().select_related("issued_by", "drafted_by")
    return get_object_or_404(rows, uid=uid)


def payment_or_404(request: StaffRequest, uid: UUID) -> Payment:
    rows = Payment.objects.visible_to(request.user, Can.BILL).for_list().select_related("void__voided_by")
    return get_object_or_404(rows, uid=uid)


def today_at(request: StaffRequest, place: Location | None = None) -> date:
    """The day on the wall of a place; of the first one in use when none is named."""
    place = place or Location.objects.active().order_by("name").first()
    return time.local_day(request.now, place.tz) if place else request.now.date()


def currency() -> str:
    return Clinic.the().currency


def refuse(form: forms.BaseForm, refusal: Exception) -> None:
    """A sentence on the form, beside its field where it has one; what was typed stays."""
    add_refusal(form, refusal, getattr(refusal, "field", None))


def answer_status(form: forms.BaseForm) -> dict[str, Any]:
    return {"status": 422 if form.errors else 200}
