"""Several desks at one moment: numbers without gaps, money taken once, charges made once."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier, Event

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from billing import charges, invoices, numbering, payments, verification
from billing.models import Charge, Invoice, Method, Payment, Series
from clinic.models import User
from patients.models import Patient
from tests.billing.keys import with_the_keys
from tests.factories.billing import (
    NOW,
    a_charge,
    a_location,
    a_patient,
    a_price,
    a_service,
    a_signed_note,
    a_visit,
    an_invoice,
)

pytestmark = pytest.mark.django_db(transaction=True)


class ChangedHerMind(Exception):
    """Rolls a transaction back after its number was taken."""


def together(count: int, act: Callable[[int], object]) -> list[object]:
    """The act, by this many threads that begin at the same moment; exceptions are results too."""
    start = Barrier(count)

    def run(place: int) -> object:
        start.wait()
        try:
            return act(place)
        except Exception as exception:
            return exception
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_twenty_desks_issuing_with_random_rollbacks_use_the_numbers_one_to_n_exactly(desk: User) -> None:
    """P13. Every desk issues ten times for its own patients; a third of the issues is rolled back."""
    rolled = random.Random(13)
    plan = [[rolled.random() < 1 / 3 for _ in range(10)] for _ in range(20)]
    people = [a_patient(family=f"Number{place}") for place in range(20)]
    for person in people:
        for _ in range(10):
            a_charge(person, "10.00", by=desk)

    def act(place: int) -> int:
        issued = 0
        waiting = list(Charge.objects.for_patient(people[place]).to_invoice().values_list("pk", flat=True))
        for charge, roll_back in zip(waiting, plan[place], strict=True):
            try:
                with transaction.atomic():
                    draft = invoices.draft(patient=people[place], charges=[charge], by=desk, now=NOW)
                    invoices.issue(invoice_id=draft.pk, by=desk, now=NOW)
                    if roll_back:
                        raise ChangedHerMind
                issued += 1
            except ChangedHerMind:
                continue
        return issued

    results = together(20, act)
    expected = sum(not roll_back for row in plan for roll_back in row)
    assert sum(results) == expected  # type: ignore[arg-type]
    numbers = sorted(Invoice.objects.issued().values_list("sequence", flat=True))
    assert numbers == list(range(1, expected + 1))
    assert verification.verify() == []


@pytest.mark.long
def test_numbers_are_without_gaps_also_when_connections_are_cut(desk: User) -> None:
    """P13, the long form: 40 desks × 50 issues, random rollbacks, and 50 connections killed by the server."""
    rolled = random.Random(31)
    plan = [[rolled.random() < 1 / 4 for _ in range(50)] for _ in range(40)]
    people = [a_patient(family=f"Number{place}") for place in range(40)]
    for person in people:
        for _ in range(50):
            a_charge(person, "10.00", by=desk)
    over = Event()

    def kill() -> int:
        killed = 0
        while killed < 50 and not over.wait(0.1):
            with_the_keys(KILL_ONE)
            killed += 1
        return killed

    def act(place: int) -> int:
        acknowledged = 0
        charge_ids = list(Charge.objects.for_patient(people[place]).to_invoice().values_list("pk", flat=True))
        for charge, roll_back in zip(charge_ids, plan[place], strict=True):
            try:
                with transaction.atomic():
                    draft = invoices.draft(patient=people[place], charges=[charge], by=desk, now=NOW)
                    invoices.issue(invoice_id=draft.pk, by=desk, now=NOW)
                    if roll_back:
                        raise ChangedHerMind
                acknowledged += 1
            except (ChangedHerMind, OperationalError, InterfaceError):
                connection.close()
        return acknowledged

    with ThreadPoolExecutor(1) as killer:
        kills = killer.submit(kill)
        results = together(40, act)
        over.set()
    connection.close()
    numbers = sorted(Invoice.objects.issued().values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    acknowledged = sum(results)  # type: ignore[arg-type]
    assert kills.result() == 50
    assert acknowledged <= len(numbers) <= acknowledged + 50
    assert verification.verify() == []


#: One connection of the application that is in the middle of something.
KILL_ONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1
"""


def test_the_race_for_numbers_is_real_without_the_locked_row(desk: User) -> None:
    """Planted fault: a number read and written in two steps is given out twice."""

    def act(place: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(last), 0) FROM billing_counter WHERE series = 'INV' AND year = 2026")
            (last,) = cursor.fetchone()
            cursor.execute("SELECT pg_sleep(0.05)")
            return int(last) + 1

    assert len(set(together(8, act))) < 8

    def taken(place: int) -> int:
        with transaction.atomic():
            return numbering.take(Series.INVOICE, year=2026).sequence

    assert sorted(together(8, taken)) == list(range(1, 9))  # type: ignore[type-var]


def test_of_two_desks_taking_the_same_money_one_is_told(ana: Patient, desk: User) -> None:
    for _ in range(5):
        an_invoice(ana, "80.00", by=desk)

        def act(place: int) -> object:
            return payments.take(
                patient=ana,
                location=a_location(),
                method=Method.CASH,
                amount=Decimal("80.00"),
                seen_open=Decimal("80.00"),
                key=uuid.uuid4(),
                by=desk,
                now=NOW,
            )

        results = together(4, act)
        assert sum(isinstance(one, Payment) for one in results) == 1
        refused = [one for one in results if isinstance(one, payments.PaymentRefused)]
        assert len(refused) == 3
        assert "is open now" in str(refused[0])
    assert verification.verify() == []


def test_one_button_pressed_by_four_threads_pays_once(ana: Patient, desk: User) -> None:
    an_invoice(ana, "80.00", by=desk)
    key = uuid.uuid4()

    def act(place: int) -> object:
        return payments.take(
            patient=ana,
            location=a_location(),
            method=Method.CARD,
            amount=Decimal("80.00"),
            seen_open=Decimal("80.00"),
            key=key,
            by=desk,
            now=NOW,
        )

    results = together(4, act)
    assert {str(one) for one in results} == {"R-2026-00001"}
    assert Payment.objects.count() == 1


def test_eight_pulls_at_once_make_one_charge_a_note(ana: Patient, desk: User) -> None:
    service = a_service()
    a_price(service, by=desk)
    for _ in range(5):
        a_signed_note(a_visit(ana, service))
    results = together(8, lambda _: charges.pull(now=NOW, by=desk).charged)
    assert sum(results) == 5  # type: ignore[arg-type]
    assert Charge.objects.count() == 5


def test_one_draft_issued_by_four_desks_has_one_number(ana: Patient, desk: User) -> None:
    a_charge(ana, by=desk)
    draft = invoices.draft(patient=ana, by=desk, now=NOW)
    results = together(4, lambda _: invoices.issue(invoice_id=draft.pk, by=desk, now=NOW))
    assert sum(isinstance(one, Invoice) for one in results) == 1
    assert sum(isinstance(one, invoices.InvoiceRefused) for one in results) == 3
