"""Charges: pulled from signed notes, entered at the desk, corrected until they are invoiced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from billing import accounts, pricelist, pricing
from billing.models import Charge
from billing.pricing import LARGEST, ZERO
from billing.refusals import BillingRefused
from billing.states import CHARGE_TRANSITIONS, ChargeStatus
from clinic import audit, time
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import Location, User
from clinic.money import money
from patients.models import Patient
from scheduling.models import Appointment
from treatments.models import SessionNote

#: What the billing day looks for each time it is opened; the beat finds the rest.
LATELY = timedelta(days=31)
#: How many visits one pull takes at most; the next pull takes the rest.
AT_ONCE = 1_000


class ChargeRefused(BillingRefused):
    """A charge cannot be made, changed or voided like that."""


@dataclass(frozen=True)
class Pulled:
    """What a pull found."""

    charged: int = 0
    priced: int = 0


@dataclass
class Waiting:
    """What one person's signed visits still have to go through: a price, an invoice."""

    patient: Patient
    charges: list[Charge] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((charge.sums.total for charge in self.charges if charge.sums), ZERO)

    @property
    def unpriced(self) -> int:
        return sum(charge.sums is None for charge in self.charges)

    @property
    def priced(self) -> int:
        return len(self.charges) - self.unpriced

    @property
    def since(self) -> date:
        return min(charge.service_on for charge in self.charges)


def by_patient(rows: Iterable[Charge]) -> list[Waiting]:
    """Charges gathered by person, in the order in which the persons come first."""
    found: dict[int, Waiting] = {}
    for charge in rows:
        person = accounts.root_of(charge.patient)
        found.setdefault(person.pk, Waiting(person)).charges.append(charge)
    return list(found.values())


def pull(*, now: datetime, by: Actor, patient: Patient | None = None, signed_within: timedelta | None = None) -> Pulled:
    """Make a charge for every signed note of a visit that has none, and price those that waited for a price.

    Twice, or by two at once, makes one charge a note: the constraint decides, not this function. Pages look at one
    `patient`, or at what was signed lately (`signed_within`); the beat looks at everything.
    """
    notes = SessionNote.objects.signed().filter(visit_uid__isnull=False, charges__isnull=True)
    if patient is not None:
        notes = notes.for_patient(patient)
    if signed_within is not None:
        notes = notes.filter(signed_at__gte=now - signed_within)
    return Pulled(
        charged=_charge_signed_notes(notes.order_by("pk"), now=now, by=by), priced=_price_the_waiting(now=now, by=by)
    )


@transaction.atomic
def _charge_signed_notes(uncharged: QuerySet[SessionNote], *, now: datetime, by: Actor) -> int:
    notes = list(uncharged[:AT_ONCE])
    if not notes:
        return 0
    visits = {
        visit.uid: visit
        for visit in Appointment.objects.filter(uid__in=[note.visit_uid for note in notes], charges__isnull=True)
        .select_related("service", "location", "patient", "practitioner")
        .distinct()
    }
    prices = pricelist.Prices({visit.service_id for visit in visits.values()})
    made = [
        _from_visit(note, visits[note.visit_uid], prices, now=now, by=by) for note in notes if note.visit_uid in visits
    ]
    Charge.objects.bulk_create(made, ignore_conflicts=True)
    ours = set(Charge.objects.filter(uid__in=[charge.uid for charge in made]).values_list("uid", flat=True))
    for charge in made:
        if charge.uid in ours:
            audit.record(
                "charge.pulled",
                by=by,
                now=now,
                subject=charge,
                patient_uid=charge.patient.uid,
                detail={"visit": str(charge.appointment.uid) if charge.appointment else None, "status": charge.status},
            )
    return len(ours)


def _from_visit(note: SessionNote, visit: Appointment, prices: pricelist.Prices, *, now: datetime, by: Actor) -> Charge:
    day = time.local_day(visit.starts_at, visit.location.tz)
    price = prices.on(visit.service_id, day)
    return Charge(
        patient=visit.patient,
        note=note,
        appointment=visit,
        service=visit.service,
        practitioner=visit.practitioner,
        location=visit.location,
        service_on=day,
        description=visit.service.name,
        billing_code=visit.service.billing_code,
        unit_price=price.amount if price else None,
        tax_rate=price.tax_rate if price else ZERO,
        status=ChargeStatus.OPEN if price else ChargeStatus.NEEDS_PRICE,
        made_at=now,
        entered_by=accounts.person(by),
    )


@transaction.atomic
def _price_the_waiting(*, now: datetime, by: Actor) -> int:
    """Give charges their price once the list has it."""
    waiting = list(
        Charge.objects.needing_a_price()
        .filter(service__isnull=False)
        .select_related("patient")
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)[:AT_ONCE]
    )
    if not waiting:
        return 0
    prices = pricelist.Prices({charge.service_id for charge in waiting if charge.service_id})
    priced = 0
    for charge in waiting:
        price = prices.on(charge.service_id, charge.service_on) if charge.service_id else None
        if price is None:
            continue
        charge.unit_price, charge.tax_rate, charge.status = price.amount, price.tax_rate, ChargeStatus.OPEN
        charge.revision += 1
        charge.save(update_fields=["unit_price", "tax_rate", "status", "revision"])
        audit.record("charge.priced", by=by, now=now, subject=charge, patient_uid=charge.patient.uid)
        priced += 1
    return priced


@transaction.atomic
def add(
    *,
    patient: Patient,
    location: Location,
    description: str,
    unit_price: Decimal,
    service_on: date,
    by: User,
    now: datetime,
    quantity: int = 1,
    tax_rate: Decimal = ZERO,
    billing_code: str = "",
) -> Charge:
    """A charge without a note: a missed visit, a roll of tape."""
    _check_figures(quantity=quantity, unit_price=unit_price, discount=ZERO, discount_reason="")
    if service_on > time.local_day(now, location.tz):
        raise ChargeRefused("That day is in the future.", "service_on")
    charge = Charge.objects.create(
        patient=accounts.root_of(patient),
        location=location,
        service_on=service_on,
        description=description,
        billing_code=billing_code,
        quantity=quantity,
        unit_price=unit_price,
        tax_rate=tax_rate,
        status=ChargeStatus.OPEN,
        made_at=now,
        entered_by=by,
    )
    audit.record("charge.added", by=by, now=now, subject=charge, patient_uid=charge.patient.uid)
    return charge


@transaction.atomic
def correct(
    *,
    charge_id: int,
    quantity: int,
    unit_price: Decimal,
    discount: Decimal,
    discount_reason: str,
    tax_rate: Decimal,
    reason: str,
    revision: int | None,
    by: User,
    now: datetime,
) -> Charge:
    """Put a charge right before it is invoiced. Raises StaleRecord when somebody else did meanwhile."""
    charge = _lock(charge_id)
    check_revision(charge, revision, fields=["this charge"])
    _check_correctable(charge)
    _check_figures(quantity=quantity, unit_price=unit_price, discount=discount, discount_reason=discount_reason)
    before = f"{charge.quantity} × {charge.unit_price} - {charge.discount}"
    charge.quantity, charge.unit_price, charge.tax_rate = quantity, unit_price, tax_rate
    charge.discount, charge.discount_reason = discount, discount_reason
    charge.status = ChargeStatus.OPEN
    charge.revision += 1
    charge.save(
        update_fields=["quantity", "unit_price", "tax_rate", "discount", "discount_reason", "status", "revision"]
    )
    audit.record(
        "charge.corrected",
        by=by,
        now=now,
        subject=charge,
        patient_uid=charge.patient.uid,
        reason=reason,
        detail={"before": before, "after": f"{quantity} × {unit_price} - {discount}"},
    )
    return charge


@transaction.atomic
def void(*, charge_id: int, reason: str, by: User, now: datetime) -> Charge:
    """This will not be charged, and here is why."""
    charge = _lock(charge_id)
    _check_correctable(charge)
    mark_void(charge, reason=reason, by=by, now=now)
    return charge


def mark_void(charge: Charge, *, reason: str, by: User, now: datetime) -> None:
    """Void a charge that the caller has locked and freed of its line."""
    if ChargeStatus.VOID not in CHARGE_TRANSITIONS[ChargeStatus(charge.status)]:
        raise ChargeRefused("This charge is void already.")
    if not reason.strip():
        raise ChargeRefused("Say why it will not be charged.", "reason")
    charge.status, charge.voided_at, charge.voided_by, charge.void_reason = ChargeStatus.VOID, now, by, reason
    charge.line = None
    charge.revision += 1
    charge.save(update_fields=["status", "voided_at", "voided_by", "void_reason", "line", "revision"])
    audit.record("charge.voided", by=by, now=now, subject=charge, patient_uid=charge.patient.uid, reason=reason)


def _lock(charge_id: int) -> Charge:
    """The charge as it is now. What it points to is read after the lock, not beside it: it may have changed."""
    return Charge.objects.select_for_update().get(pk=charge_id)


def _check_correctable(charge: Charge) -> None:
    if charge.status == ChargeStatus.VOID:
        raise ChargeRefused("This charge is void already.")
    if charge.line is not None and not charge.line.invoice.is_issued:
        raise ChargeRefused("This charge is on a draft invoice. Discard the draft first.")
    if not charge.is_correctable:
        raise ChargeRefused(f"This charge is on invoice {charge.line and charge.line.invoice}. Credit it there.")


def _check_figures(*, quantity: int, unit_price: Decimal, discount: Decimal, discount_reason: str) -> None:
    if unit_price < 0 or unit_price > LARGEST or unit_price != money(unit_price):
        raise ChargeRefused(f"An amount lies between 0.00 and {LARGEST:,}.", "unit_price")
    if not 1 <= quantity <= 100:
        raise ChargeRefused("Charge between 1 and 100 of it.", "quantity")
    if quantity * unit_price > LARGEST:
        raise ChargeRefused(f"That comes to {quantity * unit_price:,.2f}; no charge is over {LARGEST:,}.", "quantity")
    try:
        pricing.line(quantity=quantity, unit_price=unit_price, discount=discount)
    except ValueError:
        raise ChargeRefused("The discount is more than the charge.", "discount") from None
    if discount and not discount_reason.strip():
        raise ChargeRefused("Say what the discount is for; it stands on the invoice.", "discount_reason")
