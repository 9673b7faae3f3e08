"""Charges at the desk: entered, corrected, voided."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse

from billing import charges
from billing.forms import ChargeForm, CorrectChargeForm, ReasonForm, remembered_location
from billing.views.rows import REFUSALS, charge_or_404, patient_or_404, refuse, today_at
from clinic.access import Can, requires
from clinic.models import Location
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest


@requires(Can.BILL)
def add(request: StaffRequest, uid: UUID) -> HttpResponse:
    """A charge without a visit's note: a missed visit, something sold."""
    patient = patient_or_404(request, uid)
    today = today_at(request)
    place = remembered_location(request.user, list(Location.objects.active().order_by("name")))
    form = ChargeForm(
        posted(request), today=today, initial={"service_on": today, "location": place.uid if place else None}
    )
    if request.method == "POST" and form.is_valid():
        try:
            charge = charges.add(patient=patient, **form.cleaned_data, by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{charge.description} is charged.")
            return go_to(request, "billing:patient_panel", patient.uid)
    return page(
        request, "billing/charge_add.html", {"form": form, "patient": patient}, status=422 if form.errors else 200
    )


@requires(Can.BILL)
def correct(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Put price, discount or tax right, before it is invoiced."""
    charge = charge_or_404(request, uid)
    form = CorrectChargeForm(posted(request), initial=CorrectChargeForm.initial_of(charge))
    if request.method == "POST" and form.is_valid():
        try:
            charges.correct(charge_id=charge.pk, **form.facts(), by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{charge.description} is corrected.")
            return go_to(request, "billing:patient_panel", charge.patient.uid)
    return page(
        request,
        "billing/charge.html",
        {"form": form, "charge": charge, "patient": charge.patient, "void_form": ReasonForm(prefix="void")},
        status=422 if form.errors else 200,
    )


@requires(Can.BILL)
def void(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Not to be charged, with the reason why."""
    charge = charge_or_404(request, uid)
    form = ReasonForm(posted(request), prefix="void")
    if request.method == "POST" and form.is_valid():
        try:
            charges.void(charge_id=charge.pk, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{charge.description} will not be charged.")
            return go_to(request, "billing:patient_panel", charge.patient.uid)
    return page(
        request,
        "billing/charge.html",
        {
            "form": CorrectChargeForm(initial=CorrectChargeForm.initial_of(charge)),
            "charge": charge,
            "patient": charge.patient,
            "void_form": form,
        },
        status=422 if form.errors else 200,
    )
