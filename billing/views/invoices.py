"""An invoice: looked at, issued, printed, credited, written off."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from billing import accounts, creditnotes, invoices, paper
from billing.forms import CreditForm, WriteOffForm
from billing.models import Allocation, Invoice
from billing.views.rows import REFUSALS, invoice_or_404, refuse, today_at
from clinic import documents
from clinic.access import Can, requires
from clinic.money import format_money
from clinic.pages import go_to, page, posted
from clinic.requests import StaffRequest


@requires(Can.BILL)
def invoice(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What it says, what was paid, what can be done with it."""
    found = invoice_or_404(request, uid)
    uses: dict[int, dict[str, object]] = {}
    for row in Allocation.objects.filter(invoice=found).select_related("payment__location").order_by("pk"):
        use = uses.setdefault(row.payment_id, {"payment": row.payment, "amount": 0})
        use["amount"] += row.amount  # type: ignore[operator]
    today = today_at(request, found.location)
    context = {
        "invoice": found,
        "patient": accounts.root_of(found.patient),
        "lines": list(found.lines.all()),
        "uses": [use for use in uses.values() if use["amount"]],
        "credit_notes": list(found.credit_notes.issued().oldest_first()),
        "write_offs": list(found.write_offs.select_related("written_off_by").order_by("pk")),
        "is_overdue": found.is_overdue(today),
        "credit": accounts.standing(found.patient).credit if found.is_collectible else 0,
        "today": today,
        "due_on": today + timedelta(days=invoices.DAYS_TO_PAY),
    }
    return page(request, "billing/invoice.html", context)


@requires(Can.BILL)
def pdf(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The invoice on paper. Refused, loudly, when what is stored is not what was issued."""
    found = invoice_or_404(request, uid, what="invoice.pdf")
    data = paper.invoice_data(found)
    return documents.answer(documents.render("invoice", data), str(found).lower())


@requires(Can.BILL)
@require_POST
def issue(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Issue a draft."""
    draft = invoice_or_404(request, uid)
    try:
        issued = invoices.issue(invoice_id=draft.pk, by=request.user, now=request.now)
    except invoices.InvoiceRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{issued.number} is issued: {format_money(issued.total, issued.currency)}.")
    return go_to(request, "billing:invoice", draft.uid)


@requires(Can.BILL)
@require_POST
def discard(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Throw a draft away."""
    draft = invoice_or_404(request, uid)
    try:
        invoices.discard(invoice_id=draft.pk, by=request.user, now=request.now)
    except invoices.InvoiceRefused as refusal:
        messages.warning(request, str(refusal))
        return go_to(request, "billing:invoice", draft.uid)
    messages.success(request, "The draft is gone; its charges wait to be invoiced.")
    return go_to(request, "billing:patient_panel", draft.patient.uid)


@requires(Can.BILL)
def credit(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Take an issued invoice back, wholly or in part, by a credit note."""
    found = invoice_or_404(request, uid)
    if not found.is_issued or found.is_credit_note:
        messages.warning(request, "Only an issued invoice is credited.")
        return go_to(request, "billing:invoice", found.uid)
    left = creditnotes.creditable(found)
    form = CreditForm(posted(request), left=left, initial={"charge_again": "yes"})
    if request.method == "POST" and form.is_valid():
        try:
            note = creditnotes.credit(
                invoice_id=found.pk,
                nets=form.nets,
                reason=form.cleaned_data["reason"],
                charge_again=form.cleaned_data["charge_again"],
                by=request.user,
                now=request.now,
            )
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{note.number} credits {format_money(note.total, note.currency)}.")
            return go_to(request, "billing:invoice", found.uid)
    return _answer(request, "billing/credit.html", found, form)


@requires(Can.BILL)
def write_off(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Give up on what is open."""
    found = invoice_or_404(request, uid)
    form = WriteOffForm(posted(request), initial={"amount": found.open})
    if request.method == "POST" and form.is_valid():
        try:
            row = invoices.write_off(invoice_id=found.pk, **form.cleaned_data, by=request.user, now=request.now)
        except REFUSALS as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{format_money(row.amount, found.currency)} of {found} is written off.")
            return go_to(request, "billing:invoice", found.uid)
    return _answer(request, "billing/write_off.html", found, form)


def _answer(request: StaffRequest, template: str, found: Invoice, form: CreditForm | WriteOffForm) -> HttpResponse:
    context = {"invoice": found, "patient": accounts.root_of(found.patient), "form": form}
    return page(request, template, context, status=422 if form.errors else 200)
