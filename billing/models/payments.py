"""Money that came in or went out, what it was for, and the count of the till."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from billing.models.charges import amount_field
from patients.models import OfPatientQuerySet


class Method(models.TextChoices):
    CASH = "cash", "Cash"
    CARD = "card", "Card"
    BANK = "bank", "Bank transfer"
    CHEQUE = "cheque", "Cheque"


class PaymentKind(models.TextChoices):
    PAYMENT = "payment", "Payment"
    REFUND = "refund", "Refund"


class PaymentQuerySet(OfPatientQuerySet["Payment"]):
    def payments(self) -> PaymentQuerySet:
        return self.filter(kind=PaymentKind.PAYMENT)

    def not_void(self) -> PaymentQuerySet:
        return self.filter(void__isnull=True)

    def with_credit_left(self) -> PaymentQuerySet:
        """Payments of which something is not used, oldest first."""
        return self.filter(balance__free__gt=0).order_by("received_at", "pk")

    def newest_first(self) -> PaymentQuerySet:
        return self.order_by("-received_at", "-pk")

    def signed(self) -> PaymentQuerySet:
        """With `signed_amount`: what came in is positive, what went out negative."""
        return self.annotate(
            signed_amount=Case(When(kind=PaymentKind.REFUND, then=Value(0) - F("amount")), default=F("amount"))
        )

    def for_list(self) -> PaymentQuerySet:
        """All that a row of payments shows, in one query."""
        return self.select_related("patient__merged_into", "location", "received_by", "void", "balance", "refund_of")


class Payment(models.Model):
    """Money received, or given back. Never changed: a slip is voided the same day, later money is refunded."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=PaymentKind.choices, default=PaymentKind.PAYMENT)
    #: The receipt's number.
    number = models.CharField(max_length=20, unique=True)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    #: Sent along with the form, so that pressing the button twice pays once.
    key = models.UUIDField("idempotency key", unique=True)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="payments")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=6, choices=Method.choices)
    amount = amount_field()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=80, blank=True)
    #: The day on the bank statement or the cheque, where that is not the day it was entered.
    value_on = models.DateField("dated")
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    refund_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="refunds")
    reason = models.CharField(max_length=200, blank=True)
    patient_name = models.CharField(max_length=200)
    issuer_name = models.CharField(max_length=120)
    issuer_address = models.CharField(max_length=400, blank=True)
    issuer_contact = models.CharField(max_length=300, blank=True)
    issuer_tax_number = models.CharField(max_length=30, blank=True)
    paper = models.CharField(max_length=10, default="a4")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["year", "sequence"], name="a_receipt_number_is_used_once"),
            models.CheckConstraint(condition=Q(kind__in=PaymentKind.values), name="payment_kind_is_known"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="payment_method_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_is_positive"),
            models.CheckConstraint(
                condition=Q(kind=PaymentKind.PAYMENT, refund_of__isnull=True)
                | Q(kind=PaymentKind.REFUND, refund_of__isnull=False) & ~Q(reason=""),
                name="a_refund_gives_a_payment_back_for_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index("location", "received_at", name="takings_of_a_location"),
            models.Index(fields=["patient", "-received_at"], name="payments_of_a_patient"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_refund(self) -> bool:
        return self.kind == PaymentKind.REFUND

    @property
    def is_void(self) -> bool:
        return hasattr(self, "void")

    @property
    def free(self) -> Decimal:
        """What of it is not used yet: the patient's credit."""
        return Decimal("0.00") if self.is_refund else self.balance.free


class PaymentVoid(models.Model):
    """A payment entered by mistake and taken back the same day."""

    append_only = True

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=200)
    voided_at = models.DateTimeField()
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(reason=""), name="a_void_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.payment} void"


class Allocation(models.Model):
    """How much of a payment is for which invoice; negative when it is taken off again."""

    append_only = True

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="allocations")
    amount = amount_field()
    allocated_at = models.DateTimeField()
    allocated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount=0), name="an_allocation_is_of_something")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.payment} for {self.invoice}"


class PaymentBalance(models.Model):
    """What became of a payment. Written only by the triggers of allocations, refunds and voids."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    amount = amount_field()
    allocated = amount_field(default=Decimal("0.00"))
    refunded = amount_field(default=Decimal("0.00"))
    voided = amount_field(default=Decimal("0.00"))
    free = models.GeneratedField(
        expression=F("amount") - F("allocated") - F("refunded") - F("voided"),
        output_field=models.DecimalField(max_digits=12, decimal_places=2),
        db_persist=True,
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(free__gte=0), name="a_payment_is_not_used_twice"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, refunded__gte=0, voided__gte=0), name="a_use_of_money_is_not_negative"
            ),
        ]
        indexes: ClassVar = [models.Index("payment", name="payments_with_credit_left", condition=Q(free__gt=0))]

    def __str__(self) -> str:
        return f"{self.free} free"


class TillCount(models.Model):
    """The till counted at the end of a day: what should be there, what was, what went to the bank, what stays."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.UUIDField("idempotency key", unique=True)
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="till_counts")
    day_on = models.DateField("day")
    expected = models.DecimalField(max_digits=12, decimal_places=2)
    counted = amount_field()
    banked = amount_field(default=Decimal("0.00"))
    reason = models.CharField(max_length=200, blank=True)
    counted_at = models.DateTimeField()
    counted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(counted__gte=0, banked__gte=0, banked__lte=F("counted")), name="a_till_holds_what_it_holds"
            ),
            models.CheckConstraint(
                condition=Q(counted=F("expected")) | ~Q(reason=""), name="a_difference_in_the_till_has_a_reason"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["location", "-counted_at"], name="till_counts_of_a_location")]

    def __str__(self) -> str:
        return f"{self.location} {self.day_on}: {self.counted}"

    @property
    def difference(self) -> Decimal:
        return self.counted - self.expected

    @property
    def left(self) -> Decimal:
        """What stays in the till for the next day."""
        return self.counted - self.banked
