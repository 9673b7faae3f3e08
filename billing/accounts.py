"""A person's account: what is open, what is left over, and the queue of those who change it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing.models import Charge, Invoice, InvoiceBalance, Payment, PaymentBalance
from billing.pricing import ZERO
from clinic.access import Actor
from clinic.models import User
from patients.models import Patient


@dataclass(frozen=True)
class Standing:
    """How one person stands with the clinic."""

    #: Issued and not yet paid.
    open: Decimal
    #: Paid and not yet used.
    credit: Decimal
    #: Done and not yet invoiced, as far as it has a price.
    to_invoice: Decimal

    @property
    def owed(self) -> Decimal:
        """What is open after the credit; negative when the clinic owes the patient."""
        return self.open - self.credit


def lock(patient: Patient) -> Patient:
    """Queue up behind anyone else who moves this person's money. Returns the record that stands for the person.

    Always the first lock of a verb; after it come charges, invoices, the till, and last the number.
    """
    family = Patient.objects.family(Patient(pk=patient.root_id)).order_by("pk").select_for_update(no_key=True)
    root = next((one for one in family if one.pk == patient.root_id), None)
    if root is None:
        raise Patient.DoesNotExist
    return lock(root) if root.merged_into_id else root


def root_of(patient: Patient) -> Patient:
    """The record that stands for this person."""
    return patient.merged_into or patient


def open_invoices(patient: Patient) -> list[Invoice]:
    """What this person can pay, the oldest first."""
    return list(Invoice.objects.for_patient(patient).collectible().for_list().oldest_first())


def payments_with_credit(patient: Patient) -> list[Payment]:
    """Payments of this person of which something is left, the oldest first."""
    return list(Payment.objects.for_patient(patient).with_credit_left().for_list())


def standing(patient: Patient) -> Standing:
    """In three queries, however much there is."""
    invoices = Invoice.objects.for_patient(patient).values("pk")
    payments = Payment.objects.for_patient(patient).values("pk")
    open_amount = InvoiceBalance.objects.filter(invoice__in=invoices, open__gt=0).aggregate(s=Sum("open"))["s"]
    free = PaymentBalance.objects.filter(payment__in=payments, free__gt=0).aggregate(s=Sum("free"))["s"]
    charges = [charge.sums for charge in Charge.objects.for_patient(patient).to_invoice()]
    return Standing(
        open=open_amount or ZERO,
        credit=free or ZERO,
        to_invoice=sum((sums.total for sums in charges if sums is not None), ZERO),
    )


def person(by: Actor) -> User | None:
    """The member of staff who acts; nobody when Tonus does."""
    return by if isinstance(by, User) else None
