"""What they owe and what they paid."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta

from billing import accounts, charges, invoices, payments
from billing.models import Method
from clinic.access import SYSTEM
from clinic.demo.places import Places
from patients.models import Patient


def build(places: Places, people: list[Patient], *, now: datetime, chance: random.Random) -> int:
    """Charges from the signed notes; two in three patients are invoiced, most of these have paid."""
    charges.pull(now=now, by=SYSTEM)
    issued = 0
    for number, patient in enumerate(people):
        if number % 3 == 2 or not accounts.standing(patient).to_invoice:
            continue
        then = now - timedelta(days=chance.choice((0, 0, 1, 3)))
        invoices.issue_all(patient=patient, by=places.desk, now=then)
        issued += 1
        owed = accounts.standing(patient).open
        fate = chance.random()
        if fate < 0.6 and owed:
            _pay(places, patient, owed, now=now, chance=chance)
        elif fate < 0.75 and owed > 40:
            _pay(places, patient, owed - 30, now=now, chance=chance)
    return issued


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
