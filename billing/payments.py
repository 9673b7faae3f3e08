"""Money in and out: taken, allocated, given back, voided. Every verb locks the person's account first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from billing import accounts, ledger, numbering, paper
from billing.models import (
    Allocation,
    EntryKind,
    Invoice,
    Method,
    Payment,
    PaymentKind,
    PaymentVoid,
    Series,
    TillCount,
)
from billing.pricing import LARGEST, ZERO, spread
from billing.refusals import BillingRefused
from clinic import audit, time
from clinic.models import Clinic, Location, User
from clinic.money import format_money, money
from patients.models import Patient


class PaymentRefused(BillingRefused):
    """Money cannot be taken, used, given back or voided like that."""


@transaction.atomic
def take(
    *,
    patient: Patient,
    location: Location,
    method: Method,
    amount: Decimal,
    key: UUID,
    by: User,
    now: datetime,
    towards: Sequence[int] | None = None,
    keep_rest: bool = False,
    seen_open: Decimal | None = None,
    reference: str = "",
    value_on: date | None = None,
) -> Payment:
    """Take a payment for these invoices (all open ones, the oldest first) and give it a receipt.

    The same `key` again returns the first payment. When what this person owes in all is no longer what the desk
    saw (`seen_open`), somebody else was faster and this one is refused. More than is due is refused too, unless the
    rest is to be kept as the patient's credit.
    """
    person = accounts.lock(patient)
    if again := _same_press(key, person, amount, method):
        return again
    everything = accounts.open_invoices(person)
    open_amount = sum((one.open for one in everything), ZERO)
    currency = Clinic.the().currency
    if seen_open is not None and seen_open != open_amount:
        raise PaymentRefused(_somebody_was_faster(person, open_amount, currency))
    dues = [one for one in everything if towards is None or one.pk in towards]
    due = sum((one.open for one in dues), ZERO)
    _check_amount(amount)
    if amount > due and not keep_rest:
        raise PaymentRefused(
            f"Only {format_money(due, currency)} is due. "
            "Take less, or tick that the rest is kept as the patient's credit.",
            "amount",
        )
    payment = _receive(
        PaymentKind.PAYMENT,
        person=person,
        location=location,
        method=method,
        amount=amount,
        key=key,
        reference=reference,
        value_on=value_on,
        by=by,
        now=now,
    )
    parts = spread(amount, [one.open for one in dues])
    sides = [ledger.money_in(payment, amount)]
    for invoice, part in zip(dues, parts, strict=True):
        if part:
            _allocate(payment, invoice, part, by=by, now=now)
            sides.append(ledger.owed(invoice, -part))
    sides.append(ledger.kept(person, amount - sum(parts, ZERO)))
    ledger.post(EntryKind.PAYMENT, sides, by=by, now=now, payment=payment)
    _say("payment.taken", payment, by=by, now=now)
    return payment


@transaction.atomic
def use_credit(*, patient: Patient, by: User, now: datetime) -> Decimal:
    """Pay open invoices from what is left of earlier payments, the oldest of each first. Returns how much."""
    person = accounts.lock(patient)
    dues = {one: one.open for one in accounts.open_invoices(person)}
    used = ZERO
    for payment in accounts.payments_with_credit(person):
        for (invoice, due), part in zip(dues.items(), spread(payment.free, list(dues.values())), strict=True):
            if not part:
                continue
            _allocate(payment, invoice, part, by=by, now=now)
            ledger.post(
                EntryKind.ALLOCATION,
                [ledger.kept(payment.patient, -part), ledger.owed(invoice, -part)],
                by=by,
                now=now,
                invoice=invoice,
                payment=payment,
            )
            dues[invoice] = due - part
            used += part
    if not used:
        raise PaymentRefused("There is no credit left to use, or nothing is open.")
    audit.record("credit.used", by=by, now=now, subject=person, patient_uid=person.uid, detail={"amount": str(used)})
    return used


def release(invoice: Invoice, amount: Decimal, *, by: User, now: datetime) -> None:
    """Take this much of what was paid off an invoice again, the latest payment first; it becomes credit.

    The caller holds the account's lock. Nothing happens for an amount of nothing or less.
    """
    for payment, used in _used_on(invoice):
        part = min(amount, used)
        if part <= 0:
            return
        _release(payment, invoice, part, by=by, now=now)
        amount -= part


@transaction.atomic
def refund(
    *,
    payment_id: int,
    amount: Decimal,
    method: Method,
    location: Location,
    reason: str,
    key: UUID,
    by: User,
    now: datetime,
    reference: str = "",
) -> Payment:
    """Give back what is left of a payment, or a part of it."""
    person = accounts.lock(Payment.objects.select_related("patient").get(pk=payment_id).patient)
    if again := _same_press(key, person, amount, method):
        return again
    payment = Payment.objects.select_related("balance", "patient").get(pk=payment_id)
    if payment.is_refund:
        raise PaymentRefused("A refund cannot be refunded.")
    _check_amount(amount)
    if amount > payment.free:
        raise PaymentRefused(_how_much_can_go_back(payment), "amount")
    if not reason.strip():
        raise PaymentRefused("Say why the money goes back.", "reason")
    back = _receive(
        PaymentKind.REFUND,
        person=payment.patient,
        location=location,
        method=method,
        amount=amount,
        key=key,
        reference=reference,
        value_on=None,
        by=by,
        now=now,
        refund_of=payment,
        reason=reason,
    )
    ledger.post(
        EntryKind.REFUND,
        [ledger.kept(payment.patient, -amount), ledger.money_in(back, -amount)],
        by=by,
        now=now,
        payment=back,
    )
    _say("payment.refunded", back, by=by, now=now, reason=reason)
    return back


@transaction.atomic
def void(*, payment_id: int, reason: str, by: User, now: datetime) -> PaymentVoid:
    """Take back a payment (or refund) that was entered by mistake, on its own day and before the till was counted."""
    accounts.lock(Payment.objects.select_related("patient").get(pk=payment_id).patient)
    payment = Payment.objects.for_list().get(pk=payment_id)
    check_can_void(payment, now=now)
    if not reason.strip():
        raise PaymentRefused("Say what was wrong with it.", "reason")
    if not payment.is_refund:
        for invoice, used in uses_of(payment):
            _release(payment, invoice, used, by=by, now=now)
    row = PaymentVoid.objects.create(payment=payment, reason=reason, voided_at=now, voided_by=by)
    sign = -1 if payment.is_refund else 1
    ledger.post(
        EntryKind.VOID,
        [ledger.kept(payment.patient, -sign * payment.amount), ledger.money_in(payment, -sign * payment.amount)],
        by=by,
        now=now,
        payment=payment,
    )
    _say("payment.voided", payment, by=by, now=now, reason=reason)
    return row


def check_can_void(payment: Payment, *, now: datetime) -> None:
    """Raise with the reason why this payment cannot be voided, and what to do instead."""
    if payment.is_void:
        raise PaymentRefused(f"{payment.number} was voided already.")
    if time.local_day(payment.received_at, payment.location.tz) != time.local_day(now, payment.location.tz):
        raise PaymentRefused("A payment is voided on its own day only. Refund it instead.")
    if TillCount.objects.filter(location=payment.location, counted_at__gte=payment.received_at).exists():
        raise PaymentRefused("The till was counted since. Refund it instead.")
    if not payment.is_refund and payment.balance.refunded:
        raise PaymentRefused("Part of this payment was refunded. Void the refund first.")
    if payment.is_refund and payment.refund_of and payment.refund_of.is_void:
        raise PaymentRefused("The payment behind this refund is void.")


def can_void(payment: Payment, *, now: datetime) -> bool:
    try:
        check_can_void(payment, now=now)
    except PaymentRefused:
        return False
    return True


def _receive(
    kind: PaymentKind,
    *,
    person: Patient,
    location: Location,
    method: Method,
    amount: Decimal,
    key: UUID,
    reference: str,
    value_on: date | None,
    by: User,
    now: datetime,
    refund_of: Payment | None = None,
    reason: str = "",
) -> Payment:
    today = time.local_day(now, location.tz)
    if value_on and value_on > today:
        raise PaymentRefused("That day is in the future.", "value_on")
    # The till: a count that is under way is waited for, so that it and the ledger speak of the same money.
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)
    clinic = Clinic.the()
    number = numbering.take(Series.RECEIPT, year=today.year)
    return Payment.objects.create(
        kind=kind,
        number=str(number),
        year=number.year,
        sequence=number.sequence,
        key=key,
        patient=person,
        location=location,
        method=method,
        amount=amount,
        currency=clinic.currency,
        reference=reference,
        value_on=value_on or today,
        received_at=now,
        received_by=by,
        refund_of=refund_of,
        reason=reason,
        patient_name=person.full_name,
        **paper.issuer(clinic, location),
    )


def _allocate(payment: Payment, invoice: Invoice, amount: Decimal, *, by: User, now: datetime) -> None:
    Allocation.objects.create(payment=payment, invoice=invoice, amount=amount, allocated_at=now, allocated_by=by)


def _release(payment: Payment, invoice: Invoice, amount: Decimal, *, by: User, now: datetime) -> None:
    _allocate(payment, invoice, -amount, by=by, now=now)
    ledger.post(
        EntryKind.RELEASE,
        [ledger.owed(invoice, amount), ledger.kept(payment.patient, amount)],
        by=by,
        now=now,
        invoice=invoice,
        payment=payment,
    )


def _used_on(invoice: Invoice) -> list[tuple[Payment, Decimal]]:
    """Payments that are used on an invoice and how much of each, the latest first."""
    used: dict[Payment, Decimal] = {}
    for row in invoice.allocations.select_related("payment__patient").order_by("-payment__received_at", "-payment_id"):
        used[row.payment] = used.get(row.payment, ZERO) + row.amount
    return [(payment, amount) for payment, amount in used.items() if amount]


def uses_of(payment: Payment) -> list[tuple[Invoice, Decimal]]:
    """Invoices that a payment is used on, and how much for each."""
    used: dict[Invoice, Decimal] = {}
    for row in payment.allocations.select_related("invoice__patient").order_by("invoice_id"):
        used[row.invoice] = used.get(row.invoice, ZERO) + row.amount
    return [(invoice, amount) for invoice, amount in used.items() if amount]


def _same_press(key: UUID, person: Patient, amount: Decimal, method: Method) -> Payment | None:
    """The payment that this very button press made already."""
    first = Payment.objects.filter(key=key).select_related("patient").first()
    if first is None:
        return None
    if (first.patient.root_id, first.amount, first.method) != (person.pk, amount, method):
        raise PaymentRefused(f"This form was used already, for {first.number}. Open it anew.")
    return first


def _check_amount(amount: Decimal) -> None:
    if not 0 < amount <= LARGEST or amount != money(amount):
        raise PaymentRefused(f"An amount lies between 0.01 and {LARGEST:,}.", "amount")


def _somebody_was_faster(person: Patient, open_amount: Decimal, currency: str) -> str:
    last = Payment.objects.for_patient(person).for_list().newest_first().first()
    now_open = f"{format_money(open_amount, currency)} is open now. Look again before you take money."
    if last is None:
        return f"What is open changed a moment ago. {now_open}"
    return (
        f"What is open changed a moment ago; the last payment is {last.number} over "
        f"{format_money(last.amount, currency)}, taken by {last.received_by.name}. {now_open}"
    )


def _how_much_can_go_back(payment: Payment) -> str:
    if not payment.free:
        return "All of this payment is used on invoices. Credit the invoice first; then the money can go back."
    return f"At most {format_money(payment.free, payment.currency)} of this payment is left to give back."


def _say(action: str, payment: Payment, *, by: User, now: datetime, reason: str = "") -> None:
    audit.record(
        action,
        by=by,
        now=now,
        subject=payment,
        patient_uid=payment.patient.uid,
        reason=reason,
        detail={"number": payment.number, "amount": str(payment.amount), "method": payment.method},
    )
