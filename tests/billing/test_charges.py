"""Charges: pulled from signed notes, once; priced; corrected; voided."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import charges, invoices, pricelist
from billing.models import Charge
from billing.states import ChargeStatus
from billing.tasks import pull_charges
from clinic.access import SYSTEM
from clinic.forms import StaleRecord
from clinic.models import AuditEvent, User
from patients.models import Patient
from tests.factories.billing import (
    NOW,
    TODAY,
    a_charge,
    a_patient,
    a_price,
    a_service,
    a_signed_note,
    a_visit,
    an_invoice,
)
from treatments import notes

pytestmark = pytest.mark.django_db


def correct(charge: Charge, *, by: User, **facts: object) -> Charge:
    options = {
        "quantity": charge.quantity,
        "unit_price": charge.unit_price or Decimal("10.00"),
        "discount": charge.discount,
        "discount_reason": charge.discount_reason,
        "tax_rate": charge.tax_rate,
        "reason": "Agreed on the phone",
        "revision": charge.revision,
    }
    return charges.correct(charge_id=charge.pk, by=by, now=NOW, **(options | facts))  # type: ignore[arg-type]


def test_a_signed_note_of_a_visit_becomes_a_charge_with_the_price_of_its_day(ana: Patient, desk: User) -> None:
    service = a_service("Deep tissue, 60 min")
    a_price(service, "95.00", by=desk)
    visit = a_visit(ana, service, starts_at=NOW - timedelta(hours=3))
    a_signed_note(visit)
    assert charges.pull(now=NOW, by=desk).charged == 1
    charge = Charge.objects.get()
    assert (charge.patient, charge.appointment, charge.service) == (ana, visit, service)
    assert (charge.description, charge.billing_code) == ("Deep tissue, 60 min", "M60")
    assert (charge.unit_price, charge.status) == (Decimal("95.00"), ChargeStatus.OPEN)
    assert charge.service_on == TODAY
    assert AuditEvent.objects.filter(action="charge.pulled", patient_uid=ana.uid).count() == 1


def test_pulling_twice_makes_one_charge(ana: Patient, desk: User) -> None:
    service = a_service()
    a_price(service, by=desk)
    a_signed_note(a_visit(ana, service))
    charges.pull(now=NOW, by=desk)
    assert charges.pull(now=NOW, by=SYSTEM).charged == 0
    assert Charge.objects.count() == 1


def test_pages_look_at_one_patient_or_at_what_was_signed_lately_and_the_beat_at_everything(
    ana: Patient, desk: User
) -> None:
    service = a_service()
    a_price(service, by=desk)
    a_signed_note(a_visit(ana, service))
    later = NOW + timedelta(days=40)
    assert charges.pull(now=later, by=desk, signed_within=charges.LATELY).charged == 0
    assert charges.pull(now=later, by=desk, patient=a_patient("Bo", "Li")).charged == 0
    assert charges.pull(now=later, by=desk, patient=ana).charged == 1
    a_signed_note(a_visit(ana, service))
    assert charges.pull(now=later, by=SYSTEM).charged == 1


def test_a_draft_note_is_not_charged(ana: Patient, desk: User) -> None:
    visit = a_visit(ana, a_service())
    user = visit.practitioner.user
    notes.start(
        patient=ana,
        plan=None,
        practitioner=visit.practitioner,
        visit_uid=visit.uid,
        service_at=visit.starts_at,
        by=user,
        now=NOW,
    )
    assert charges.pull(now=NOW, by=desk).charged == 0


def test_a_visit_without_a_price_is_seen_to_need_one_and_gets_it_once_it_is_set(ana: Patient, desk: User) -> None:
    service = a_service()
    a_signed_note(a_visit(ana, service))
    charges.pull(now=NOW, by=desk)
    assert Charge.objects.needing_a_price().count() == 1
    a_price(service, "70.00", by=desk)
    assert charges.pull(now=NOW, by=desk).priced == 1
    assert Charge.objects.get().sums.total == Decimal("70.00")


def test_the_beat_pulls_as_tonus_itself(ana: Patient, desk: User) -> None:
    service = a_service()
    a_price(service, by=desk)
    a_signed_note(a_visit(ana, service))
    pull_charges()
    assert Charge.objects.get().entered_by is None
    assert AuditEvent.objects.get(action="charge.pulled").actor_kind == "system"


def test_a_charge_keeps_its_price_when_the_list_changes(ana: Patient, desk: User) -> None:
    service = a_service()
    a_price(service, "80.00", by=desk)
    a_signed_note(a_visit(ana, service))
    charges.pull(now=NOW, by=desk)
    a_price(service, "90.00", by=desk, valid_from=TODAY)
    charges.pull(now=NOW, by=desk)
    assert Charge.objects.get().unit_price == Decimal("80.00")


def test_a_charge_says_nothing_of_the_note(ana: Patient, desk: User) -> None:
    service = a_service()
    a_price(service, by=desk)
    a_signed_note(a_visit(ana, service), words="Canary of the spine")
    charges.pull(now=NOW, by=desk)
    charge = Charge.objects.get()
    assert not any("Canary" in str(getattr(charge, field.attname)) for field in Charge._meta.concrete_fields)


def test_a_charge_is_corrected_with_a_reason_and_its_history_keeps_what_it_was(ana: Patient, desk: User) -> None:
    charge = a_charge(ana, "80.00", by=desk)
    correct(charge, by=desk, unit_price=Decimal("60.00"), discount=Decimal("10.00"), discount_reason="Student")
    charge.refresh_from_db()
    assert charge.sums.total == Decimal("50.00")
    event = AuditEvent.objects.get(action="charge.corrected")
    assert event.reason == "Agreed on the phone"
    first = charge.events.order_by("pgh_id").first()
    assert first.unit_price == Decimal("80.00")


def test_the_second_of_two_people_correcting_a_charge_is_told(ana: Patient, desk: User) -> None:
    charge = a_charge(ana, by=desk)
    correct(charge, by=desk, unit_price=Decimal("60.00"))
    with pytest.raises(StaleRecord):
        correct(charge, by=desk, unit_price=Decimal("70.00"))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"unit_price": Decimal(-1)}, "lies between"),
        ({"unit_price": Decimal(100000)}, "lies between"),
        ({"unit_price": Decimal("1.005")}, "lies between"),
        ({"quantity": 0}, "between 1 and 100"),
        ({"quantity": 100, "unit_price": Decimal("1000.00")}, "no charge is over"),
        ({"discount": Decimal("80.01"), "discount_reason": "x"}, "more than the charge"),
        ({"discount": Decimal("10.00"), "discount_reason": " "}, "what the discount is for"),
    ],
)
def test_impossible_figures_are_refused(ana: Patient, desk: User, facts: dict, sentence: str) -> None:
    charge = a_charge(ana, "80.00", by=desk)
    with pytest.raises(charges.ChargeRefused, match=sentence):
        correct(charge, by=desk, **facts)


def test_a_charge_is_voided_with_a_reason_and_stays_void(ana: Patient, desk: User) -> None:
    charge = a_charge(ana, by=desk)
    with pytest.raises(charges.ChargeRefused, match="Say why"):
        charges.void(charge_id=charge.pk, reason=" ", by=desk, now=NOW)
    charges.void(charge_id=charge.pk, reason="Courtesy", by=desk, now=NOW)
    with pytest.raises(charges.ChargeRefused, match="void already"):
        charges.void(charge_id=charge.pk, reason="Again", by=desk, now=NOW)
    with pytest.raises(invoices.InvoiceRefused, match="nothing left"):
        invoices.draft(patient=ana, by=desk, now=NOW)


def test_an_invoiced_charge_is_corrected_by_credit_only(ana: Patient, desk: User) -> None:
    an_invoice(ana, by=desk)
    charge = Charge.objects.get()
    with pytest.raises(charges.ChargeRefused, match="Credit it there"):
        correct(charge, by=desk)
    with pytest.raises(charges.ChargeRefused, match="Credit it there"):
        charges.void(charge_id=charge.pk, reason="No", by=desk, now=NOW)


def test_a_charge_of_tomorrow_is_refused(ana: Patient, desk: User) -> None:
    with pytest.raises(charges.ChargeRefused, match="future"):
        a_charge(ana, by=desk, service_on=TODAY + timedelta(days=1))


def test_a_price_from_a_day_ends_the_one_before_and_leaves_the_next_alone(desk: User) -> None:
    service = a_service()
    a_price(service, "80.00", by=desk)
    a_price(service, "90.00", by=desk, valid_from=TODAY + timedelta(days=30))
    a_price(service, "85.00", by=desk, valid_from=TODAY)
    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=29), TODAY + timedelta(days=30)]
    amounts = [pricelist.price_on(service.pk, day).amount for day in days]
    assert amounts == [Decimal(80), Decimal(85), Decimal(85), Decimal(90)]


def test_a_price_set_twice_for_one_day_is_put_right(desk: User) -> None:
    service = a_service()
    a_price(service, "80.00", by=desk)
    a_price(service, "8.00", by=desk, valid_from=TODAY)
    a_price(service, "88.00", by=desk, valid_from=TODAY)
    assert pricelist.price_on(service.pk, TODAY).amount == Decimal(88)


@pytest.mark.parametrize("amount", ["-1", "100000.00", "0.001"])
def test_an_impossible_price_is_refused(desk: User, amount: str) -> None:
    with pytest.raises(pricelist.PriceRefused):
        a_price(a_service(), amount, by=desk)
