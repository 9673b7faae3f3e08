"""What a service costs, and what a visit is charged."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from billing import pricing
from billing.states import CORRECTABLE, ChargeStatus
from patients.models import OfPatientQuerySet

MOST_OF_ONE = 100


def amount_field(**options: object) -> models.DecimalField:
    """Cents, and as many of them as a clinic can owe."""
    return models.DecimalField(max_digits=12, decimal_places=2, **options)  # type: ignore[arg-type]


def tax_field() -> models.DecimalField:
    """Per cent of the net amount; 0 where health care is exempt."""
    return models.DecimalField(
        "tax rate",
        max_digits=5,
        decimal_places=2,
        default=Decimal("0.00"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )


class PriceQuerySet(models.QuerySet["Price"]):
    def on(self, day: date) -> PriceQuerySet:
        """Those that hold on a day."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day), valid_from__lte=day)

    def newest_first(self) -> PriceQuerySet:
        return self.order_by("-valid_from", "-pk")


@pghistory.track()
class Price(models.Model):
    """What a service costs from one day until another; a charge keeps the price of its own day."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    service = models.ForeignKey("scheduling.Service", on_delete=models.PROTECT, related_name="prices")
    amount = amount_field()
    tax_rate = tax_field()
    valid_from = models.DateField("from")
    #: The first day on which it no longer holds.
    valid_until = models.DateField("until", null=True, blank=True)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = PriceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="a_service_has_one_price_a_day",
                expressions=[
                    ("service", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            RangeBoundary(),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="This service has a price for those days already.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="a_price_holds_for_a_day_or_more",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_price_is_not_negative"),
            models.CheckConstraint(condition=Q(tax_rate__range=(0, 100)), name="price_tax_is_a_per_cent"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.amount} from {self.valid_from}"


class ChargeQuerySet(OfPatientQuerySet["Charge"]):
    def to_invoice(self) -> ChargeQuerySet:
        """Priced and on no invoice yet, not even on a draft."""
        return self.filter(status=ChargeStatus.OPEN, line__isnull=True)

    def needing_a_price(self) -> ChargeQuerySet:
        return self.filter(status=ChargeStatus.NEEDS_PRICE)

    def waiting(self) -> ChargeQuerySet:
        """All that the front desk still has to put on an invoice."""
        return self.filter(status__in=CORRECTABLE, line__isnull=True)

    def for_list(self) -> ChargeQuerySet:
        """All that a row of charges shows, in one query."""
        return self.select_related("patient__merged_into", "practitioner__user", "location", "line__invoice").order_by(
            "service_on", "pk"
        )


@pghistory.track()
class Charge(models.Model):
    """What one signed visit, or one thing sold at the desk, is charged; corrected until it is invoiced."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="charges")
    #: The signed note it came from; none when the desk entered it.
    note = models.ForeignKey(
        "treatments.SessionNote", on_delete=models.PROTECT, null=True, blank=True, related_name="charges"
    )
    appointment = models.ForeignKey(
        "scheduling.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="charges"
    )
    service = models.ForeignKey("scheduling.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="+")
    service_on = models.DateField("day of the service")
    description = models.CharField("for", max_length=120)
    billing_code = models.CharField(max_length=20, blank=True)
    quantity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_OF_ONE)]
    )
    unit_price = amount_field(null=True, blank=True)
    discount = amount_field(default=Decimal("0.00"))
    discount_reason = models.CharField(max_length=120, blank=True)
    tax_rate = tax_field()
    status = models.CharField(max_length=12, choices=ChargeStatus.choices)
    #: The invoice line it is on now, be it of a draft; a credit note can free it again.
    line = models.OneToOneField(
        "billing.InvoiceLine", on_delete=models.PROTECT, null=True, blank=True, related_name="live_charge"
    )
    made_at = models.DateTimeField()
    #: Nobody, when Tonus took it from a signed note.
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = ChargeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["note"], name="a_signed_note_is_charged_once"),
            models.UniqueConstraint(fields=["appointment"], name="a_visit_is_charged_once"),
            models.CheckConstraint(condition=Q(status__in=ChargeStatus.values), name="charge_status_is_known"),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=False)
                | Q(status__in=[ChargeStatus.NEEDS_PRICE, ChargeStatus.VOID], discount=0),
                name="a_charge_without_a_price_waits_for_one",
            ),
            models.CheckConstraint(
                condition=~Q(status=ChargeStatus.NEEDS_PRICE) | Q(unit_price__isnull=True),
                name="a_priced_charge_needs_no_price",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=True)
                | Q(
                    unit_price__gte=0,
                    discount__gte=0,
                    discount__lte=F("quantity") * F("unit_price"),
                ),
                name="a_discount_is_no_more_than_its_charge",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="a_charge_is_for_something"),
            models.CheckConstraint(condition=Q(tax_rate__range=(0, 100)), name="charge_tax_is_a_per_cent"),
            models.CheckConstraint(
                condition=~Q(status=ChargeStatus.INVOICED) | Q(line__isnull=False),
                name="an_invoiced_charge_has_its_line",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[ChargeStatus.INVOICED, ChargeStatus.OPEN]) | Q(line__isnull=True),
                name="only_a_priced_charge_is_on_an_invoice",
            ),
            models.CheckConstraint(
                condition=Q(status=ChargeStatus.VOID, voided_at__isnull=False, voided_by__isnull=False)
                & ~Q(void_reason="")
                | ~Q(status=ChargeStatus.VOID) & Q(voided_at__isnull=True, voided_by__isnull=True),
                name="a_void_charge_says_who_and_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                "patient", "service_on", name="charges_to_invoice", condition=Q(status__in=sorted(CORRECTABLE))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} on {self.service_on}"

    @property
    def sums(self) -> pricing.Sums | None:
        """Net and tax as it would stand on an invoice; None while it needs a price."""
        if self.unit_price is None:
            return None
        return pricing.line(
            quantity=self.quantity, unit_price=self.unit_price, discount=self.discount, tax_rate=self.tax_rate
        )

    @property
    def gross(self) -> Decimal | None:
        """Before the discount and without tax."""
        return None if self.unit_price is None else self.quantity * self.unit_price

    @property
    def is_correctable(self) -> bool:
        """Whether it may still be changed: not yet on an invoice, not even on a draft."""
        return self.status in CORRECTABLE and self.line_id is None
