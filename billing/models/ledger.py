"""The ledger: every movement of money twice, debit positive and credit negative, never changed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Account(models.TextChoices):
    """Where money is, what is owed to whom, and where it came from."""

    RECEIVABLE = "receivable", "Owed by patients"
    CREDIT = "credit", "Patients' credit"
    REVENUE = "revenue", "Revenue"
    TAX = "tax", "Tax collected"
    CASH = "cash", "Cash in the till"
    CARD = "card", "Card payments"
    BANK = "bank", "Bank"
    CHEQUE = "cheque", "Cheques"
    WRITE_OFF = "write_off", "Written off"
    TILL_DIFFERENCE = "till_difference", "Till over or short"


class EntryKind(models.TextChoices):
    INVOICE = "invoice", "Invoice issued"
    CREDIT_NOTE = "credit_note", "Credit note issued"
    PAYMENT = "payment", "Payment"
    REFUND = "refund", "Refund"
    VOID = "void", "Payment voided"
    ALLOCATION = "allocation", "Credit used"
    RELEASE = "release", "Credit freed"
    WRITE_OFF = "write_off", "Written off"
    TILL = "till", "Till counted"


class JournalEntry(models.Model):
    """One event in money: its postings add up to nothing, which a deferred trigger checks at commit."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    posted_at = models.DateTimeField()
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    payment = models.ForeignKey(
        "billing.Payment", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )

    class Meta:
        verbose_name_plural = "journal entries"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="entry_kind_is_known")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.posted_at:%Y-%m-%d %H:%M}"


class Posting(models.Model):
    """One side of an entry. Debit is positive, credit negative."""

    append_only = True

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=16, choices=Account.choices)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    #: Who owes or is owed; for what is owed also which invoice; for cash also where.
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="postings"
    )
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(account__in=Account.values), name="account_is_known"),
            models.CheckConstraint(condition=~Q(amount=0), name="a_posting_moves_something"),
            models.CheckConstraint(
                condition=~Q(account=Account.RECEIVABLE) | Q(invoice__isnull=False, patient__isnull=False),
                name="what_is_owed_is_owed_for_an_invoice",
            ),
            models.CheckConstraint(
                condition=~Q(account=Account.CREDIT) | Q(patient__isnull=False), name="credit_belongs_to_a_patient"
            ),
            models.CheckConstraint(
                condition=~Q(account=Account.CASH) | Q(location__isnull=False), name="cash_lies_in_a_till"
            ),
        ]
        indexes: ClassVar = [models.Index("account", "location", name="postings_by_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
