"""The ledger as a file: whole, balanced, without a name, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing import invoices, journal, ledger, payments
from billing.ledger import Side
from billing.models import Account, EntryKind, Method, Posting
from clinic import time
from clinic.models import AuditEvent, Location, User
from patients.models import Patient
from tests.factories.billing import NOW, a_location, a_payment, an_invoice
from tests.factories.people import a_therapist

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Location:
    return a_location()


@pytest.fixture
def web(client: Client, desk: User, place: Location, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(time, "now", lambda: NOW)
    client.force_login(desk)
    return client


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff"), "spreadsheets take it for UTF-8"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def today(place: Location) -> str:
    return time.local_day(NOW, place.tz).isoformat()


def file(web: Client, first: str, last: str) -> list[dict[str, str]]:
    answer = web.get(reverse("billing:journal"), {"first": first, "last": last})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="journal-{first}-{last}.csv"'
    return read(answer.content.decode())


def total(rows: list[dict[str, str]], side: str) -> Decimal:
    return sum((Decimal(row[side]) for row in rows if row[side]), Decimal(0))


def test_every_posting_of_the_days_is_in_it_and_debits_equal_credits(
    web: Client, desk: User, ana: Patient, place: Location
) -> None:
    invoice = an_invoice(ana, "80.00", "40.00", by=desk)
    a_payment(ana, "50.00", by=desk)
    invoices.write_off(invoice_id=invoice.pk, amount=Decimal("20.00"), reason="Hardship", by=desk, now=NOW)
    rows = file(web, today(place), today(place))
    assert len(rows) == Posting.objects.count() > 0
    assert total(rows, "Debit") == total(rows, "Credit") == Decimal("190.00")
    for entry in {row["Entry"] for row in rows}:
        mine = [row for row in rows if row["Entry"] == entry]
        assert total(mine, "Debit") == total(mine, "Credit")
    owed = next(row for row in rows if row["Account"] == "Owed by patients" and row["Debit"])
    assert (owed["Event"], owed["Debit"], owed["Invoice"], owed["Patient number"], owed["By"]) == (
        "Invoice issued", "120.00", invoices.Invoice.objects.get(pk=invoice.pk).number, str(ana.number), desk.name,
    )  # fmt: skip


def test_no_name_of_a_patient_is_in_it_but_each_look_is_written_down(
    web: Client, desk: User, ana: Patient, place: Location
) -> None:
    an_invoice(ana, by=desk)
    answer = web.get(reverse("billing:journal"), {"first": today(place), "last": today(place)})
    assert ana.family_name not in answer.content.decode()
    assert ana.given_name not in answer.content.decode()
    look = AuditEvent.objects.get(action="billing.journal.viewed", actor_uid=desk.uid)
    assert look.detail == {"patients": [str(ana.uid)]}


def test_days_are_those_of_the_clock_on_the_wall_and_both_ends_are_in(
    desk: User, ana: Patient, place: Location
) -> None:
    begin, end = time.day_bounds(time.local_day(NOW, place.tz), place.tz)
    for at in (begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end):
        over = [Side(Account.CASH, Decimal(10), location=place), Side(Account.TILL_DIFFERENCE, Decimal(-10))]
        ledger.post(EntryKind.TILL, over, by=desk, now=at)
    day = time.local_day(NOW, place.tz)
    assert len(journal.postings(day, day, place=place)) == 4  # two counts, two sides each
    assert len(journal.postings(day - timedelta(days=1), day + timedelta(days=1), place=place)) == 8


def test_a_cell_is_never_run_as_a_formula(web: Client, desk: User, ana: Patient, place: Location) -> None:
    User.objects.filter(pk=desk.pk).update(name='=HYPERLINK("https://evil.example")')
    an_invoice(ana, by=desk)
    assert {row["By"][0] for row in file(web, today(place), today(place))} == {"'"}


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("2026-11-24", "2026-11-23", "The last day is before the first."),
        ("2026-01-01", "2026-11-24", "At most 92 days at a time."),
        ("", "2026-11-24", "This field is required."),
        ("yesterday", "2026-11-24", "Enter a valid date."),
    ],
)
def test_days_that_make_no_sense_are_refused_in_a_sentence(web: Client, first: str, last: str, sentence: str) -> None:
    answer = web.get(reverse("billing:journal"), {"first": first, "last": last})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert last in answer.content.decode(), "what was typed stays"


def test_the_page_offers_the_last_month_that_is_over(web: Client) -> None:
    page = web.get(reverse("billing:journal")).content.decode()
    assert 'value="2026-10-01"' in page
    assert 'value="2026-10-31"' in page


def test_days_without_money_give_a_file_of_headings(web: Client) -> None:
    assert file(web, "2020-01-01", "2020-01-31") == []


@pytest.mark.parametrize("rows", [1, 4])
def test_it_costs_the_same_however_much_was_booked(
    desk: User, ana: Patient, place: Location, rows: int, django_assert_num_queries: object
) -> None:
    for _ in range(rows):
        an_invoice(ana, by=desk)
    day = time.local_day(NOW, place.tz)
    with django_assert_num_queries(1):  # type: ignore[operator]
        journal.as_csv(journal.postings(day, day, place=place), place=place, currency="USD")


def test_a_void_payment_stands_with_its_void(web: Client, desk: User, ana: Patient, place: Location) -> None:
    an_invoice(ana, "30.00", by=desk)
    payment = a_payment(ana, "30.00", by=desk, method=Method.CASH)
    payments.void(payment_id=payment.pk, reason="Typed twice", by=desk, now=NOW)
    rows = file(web, today(place), today(place))
    told = [row["Event"] for row in rows if row["Receipt"] == payment.number]
    assert (told[0], told[-1]) == ("Payment", "Payment voided")
    cash = [row for row in rows if row["Account"] == "Cash in the till"]
    assert [(row["Debit"], row["Credit"]) for row in cash] == [("30.00", ""), ("", "30.00")]


def test_therapists_do_not_see_the_money(client: Client, place: Location) -> None:
    client.force_login(a_therapist())
    assert client.get(reverse("billing:journal")).status_code == 403
