"""Prices, charges, invoices, money in and out, and the ledger that must agree with all of them."""

from billing.models.charges import Charge, Price
from billing.models.invoices import Counter, Invoice, InvoiceBalance, InvoiceKind, InvoiceLine, Series, WriteOff
from billing.models.ledger import Account, EntryKind, JournalEntry, Posting
from billing.models.payments import (
    Allocation,
    Method,
    Payment,
    PaymentBalance,
    PaymentKind,
    PaymentVoid,
    TillCount,
)

__all__ = [
    "Account",
    "Allocation",
    "Charge",
    "Counter",
    "EntryKind",
    "Invoice",
    "InvoiceBalance",
    "InvoiceKind",
    "InvoiceLine",
    "JournalEntry",
    "Method",
    "Payment",
    "PaymentBalance",
    "PaymentKind",
    "PaymentVoid",
    "Posting",
    "Price",
    "Series",
    "TillCount",
    "WriteOff",
]
