"""How billing's views find what a URL names: only what the person may see exists, and every look is written down."""

from __future__ import annotations

from datetime import date
from typing import TypeVar
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from billing.models import Charge, Invoice, Payment
from billing.refusals import BillingRefused
from clinic import audit, time
from clinic.access import Can
from clinic.forms import StaleRecord, add_refusal
from clinic.models import Clinic, Location
from clinic.requests import StaffRequest
from patients.models import Patient

R = TypeVar("R", Charge, Invoice, Payment)
#: What a verb of billing may answer instead of doing it.
REFUSALS = (BillingRefused, StaleRecord)


def patient_or_404(request: StaffRequest, uid: UUID, *, what: str = "billing.account") -> Patient:
    """The record that stands for the person, also when the URL names one merged into it."""
    rows = Patient.objects.visible_to(request.user, Can.BILL).select_related("merged_into")
    found = get_object_or_404(rows, uid=uid)
    person = found.merged_into or found
    audit.viewed(what, by=request.user, now=request.now, patient_uid=person.uid, subject=person)
    return person


def charge_or_404(request: StaffRequest, uid: UUID) -> Charge:
    return _looked_at(request, "charge", Charge.objects.visible_to(request.user, Can.BILL).for_list(), uid)


def invoice_or_404(request: StaffRequest, uid: UUID, *, what: str = "invoice") -> Invoice:
    rows = Invoice.objects.visible_to(request.user, Can.BILL).for_list().select_related("issued_by", "drafted_by")
    return _looked_at(request, what, rows, uid)


def payment_or_404(request: StaffRequest, uid: UUID, *, what: str = "receipt") -> Payment:
    rows = Payment.objects.visible_to(request.user, Can.BILL).for_list().select_related("void__voided_by")
    return _looked_at(request, what, rows, uid)


def _looked_at(request: StaffRequest, what: str, rows: QuerySet[R], uid: UUID) -> R:
    """The row; that this person looked at it is written down, or nothing is shown."""
    found = get_object_or_404(rows, uid=uid)
    audit.viewed(what, by=request.user, now=request.now, patient_uid=found.patient.uid, subject=found)
    return found


def today_at(request: StaffRequest, place: Location | None = None) -> date:
    """The day on the wall of a place; of the first one in use when none is named."""
    place = place or Location.objects.active().order_by("name").first()
    return time.local_day(request.now, place.tz) if place else request.now.date()


def currency() -> str:
    return Clinic.the().currency


def refuse(form: forms.BaseForm, refusal: Exception) -> None:
    """A sentence on the form, beside its field where it has one; what was typed stays."""
    add_refusal(form, refusal, getattr(refusal, "field", None))
