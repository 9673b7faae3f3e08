"""Invoices: drafted from charges, issued under a number, written off when nobody will pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from billing import accounts, ledger, numbering, paper, pricing
from billing.models import (
    Account,
    Charge,
    EntryKind,
    Invoice,
    InvoiceLine,
    Series,
    WriteOff,
)
from billing.refusals import BillingRefused
from billing.states import ChargeStatus
from clinic import audit, time
from clinic.models import Clinic, User
from patients.models import Patient

#: Days a patient has to pay, unless the desk says otherwise.
DAYS_TO_PAY = 14
#: More lines than this belong on two invoices.
MOST_LINES = 100


class InvoiceRefused(BillingRefused):
    """An invoice cannot be made, issued or written off like that."""


@transaction.atomic
def draft(
    *,
    patient: Patient,
    by: User,
    now: datetime,
    charges: Sequence[int] | None = None,
    bill_to_name: str = "",
    bill_to_address: str = "",
    message: str = "",
) -> Invoice:
    """A draft of these charges, or of all that are to be invoiced. They are held for it until it is discarded."""
    person = accounts.lock(patient)
    waiting = Charge.objects.for_patient(person).to_invoice().order_by("service_on", "pk")
    if charges is not None:
        waiting = waiting.filter(pk__in=charges)
    held = list(waiting.select_related("practitioner__user", "location").select_for_update(of=("self",))[:MOST_LINES])
    if not held or (charges is not None and len(held) != len(set(charges))):
        raise InvoiceRefused(_why_not(person, asked=charges is not None))
    place = held[-1].location
    clinic = Clinic.the()
    invoice = Invoice.objects.create(
        patient=person,
        location=place,
        currency=clinic.currency,
        bill_to_name=bill_to_name or person.full_name,
        bill_to_address=bill_to_address or person.address,
        message=message,
        patient_name=person.full_name,
        patient_number=person.number_label,
        drafted_at=now,
        drafted_by=by,
        **paper.issuer(clinic, place),
    )
    lines = [_line(invoice, charge, position) for position, charge in enumerate(held, start=1)]
    InvoiceLine.objects.bulk_create(lines)
    for charge, line in zip(held, lines, strict=True):
        charge.line = line
    Charge.objects.bulk_update(held, ["line"])
    sums = pricing.total(line.sums for line in lines)
    invoice.net, invoice.tax, invoice.total = sums.net, sums.tax, sums.total
    invoice.save(update_fields=["net", "tax", "total"])
    audit.record(
        "invoice.drafted", by=by, now=now, subject=invoice, patient_uid=person.uid, detail={"lines": len(lines)}
    )
    return invoice


@transaction.atomic
def issue(*, invoice_id: int, by: User, now: datetime, due_on: date | None = None) -> Invoice:
    """Give the draft its number and lock it for good; from now on the patient owes it."""
    person = accounts.lock(Invoice.objects.select_related("patient").get(pk=invoice_id).patient)
    invoice = Invoice.objects.select_related("location").select_for_update(of=("self",)).get(pk=invoice_id)
    if invoice.is_issued:
        raise InvoiceRefused(f"This invoice was issued already, as {invoice.number}.")
    lines = list(invoice.lines.all())
    charges = list(Charge.objects.filter(line__invoice=invoice).order_by("pk").select_for_update(of=("self",)))
    today = time.local_day(now, invoice.location.tz)
    due = due_on or today + timedelta(days=DAYS_TO_PAY)
    if due < today:
        raise InvoiceRefused("The invoice cannot be due before it is issued.", "due_on")
    for field, value in paper.issuer(Clinic.the(), invoice.location).items():
        setattr(invoice, field, value)
    invoice.patient_name, invoice.patient_number = person.full_name, person.number_label
    stamp(invoice, lines, today=today, due=due, by=by, now=now)
    for charge in charges:
        charge.status = ChargeStatus.INVOICED
        charge.revision += 1
    Charge.objects.bulk_update(charges, ["status", "revision"])
    ledger.post(
        EntryKind.INVOICE,
        [ledger.owed(invoice, invoice.total), *ledger.earned(invoice)],
        by=by,
        now=now,
        invoice=invoice,
    )
    audit.record(
        "invoice.issued",
        by=by,
        now=now,
        subject=invoice,
        patient_uid=person.uid,
        detail={"number": invoice.number, "total": str(invoice.total)},
    )
    return invoice


def stamp(invoice: Invoice, lines: Sequence[InvoiceLine], *, today: date, due: date, by: User, now: datetime) -> None:
    """Number, date and digest: the last write that this row allows."""
    invoice.issued_on, invoice.due_on, invoice.issued_at, invoice.issued_by = today, due, now, by
    number = numbering.take(Series.CREDIT_NOTE if invoice.is_credit_note else Series.INVOICE, year=today.year)
    invoice.number, invoice.year, invoice.sequence = str(number), number.year, number.sequence
    invoice.digest = paper.digest(invoice, lines)
    invoice.save()


@transaction.atomic
def issue_all(*, patient: Patient, by: User, now: datetime) -> Invoice:
    """Draft and issue everything that is to be invoiced, in one step."""
    return issue(invoice_id=draft(patient=patient, by=by, now=now).pk, by=by, now=now)


@transaction.atomic
def discard(*, invoice_id: int, by: User, now: datetime) -> None:
    """Throw a draft away; its charges wait again."""
    person = accounts.lock(Invoice.objects.select_related("patient").get(pk=invoice_id).patient)
    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    if invoice.is_issued:
        raise InvoiceRefused(f"{invoice.number} is issued: it can be credited, not discarded.")
    Charge.objects.filter(line__invoice=invoice).update(line=None)
    audit.record("invoice.discarded", by=by, now=now, subject=invoice, patient_uid=person.uid)
    invoice.lines.all().delete()
    invoice.delete()


@transaction.atomic
def write_off(*, invoice_id: int, amount: Decimal, reason: str, by: User, now: datetime) -> WriteOff:
    """Give up on what is open, or on a part of it, for a reason."""
    person = accounts.lock(Invoice.objects.select_related("patient").get(pk=invoice_id).patient)
    invoice = Invoice.objects.select_related("balance", "patient").get(pk=invoice_id)
    if not invoice.is_collectible:
        raise InvoiceRefused("Nothing is open on this invoice.")
    if not 0 < amount <= invoice.open:
        raise InvoiceRefused(f"Write off between 0.01 and the {invoice.open} that are open.", "amount")
    if not reason.strip():
        raise InvoiceRefused("Say why the clinic gives up on this money.", "reason")
    row = WriteOff.objects.create(invoice=invoice, amount=amount, reason=reason, written_off_at=now, written_off_by=by)
    ledger.post(
        EntryKind.WRITE_OFF,
        [ledger.Side(Account.WRITE_OFF, amount), ledger.owed(invoice, -amount)],
        by=by,
        now=now,
        invoice=invoice,
    )
    audit.record(
        "invoice.written_off",
        by=by,
        now=now,
        subject=invoice,
        patient_uid=person.uid,
        reason=reason,
        detail={"amount": str(amount)},
    )
    return row


def _line(invoice: Invoice, charge: Charge, position: int) -> InvoiceLine:
    sums = charge.sums
    assert sums is not None
    assert charge.unit_price is not None
    return InvoiceLine(
        invoice=invoice,
        position=position,
        charge=charge,
        service_on=charge.service_on,
        description=charge.description,
        billing_code=charge.billing_code,
        practitioner_name=str(charge.practitioner) if charge.practitioner else "",
        quantity=charge.quantity,
        unit_price=charge.unit_price,
        discount=charge.discount,
        discount_reason=charge.discount_reason,
        tax_rate=charge.tax_rate,
        net=sums.net,
        tax=sums.tax,
        total=sums.total,
    )


def _why_not(person: Patient, *, asked: bool) -> str:
    """Why nothing can be invoiced, with what to do instead."""
    if Charge.objects.for_patient(person).needing_a_price().exists():
        return "What is left has no price yet. Set one, or correct the charge."
    last = Invoice.objects.for_patient(person).invoices().newest_first().first()
    if asked:
        return f"Some of these charges were put on another invoice a moment ago ({last})."
    return f"There is nothing left to invoice{f'; the last invoice is {last}' if last else ''}."
