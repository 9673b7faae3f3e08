"""What the database refuses, from any side: an issued invoice, its lines, and everything that was booked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models.deletion import ProtectedError

from billing import invoices
from billing.models import (
    Allocation,
    Invoice,
    InvoiceBalance,
    InvoiceLine,
    JournalEntry,
    Payment,
    PaymentBalance,
    Posting,
)
from clinic import grants
from clinic.models import User
from patients.models import Patient
from tests.billing.keys import with_the_keys
from tests.factories.billing import NOW, a_charge, a_payment, an_invoice

pytestmark = pytest.mark.django_db

TABLES = [
    "billing_invoice",
    "billing_invoiceline",
    "billing_payment",
    "billing_paymentvoid",
    "billing_allocation",
    "billing_writeoff",
    "billing_journalentry",
    "billing_posting",
    "billing_tillcount",
    "billing_invoicebalance",
    "billing_paymentbalance",
]


def run(sql: str) -> Callable[[Invoice], None]:
    def do(invoice: Invoice) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("%ID", str(invoice.pk)))

    return do


def save(**changes: Any) -> Callable[[Invoice], None]:
    def do(invoice: Invoice) -> None:
        for field, value in changes.items():
            setattr(invoice, field, value)
        invoice.save()

    return do


def copy_line(invoice: Invoice) -> InvoiceLine:
    line = invoice.lines.get()
    line.pk, line.uid, line.position = None, None, 9
    return line


ROUTES: dict[str, Callable[[Invoice], Any]] = {
    "save the total": save(total=Decimal(1), net=Decimal(1)),
    "save the name": save(bill_to_name="Eve"),
    "un-issue": save(issued_at=None, issued_by=None, issued_on=None, number=None, year=None, sequence=None, digest=""),
    "update by queryset": lambda one: Invoice.objects.filter(pk=one.pk).update(message="x"),
    "bulk update": lambda one: Invoice.objects.bulk_update([_renamed(one)], ["bill_to_name"]),
    "upsert": lambda one: Invoice.objects.bulk_create(
        [_renamed(one)], update_conflicts=True, unique_fields=["id"], update_fields=["bill_to_name"]
    ),
    "line save": lambda one: _line_with(one, net=Decimal(1), total=Decimal(1), discount=Decimal(79)).save(),
    "line update": lambda one: one.lines.update(description="Gold"),
    "line delete": lambda one: one.lines.all().delete(),
    "line insert": lambda one: InvoiceLine.objects.bulk_create([copy_line(one)]),
    "line moved away": lambda one: one.lines.update(invoice=_a_draft(one)),
    "line moved in": lambda one: _a_draft(one).lines.update(invoice=one, position=9),
    "raw update": run("UPDATE billing_invoice SET total = total, message = 'x' WHERE id = %ID"),
    "raw delete of lines": run("DELETE FROM billing_invoiceline WHERE invoice_id = %ID"),
    "raw delete": run("DELETE FROM billing_invoice WHERE id = %ID"),
    "merge": run(
        "MERGE INTO billing_invoice i USING (SELECT %ID AS id) s ON i.id = s.id"
        " WHEN MATCHED THEN UPDATE SET message = 'x'"
    ),
    "with": run("WITH gone AS (DELETE FROM billing_invoiceline WHERE invoice_id = %ID RETURNING 1) SELECT 1 FROM gone"),
}


def _renamed(invoice: Invoice) -> Invoice:
    invoice.bill_to_name = "Eve"
    return invoice


def _line_with(invoice: Invoice, **changes: Any) -> InvoiceLine:
    line = invoice.lines.get()
    for field, value in changes.items():
        setattr(line, field, value)
    return line


def _a_draft(invoice: Invoice) -> Invoice:
    by = invoice.drafted_by
    charge = a_charge(invoice.patient, by=by)
    return invoices.draft(patient=invoice.patient, charges=[charge.pk], by=by, now=NOW)


@pytest.mark.parametrize("route", ROUTES)
def test_an_issued_invoice_is_never_changed(ana: Patient, desk: User, route: str) -> None:
    invoice = an_invoice(ana, by=desk)
    before = [*Invoice.objects.filter(pk=invoice.pk).values(), *InvoiceLine.objects.filter(invoice=invoice).values()]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ROUTES[route](Invoice.objects.get(pk=invoice.pk))
    if not isinstance(refused.value, ProtectedError):
        assert refused.value.__cause__.diag.constraint_name in {
            "an_issued_invoice_is_never_changed",
            "an_invoice_is_issued_from_a_draft",
        }
    after = [*Invoice.objects.filter(pk=invoice.pk).values(), *InvoiceLine.objects.filter(invoice=invoice).values()]
    assert after == before


def test_nor_is_it_deleted_with_what_it_belongs_to(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, by=desk)
    for owner in (invoice, ana, desk, invoice.location):
        with pytest.raises((ProtectedError, IntegrityError)), transaction.atomic():
            owner.delete()


@pytest.mark.django_db(transaction=True)
def test_no_table_of_the_books_is_emptied_not_even_by_who_owns_it(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    for table in TABLES:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
        with pytest.raises(psycopg.errors.RestrictViolation):
            with_the_keys(f"TRUNCATE {table} CASCADE", past_the_guards=False)


def test_a_draft_may_be_changed_and_thrown_away(ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    draft = invoices.draft(patient=ana, by=desk, now=NOW)
    assert Invoice.objects.filter(pk=draft.pk).update(message="Thank you") == 1
    invoices.discard(invoice_id=draft.pk, by=desk, now=NOW)
    assert not Invoice.objects.filter(pk=draft.pk).exists()


def test_an_invoice_that_is_not_the_sum_of_its_lines_cannot_be_issued(ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    draft = invoices.draft(patient=ana, by=desk, now=NOW)
    Invoice.objects.filter(pk=draft.pk).update(net=Decimal(1), total=Decimal(1))
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        invoices.issue(invoice_id=draft.pk, by=desk, now=NOW)
    assert refused.value.__cause__.diag.constraint_name == "an_invoice_is_the_sum_of_its_lines"


@pytest.mark.parametrize("model", [Payment, Allocation, JournalEntry, Posting])
def test_what_was_booked_is_neither_changed_nor_removed(ana: Patient, desk: User, model: type[models.Model]) -> None:
    an_invoice(ana, by=desk)
    a_payment(ana, by=desk)
    field = {Payment: "amount", Allocation: "amount", JournalEntry: "kind", Posting: "amount"}[model]
    value = "till" if field == "kind" else Decimal(1)
    with pytest.raises(DatabaseError), transaction.atomic():
        model._default_manager.update(**{field: value})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.django_db(transaction=True)
def test_nor_by_who_owns_the_tables(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    a_payment(ana, by=desk)
    for statement in (
        "UPDATE billing_payment SET amount = 1",
        "UPDATE billing_posting SET amount = 1",
        "DELETE FROM billing_allocation",
        "DELETE FROM billing_journalentry",
        "UPDATE billing_invoice SET bill_to_name = 'Eve'",
        "DELETE FROM billing_invoiceline",
        "UPDATE billing_invoicebalance SET paid = 0",
    ):
        with pytest.raises(psycopg.errors.IntegrityError):
            with_the_keys(statement, past_the_guards=False)


@pytest.mark.parametrize("model", [InvoiceBalance, PaymentBalance])
def test_a_balance_is_not_written_by_hand(ana: Patient, desk: User, model: type[models.Model]) -> None:
    an_invoice(ana, by=desk)
    a_payment(ana, by=desk)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        model._default_manager.update(**{"paid" if model is InvoiceBalance else "allocated": Decimal(0)})
    assert refused.value.__cause__.diag.constraint_name == "a_balance_follows_what_was_booked"


def test_the_application_role_may_not_rewrite_what_was_booked() -> None:
    only_grow = grants.append_only_tables()
    assert set(TABLES) - only_grow == {
        "billing_invoice",
        "billing_invoiceline",
        "billing_invoicebalance",
        "billing_paymentbalance",
    }
