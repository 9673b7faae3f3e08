"""The desk's pages: what they show, what they refuse, who may open them, what they cost."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import invoices, payments
from billing.models import Charge, Invoice, Method, Payment, Price, TillCount
from billing.states import ChargeStatus, InvoiceState
from billing.urls import urlpatterns
from clinic import time
from clinic.models import AuditEvent, User
from patients.models import Patient
from tests.factories.billing import (
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
from tests.factories.people import a_therapist, an_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(client: Client, desk: User) -> Client:
    """The desk's browser."""
    client.force_login(desk)
    return client


@pytest.fixture
def owners_web(db: None) -> Client:
    client = Client()
    client.force_login(an_owner())
    return client


def pay_data(web: Client, patient: Patient, **changes: object) -> dict[str, object]:
    """What the payment form holds when it is opened, as a browser would send it."""
    page = web.get(reverse("billing:take_payment", args=[patient.uid]))
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return {**data, "method": "cash", **changes}


def test_the_day_pulls_what_was_signed_and_shows_what_to_do(web: Client, ana: Patient, desk: User) -> None:
    service = a_service("Deep tissue")
    a_price(service, "95.00", by=desk)
    a_signed_note(a_visit(ana, service))
    an_invoice(a_patient("Bo", "Lindqvist"), "40.00", by=desk)
    page = web.get(reverse("billing:day"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "$95.00" in text
    assert "Lindqvist" in text
    assert "$40.00" in text
    assert Charge.objects.filter(note__isnull=False).count() == 1


def test_from_the_day_to_a_receipt_it_takes_four_presses(web: Client, ana: Patient, desk: User) -> None:
    a_charge(ana, "95.00", by=desk)
    issued = web.post(reverse("billing:issue_open", args=[ana.uid]), follow=True)  # 1: Issue invoice
    invoice = Invoice.objects.get()
    assert f"?invoice={invoice.uid}" in issued.content.decode()
    data = pay_data(web, ana)  # 2: Take payment
    receipt = web.post(reverse("billing:take_payment", args=[ana.uid]), data, follow=True)  # 3: Cash, 4: Take it
    assert "R-" in receipt.content.decode()
    assert Invoice.objects.for_list().get().state is InvoiceState.PAID


def test_a_double_click_pays_once(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    data = pay_data(web, ana, amount="40")
    url = reverse("billing:take_payment", args=[ana.uid])
    assert web.post(url, data).status_code == 303
    assert web.post(url, data).status_code == 303
    assert Payment.objects.get().amount == Decimal("40.00")


BAD_AMOUNTS = {
    "-5": "without a minus",
    "100000": "99,999.99 or less",
    "12.345": "two decimals",
    "80.01": r"Only \$80\.00 is due",
    "eighty": "such as 80",
    "8\x000": "Null characters",
    "0": "0.01 or more",
    "": "Enter an amount",
    "1e3": "such as 80",
    "NaN": "such as 80",
    "12,50": "such as 80",
    "9" * 25: "at most 20",
}


@pytest.mark.parametrize("typed", BAD_AMOUNTS)
def test_a_wrong_amount_gets_a_sentence_and_keeps_what_was_typed(
    web: Client, ana: Patient, desk: User, typed: str
) -> None:
    an_invoice(ana, "80.00", by=desk)
    data = pay_data(web, ana, amount=typed, reference="terminal 4711")
    answer = web.post(reverse("billing:take_payment", args=[ana.uid]), data)
    assert answer.status_code == 422
    assert re.search(BAD_AMOUNTS[typed], " ".join(answer.context["form"].errors["amount"]))
    text = answer.content.decode()
    assert "terminal 4711" in text
    if typed and "\x00" not in typed:
        assert f'value="{typed}"' in text
    assert not Payment.objects.exists()


@pytest.mark.parametrize("typed", ["$80", "80.", "80.00 ", " 80", "0,080.00"[2:]])
def test_amounts_are_read_as_people_write_them(web: Client, ana: Patient, desk: User, typed: str) -> None:
    an_invoice(ana, "80.00", by=desk)
    answer = web.post(reverse("billing:take_payment", args=[ana.uid]), pay_data(web, ana, amount=typed))
    assert answer.status_code == 303
    assert Payment.objects.get().amount == Decimal("80.00")


def test_a_payment_dated_in_the_future_is_refused(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    day = (time.now() + timedelta(days=2)).date().isoformat()
    answer = web.post(reverse("billing:take_payment", args=[ana.uid]), pay_data(web, ana, value_on=day))
    assert answer.status_code == 422
    assert "in the future" in str(answer.context["form"].errors["value_on"])


def test_the_second_desk_is_told_and_can_go_on_with_the_fresh_figures(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    data = pay_data(web, ana)
    a_payment(ana, "50.00", by=desk)
    answer = web.post(reverse("billing:take_payment", args=[ana.uid]), data)
    assert answer.status_code == 422
    assert "changed a moment ago" in answer.content.decode()
    again = data | {"seen_open": answer.context["form"]["seen_open"].value(), "amount": "30.00"}
    assert web.post(reverse("billing:take_payment", args=[ana.uid]), again).status_code == 303


def test_more_than_is_due_can_be_kept_as_credit(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    data = pay_data(web, ana, amount="100", keep_rest="on")
    assert web.post(reverse("billing:take_payment", args=[ana.uid]), data).status_code == 303
    page = web.get(reverse("billing:patient_panel", args=[ana.uid]))
    assert "$20.00" in page.content.decode()


def test_somebody_elses_invoice_is_not_paid_by_a_swapped_id(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    other = an_invoice(a_patient("Bo", "Li"), by=desk)
    answer = web.post(reverse("billing:take_payment", args=[ana.uid]), pay_data(web, ana, invoices=[other.uid]))
    assert answer.status_code == 422
    assert not Payment.objects.exists()


def test_the_panel_is_a_section_for_htmx_and_a_page_for_everyone_else(web: Client, ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    url = reverse("billing:patient_panel", args=[ana.uid])
    part = web.get(url, headers={"HX-Request": "true"}).content.decode().strip()
    assert part.startswith("<section")
    assert "<html" not in part
    assert "<html" in web.get(url).content.decode()


def test_a_new_invoice_goes_to_whom_the_desk_says_or_stays_a_draft(web: Client, ana: Patient, desk: User) -> None:
    charge = a_charge(ana, by=desk)
    url = reverse("billing:new_invoice", args=[ana.uid])
    data = {
        "charges": [charge.uid],
        "bill_to_name": "Harbour Shipping Ltd",
        "bill_to_address": "1 Quay",
        "due_on": (time.now() + timedelta(days=30)).date().isoformat(),
        "message": "Case 12",
        "draft": "1",
    }
    web.post(url, data)
    draft = Invoice.objects.get()
    assert not draft.is_issued
    web.post(reverse("billing:issue", args=[draft.uid]))
    invoice = Invoice.objects.get()
    assert (invoice.bill_to_name, invoice.message, invoice.is_issued) == ("Harbour Shipping Ltd", "Case 12", True)


def test_an_invoice_without_charges_or_due_in_the_past_is_refused(web: Client, ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    url = reverse("billing:new_invoice", args=[ana.uid])
    answer = web.post(url, {"bill_to_name": "Ana", "due_on": "2020-01-01"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"charges", "due_on"}
    assert not Invoice.objects.exists()


def test_a_charge_is_corrected_and_voided_at_the_desk(web: Client, ana: Patient, desk: User) -> None:
    charge = a_charge(ana, "80.00", by=desk)
    url = reverse("billing:charge", args=[charge.uid])
    data = {"quantity": 1, "unit_price": "60", "tax_rate": "0", "revision": 1, "reason": ""}
    refused = web.post(url, data)
    assert refused.status_code == 422
    assert "reason" in refused.context["form"].errors
    assert web.post(url, data | {"reason": "Agreed"}).status_code == 303
    stale = web.post(url, data | {"reason": "Agreed", "unit_price": "50"})
    assert stale.status_code == 422
    assert "Someone else changed" in stale.content.decode()
    assert 'value="50"' in stale.content.decode()
    web.post(reverse("billing:void_charge", args=[charge.uid]), {"void-reason": "Courtesy"})
    charge.refresh_from_db()
    assert (charge.unit_price, charge.status) == (Decimal("60.00"), ChargeStatus.VOID)


def test_a_missed_visit_is_charged_at_the_desk(web: Client, ana: Patient, desk: User) -> None:
    data = {
        "description": "Missed visit",
        "service_on": time.now().date() - timedelta(days=1),
        "quantity": 1,
        "unit_price": "40",
        "tax_rate": "0",
        "location": a_location().uid,
    }
    assert web.post(reverse("billing:add_charge", args=[ana.uid]), data).status_code == 303
    assert Charge.objects.get().sums.total == Decimal("40.00")


def test_an_invoice_is_credited_line_by_line(web: Client, ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", "20.00", by=desk)
    first, second = invoice.lines.all()
    url = reverse("billing:credit", args=[invoice.uid])
    data = {f"line-{first.pk}": "80.01", f"line-{second.pk}": "0", "reason": "Wrong", "charge_again": "no"}
    refused = web.post(url, data)
    assert refused.status_code == 422
    assert 'value="80.01"' in refused.content.decode()
    assert web.post(url, data | {f"line-{first.pk}": "80"}).status_code == 303
    note = Invoice.objects.get(corrects=invoice)
    assert note.total == Decimal("80.00")
    assert web.get(reverse("billing:invoice", args=[note.uid])).status_code == 200


def test_a_payment_is_voided_and_what_is_left_refunded_at_the_desk(web: Client, ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    now = time.now()
    slip = a_payment(ana, "80.00", by=desk, now=now)
    assert web.post(reverse("billing:void_payment", args=[slip.uid]), {"void-reason": ""}).status_code == 422
    assert web.post(reverse("billing:void_payment", args=[slip.uid]), {"void-reason": "Slip"}).status_code == 303
    paid = a_payment(ana, "100.00", by=desk, now=now, keep_rest=True)
    data = {"amount": "20", "method": "card", "location": a_location().uid, "reason": "Asked", "key": uuid.uuid4()}
    assert web.post(reverse("billing:refund", args=[paid.uid]), data | {"amount": "21"}).status_code == 422
    assert web.post(reverse("billing:refund", args=[paid.uid]), data).status_code == 303
    assert Payment.objects.filter(refund_of=paid).get().amount == Decimal("20.00")


def test_an_invoice_is_written_off_at_the_desk(web: Client, ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    url = reverse("billing:write_off", args=[invoice.uid])
    assert web.post(url, {"amount": "80.01", "reason": "Moved"}).status_code == 422
    assert web.post(url, {"amount": "80", "reason": "Moved away"}).status_code == 303
    assert Invoice.objects.for_list().get().state is InvoiceState.WRITTEN_OFF


def test_the_day_is_closed_with_the_cash_that_is_there(web: Client, ana: Patient, desk: User) -> None:
    now = time.now()
    an_invoice(ana, "80.00", by=desk)
    a_payment(ana, "80.00", by=desk, method=Method.CASH, now=now)
    place = a_location()
    page = web.get(reverse("billing:takings"))
    assert "$80.00" in page.content.decode()
    form = page.context["form"]
    data = {"key": form["key"].value(), "seen_expected": form["seen_expected"].value(), "counted": "79"}
    url = reverse("billing:count_till", args=[place.uid])
    refused = web.post(url, data)
    assert refused.status_code == 422
    assert "Say why" in str(refused.context["form"].errors["reason"])
    assert web.post(url, data | {"reason": "A coin is missing", "banked": "50"}).status_code == 303
    assert web.post(url, data | {"reason": "A coin is missing", "banked": "50"}).status_code == 303
    assert TillCount.objects.get().left == Decimal("29.00")
    assert "Till counted" in web.get(reverse("billing:day")).content.decode()


@pytest.mark.parametrize("query", ["day=tomorrow", "day=9999-12-31", "day=0001-01-01", "location=%00", "day=1%00"])
def test_takings_of_an_impossible_day_show_a_possible_one(web: Client, query: str) -> None:
    assert web.get(f"{reverse('billing:takings')}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["page=9999", "page=x", "number=%00", "number=' OR 1=1--", "show=nothing"])
def test_lists_take_any_query(web: Client, ana: Patient, desk: User, query: str) -> None:
    an_invoice(ana, by=desk)
    assert web.get(f"{reverse('billing:invoices')}?{query}").status_code == 200
    assert web.get(f"{reverse('billing:receipts')}?{query}").status_code == 200


def test_an_invoice_is_found_by_a_part_of_its_number(web: Client, ana: Patient, desk: User) -> None:
    first, second = an_invoice(ana, by=desk), an_invoice(ana, by=desk)
    text = web.get(f"{reverse('billing:invoices')}?number=00002").content.decode()
    assert str(second.uid) in text
    assert str(first.uid) not in text


def test_the_owner_sets_prices_and_waiting_visits_get_them(owners_web: Client, ana: Patient, desk: User) -> None:
    service = a_service()
    a_signed_note(a_visit(ana, service))
    assert "without a price" in owners_web.get(reverse("billing:day")).content.decode()
    url = reverse("billing:set_price", args=[service.uid])
    bad = owners_web.post(url, {"amount": "-1", "tax_rate": "101", "valid_from": "1890-01-01"})
    assert bad.status_code == 422
    assert set(bad.context["form"].errors) == {"amount", "tax_rate", "valid_from"}
    assert owners_web.post(url, {"amount": "75", "tax_rate": "0", "valid_from": "2026-01-01"}).status_code == 303
    assert Price.objects.get().amount == Decimal(75)
    assert Charge.objects.get().unit_price == Decimal(75)


def urls_of(patient: Patient, desk: User) -> list[str]:
    invoice = an_invoice(patient, by=desk)
    payment = a_payment(patient, by=desk)
    charge = a_charge(patient, by=desk)
    uid_of = {
        "patients": patient.uid,
        "charges": charge.uid,
        "invoices": invoice.uid,
        "receipts": payment.uid,
        "prices": a_service().uid,
        "takings": a_location().uid,
    }
    found = []
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        args = [uid_of[route.split("/", maxsplit=1)[0]]] if "<uuid" in route else []
        found.append(reverse(f"billing:{pattern.name}", args=args))
    return found


def test_a_therapist_sees_nothing_of_billing(client: Client, ana: Patient, desk: User) -> None:
    client.force_login(a_therapist())
    for url in urls_of(ana, desk):
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code == 403
            assert "Núñez" not in answer.content.decode()


def test_only_the_owner_sets_prices(web: Client, ana: Patient, desk: User) -> None:
    service = a_service()
    assert web.get(reverse("billing:prices")).status_code == 403
    assert web.post(reverse("billing:set_price", args=[service.uid]), {"amount": "1"}).status_code == 403
    assert not Price.objects.exists()


def test_nobody_signed_out_sees_anything(client: Client, ana: Patient, desk: User) -> None:
    for url in urls_of(ana, desk):
        assert client.get(url).status_code in {302, 303}


def test_unknown_uids_are_not_found(web: Client) -> None:
    for pattern in urlpatterns:
        if "<uuid" in str(pattern.pattern) and "price" not in pattern.name:
            assert web.get(reverse(f"billing:{pattern.name}", args=[uuid.uuid4()])).status_code in {404, 405}


def test_looking_changes_nothing(web: Client, ana: Patient, desk: User) -> None:
    for url in urls_of(ana, desk):
        web.get(url)
        web.head(url)
    assert Invoice.objects.count() == 1
    assert Payment.objects.count() == 1
    assert Charge.objects.to_invoice().count() == 1


def test_every_look_at_an_account_is_written_down(web: Client, ana: Patient, desk: User) -> None:
    for url in urls_of(ana, desk):
        before = AuditEvent.objects.filter(is_look=True).count()
        page = web.get(url)
        names_her = page["Content-Type"] == "application/pdf" or "Núñez" in page.content.decode()
        if page.status_code == 200 and names_her:
            assert AuditEvent.objects.filter(is_look=True).count() > before, url


def cost(web: Client, url: str) -> int:
    """Queries of one page; the second time, when nothing is warmed up or pulled any more."""
    web.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert web.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["day", "invoices", "receipts", "open_items", "takings"])
def test_a_list_costs_the_same_with_one_row_and_with_four(web: Client, desk: User, name: str) -> None:
    costs = []
    for rows in (1, 3):
        for place in range(rows):
            person = a_patient(family=f"Number{place}")
            an_invoice(person, "80.00", by=desk)
            a_payment(person, "30.00", by=desk, now=time.now())
            a_charge(person, by=desk)
        costs.append(cost(web, reverse(f"billing:{name}")))
    assert costs[0] == costs[1]
    assert costs[0] < 25


@pytest.mark.parametrize("name", ["patient_panel", "take_payment", "new_invoice"])
def test_an_account_costs_the_same_with_one_row_and_with_four(web: Client, ana: Patient, desk: User, name: str) -> None:
    costs = []
    for rows in (1, 3):
        for _ in range(rows):
            an_invoice(ana, "80.00", by=desk)
            a_payment(ana, "30.00", by=desk)
            a_charge(ana, by=desk)
        costs.append(cost(web, reverse(f"billing:{name}", args=[ana.uid])))
    assert costs[0] == costs[1]
    assert costs[0] < 30


def test_the_prices_cost_the_same_with_one_service_and_with_four(owners_web: Client, desk: User) -> None:
    costs = []
    for rows in (1, 3):
        for _ in range(rows):
            a_price(a_service(), by=desk)
        costs.append(cost(owners_web, reverse("billing:prices")))
    assert costs[0] == costs[1]


def test_a_refusal_of_the_verb_reaches_the_desk_as_a_sentence(web: Client, ana: Patient, desk: User) -> None:
    answer = web.post(reverse("billing:issue_open", args=[ana.uid]), follow=True)
    assert "nothing left to invoice" in answer.content.decode()
    draft_charge = a_charge(ana, by=desk)
    draft = invoices.draft(patient=ana, charges=[draft_charge.pk], by=desk, now=time.now())
    invoices.issue(invoice_id=draft.pk, by=desk, now=time.now())
    answer = web.post(reverse("billing:discard", args=[draft.uid]), follow=True)
    assert "can be credited, not discarded" in answer.content.decode()
    answer = web.post(reverse("billing:use_credit", args=[ana.uid]), follow=True)
    assert "no credit left" in answer.content.decode()
    assert payments.PaymentRefused("x").field is None
