"""Whether the books are right: every law of docs/algorithms/ledger.md, asked of the whole database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db import connection

from billing import paper
from billing.models import Counter, Invoice, Payment, Series

#: Each returns the rows that break it; the first column names the row.
LAWS: dict[str, str] = {
    "All postings together are nothing.": """
        SELECT 'ledger', sum(amount) FROM billing_posting HAVING coalesce(sum(amount), 0) <> 0""",
    "Debit and credit of every entry cancel out.": """
        SELECT e.id::text, coalesce(sum(p.amount), 0) FROM billing_journalentry e
            LEFT JOIN billing_posting p ON p.entry_id = e.id
            GROUP BY e.id HAVING count(p.id) < 2 OR sum(p.amount) <> 0""",
    "An invoice is the sum of its lines.": """
        SELECT i.number, i.total FROM billing_invoice i LEFT JOIN billing_invoiceline l ON l.invoice_id = i.id
            WHERE i.issued_at IS NOT NULL
            GROUP BY i.id HAVING coalesce(sum(l.total), 0) <> i.total OR coalesce(sum(l.net), 0) <> i.net""",
    "An issued invoice is in the ledger, in full.": """
        SELECT i.number, i.total FROM billing_invoice i
            WHERE i.issued_at IS NOT NULL AND i.total <> 0 AND NOT EXISTS (
                SELECT 1 FROM billing_journalentry e
                    JOIN billing_posting p ON p.entry_id = e.id AND p.account IN ('revenue', 'tax')
                    WHERE e.invoice_id = i.id AND e.kind = i.kind
                    HAVING sum(p.amount) = CASE i.kind WHEN 'invoice' THEN -i.total ELSE i.total END)""",
    "What is open on an invoice is what the ledger says is owed for it.": """
        SELECT i.number, b.open FROM billing_invoicebalance b JOIN billing_invoice i ON i.id = b.invoice_id
            LEFT JOIN billing_posting p ON p.invoice_id = b.invoice_id AND p.account = 'receivable'
            GROUP BY i.id, b.invoice_id HAVING coalesce(sum(p.amount), 0) <> b.open""",
    "What is open on an invoice follows from its payments, credit notes and write-offs.": """
        SELECT i.number, b.open FROM billing_invoicebalance b JOIN billing_invoice i ON i.id = b.invoice_id
            WHERE (b.total, b.paid, b.credited, b.written_off) IS DISTINCT FROM (
                i.total,
                (SELECT coalesce(sum(amount), 0) FROM billing_allocation WHERE invoice_id = i.id),
                (SELECT coalesce(sum(total), 0) FROM billing_invoice
                    WHERE corrects_id = i.id AND issued_at IS NOT NULL),
                (SELECT coalesce(sum(amount), 0) FROM billing_writeoff WHERE invoice_id = i.id))""",
    "Every issued invoice has its balance.": """
        SELECT i.number, i.total FROM billing_invoice i LEFT JOIN billing_invoicebalance b ON b.invoice_id = i.id
            WHERE i.kind = 'invoice' AND (i.issued_at IS NOT NULL) <> (b.invoice_id IS NOT NULL)""",
    "What is left of a payment follows from its uses, refunds and void.": """
        SELECT y.number, b.free FROM billing_payment y LEFT JOIN billing_paymentbalance b ON b.payment_id = y.id
            WHERE y.kind = 'payment' AND (b.amount, b.allocated, b.refunded, b.voided) IS DISTINCT FROM (
                y.amount,
                (SELECT coalesce(sum(amount), 0) FROM billing_allocation WHERE payment_id = y.id),
                (SELECT coalesce(sum(r.amount), 0) FROM billing_payment r WHERE r.refund_of_id = y.id
                    AND NOT EXISTS (SELECT 1 FROM billing_paymentvoid v WHERE v.payment_id = r.id)),
                CASE WHEN EXISTS (SELECT 1 FROM billing_paymentvoid v WHERE v.payment_id = y.id)
                    THEN y.amount ELSE 0 END)""",
    "The patients' credit is what is left of their payments.": """
        SELECT 'patient ' || patient, sum(said) FROM (
                SELECT patient_id AS patient, amount AS said FROM billing_posting WHERE account = 'credit'
                UNION ALL
                SELECT y.patient_id, b.free FROM billing_paymentbalance b
                    JOIN billing_payment y ON y.id = b.payment_id
            ) both_sides GROUP BY patient HAVING sum(said) <> 0""",
    "Money in the ledger is money that was received, by method and location.": """
        SELECT method || ' at ' || location, sum(amount) FROM (
                SELECT p.account AS method, p.location_id AS location, p.amount FROM billing_posting p
                    JOIN billing_journalentry e ON e.id = p.entry_id
                    WHERE p.account IN ('cash', 'card', 'bank', 'cheque') AND e.kind <> 'till'
                UNION ALL
                SELECT method, location_id, CASE kind WHEN 'payment' THEN -amount ELSE amount END
                    FROM billing_payment y
                    WHERE NOT EXISTS (SELECT 1 FROM billing_paymentvoid v WHERE v.payment_id = y.id)
            ) both_sides GROUP BY method, location HAVING sum(amount) <> 0""",
    "A charge stands on one live invoice line at most, and an invoiced charge on one.": """
        SELECT c.id::text, c.unit_price FROM billing_charge c
            LEFT JOIN billing_invoiceline l ON l.id = c.line_id
            LEFT JOIN billing_invoice i ON i.id = l.invoice_id
            WHERE (c.status = 'invoiced') <> coalesce(i.issued_at IS NOT NULL, false)
               OR (l.id IS NOT NULL AND l.charge_id <> c.id)""",
    "What was credited in full is on no invoice any more.": """
        SELECT c.id::text, l.net FROM billing_charge c JOIN billing_invoiceline l ON l.id = c.line_id
            JOIN billing_invoiceline k ON k.credits_id = l.id
            GROUP BY c.id, l.id HAVING sum(k.net) >= l.net AND l.net > 0""",
}


def verify() -> list[str]:
    """Every breach found, as sentences; empty when the books are right."""
    return [*_broken_laws(), *_gaps(), *_altered_invoices()]


def _broken_laws() -> Iterator[str]:
    with connection.cursor() as cursor:
        for law, query in LAWS.items():
            cursor.execute(query)
            for name, amount in cursor.fetchall():
                yield f"{law} Not so: {name} ({amount})."


def _gaps() -> Iterator[str]:
    """Numbers run 1..n in every series and year, and the counter stands at n."""
    used: dict[tuple[str, int], list[int]] = {}
    for kind, year, sequence in Invoice.objects.issued().values_list("kind", "year", "sequence"):
        series = Series.INVOICE if kind == "invoice" else Series.CREDIT_NOTE
        used.setdefault((series.value, year or 0), []).append(sequence or 0)
    for year, sequence in Payment.objects.values_list("year", "sequence"):
        used.setdefault((Series.RECEIPT.value, year), []).append(sequence)
    counters = {(one.series, one.year): one.last for one in Counter.objects.all()}
    for key in sorted(used.keys() | counters.keys()):
        numbers = sorted(used.get(key, []))
        if numbers != list(range(1, counters.get(key, 0) + 1)):
            yield f"Numbers run without a gap. Not so: {key[0]} of {key[1]}."


def _altered_invoices() -> Iterator[str]:
    for invoice in Invoice.objects.issued().select_related("corrects").prefetch_related("lines").order_by("pk"):
        try:
            paper.check_digest(invoice, list(invoice.lines.all()))
        except paper.PaperMismatch as mismatch:
            yield str(mismatch)


def open_items_equal_ledger() -> tuple[Decimal, Decimal]:
    """(what the open items come to, what the ledger says patients owe)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(sum(open), 0) FROM billing_invoicebalance),"
            " (SELECT coalesce(sum(amount), 0) FROM billing_posting WHERE account = 'receivable')"
        )
        items, ledger = cursor.fetchone()
    return items, ledger
