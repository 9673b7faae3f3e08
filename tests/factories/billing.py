"""Billing for tests: a signed visit, a charge, an invoice, a payment, in one call each."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing import charges, invoices, payments, pricelist
from billing.models import Charge, Invoice, Method, Payment, Price
from clinic.models import Discipline, Location, Practitioner, User
from patients.models import Patient
from scheduling import resources
from scheduling.models import Appointment, Claim, Resource, Service, half_open
from scheduling.states import Status
from tests.factories.people import a_location, a_therapist, front_desk
from treatments import notes
from treatments.models import SessionNote

#: Tuesday 24 November 2026, 15:00 in New York.
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
_number = itertools.count(1)


def a_patient(given: str = "Ana", family: str = "Núñez", **facts: Any) -> Patient:
    return Patient.objects.create(
        given_name=given, family_name=family, born_on=date(1980, 5, 17), registered_at=NOW, **facts
    )


def a_service(name: str = "", **facts: Any) -> Service:
    number = next(_number)
    return Service.objects.create(
        name=name or f"Massage {number}", discipline=Discipline.MASSAGE, minutes=60, billing_code="M60", **facts
    )


def a_price(service: Service, amount: str = "80.00", *, by: User, **facts: Any) -> Price:
    facts.setdefault("valid_from", date(2026, 1, 1))
    return pricelist.set_price(service_id=service.pk, amount=Decimal(amount), by=by, now=NOW, **facts)


@transaction.atomic
def a_visit(
    patient: Patient,
    service: Service,
    *,
    practitioner: Practitioner | None = None,
    location: Location | None = None,
    starts_at: datetime | None = None,
) -> Appointment:
    """A visit that was held, without the diary's ceremony. Every one on a day of its own."""
    practitioner = practitioner or a_therapist().practitioner
    starts_at = starts_at or NOW - timedelta(hours=2, days=next(_number) % 300)
    resources.ensure(practitioners=[practitioner.pk])
    visit = Appointment.objects.create(
        patient=patient,
        practitioner=practitioner,
        service=service,
        location=location or a_location(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=60),
        status=Status.COMPLETED,
        completed_at=starts_at + timedelta(minutes=60),
        booked_at=starts_at,
        booked_by=None,
        changed_at=starts_at,
    )
    Claim.objects.create(
        appointment=visit,
        resource=Resource.objects.get(practitioner=practitioner),
        during=half_open(visit.starts_at, visit.ends_at),
    )
    return visit


def a_signed_note(visit: Appointment, *, words: str = "Tender along the erector spinae.") -> SessionNote:
    """The visit's note, signed by its practitioner."""
    user = visit.practitioner.user
    note = notes.start(
        patient=visit.patient,
        plan=None,
        practitioner=visit.practitioner,
        visit_uid=visit.uid,
        service_at=visit.starts_at,
        by=user,
        now=NOW,
    )
    SessionNote.objects.filter(pk=note.pk).update(subjective=words)
    note.refresh_from_db()
    return notes.sign(note, revision=note.revision, by=user, now=NOW)


def a_charge(patient: Patient, amount: str = "80.00", *, by: User, **facts: Any) -> Charge:
    """A charge entered at the desk."""
    options: dict[str, Any] = {
        "location": a_location(),
        "description": "Massage, 60 minutes",
        "service_on": TODAY,
        "now": NOW,
    }
    return charges.add(patient=patient, unit_price=Decimal(amount), by=by, **(options | facts))


def an_invoice(patient: Patient, *amounts: str, by: User, now: datetime = NOW, **facts: Any) -> Invoice:
    """An issued invoice with one line an amount."""
    made = [a_charge(patient, amount, by=by, now=now, **facts) for amount in amounts or ("80.00",)]
    draft = invoices.draft(patient=patient, charges=[one.pk for one in made], by=by, now=now)
    return invoices.issue(invoice_id=draft.pk, by=by, now=now)


def a_payment(patient: Patient, amount: str = "80.00", *, by: User, now: datetime = NOW, **facts: Any) -> Payment:
    options: dict[str, Any] = {"location": a_location(), "method": Method.CARD, "key": uuid.uuid4()}
    return payments.take(patient=patient, amount=Decimal(amount), by=by, now=now, **(options | facts))


def a_desk(**facts: str) -> User:
    """Somebody at the front desk."""
    a_location()
    return front_desk(**facts)
