"""What patients are written about their invoices: once a rule, while money is expected, never by text how much."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import invoices
from billing.models import Invoice
from clinic import messaging
from clinic.access import SYSTEM
from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import OutboundMessage
from patients import consent
from patients.models import Channel, Patient
from scheduling import message_rules, nudges
from scheduling.contact import Way
from scheduling.models import Anchor
from tests.factories import billing as bills
from tests.factories.scheduling import local

pytestmark = pytest.mark.django_db
DAY = 24 * 60
#: Issued on Tuesday the twenty-fourth at three in the afternoon, to be paid within fourteen days.
ISSUED = bills.NOW


@pytest.fixture
def house() -> SimpleNamespace:
    desk = bills.a_desk()
    patient = bills.a_patient(email="ana@patients.example", preferred_channel=Channel.EMAIL)
    consent.record(patient=patient, channel=Channel.EMAIL, given=True, by=SYSTEM, now=ISSUED)
    for anchor, days in ((Anchor.ISSUE, 0), (Anchor.DUE, 3)):
        message_rules.add(
            purpose=MessagePurpose.INVOICE, anchor=anchor, minutes=days * DAY, by=desk, now=ISSUED - timedelta(days=90)
        )
    return SimpleNamespace(desk=desk, patient=patient)


def written() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(purpose=MessagePurpose.INVOICE).order_by("due_at", "pk"))


def test_an_invoice_is_told_of_when_it_was_issued_and_again_when_it_is_overdue(house: SimpleNamespace) -> None:
    invoice = bills.an_invoice(house.patient, "80.00", by=house.desk)
    assert nudges.plan(now=ISSUED) == 1
    [told] = written()
    assert (told.due_at, told.subject_uid) == (ISSUED, invoice.uid)
    assert "$80.00" in told.text
    assert str(invoice.number) in told.text
    messaging.deliver_all(now=ISSUED)
    for hours in range(0, 24 * 30, 7):
        nudges.plan(now=ISSUED + timedelta(hours=hours))
        messaging.deliver_all(now=ISSUED + timedelta(hours=hours))
    assert [row.due_at for row in written()] == [ISSUED, local(11, 10, month=12)]
    assert "still waiting" in written()[1].text
    assert {row.state for row in written()} == {State.ACCEPTED}


def test_what_was_paid_meanwhile_is_asked_for_no_more(house: SimpleNamespace) -> None:
    bills.an_invoice(house.patient, "80.00", by=house.desk)
    nudges.plan(now=ISSUED)
    bills.a_payment(house.patient, "80.00", by=house.desk)
    nudges.plan(now=ISSUED)
    assert [row.reason for row in written()] == [Reason.NO_LONGER_NEEDED]
    assert nudges.plan(now=local(11, 9, month=12)) == 0


def test_what_was_paid_in_part_is_asked_for_with_what_is_left(house: SimpleNamespace) -> None:
    bills.an_invoice(house.patient, "80.00", by=house.desk)
    bills.a_payment(house.patient, "30.00", by=house.desk)
    nudges.plan(now=local(11, 9, month=12))
    assert "$50.00" in written()[-1].text


def test_written_off_is_not_asked_for(house: SimpleNamespace) -> None:
    invoice = bills.an_invoice(house.patient, "80.00", by=house.desk)
    invoices.write_off(
        invoice_id=invoice.pk, amount=Decimal("80.00"), reason="Agreed with the patient", by=house.desk, now=ISSUED
    )
    assert nudges.plan(now=ISSUED) == 0


def test_a_draft_asks_for_nothing(house: SimpleNamespace) -> None:
    bills.a_charge(house.patient, by=house.desk)
    invoices.draft(patient=house.patient, by=house.desk, now=ISSUED)
    assert not Invoice.objects.issued().exists()
    assert nudges.plan(now=ISSUED) == 0


def test_what_was_issued_at_night_is_told_in_the_morning(house: SimpleNamespace) -> None:
    bills.an_invoice(house.patient, by=house.desk, now=local(24, 23))
    nudges.plan(now=local(24, 23))
    assert [row.due_at for row in written()] == [local(25, 8)]


def test_by_text_message_neither_amount_nor_number_is_said(house: SimpleNamespace) -> None:
    invoice = bills.an_invoice(house.patient, "80.00", by=house.desk)
    here = nudges.setting(ISSUED)
    [nudge] = nudges.wanted(here, ISSUED + timedelta(hours=1))
    draft = nudges.draft(nudge, Way(Channel.SMS, "+12025550123"), here)
    assert "80" not in draft.text.replace("+12125550100", "").replace("(212) 555-0100", "")
    assert str(invoice.number) not in draft.text


def test_planning_costs_the_same_with_one_invoice_and_with_four(house: SimpleNamespace) -> None:
    def cost() -> int:
        nudges.plan(now=ISSUED)
        with CaptureQueriesContext(connection) as asked:
            nudges.plan(now=ISSUED)
        return len(asked)

    def another() -> None:
        patient = Patient.objects.create(
            given_name="Bo", family_name="Ek", born_on="1990-01-01", registered_at=ISSUED, email="bo@p.example",
            preferred_channel=Channel.EMAIL,
        )  # fmt: skip
        bills.an_invoice(patient, by=house.desk)

    another()
    before = cost()
    for _ in range(3):
        another()
    assert cost() == before
