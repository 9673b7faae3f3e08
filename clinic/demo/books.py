"""What they owe and what they paid."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from billing import accounts, charges, invoices, payments
from billing.models import Method
from clinic import time as clock
from clinic.access import SYSTEM
from clinic.demo.places import Places
from patients.models import Patient


def build(places: Places, people: list[Patient], *, now: datetime, chance: random.Random) -> int:
    """Charges from the signed notes; two in three patients are invoiced, most of these have paid."""
    issued = _overdue(places, [one for one in people if one.registered_at < now - timedelta(days=40)][:3], now=now)
    charges.pull(now=now, by=SYSTEM)
    for number, patient in enumerate(people):
        if number % 3 == 2 or not accounts.standing(patient).to_invoice:
            continue
        invoices.issue_all(patient=patient, by=places.desk, now=now)
        issued += 1
        owed = accounts.standing(patient).open
        fate = chance.random()
        if fate < 0.6 and owed:
            _pay(places, patient, owed, now=now, chance=chance)
        elif fate < 0.75 and owed > 40:
            _pay(places, patient, owed - 30, now=now, chance=chance)
    return issued


def _overdue(places: Places, people: list[Patient], *, now: datetime) -> int:
    """A missed visit a month ago, invoiced the next day and still open: its number comes before all others."""
    place = places.locations[0]
    then = now - timedelta(days=30)
    for patient in people:
        charge = charges.add(
            patient=patient,
            location=place,
            description="Missed visit",
            unit_price=Decimal("35.00"),
            service_on=clock.local_day(then - timedelta(days=1), place.tz),
            by=places.desk,
            now=then,
        )
        draft = invoices.draft(patient=patient, charges=[charge.pk], by=places.desk, now=then)
        invoices.issue(invoice_id=draft.pk, by=places.desk, now=then)
    return len(people)


def _pay(places: Places, patient: Patient, amount: object, *, now: datetime, chance: random.Random) -> None:
    payments.take(
        patient=patient,
        location=places.locations[0],
        method=chance.choice((Method.CARD, Method.CARD, Method.CASH, Method.BANK)),
        amount=amount,  # type: ignore[arg-type]
        key=uuid.UUID(int=chance.getrandbits(128)),
        by=places.desk,
        now=now,
    )
