"""One person's account: the panel on the patient's page, and invoices made from it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from billing import accounts, charges, invoices, payments
from billing.forms import NewInvoiceForm
from billing.models import Charge, Invoice, Payment
from billing.views.rows import REFUSALS, currency, patient_or_404, refuse, today_at
from clinic.access import Can, requires
from clinic.money import format_money
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest

#: Latest invoices and payments that the panel shows; the rest is one click away.
SHOWN = 10


@requires(Can.BILL)
def patient_panel(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Balance, open charges, invoices and payments of one person."""
    patient = patient_or_404(request, uid)
    charges.pull(now=request.now, by=request.user, patient=patient)
    today = today_at(request)
    rows = list(Charge.objects.for_patient(patient).waiting().for_list())
    latest = list(Invoice.objects.for_patient(patient).for_list().newest_first()[: SHOWN + 1])
    context = {
        "patient": patient,
        "standing": accounts.standing(patient),
        "charges": rows,
        "has_priced": any(one.sums for one in rows),
        "invoices": [{"invoice": one, "is_overdue": one.is_overdue(today)} for one in latest[:SHOWN]],
        "more_invoices": len(latest) > SHOWN,
        "payments": list(Payment.objects.for_patient(patient).for_list().newest_first()[:SHOWN]),
        "today": today,
    }
    return page(request, "billing/account.html", context, partial="panel")


@requires(Can.BILL)
@require_POST
def issue_open(request: StaffRequest, uid: UUID) -> HttpResponse:
    """One click: an invoice over everything that is to be invoiced."""
    patient = patient_or_404(request, uid)
    try:
        invoice = invoices.issue_all(patient=patient, by=request.user, now=request.now)
    except invoices.InvoiceRefused as refusal:
        messages.warning(request, str(refusal))
        return go_to(request, "billing:patient_panel", patient.uid)
    messages.success(request, f"{invoice.number} is issued: {format_money(invoice.total, invoice.currency)}.")
    return go_to(request, "billing:invoice", invoice.uid)


@requires(Can.BILL)
def new_invoice(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Choose charges and to whom the invoice goes; issue it, or keep it as a draft."""
    patient = patient_or_404(request, uid)
    rows = Charge.objects.for_patient(patient).to_invoice().for_list()
    today = today_at(request)
    initial = {
        "charges": [one.uid for one in rows],
        "bill_to_name": patient.full_name,
        "bill_to_address": patient.address,
        "due_on": today + timedelta(days=invoices.DAYS_TO_PAY),
    }
    form = NewInvoiceForm(posted(request), charges=rows, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            invoice = _make(request, form, patient)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{invoice.number} is issued." if invoice.is_issued else "The draft is kept.")
            return go_to(request, "billing:invoice", invoice.uid)
    chosen = {str(one) for one in form["charges"].value() or []}
    context = {"patient": patient, "form": form, "rows": [(one, str(one.uid) in chosen) for one in rows]}
    return page(request, "billing/new_invoice.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _make(request: StaffRequest, form: NewInvoiceForm, patient: accounts.Patient) -> Invoice:
    """Draft, and issue unless the button said draft: both or neither."""
    facts = form.cleaned_data
    draft = invoices.draft(
        patient=patient,
        charges=[one.pk for one in facts["charges"]],
        bill_to_name=facts["bill_to_name"],
        bill_to_address=facts["bill_to_address"],
        message=facts["message"],
        by=request.user,
        now=request.now,
    )
    if "draft" in form.data:
        return draft
    return invoices.issue(invoice_id=draft.pk, due_on=facts["due_on"], by=request.user, now=request.now)


@requires(Can.BILL)
@require_POST
def use_credit(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Pay open invoices from what is left of earlier payments."""
    patient = patient_or_404(request, uid)
    try:
        used = payments.use_credit(patient=patient, by=request.user, now=request.now)
    except payments.PaymentRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{format_money(used, currency())} of the credit is used.")
    return go_to(request, "billing:patient_panel", patient.uid)
