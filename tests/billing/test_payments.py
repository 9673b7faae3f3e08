"""Payments: spread, kept, pressed twice, voided, given back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from billing import accounts, payments, till, verification
from billing.models import Invoice, Method, Payment
from billing.states import InvoiceState
from clinic.models import User
from patients.models import Patient
from tests.factories.billing import NOW, TODAY, a_desk, a_location, a_payment, an_invoice

pytestmark = pytest.mark.django_db


def state(invoice: Invoice) -> InvoiceState:
    return Invoice.objects.for_list().get(pk=invoice.pk).state


def refund(payment: Payment, amount: str, *, by: User, **facts: object) -> Payment:
    options = {
        "method": Method.CASH,
        "location": a_location(),
        "reason": "Paid too much",
        "key": uuid.uuid4(),
        "now": NOW,
    }
    return payments.refund(payment_id=payment.pk, amount=Decimal(amount), by=by, **(options | facts))  # type: ignore[arg-type]


def count_till(by: User, counted: str = "0.00", **facts: object) -> None:
    options = {"banked": Decimal(0), "reason": "", "key": uuid.uuid4(), "now": NOW}
    till.count(location=a_location(), counted=Decimal(counted), by=by, **(options | facts))  # type: ignore[arg-type]


def test_a_payment_pays_the_oldest_invoice_first(ana: Patient, desk: User) -> None:
    first, second = an_invoice(ana, "80.00", by=desk), an_invoice(ana, "50.00", by=desk)
    payment = a_payment(ana, "100.00", by=desk)
    assert (state(first), state(second)) == (InvoiceState.PAID, InvoiceState.PARTLY_PAID)
    assert payment.number == "R-2026-00001"
    assert accounts.standing(ana).open == Decimal("30.00")
    assert verification.verify() == []


def test_a_payment_can_be_for_one_invoice_of_several(ana: Patient, desk: User) -> None:
    first, second = an_invoice(ana, "80.00", by=desk), an_invoice(ana, "50.00", by=desk)
    a_payment(ana, "50.00", by=desk, towards=[second.pk])
    assert (state(first), state(second)) == (InvoiceState.ISSUED, InvoiceState.PAID)


def test_more_than_is_due_is_refused_unless_the_rest_is_kept(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    with pytest.raises(payments.PaymentRefused, match=r"Only \$80\.00 is due") as refusal:
        a_payment(ana, "100.00", by=desk)
    assert refusal.value.field == "amount"
    a_payment(ana, "100.00", by=desk, keep_rest=True)
    assert accounts.standing(ana).credit == Decimal("20.00")
    next_one = an_invoice(ana, "15.00", by=desk)
    assert payments.use_credit(patient=ana, by=desk, now=NOW) == Decimal("15.00")
    assert state(next_one) is InvoiceState.PAID
    assert accounts.standing(ana).credit == Decimal("5.00")
    assert verification.verify() == []


def test_pressing_the_button_twice_pays_once(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    key = uuid.uuid4()
    first = a_payment(ana, "40.00", by=desk, key=key)
    again = a_payment(ana, "40.00", by=desk, key=key)
    assert first == again
    with pytest.raises(payments.PaymentRefused, match="used already"):
        a_payment(ana, "30.00", by=desk, key=key)
    assert Payment.objects.count() == 1


def test_the_second_desk_is_told_that_the_invoice_was_paid_a_moment_ago(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    other = a_desk(name="Kim Osei")
    a_payment(ana, "80.00", by=other, seen_open=Decimal("80.00"))
    with pytest.raises(payments.PaymentRefused, match=r"R-2026-00001 .* taken by Kim Osei.*\$0\.00 is open now"):
        a_payment(ana, "80.00", by=desk, seen_open=Decimal("80.00"))
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-5", "100000.00", "1.005"])
def test_an_impossible_amount_is_refused(ana: Patient, desk: User, amount: str) -> None:
    an_invoice(ana, by=desk)
    with pytest.raises(payments.PaymentRefused):
        a_payment(ana, amount, by=desk, keep_rest=True)


def test_money_dated_tomorrow_is_refused(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    with pytest.raises(payments.PaymentRefused, match="future"):
        a_payment(ana, by=desk, value_on=TODAY + timedelta(days=1))


def test_a_void_payment_opens_the_invoice_again(ana: Patient, desk: User) -> None:
    invoice = an_invoice(ana, "80.00", by=desk)
    payment = a_payment(ana, by=desk)
    payments.void(payment_id=payment.pk, reason="Wrong patient", by=desk, now=NOW + timedelta(minutes=5))
    assert state(invoice) is InvoiceState.ISSUED
    with pytest.raises(payments.PaymentRefused, match="already"):
        payments.void(payment_id=payment.pk, reason="Again", by=desk, now=NOW)
    a_payment(ana, by=desk)
    assert state(invoice) is InvoiceState.PAID
    assert verification.verify() == []


def test_a_payment_of_yesterday_is_refunded_not_voided(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    payment = a_payment(ana, by=desk)
    with pytest.raises(payments.PaymentRefused, match="own day only"):
        payments.void(payment_id=payment.pk, reason="Slip", by=desk, now=NOW + timedelta(hours=10))


def test_a_payment_before_the_till_was_counted_is_not_voided(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    payment = a_payment(ana, by=desk)
    count_till(desk)
    with pytest.raises(payments.PaymentRefused, match="counted since"):
        payments.void(payment_id=payment.pk, reason="Slip", by=desk, now=NOW)
    assert not payments.can_void(payment, now=NOW)


def test_only_what_is_left_of_a_payment_goes_back(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    payment = a_payment(ana, "100.00", by=desk, keep_rest=True)
    with pytest.raises(payments.PaymentRefused, match=r"At most \$20\.00"):
        refund(payment, "20.01", by=desk)
    back = refund(payment, "20.00", by=desk)
    assert (back.number, back.refund_of) == ("R-2026-00002", payment)
    with pytest.raises(payments.PaymentRefused, match="Credit the invoice first"):
        refund(payment, "1.00", by=desk)
    with pytest.raises(payments.PaymentRefused, match="Void the refund first"):
        payments.void(payment_id=payment.pk, reason="Slip", by=desk, now=NOW)
    payments.void(payment_id=back.pk, reason="Patient changed her mind", by=desk, now=NOW)
    assert accounts.standing(ana).credit == Decimal("20.00")
    assert verification.verify() == []


def test_the_takings_agree_with_payments_and_ledger(ana: Patient, desk: User) -> None:
    an_invoice(ana, "300.00", by=desk)
    kim = a_desk(name="Kim Osei")
    a_payment(ana, "100.00", by=desk, method=Method.CASH)
    a_payment(ana, "80.00", by=kim, method=Method.CARD)
    slip = a_payment(ana, "20.00", by=kim, method=Method.CASH)
    payments.void(payment_id=slip.pk, reason="Slip", by=kim, now=NOW)
    paid = a_payment(ana, "150.00", by=desk, method=Method.BANK, keep_rest=True)
    refund(paid, "30.00", by=desk)
    day = till.takings(a_location(), TODAY)
    assert {method.value: one.total for method, one in day.by_method.items()} == {
        "cash": Decimal("70.00"),
        "card": Decimal("80.00"),
        "bank": Decimal("150.00"),
        "cheque": Decimal("0.00"),
    }
    assert {one.label: one.total for one in day.by_person} == {
        "Kim Osei": Decimal("80.00"),
        "Sam Reyes": Decimal("220.00"),
    }
    assert day.total.total == Decimal("300.00")
    assert day.agrees
    assert till.takings(a_location(), TODAY - timedelta(days=1)).payments == []


def test_the_till_is_counted_a_difference_has_a_reason_and_the_rest_stays(ana: Patient, desk: User) -> None:
    an_invoice(ana, "100.00", by=desk)
    a_payment(ana, "100.00", by=desk, method=Method.CASH)
    with pytest.raises(till.TillRefused, match="Say why"):
        count_till(desk, "98.00")
    with pytest.raises(till.TillRefused, match="More cannot go"):
        count_till(desk, "98.00", banked=Decimal(99), reason="Lost")
    with pytest.raises(till.TillRefused, match="Cash moved"):
        count_till(desk, "100.00", seen_expected=Decimal(90))
    count_till(desk, "98.00", banked=Decimal(50), reason="Change given wrongly")
    assert till.takings(a_location(), TODAY).is_closed
    assert till.ledger.cash_in_till(a_location()) == Decimal("48.00")
    an_invoice(ana, "10.00", by=desk)
    a_payment(ana, "10.00", by=desk, method=Method.CASH, now=NOW + timedelta(minutes=1))
    assert not till.takings(a_location(), TODAY).is_closed
    count_till(desk, "58.00", now=NOW + timedelta(minutes=2))
    assert till.takings(a_location(), TODAY).is_closed
    assert verification.verify() == []
