"""The ledger: balanced after anything that verbs can do; every planted error is found or refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import accounts, ageing, creditnotes, invoices, ledger, payments, till, verification
from billing.models import (
    Account,
    Charge,
    EntryKind,
    Invoice,
    JournalEntry,
    Method,
    Payment,
    Posting,
)
from billing.refusals import BillingRefused
from clinic.models import User
from patients.models import Patient
from tests.billing.keys import with_the_keys
from tests.factories.billing import NOW, TODAY, a_charge, a_location, a_payment, an_invoice

pytestmark = pytest.mark.django_db

cents = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("300.00"), places=2)
methods = st.sampled_from(Method)


def _pick(draw: Callable, rows: list) -> object:
    return draw(st.sampled_from(rows)) if rows else None


def _charge(draw: Callable, patient: Patient, by: User) -> None:
    rate = draw(st.sampled_from([Decimal(0), Decimal("8.25"), Decimal("19.00")]))
    a_charge(patient, str(draw(cents)), by=by, tax_rate=rate)


def _issue(draw: Callable, patient: Patient, by: User) -> None:
    invoices.issue_all(patient=patient, by=by, now=NOW)


def _pay(draw: Callable, patient: Patient, by: User) -> None:
    a_payment(patient, str(draw(cents)), by=by, method=draw(methods), keep_rest=draw(st.booleans()))


def _use(draw: Callable, patient: Patient, by: User) -> None:
    payments.use_credit(patient=patient, by=by, now=NOW)


def _credit(draw: Callable, patient: Patient, by: User) -> None:
    invoice = _pick(draw, list(Invoice.objects.for_patient(patient).issued().invoices().order_by("pk")))
    if isinstance(invoice, Invoice):
        nets = {line.pk: draw(st.decimals(0, line.net, places=2)) for line in invoice.lines.all()}
        creditnotes.credit(
            invoice_id=invoice.pk,
            nets=None if draw(st.booleans()) else nets,
            reason="Drawn",
            charge_again=draw(st.booleans()),
            by=by,
            now=NOW,
        )


def _write_off(draw: Callable, patient: Patient, by: User) -> None:
    invoice = _pick(draw, accounts.open_invoices(patient))
    if isinstance(invoice, Invoice):
        invoices.write_off(invoice_id=invoice.pk, amount=draw(cents), reason="Drawn", by=by, now=NOW)


def _void(draw: Callable, patient: Patient, by: User) -> None:
    payment = _pick(draw, list(Payment.objects.for_patient(patient).order_by("pk")))
    if isinstance(payment, Payment):
        payments.void(payment_id=payment.pk, reason="Drawn", by=by, now=NOW)


def _refund(draw: Callable, patient: Patient, by: User) -> None:
    payment = _pick(draw, list(Payment.objects.for_patient(patient).order_by("pk")))
    if isinstance(payment, Payment):
        payments.refund(
            payment_id=payment.pk,
            amount=draw(cents),
            method=draw(methods),
            location=a_location(),
            reason="Drawn",
            key=uuid.uuid4(),
            by=by,
            now=NOW,
        )


def _count(draw: Callable, patient: Patient, by: User) -> None:
    till.count(
        location=a_location(),
        counted=draw(cents),
        banked=Decimal(0),
        reason="Drawn",
        key=uuid.uuid4(),
        by=by,
        now=NOW - timedelta(hours=1),
    )


VERBS = [_charge, _charge, _issue, _pay, _pay, _use, _credit, _write_off, _void, _refund, _count]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_books_are_right_after_any_sequence_of_verbs(ana: Patient, desk: User, data: st.DataObject) -> None:
    with transaction.atomic():
        for verb in data.draw(st.lists(st.sampled_from(VERBS), min_size=4, max_size=14)):
            try:
                verb(data.draw, ana, desk)
            except BillingRefused:
                continue
        connection.check_constraints()
        assert verification.verify() == []
        assert till.takings(a_location(), TODAY).agrees
        standing = accounts.standing(ana)
        owed = sum((one.open for one in Invoice.objects.issued().invoices().for_list()), Decimal(0))
        assert standing.open == owed
        transaction.set_rollback(True)


def test_an_entry_whose_sides_do_not_cancel_out_is_refused_at_commit(desk: User) -> None:
    entry = JournalEntry.objects.create(kind=EntryKind.TILL, posted_at=NOW, posted_by=desk)
    Posting.objects.create(entry=entry, account=Account.BANK, amount=Decimal(10))
    Posting.objects.create(entry=entry, account=Account.REVENUE, amount=Decimal("-9.99"))
    with pytest.raises(IntegrityError) as refused:
        connection.check_constraints()
    transaction.set_rollback(True)
    assert refused.value.__cause__.diag.constraint_name == "debit_equals_credit"


def test_an_entry_without_postings_is_refused_at_commit(desk: User) -> None:
    JournalEntry.objects.create(kind=EntryKind.TILL, posted_at=NOW, posted_by=desk)
    with pytest.raises(IntegrityError):
        connection.check_constraints()
    transaction.set_rollback(True)


def test_an_invoice_paid_behind_the_ledgers_back_is_refused_at_commit(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, by=desk)
    payment = a_payment(ana, "10.00", by=desk)
    connection.check_constraints()
    invoice.allocations.create(payment=payment, amount=-5, allocated_at=NOW, allocated_by=desk)
    with pytest.raises(IntegrityError) as refused:
        connection.check_constraints()
    transaction.set_rollback(True)
    assert refused.value.__cause__.diag.constraint_name == "the_ledger_agrees_with_the_invoice"


def test_an_invoice_is_never_paid_twice_whatever_the_path(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    payment = a_payment(ana, "200.00", by=desk, keep_rest=True)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        invoice.allocations.create(payment=payment, invoice=invoice, amount=1, allocated_at=NOW, allocated_by=desk)
    assert refused.value.__cause__.diag.constraint_name == "an_invoice_is_not_paid_twice"


@pytest.mark.django_db(transaction=True)
def test_the_command_says_that_the_books_are_right_and_fails_when_they_are_not(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "Open items $80.00 = ledger $80.00" in out.getvalue()
    with_the_keys("UPDATE billing_invoicebalance SET paid = 1")
    with pytest.raises(CommandError):
        call_command("verify_ledger", stderr=StringIO())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("planted", "law"),
    [
        ("UPDATE billing_posting SET amount = amount + 1 WHERE account = 'cash'", "All postings"),
        ("UPDATE billing_invoice SET total = total + 1, net = net + 1", "sum of its lines"),
        ("UPDATE billing_invoiceline SET description = 'Gold'", "is not stored as it was issued"),
        ("UPDATE billing_invoice SET bill_to_name = 'Eve'", "is not stored as it was issued"),
        ("UPDATE billing_invoicebalance SET paid = paid - 1", "What is open on an invoice"),
        ("UPDATE billing_paymentbalance SET refunded = 1", "What is left of a payment"),
        ("UPDATE billing_payment SET method = 'card'", "Money in the ledger"),
        ("UPDATE billing_payment SET sequence = 7", "Numbers run without a gap"),
        ("UPDATE billing_counter SET last = last + 1", "Numbers run without a gap"),
        ("DELETE FROM billing_invoicebalance", "has its balance"),
        ("UPDATE billing_charge SET status = 'open'", "A charge stands on one live invoice line"),
        (
            "DELETE FROM billing_posting WHERE account IN ('revenue', 'receivable') AND amount < 0",
            "in the ledger, in full",
        ),
    ],
)
def test_what_somebody_altered_in_the_database_is_found(ana: Patient, desk: User, planted: str, law: str) -> None:
    an_invoice(ana, "80.00", by=desk)
    a_payment(ana, "100.00", by=desk, method=Method.CASH, keep_rest=True)
    assert verification.verify() == []
    with_the_keys(planted)
    assert any(law in breach for breach in verification.verify())


def test_ageing_is_what_the_ledger_says_is_owed(ana: Patient, desk: User) -> None:
    for days in (0, 20, 50, 80, 200):
        an_invoice(ana, "10.00", by=desk, now=NOW - timedelta(days=days), service_on=TODAY - timedelta(days=days))
    a_payment(ana, "5.00", by=desk)
    aged = ageing.age(Invoice.objects.collectible().for_list(), TODAY)
    assert [amount for _, amount in aged.bands] == [Decimal(10), Decimal(10), Decimal(10), Decimal(10), Decimal(5)]
    items, owed = verification.open_items_equal_ledger()
    assert aged.total == items == owed == Decimal("45.00")


def test_cash_stays_in_the_till_it_was_put_in(ana: Patient, desk: User) -> None:
    an_invoice(ana, "100.00", by=desk)
    a_payment(ana, "60.00", by=desk, method=Method.CASH)
    a_payment(ana, "40.00", by=desk, method=Method.CASH, location=a_location("Harbour", "America/Chicago"))
    assert ledger.cash_in_till(a_location()) == Decimal(60)
    assert ledger.cash_in_till(a_location("Harbour")) == Decimal(40)


def test_a_charge_is_not_lost_on_the_way(ana: Patient, desk: User) -> None:
    """Every charge is in exactly one place: waiting, on a draft, invoiced, or void."""
    made = [a_charge(ana, by=desk) for _ in range(4)]
    draft = invoices.draft(patient=ana, charges=[made[0].pk], by=desk, now=NOW)
    issued = invoices.draft(patient=ana, charges=[made[1].pk, made[2].pk], by=desk, now=NOW)
    invoices.issue(invoice_id=issued.pk, by=desk, now=NOW)
    assert Charge.objects.to_invoice().get() == made[3]
    assert Charge.objects.filter(line__invoice=draft).get() == made[0]
