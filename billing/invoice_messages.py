"""What patients are written about their invoices: when one was issued, and while it is not paid. Rules say when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.urls import reverse

from billing.models import Invoice
from clinic.messaging import Subject
from clinic.messaging_states import MessagePurpose
from clinic.wording import Facts, Kind
from scheduling.models import Anchor, MessageRule
from scheduling.models.message_rules import in_words
from scheduling.nudges import Nudge, Setting, Source, register

INVOICE = "billing.invoice"
#: So long after it was due is a message about an invoice still of use.
OF_USE = timedelta(days=14)


def invoices(rules: Sequence[MessageRule], here: Setting, until: datetime) -> Iterator[Nudge]:
    """Invoices on which money is still expected; one that is paid, credited or given up asks for nothing more."""
    open_ones = (
        Invoice.objects.invoices()
        .collectible()
        .select_related("patient__merged_into", "balance")
        .filter(patient__deactivated_at__isnull=True)
        .order_by("issued_at", "pk")
    )
    for invoice in open_ones:
        for rule in rules:
            at = _due(invoice, rule, here)
            if at < until:
                yield _nudge(invoice, rule, at)


def _due(invoice: Invoice, rule: MessageRule, here: Setting) -> datetime:
    """What was issued just now may be said at once, at a decent hour; all else in the morning of its day."""
    assert invoice.issued_at is not None
    assert invoice.issued_on is not None
    assert invoice.due_on is not None
    patient = invoice.patient.survivor
    if rule.anchor == Anchor.ISSUE and not rule.minutes:
        return here.hours.later(invoice.issued_at, here.zone_of(patient))
    return here.after(invoice.issued_on if rule.anchor == Anchor.ISSUE else invoice.due_on, rule, patient)


def _nudge(invoice: Invoice, rule: MessageRule, at: datetime) -> Nudge:
    is_new = rule.anchor == Anchor.ISSUE
    what = "it was issued" if is_new else "it was due"
    when = f"{in_words(rule.minutes)} after {what}" if rule.minutes else "when it was issued"
    return Nudge(
        rule=rule,
        kind=Kind.INVOICE if is_new else Kind.INVOICE_OVERDUE,
        patient=invoice.patient.survivor,
        about=Subject(INVOICE, invoice.uid),
        since="",
        due_at=at,
        too_late_at=at + OF_USE,
        why=f"Invoice {invoice.number}, {when}, not paid",
        facts=Facts(
            amount=invoice.balance.open, currency=invoice.currency, number=invoice.number or "", due=invoice.due_on
        ),
        page=reverse("billing:invoice", args=[invoice.uid]),
    )


def ready() -> None:
    """Called once, when the app is ready."""
    register(Source(MessagePurpose.INVOICE, INVOICE, invoices))
