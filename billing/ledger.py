"""Writing in the ledger. What each event posts, and what always holds, is told in docs/algorithms/ledger.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.models import Account, EntryKind, Invoice, JournalEntry, Method, Payment, Posting
from billing.pricing import ZERO
from clinic.models import Location, User
from patients.models import Patient

#: Where the money of each method lies.
MONEY = {
    Method.CASH: Account.CASH,
    Method.CARD: Account.CARD,
    Method.BANK: Account.BANK,
    Method.CHEQUE: Account.CHEQUE,
}


@dataclass(frozen=True)
class Side:
    """One side of an entry: debit positive, credit negative."""

    account: Account
    amount: Decimal
    patient: Patient | None = None
    invoice: Invoice | None = None
    location: Location | None = None


def post(
    kind: EntryKind,
    sides: Sequence[Side],
    *,
    by: User,
    now: datetime,
    invoice: Invoice | None = None,
    payment: Payment | None = None,
) -> JournalEntry | None:
    """Write one balanced entry. Sides of nothing are left out, and so is an entry that moves nothing."""
    moving = [side for side in sides if side.amount]
    if not moving:
        return None
    entry = JournalEntry.objects.create(kind=kind, posted_at=now, posted_by=by, invoice=invoice, payment=payment)
    Posting.objects.bulk_create(
        Posting(
            entry=entry,
            account=side.account,
            amount=side.amount,
            patient=side.patient,
            invoice=side.invoice,
            location=side.location,
        )
        for side in moving
    )
    return entry


def owed(invoice: Invoice, amount: Decimal) -> Side:
    """What the patient owes for an invoice, more or (negative) less."""
    return Side(Account.RECEIVABLE, amount, patient=invoice.patient, invoice=invoice)


def kept(patient: Patient, amount: Decimal) -> Side:
    """What the clinic keeps for the patient, more or (negative) less: a credit side grows by a negative amount."""
    return Side(Account.CREDIT, -amount, patient=patient)


def money_in(payment: Payment, amount: Decimal) -> Side:
    """Into the till, the card terminal or the bank; out of it when negative."""
    return Side(MONEY[Method(payment.method)], amount, patient=payment.patient, location=payment.location)


def earned(invoice: Invoice, sign: int = 1) -> list[Side]:
    """Revenue and tax of an invoice; `sign` -1 takes them back."""
    return [Side(Account.REVENUE, -sign * invoice.net), Side(Account.TAX, -sign * invoice.tax)]


def cash_in_till(location: Location) -> Decimal:
    """What should lie in the till of a location now."""
    total = Posting.objects.filter(account=Account.CASH, location=location).aggregate(s=Sum("amount"))["s"]
    return total or ZERO
