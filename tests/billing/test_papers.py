"""Invoices and receipts on paper: the figures that were issued, and nothing clinical."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from billing import charges, creditnotes, invoices, paper, payments
from billing.models import Charge, Invoice, Payment
from clinic import documents
from clinic.models import Clinic, User
from patients.models import Patient
from tests.billing.keys import with_the_keys
from tests.factories.billing import (
    NOW,
    a_charge,
    a_location,
    a_patient,
    a_payment,
    a_price,
    a_service,
    a_signed_note,
    a_visit,
    an_invoice,
)

pytestmark = pytest.mark.django_db


def read(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def printed(invoice: Invoice) -> bytes:
    return documents.render("invoice", paper.invoice_data(Invoice.objects.for_list().get(pk=invoice.pk)))


def receipt(payment: Payment) -> str:
    return read(documents.render("receipt", paper.receipt_data(Payment.objects.for_list().get(pk=payment.pk))))


def test_an_invoice_says_on_paper_what_was_issued(ana: Patient, desk: User) -> None:
    Clinic.objects.update(tax_number="12-3456789")
    a_charge(ana, "80.00", by=desk, description="Deep tissue massage", tax_rate=Decimal("8.25"), quantity=2)
    a_charge(ana, "35.00", by=desk, description="Roll of tape")
    invoice = invoices.issue_all(patient=ana, by=desk, now=NOW)
    a_payment(ana, "100.00", by=desk)
    text = read(printed(invoice))
    for words in (
        "INV-2026-00001",
        "Ana Núñez",
        "Back to Work Clinic",
        "12-3456789",
        "24 Nov 2026",
        "8 Dec 2026",
        "Deep tissue massage",
        "$160.00",
        "8.25%",
        "$13.20",
        "$195.00",
        "$208.20",
        "R-2026-00001",
        "-$100.00",
        "$108.20",
    ):
        assert words in text, words


def test_nothing_clinical_is_printed(ana: Patient, desk: User) -> None:
    service = a_service("Gentle massage, 60 min")
    a_price(service, by=desk)
    a_signed_note(a_visit(ana, service), words="Spasm of the erector spinae; M62.830; cyclobenzaprine")

    charges.pull(now=NOW, by=desk)
    invoice = invoices.issue_all(patient=ana, by=desk, now=NOW)
    text = read(printed(invoice)) + receipt(a_payment(ana, by=desk))
    assert "Gentle massage, 60 min" in text
    for word in ("spasm", "erector", "M62", "cyclobenzaprine", "diagnos"):
        assert word not in text.lower()


def test_the_paper_of_an_issued_invoice_is_the_same_a_year_later(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    first = printed(invoice)
    Clinic.objects.update(name="Renamed", tax_number="9")
    a_location()
    ana.family_name = "Married"
    ana.save()
    assert printed(invoice) == first


@pytest.mark.django_db(transaction=True)
def test_a_document_altered_in_the_database_is_not_printed(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, by=desk)
    with_the_keys("UPDATE billing_invoiceline SET description = 'Gold'")
    with pytest.raises(paper.PaperMismatch):
        printed(invoice)


def test_a_draft_is_marked_and_has_no_number(ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    text = read(printed(invoices.draft(patient=ana, by=desk, now=NOW)))
    assert "Draft" in text
    assert "INV-" not in text


def test_a_credit_note_names_the_invoice_and_the_reason(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, by=desk)
    note = creditnotes.credit(invoice_id=invoice.pk, reason="Wrong service", charge_again=False, by=desk, now=NOW)
    text = read(printed(note))
    assert "Credit note" in text
    assert "INV-2026-00001" in text
    assert "Wrong service" in text
    assert "CN-2026-00001" in read(printed(invoice))


def test_a_receipt_says_how_much_for_what_and_what_is_kept(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    payment = a_payment(ana, "100.00", by=desk, keep_rest=True, reference="terminal 4711")
    text = receipt(payment)
    for words in (
        "R-2026-00001",
        "$100.00",
        "Card",
        "terminal 4711",
        "INV-2026-00001",
        "$80.00",
        "$20.00",
        "Sam Reyes",
    ):
        assert words in text, words
    back = payments.refund(
        payment_id=payment.pk,
        amount=Decimal("20.00"),
        method=payments.Method.CASH,
        location=a_location(),
        reason="Paid too much",
        key=payment.uid,
        by=desk,
        now=NOW,
    )
    assert "Refund receipt" in receipt(back)
    payments.void(payment_id=back.pk, reason="Slip", by=desk, now=NOW + timedelta(minutes=1))
    assert "Void: Slip" in receipt(back)


@pytest.mark.parametrize(
    "words",
    [
        '#eval("1+1") *bold* $x^2$ <label> @ref \\ // /* ]',
        '#read("/etc/passwd") #import "x.typ"',
        "= Heading\n- list + enum `raw`",
        "\u202eevil",
        "{{ 7*7 }} ${7*7}",
    ],
)
def test_what_people_type_is_printed_as_text_and_never_run(ana: Patient, desk: User, words: str) -> None:
    charge = a_charge(ana, by=desk)
    Charge.objects.filter(pk=charge.pk).update(description=words)
    text = read(printed(invoices.issue_all(patient=ana, by=desk, now=NOW)))
    assert "root:" not in text
    for word in words.split():
        plain = word.strip("\u202e")
        assert plain in text.replace("\n", " ") or plain in {"=", "-"}, word


@pytest.mark.parametrize("name", ["山田 太郎", "مريم العلي", "Ξένια Παππά", "Олена Шевченко", "😀", "a\x07b"])
def test_names_of_any_script_are_printed(ana: Patient, desk: User, name: str) -> None:
    person = a_patient(given="", family=name)
    assert printed(an_invoice(person, by=desk)).startswith(b"%PDF")


def test_a_long_invoice_runs_over_pages_and_numbers_them(ana: Patient, desk: User) -> None:
    text = read(printed(an_invoice(ana, *["10.00"] * 70, by=desk)))
    assert "page 1 of 3" in text
    assert "$700.00" in text


def test_paper_is_letter_where_letter_is_used_and_a4_elsewhere(ana: Patient, desk: User) -> None:
    for country, width in (("US", 612), ("DE", 595)):
        Clinic.objects.update(country=country)
        page = PdfReader(io.BytesIO(printed(an_invoice(ana, by=desk)))).pages[0]
        assert int(page.mediabox.width) == width


def test_the_paper_is_accessible_and_handed_out_by_the_view(ana: Patient, desk: User, client: Client) -> None:
    invoice = an_invoice(ana, by=desk)
    payment = a_payment(ana, by=desk)
    client.force_login(desk)
    for url in (
        reverse("billing:invoice_pdf", args=[invoice.uid]),
        reverse("billing:receipt_pdf", args=[payment.uid]),
    ):
        answer = client.get(url)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Cache-Control"] == "no-store"
        catalog = PdfReader(io.BytesIO(answer.content)).root_object
        assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 -- pypdf has a true of its own
        assert catalog["/Lang"] == "en"
        assert b"pdfuaid" in answer.content or "/Metadata" in catalog
