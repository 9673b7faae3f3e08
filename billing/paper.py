"""What stands on paper: the locked facts of an invoice, their digest, and what the PDF templates are given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceLine, Payment
from clinic.forms import show_phone
from clinic.models import Clinic, Location
from clinic.money import format_money

#: Countries that print on Letter; everyone else on A4.
LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE", "GT", "CR", "PA", "DO", "PR"})
#: Raised when the facts below change, so that old digests are recomputed the old way.
VERSION = 1


class PaperMismatch(Exception):
    """What is stored of an issued invoice is not what was issued."""


def issuer(clinic: Clinic, place: Location) -> dict[str, str]:
    """Who issues, as it stands today: copied on the row, so that a move of the clinic changes no old invoice."""
    phone = place.phone or clinic.phone
    contact = " · ".join(part for part in (phone and show_phone(phone, clinic.country), clinic.email) if part)
    return {
        "issuer_name": clinic.name,
        "issuer_address": "\n".join(part for part in (place.name, place.address) if part),
        "issuer_contact": contact,
        "issuer_tax_number": clinic.tax_number,
        "paper": "us-letter" if clinic.country in LETTER else "a4",
    }


def locked_facts(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    """Everything on an issued invoice that must never change, in one canonical form."""
    return {
        "version": VERSION,
        "kind": str(invoice.kind),
        "number": invoice.number,
        "corrects": invoice.corrects.number if invoice.corrects else None,
        "reason": invoice.reason,
        "issued_on": invoice.issued_on.isoformat() if invoice.issued_on else None,
        "due_on": invoice.due_on.isoformat() if invoice.due_on else None,
        "currency": invoice.currency,
        "issuer": [invoice.issuer_name, invoice.issuer_address, invoice.issuer_contact, invoice.issuer_tax_number],
        "bill_to": [invoice.bill_to_name, invoice.bill_to_address],
        "patient": [invoice.patient_name, invoice.patient_number],
        "message": invoice.message,
        "lines": [
            [
                line.service_on.isoformat(),
                line.description,
                line.billing_code,
                line.practitioner_name,
                line.quantity,
                _plain(line.unit_price),
                _plain(line.discount),
                line.discount_reason,
                _plain(line.tax_rate),
                _plain(line.net),
                _plain(line.tax),
                _plain(line.total),
            ]
            for line in sorted(lines, key=lambda line: line.position)
        ],
        "net": _plain(invoice.net),
        "tax": _plain(invoice.tax),
        "total": _plain(invoice.total),
    }


def digest(invoice: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """SHA-256 over the locked facts."""
    facts = json.dumps(locked_facts(invoice, lines), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(facts.encode()).hexdigest()


def check_digest(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Raise PaperMismatch unless what is stored is what was issued."""
    if invoice.is_issued and digest(invoice, lines) != invoice.digest:
        raise PaperMismatch(f"{invoice.number} is not stored as it was issued.")


def invoice_data(invoice: Invoice) -> dict[str, Any]:
    """What templates/pdf/invoice.typ prints: the locked facts, and below them what was paid since."""
    lines = list(invoice.lines.all())
    check_digest(invoice, lines)
    show = _Money(invoice.currency)
    return {
        "paper": invoice.paper,
        "title": "Credit note" if invoice.is_credit_note else "Invoice",
        "number": invoice.number or "Draft",
        "is_draft": not invoice.is_issued,
        "is_credit_note": invoice.is_credit_note,
        "corrects": invoice.corrects.number if invoice.corrects else "",
        "reason": invoice.reason,
        "issued_on": _day(invoice.issued_on),
        "due_on": _day(invoice.due_on),
        "issuer": _issuer_block(invoice),
        "bill_to": {"name": invoice.bill_to_name, "lines": _address(invoice.bill_to_address)},
        "patient": {"name": invoice.patient_name, "number": invoice.patient_number},
        "message": invoice.message,
        "has_tax": invoice.tax > 0,
        "has_discount": any(line.discount for line in lines),
        "lines": [_line(line, show) for line in lines],
        "taxes": _taxes(lines, show),
        "net": show(invoice.net),
        "tax": show(invoice.tax),
        "total": show(invoice.total),
        **_settlement(invoice, show),
    }


def receipt_data(payment: Payment) -> dict[str, Any]:
    """What templates/pdf/receipt.typ prints."""
    show = _Money(payment.currency)
    used: dict[str, Decimal] = {}
    for row in payment.allocations.select_related("invoice"):
        used[str(row.invoice)] = used.get(str(row.invoice), Decimal(0)) + row.amount
    return {
        "paper": payment.paper,
        "title": "Refund receipt" if payment.is_refund else "Receipt",
        "number": payment.number,
        "is_refund": payment.is_refund,
        "is_void": payment.is_void,
        "void": f"Void: {payment.void.reason}" if payment.is_void else "",
        "refund_of": payment.refund_of.number if payment.refund_of else "",
        "reason": payment.reason,
        "received": f"{payment.received_at.astimezone(payment.location.tz):%a %-d %b %Y, %H:%M}",
        "value_on": _day(payment.value_on),
        "method": payment.get_method_display(),
        "reference": payment.reference,
        "by": payment.received_by.name,
        "issuer": _issuer_block(payment),
        "patient": {"name": payment.patient_name},
        "amount": show(payment.amount),
        "used": [{"invoice": number, "amount": show(amount)} for number, amount in sorted(used.items()) if amount],
        "returned": [
            {"receipt": back.number, "amount": show(back.amount)}
            for back in payment.refunds.filter(void__isnull=True).order_by("pk")
        ],
        "kept": show(payment.free) if payment.free else "",
    }


def _settlement(invoice: Invoice, show: _Money) -> dict[str, Any]:
    """Payments, credit notes and write-offs since the issue, and what is open after them."""
    if invoice.is_credit_note or not invoice.is_issued:
        return {"settled": [], "open": "", "is_settled": False}
    rows = []
    paid: dict[Payment, Decimal] = {}
    for row in invoice.allocations.select_related("payment__location").order_by("payment__received_at", "pk"):
        paid[row.payment] = paid.get(row.payment, Decimal(0)) + row.amount
    for payment, amount in paid.items():
        if amount:
            day = payment.received_at.astimezone(payment.location.tz)
            rows.append(
                {
                    "what": f"{payment.get_method_display()} payment, {payment.number}",
                    "on": f"{day:%-d %b %Y}",
                    "amount": show(-amount),
                }
            )
    rows.extend(
        {"what": f"Credit note {note.number}", "on": _day(note.issued_on), "amount": show(-note.total)}
        for note in invoice.credit_notes.issued().order_by("issued_at", "pk")
    )
    if invoice.balance.written_off:
        rows.append({"what": "Not charged", "on": "", "amount": show(-invoice.balance.written_off)})
    return {"settled": rows, "open": show(invoice.open), "is_settled": invoice.open == 0}


def _line(line: InvoiceLine, show: _Money) -> dict[str, Any]:
    details = [part for part in (line.billing_code, line.practitioner_name) if part]
    return {
        "on": _day(line.service_on),
        "what": line.description,
        "details": " · ".join(details),
        "quantity": str(line.quantity),
        "unit_price": show(line.unit_price),
        "discount": show(-line.discount) if line.discount else "",
        "discount_reason": line.discount_reason,
        "tax_rate": f"{line.tax_rate.normalize():f}%" if line.tax_rate else "exempt",
        "net": show(line.net),
    }


def _taxes(lines: Sequence[InvoiceLine], show: _Money) -> list[dict[str, str]]:
    """Tax by rate; rates of nothing are not listed."""
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.tax_rate:
            by_rate[line.tax_rate] = by_rate.get(line.tax_rate, Decimal(0)) + line.tax
    return [{"rate": f"{rate.normalize():f}%", "amount": show(amount)} for rate, amount in sorted(by_rate.items())]


def _issuer_block(row: Invoice | Payment) -> dict[str, Any]:
    return {
        "name": row.issuer_name,
        "lines": _address(row.issuer_address),
        "contact": row.issuer_contact,
        "tax_number": row.issuer_tax_number,
    }


def _address(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _day(day: Any) -> str:
    return f"{day:%-d %b %Y}" if day else ""


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}"


class _Money:
    """Writes amounts in one currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, amount: Decimal) -> str:
        return format_money(amount, self.currency)
