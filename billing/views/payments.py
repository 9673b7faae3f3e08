"""Money at the desk: taken, receipted, given back, voided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse

from billing import accounts, paper, payments
from billing.forms import PaymentForm, ReasonForm, RefundForm, remembered_location, renew
from billing.models import Invoice, Method, Payment
from billing.pricing import ZERO
from billing.views.rows import REFUSALS, patient_or_404, payment_or_404, refuse, today_at
from clinic import documents
from clinic.access import Can, requires
from clinic.models import Location
from clinic.money import format_money
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest
from patients.models import Patient


@requires(Can.BILL)
def take(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Take a payment: the amount stands there, choose how, press. `?invoice=` chooses one of several."""
    patient = patient_or_404(request, uid)
    dues = accounts.open_invoices(patient)
    chosen = [one for one in dues if str(one.uid) == request.GET.get("invoice")] or dues
    form = PaymentForm(
        posted(request),
        invoices=Invoice.objects.for_patient(patient).issued().invoices(),
        today=today_at(request),
        initial=_initial(request, dues, chosen),
    )
    if request.method == "POST" and form.is_valid():
        try:
            payment = _take(request, form, patient)
        except REFUSALS as refusal:
            refuse(form, refusal)
            dues = accounts.open_invoices(patient)
            renew(form, seen_open=_open(dues))
        else:
            messages.success(request, f"{format_money(payment.amount, payment.currency)} taken: {payment.number}.")
            return go_to(request, "billing:receipt", payment.uid)
    ticked = _ticked(form)
    context = {
        "patient": patient,
        "form": form,
        "dues": [(one, str(one.uid) in ticked) for one in dues],
        "due": _open([one for one in dues if str(one.uid) in ticked]),
        "one_location": Location.objects.active().count() == 1,
    }
    return page(request, "billing/payment.html", context, status=422 if form.errors else 200)


def _take(request: StaffRequest, form: PaymentForm, patient: Patient) -> Payment:
    facts: dict[str, Any] = form.cleaned_data
    return payments.take(
        patient=patient,
        location=facts["location"],
        method=Method(facts["method"]),
        amount=facts["amount"],
        key=facts["key"],
        towards=[one.pk for one in facts["invoices"]],
        keep_rest=facts["keep_rest"],
        seen_open=facts["seen_open"],
        reference=facts["reference"],
        value_on=facts["value_on"],
        by=request.user,
        now=request.now,
    )


def _initial(request: StaffRequest, dues: list[Invoice], chosen: list[Invoice]) -> dict[str, Any]:
    place = remembered_location(request.user, list(Location.objects.active().order_by("name")))
    return {
        "amount": _open(chosen) or None,
        "seen_open": _open(dues),
        "invoices": [one.uid for one in chosen],
        "location": place.uid if place else None,
        "keep_rest": not chosen,
    }


def _ticked(form: PaymentForm) -> set[str]:
    return {str(one) for one in form["invoices"].value() or []}


def _open(dues: list[Invoice]) -> Decimal:
    return sum((one.open for one in dues), ZERO)


@requires(Can.BILL)
def receipt(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The receipt: to be shown, printed, refunded or voided."""
    payment = payment_or_404(request, uid)
    return _show(request, payment, ReasonForm(prefix="void"))


def _show(request: StaffRequest, payment: Payment, form: ReasonForm) -> HttpResponse:
    context = {
        "payment": payment,
        "patient": accounts.root_of(payment.patient),
        "uses": payments.uses_of(payment),
        "refunds": list(payment.refunds.select_related("void").order_by("pk")),
        "can_void": payments.can_void(payment, now=request.now),
        "form": form,
    }
    return page(request, "billing/receipt.html", context, status=422 if form.errors else 200)


@requires(Can.BILL)
def receipt_pdf(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The receipt on paper."""
    payment = payment_or_404(request, uid, what="receipt.pdf")
    return documents.answer(documents.render("receipt", paper.receipt_data(payment)), payment.number.lower())


@requires(Can.BILL)
def void(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Take back a payment that was entered by mistake, the same day."""
    payment = payment_or_404(request, uid)
    form = ReasonForm(posted(request), prefix="void")
    if request.method == "POST" and form.is_valid():
        try:
            payments.void(payment_id=payment.pk, reason=form.cleaned_data["reason"], by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{payment.number} is void.")
            return go_to(request, "billing:receipt", payment.uid)
    return _show(request, payment, form)


@requires(Can.BILL)
def refund(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Give back what is left of a payment."""
    payment = payment_or_404(request, uid)
    place = remembered_location(request.user, list(Location.objects.active().order_by("name")))
    initial = {
        "amount": payment.free or None,
        "method": payment.method,
        "location": place.uid if place else None,
    }
    form = RefundForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data | {"method": Method(form.cleaned_data["method"])}
        try:
            back = payments.refund(payment_id=payment.pk, **facts, by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{format_money(back.amount, back.currency)} given back: {back.number}.")
            return go_to(request, "billing:receipt", back.uid)
    context = {"payment": payment, "patient": accounts.root_of(payment.patient), "form": form}
    return page(request, "billing/refund.html", context, status=422 if form.errors else 200)
