"""What every record about a patient has in common: whose it is, who wrote it, and that it is voided, not deleted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.access import Can, Relation, relation
from patients.models.patient import Patient

M = TypeVar("M", bound=models.Model)


class OfPatientQuerySet(models.QuerySet[M]):
    """Rows with a `patient`. The default action is the one whose rows they are; apps above name theirs."""

    def for_patient(self, patient: Patient) -> Self:
        """Of this person: also what was recorded under records merged into this one.

        By a list of their records: a condition on either table would keep PostgreSQL from using an index of one.
        """
        return self.filter(patient__in=Patient.objects.family(patient).values("pk"))

    def visible_to(self, actor: object, can: Can, *, now: datetime | None = None) -> Self:
        """Rows of patients on whom the actor may do this."""
        if relation(actor, can) is Relation.ANY:
            return self.all()
        return self.filter(patient__in=Patient.objects.visible_to(actor, can, now=now))

    def standing(self) -> Self:
        """Not voided."""
        return self.filter(voided_at__isnull=True)


class OfPatient(models.Model):
    """A fact about a patient. Corrected in place (its history keeps what it said before), voided, never deleted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, editable=False, related_name="%(class)s_records")
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    void_reason = models.CharField("why", max_length=200, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
                name="who_voided_a_%(class)s_and_why_is_known",
            )
        ]

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None
