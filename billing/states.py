"""What charges and invoices can be, and what can become of them. The only place that spells out sets of states."""

from __future__ import annotations

from decimal import Decimal

from django.db import models


class ChargeStatus(models.TextChoices):
    NEEDS_PRICE = "needs_price", "Needs a price"
    OPEN = "open", "To invoice"
    INVOICED = "invoiced", "Invoiced"
    VOID = "void", "Void"


#: A credit note can put an invoiced charge back, or drop it; void is the end.
CHARGE_TRANSITIONS: dict[ChargeStatus, frozenset[ChargeStatus]] = {
    ChargeStatus.NEEDS_PRICE: frozenset({ChargeStatus.OPEN, ChargeStatus.VOID}),
    ChargeStatus.OPEN: frozenset({ChargeStatus.INVOICED, ChargeStatus.VOID}),
    ChargeStatus.INVOICED: frozenset({ChargeStatus.OPEN, ChargeStatus.VOID}),
    ChargeStatus.VOID: frozenset(),
}

#: Charges that may still be corrected.
CORRECTABLE = frozenset({ChargeStatus.NEEDS_PRICE, ChargeStatus.OPEN})


class InvoiceState(models.TextChoices):
    """Never stored: it follows from what was issued, paid, credited and written off."""

    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Open"
    PARTLY_PAID = "partly_paid", "Partly paid"
    PAID = "paid", "Paid"
    CREDITED = "credited", "Credited"
    WRITTEN_OFF = "written_off", "Written off"


#: A voided or refunded payment opens a paid invoice again; what was credited in full stays so.
INVOICE_TRANSITIONS: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.DRAFT: frozenset({InvoiceState.ISSUED, InvoiceState.PAID}),
    InvoiceState.ISSUED: frozenset(
        {InvoiceState.PARTLY_PAID, InvoiceState.PAID, InvoiceState.CREDITED, InvoiceState.WRITTEN_OFF}
    ),
    InvoiceState.PARTLY_PAID: frozenset(
        {InvoiceState.ISSUED, InvoiceState.PAID, InvoiceState.CREDITED, InvoiceState.WRITTEN_OFF}
    ),
    InvoiceState.PAID: frozenset({InvoiceState.ISSUED, InvoiceState.PARTLY_PAID, InvoiceState.CREDITED}),
    InvoiceState.WRITTEN_OFF: frozenset({InvoiceState.ISSUED, InvoiceState.PARTLY_PAID}),
    InvoiceState.CREDITED: frozenset(),
}

#: What `manage.py states` draws into docs/states.md.
TRANSITIONS = {"Charge": CHARGE_TRANSITIONS, "Invoice": INVOICE_TRANSITIONS}

#: States in which money is still expected.
COLLECTIBLE = frozenset({InvoiceState.ISSUED, InvoiceState.PARTLY_PAID})


def invoice_state(
    *, is_issued: bool, total: Decimal, paid: Decimal, credited: Decimal, written_off: Decimal
) -> InvoiceState:
    """What an invoice is, from its figures alone."""
    if not is_issued:
        return InvoiceState.DRAFT
    if credited > 0 and credited == total:
        return InvoiceState.CREDITED
    if total - paid - credited - written_off > 0:
        return InvoiceState.PARTLY_PAID if paid > 0 else InvoiceState.ISSUED
    return InvoiceState.WRITTEN_OFF if written_off > 0 else InvoiceState.PAID
