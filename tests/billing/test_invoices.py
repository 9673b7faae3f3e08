"""Invoices: numbers, locks, credit notes, write-offs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing import accounts, creditnotes, invoices, payments, verification
from billing.models import Charge, Invoice, InvoiceLine, Payment
from billing.states import ChargeStatus, InvoiceState
from clinic.models import Clinic, User
from patients.models import Patient
from tests.factories.billing import NOW, TODAY, a_charge, a_location, a_patient, a_payment, an_invoice

pytestmark = pytest.mark.django_db


def fresh(invoice: Invoice) -> Invoice:
    return Invoice.objects.for_list().get(pk=invoice.pk)


def credit(invoice: Invoice, *, by: User, **facts: object) -> Invoice:
    options = {"reason": "Wrong service", "charge_again": True}
    return creditnotes.credit(invoice_id=invoice.pk, by=by, now=NOW, **(options | facts))  # type: ignore[arg-type]


def test_one_click_invoices_everything_that_is_open(ana: Patient, desk: User) -> None:
    a_charge(ana, "80.00", by=desk)
    a_charge(ana, "45.50", by=desk, tax_rate=Decimal("8.25"))
    invoice = fresh(invoices.issue_all(patient=ana, by=desk, now=NOW))
    assert (invoice.net, invoice.tax, invoice.total) == (Decimal("125.50"), Decimal("3.75"), Decimal("129.25"))
    assert invoice.number == "INV-2026-00001"
    assert invoice.state is InvoiceState.ISSUED
    assert invoice.open == Decimal("129.25")
    assert invoice.due_on == TODAY + timedelta(days=14)
    assert not Charge.objects.to_invoice().exists()


def test_a_second_click_finds_nothing_left_and_names_the_invoice(ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    invoices.issue_all(patient=ana, by=desk, now=NOW)
    with pytest.raises(invoices.InvoiceRefused, match="INV-2026-00001"):
        invoices.issue_all(patient=ana, by=desk, now=NOW)
    assert Invoice.objects.count() == 1


def test_a_draft_holds_its_charges_until_it_is_discarded(ana: Patient, desk: User) -> None:
    charge = a_charge(ana, by=desk)
    draft = invoices.draft(patient=ana, by=desk, now=NOW)
    assert draft.state is InvoiceState.DRAFT
    with pytest.raises(invoices.InvoiceRefused):
        invoices.draft(patient=ana, charges=[charge.pk], by=desk, now=NOW)
    invoices.discard(invoice_id=draft.pk, by=desk, now=NOW)
    assert Charge.objects.to_invoice().get() == charge
    assert not Invoice.objects.exists()


def test_an_issued_invoice_is_neither_issued_again_nor_discarded(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, by=desk)
    with pytest.raises(invoices.InvoiceRefused, match="already"):
        invoices.issue(invoice_id=invoice.pk, by=desk, now=NOW)
    with pytest.raises(invoices.InvoiceRefused, match="credited"):
        invoices.discard(invoice_id=invoice.pk, by=desk, now=NOW)


def test_numbers_start_again_every_year_as_the_clinic_counts_it(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    silvester = datetime(2027, 1, 1, 4, 59, tzinfo=UTC)  # still 2026 in New York
    assert an_invoice(ana, by=desk, now=silvester).number == "INV-2026-00002"
    assert an_invoice(ana, by=desk, now=silvester + timedelta(minutes=1)).number == "INV-2027-00001"


def test_an_invoice_keeps_who_and_where_as_they_were(ana: Patient, desk: User) -> None:
    Clinic.objects.update(name="Old Name", tax_number="12-345")
    invoice = an_invoice(ana, by=desk)
    Clinic.objects.update(name="New Name", tax_number="")
    Patient.objects.filter(pk=ana.pk).update(family_name="Married")
    invoice = fresh(invoice)
    assert (invoice.issuer_name, invoice.issuer_tax_number) == ("Old Name", "12-345")
    assert (invoice.bill_to_name, invoice.patient_name) == ("Ana Núñez", "Ana Núñez")
    assert verification.verify() == []


def test_charges_of_somebody_else_are_not_invoiced(ana: Patient, desk: User) -> None:
    other = a_charge(a_patient("Bo", "Li"), by=desk)
    with pytest.raises(invoices.InvoiceRefused):
        invoices.draft(patient=ana, charges=[other.pk], by=desk, now=NOW)


def test_what_was_recorded_under_a_merged_record_is_invoiced_to_the_one_that_stays(ana: Patient, desk: User) -> None:
    twin = a_patient("Anna", "Nunez")
    a_charge(twin, "30.00", by=desk)
    Patient.objects.filter(pk=twin.pk).update(merged_into=ana)
    twin.refresh_from_db()
    invoice = invoices.issue_all(patient=twin, by=desk, now=NOW)
    assert invoice.patient == ana
    assert accounts.standing(ana).open == Decimal("30.00")


def test_a_credit_note_takes_an_invoice_back_and_frees_its_charges(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", "20.00", by=desk)
    note = credit(invoice, by=desk)
    invoice = fresh(invoice)
    assert (note.number, note.total, note.corrects) == ("CN-2026-00001", Decimal("100.00"), invoice)
    assert (invoice.state, invoice.open) == (InvoiceState.CREDITED, Decimal(0))
    assert Charge.objects.to_invoice().count() == 2
    assert invoices.issue_all(patient=ana, by=desk, now=NOW).total == Decimal("100.00")
    assert verification.verify() == []


def test_a_credit_note_can_drop_the_charges_for_good(ana: Patient, desk: User) -> None:
    credit(an_invoice(ana, by=desk), by=desk, charge_again=False)
    assert Charge.objects.get().status == ChargeStatus.VOID


def test_a_part_of_a_line_can_be_credited_and_no_more_than_is_left(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk, tax_rate=Decimal("10.00"))
    line = InvoiceLine.objects.get(invoice=invoice)
    note = credit(invoice, by=desk, nets={line.pk: Decimal("30.00")})
    assert (note.net, note.tax) == (Decimal("30.00"), Decimal("3.00"))
    with pytest.raises(creditnotes.CreditRefused, match=r"at most 50\.00"):
        credit(invoice, by=desk, nets={line.pk: Decimal("50.01")})
    credit(invoice, by=desk)
    assert fresh(invoice).state is InvoiceState.CREDITED
    with pytest.raises(creditnotes.CreditRefused, match="Nothing"):
        credit(invoice, by=desk)
    assert verification.verify() == []


def test_what_was_paid_on_a_credited_invoice_becomes_credit_and_can_go_back(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    payment = a_payment(ana, "80.00", by=desk)
    credit(invoice, by=desk)
    assert accounts.standing(ana).credit == Decimal("80.00")
    payments.refund(
        payment_id=payment.pk,
        amount=Decimal("80.00"),
        method=payments.Method.CARD,
        location=a_location(),
        reason="Visit did not happen",
        key=payment.uid,
        by=desk,
        now=NOW,
    )
    assert accounts.standing(ana).credit == 0
    assert Payment.objects.count() == 2
    assert verification.verify() == []


def test_writing_off_closes_an_invoice_for_a_reason(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    a_payment(ana, "50.00", by=desk)
    with pytest.raises(invoices.InvoiceRefused, match="Say why"):
        invoices.write_off(invoice_id=invoice.pk, amount=Decimal(30), reason="", by=desk, now=NOW)
    with pytest.raises(invoices.InvoiceRefused, match="between"):
        invoices.write_off(invoice_id=invoice.pk, amount=Decimal("30.01"), reason="Moved", by=desk, now=NOW)
    invoices.write_off(invoice_id=invoice.pk, amount=Decimal(30), reason="Moved away", by=desk, now=NOW)
    assert fresh(invoice).state is InvoiceState.WRITTEN_OFF
    with pytest.raises(creditnotes.CreditRefused, match="written off"):
        credit(invoice, by=desk)
    assert verification.verify() == []
