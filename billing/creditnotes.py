"""Credit notes: how an issued invoice is taken back, wholly or in part, without touching it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing import accounts, charges, invoices, ledger, paper, payments, pricing
from billing.models import Charge, EntryKind, Invoice, InvoiceKind, InvoiceLine
from billing.pricing import NOTHING, ZERO, Sums
from billing.refusals import BillingRefused
from billing.states import ChargeStatus
from clinic import audit, time
from clinic.models import Clinic, User
from clinic.money import money


class CreditRefused(BillingRefused):
    """The invoice cannot be credited like that."""


def creditable(invoice: Invoice) -> dict[InvoiceLine, Sums]:
    """What of each line is not credited yet."""
    credited: dict[int, Sums] = {}
    for line in InvoiceLine.objects.filter(credits__invoice=invoice, invoice__issued_at__isnull=False):
        assert line.credits_id is not None
        credited[line.credits_id] = credited.get(line.credits_id, NOTHING) + line.sums
    rest = {}
    for line in invoice.lines.select_related("charge"):
        taken = credited.get(line.pk, NOTHING)
        rest[line] = Sums(line.net - taken.net, line.tax - taken.tax)
    return rest


@transaction.atomic
def credit(
    *,
    invoice_id: int,
    reason: str,
    charge_again: bool,
    by: User,
    now: datetime,
    nets: Mapping[int, Decimal] | None = None,
) -> Invoice:
    """Issue a credit note over these net amounts (line id → net), or over all that is left.

    What was paid beyond the rest becomes the patient's credit. A line that is credited in full frees its charge:
    to be corrected and invoiced again, or void, as `charge_again` says.
    """
    accounts.lock(Invoice.objects.select_related("patient").get(pk=invoice_id).patient)
    invoice = Invoice.objects.select_related("balance", "patient", "location").get(pk=invoice_id)
    if not invoice.is_issued or invoice.is_credit_note:
        raise CreditRefused("Only an issued invoice is credited.")
    if not reason.strip():
        raise CreditRefused("Say why; it stands on the credit note.", "reason")
    left = creditable(invoice)
    parts = _parts(left, nets)
    sums = pricing.total(parts.values())
    if not sums.total:
        raise CreditRefused("Nothing of this invoice is left to be credited.")
    figures = invoice.balance
    if sums.total > figures.open + figures.paid:
        most = figures.open + figures.paid
        raise CreditRefused(f"{figures.written_off} was written off; at most {most} can still be credited.")
    payments.release(invoice, sums.total - figures.open, by=by, now=now)
    note, lines = _draft(invoice, parts, sums, reason=reason, by=by, now=now)
    today = time.local_day(now, invoice.location.tz)
    _free_charges(left, parts, reason=f"Credited: {reason}"[:200], charge_again=charge_again, by=by, now=now)
    invoices.stamp(note, lines, today=today, due=today, by=by, now=now)
    ledger.post(
        EntryKind.CREDIT_NOTE,
        [ledger.owed(invoice, -note.total), *ledger.earned(note, sign=-1)],
        by=by,
        now=now,
        invoice=note,
    )
    audit.record(
        "invoice.credited",
        by=by,
        now=now,
        subject=note,
        patient_uid=invoice.patient.uid,
        reason=reason,
        detail={"invoice": invoice.number, "number": note.number, "total": str(note.total)},
    )
    return note


def _parts(left: dict[InvoiceLine, Sums], nets: Mapping[int, Decimal] | None) -> dict[InvoiceLine, Sums]:
    """What is credited of each line that was asked for."""
    if nets is None:
        return {line: rest for line, rest in left.items() if rest.total}
    parts = {}
    for line, rest in left.items():
        net = nets.get(line.pk, ZERO)
        if not 0 <= net <= rest.net or net != money(net):
            raise CreditRefused(f"Of “{line.description}” at most {rest.net} can be credited.", f"line-{line.pk}")
        if net or (line.pk in nets and rest.total and not rest.net):
            parts[line] = pricing.part(rest, net)
    return parts


def _draft(
    invoice: Invoice, parts: dict[InvoiceLine, Sums], sums: Sums, *, reason: str, by: User, now: datetime
) -> tuple[Invoice, list[InvoiceLine]]:
    note = Invoice.objects.create(
        kind=InvoiceKind.CREDIT_NOTE,
        corrects=invoice,
        reason=reason,
        patient=invoice.patient,
        location=invoice.location,
        currency=invoice.currency,
        net=sums.net,
        tax=sums.tax,
        total=sums.total,
        bill_to_name=invoice.bill_to_name,
        bill_to_address=invoice.bill_to_address,
        patient_name=invoice.patient_name,
        patient_number=invoice.patient_number,
        drafted_at=now,
        drafted_by=by,
        **paper.issuer(Clinic.the(), invoice.location),
    )
    lines = [
        InvoiceLine(
            invoice=note,
            position=position,
            charge=line.charge,
            credits=line,
            service_on=line.service_on,
            description=line.description,
            billing_code=line.billing_code,
            practitioner_name=line.practitioner_name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            discount_reason=line.discount_reason,
            tax_rate=line.tax_rate,
            net=part.net,
            tax=part.tax,
            total=part.total,
        )
        for position, (line, part) in enumerate(parts.items(), start=1)
    ]
    InvoiceLine.objects.bulk_create(lines)
    return note, lines


def _free_charges(
    left: dict[InvoiceLine, Sums],
    parts: dict[InvoiceLine, Sums],
    *,
    reason: str,
    charge_again: bool,
    by: User,
    now: datetime,
) -> None:
    """Charges whose line is now credited in full go back to the desk, or are void."""
    whole = [line.pk for line, part in parts.items() if part == left[line]]
    freed = Charge.objects.filter(line__in=whole).select_related("patient").order_by("pk")
    for charge in freed.select_for_update(of=("self",)):
        charge.line = None
        if not charge_again:
            charges.mark_void(charge, reason=reason, by=by, now=now)
            continue
        charge.status = ChargeStatus.OPEN
        charge.revision += 1
        charge.save(update_fields=["line", "status", "revision"])
        audit.record("charge.put_back", by=by, now=now, subject=charge, patient_uid=charge.patient.uid, reason=reason)
