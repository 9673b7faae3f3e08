"""Invoices and credit notes: drafts that become documents nobody can change."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

from billing import pricing
from billing.models.charges import amount_field, tax_field
from billing.states import COLLECTIBLE, InvoiceState, invoice_state
from patients.models import OfPatientQuerySet


class Series(models.TextChoices):
    """Each has its own numbers, without a gap, from 1 every year. The value is the prefix on paper."""

    INVOICE = "INV", "Invoices"
    CREDIT_NOTE = "CN", "Credit notes"
    RECEIPT = "R", "Receipts"


class Counter(models.Model):
    """The last number used. Its row is locked from the taking of a number until the commit: see ADR 0031."""

    series = models.CharField(max_length=3, choices=Series.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "year"], name="one_counter_a_series_and_year"),
            models.CheckConstraint(condition=Q(series__in=Series.values), name="series_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"


class InvoiceQuerySet(OfPatientQuerySet["Invoice"]):
    def invoices(self) -> InvoiceQuerySet:
        return self.filter(kind=InvoiceKind.INVOICE)

    def issued(self) -> InvoiceQuerySet:
        return self.filter(issued_at__isnull=False)

    def drafts(self) -> InvoiceQuerySet:
        return self.filter(issued_at__isnull=True)

    def collectible(self) -> InvoiceQuerySet:
        """Issued invoices on which money is still expected."""
        return self.filter(balance__open__gt=0)

    def oldest_first(self) -> InvoiceQuerySet:
        return self.order_by("issued_at", "pk")

    def newest_first(self) -> InvoiceQuerySet:
        return self.order_by(F("issued_at").desc(nulls_first=True), "-pk")

    def for_list(self) -> InvoiceQuerySet:
        """All that a row of invoices shows, in one query."""
        return self.select_related("patient__merged_into", "location", "balance", "corrects")


class Invoice(models.Model):
    """An invoice or a credit note. Once issued the database refuses any change, from any side.

    What has been paid since stands in `InvoiceBalance`, never here.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="invoices")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="+")
    #: For a credit note: the invoice it takes back, wholly or in part.
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes")
    reason = models.CharField(max_length=200, blank=True)

    number = models.CharField(max_length=20, null=True, blank=True, unique=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    sequence = models.PositiveIntegerField(null=True, blank=True)

    currency = models.CharField(max_length=3)
    net = amount_field(default=Decimal("0.00"))
    tax = amount_field(default=Decimal("0.00"))
    total = amount_field(default=Decimal("0.00"))
    message = models.CharField("note on the invoice", max_length=300, blank=True)

    # Who and where, as they were on the day of issue.
    bill_to_name = models.CharField("bill to", max_length=200)
    bill_to_address = models.CharField("billing address", max_length=400, blank=True)
    patient_name = models.CharField(max_length=200)
    patient_number = models.CharField(max_length=20)
    issuer_name = models.CharField(max_length=120)
    issuer_address = models.CharField(max_length=400, blank=True)
    issuer_contact = models.CharField(max_length=300, blank=True)
    issuer_tax_number = models.CharField(max_length=30, blank=True)
    paper = models.CharField(max_length=10, default="a4")

    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField("due", null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: SHA-256 over all that the paper shows; see `billing.paper`.
    digest = models.CharField(max_length=64, blank=True)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "year", "sequence"], name="an_invoice_number_is_used_once"),
            models.CheckConstraint(condition=Q(kind__in=InvoiceKind.values), name="invoice_kind_is_known"),
            models.CheckConstraint(
                condition=Q(
                    issued_at__isnull=False,
                    issued_by__isnull=False,
                    issued_on__isnull=False,
                    due_on__isnull=False,
                    number__isnull=False,
                    year__isnull=False,
                    sequence__gte=1,
                )
                & ~Q(digest="")
                | Q(
                    issued_at__isnull=True,
                    issued_by__isnull=True,
                    issued_on__isnull=True,
                    number__isnull=True,
                    year__isnull=True,
                    sequence__isnull=True,
                    digest="",
                ),
                name="an_issued_invoice_is_complete",
            ),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="invoice_total_is_net_and_tax"),
            models.CheckConstraint(condition=Q(net__gte=0, tax__gte=0), name="an_invoice_is_not_negative"),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.INVOICE, corrects__isnull=True)
                | Q(kind=InvoiceKind.CREDIT_NOTE, corrects__isnull=False) & ~Q(reason=""),
                name="a_credit_note_corrects_an_invoice_for_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient", "-issued_at"], name="invoices_of_a_patient"),
            models.Index(fields=["-issued_at"], name="invoices_by_time"),
        ]

    def __str__(self) -> str:
        return self.number or "Draft"

    @property
    def is_issued(self) -> bool:
        return self.issued_at is not None

    @property
    def is_credit_note(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE

    @property
    def sums(self) -> pricing.Sums:
        return pricing.Sums(self.net, self.tax)

    @property
    def state(self) -> InvoiceState:
        """Follows from its figures; a credit note is done once it is issued."""
        if self.is_credit_note or not self.is_issued:
            return InvoiceState.PAID if self.is_issued else InvoiceState.DRAFT
        figures = self.balance
        return invoice_state(
            is_issued=True,
            total=figures.total,
            paid=figures.paid,
            credited=figures.credited,
            written_off=figures.written_off,
        )

    @property
    def open(self) -> Decimal:
        """What is still to be paid; nothing for drafts and credit notes."""
        return self.balance.open if self.is_issued and not self.is_credit_note else pricing.ZERO

    @property
    def is_collectible(self) -> bool:
        return not self.is_credit_note and self.state in COLLECTIBLE

    def is_overdue(self, today: date) -> bool:
        return self.is_collectible and self.due_on is not None and self.due_on < today


class InvoiceLine(models.Model):
    """One line of an invoice, frozen with it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    charge = models.ForeignKey("billing.Charge", on_delete=models.PROTECT, related_name="lines")
    #: On a credit note: the line that is taken back.
    credits = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credited_by")
    service_on = models.DateField()
    description = models.CharField(max_length=120)
    billing_code = models.CharField(max_length=20, blank=True)
    practitioner_name = models.CharField(max_length=170, blank=True)
    quantity = models.PositiveSmallIntegerField()
    unit_price = amount_field()
    discount = amount_field(default=Decimal("0.00"))
    discount_reason = models.CharField(max_length=120, blank=True)
    tax_rate = tax_field()
    net = amount_field()
    tax = amount_field()
    total = amount_field()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_lines_have_their_places"),
            models.UniqueConstraint(fields=["invoice", "charge"], name="a_charge_stands_on_an_invoice_once"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="line_total_is_net_and_tax"),
            models.CheckConstraint(
                condition=Q(credits__isnull=False) | Q(net=F("quantity") * F("unit_price") - F("discount")),
                name="line_net_is_price_less_discount",
            ),
            models.CheckConstraint(
                condition=Q(credits__isnull=False) | Q(tax=Round(F("net") * F("tax_rate") / 100, 2)),
                name="line_tax_is_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, unit_price__gte=0, discount__gte=0, net__gte=0, tax__gte=0),
                name="an_invoice_line_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"

    @property
    def sums(self) -> pricing.Sums:
        return pricing.Sums(self.net, self.tax)


class InvoiceBalance(models.Model):
    """What became of an issued invoice. Written only by the triggers of payments, credit notes and write-offs."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    total = amount_field()
    paid = amount_field(default=Decimal("0.00"))
    credited = amount_field(default=Decimal("0.00"))
    written_off = amount_field(default=Decimal("0.00"))
    open = models.GeneratedField(
        expression=F("total") - F("paid") - F("credited") - F("written_off"),
        output_field=models.DecimalField(max_digits=12, decimal_places=2),
        db_persist=True,
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(open__gte=0), name="an_invoice_is_not_paid_twice"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, credited__gte=0, written_off__gte=0), name="a_balance_is_not_negative"
            ),
        ]
        indexes: ClassVar = [models.Index("invoice", name="open_invoices", condition=Q(open__gt=0))]

    def __str__(self) -> str:
        return f"{self.open} open"


class WriteOff(models.Model):
    """Money the clinic gives up on, for a reason."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="write_offs")
    amount = amount_field()
    reason = models.CharField(max_length=200)
    written_off_at = models.DateTimeField()
    written_off_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_write_off_is_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_write_off_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} off {self.invoice}"
