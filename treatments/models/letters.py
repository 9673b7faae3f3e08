"""Letters about a patient to whoever referred them: drafted from the record, edited, then fixed for good."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from patients.models import OfPatientQuerySet
from treatments.models.episodes import Episode
from treatments.models.plans import Plan


class LetterKind(models.TextChoices):
    PLAN_SUMMARY = "plan_summary", "Plan summary"
    PROGRESS_REPORT = "progress_report", "Progress report"


class LetterQuerySet(OfPatientQuerySet["Letter"]):
    def drafts(self) -> LetterQuerySet:
        return self.filter(finalised_at__isnull=True)

    def newest_first(self) -> LetterQuerySet:
        return self.order_by("-started_at", "-pk")

    def for_page(self) -> LetterQuerySet:
        return self.select_related("patient", "episode", "plan", "author__user", "finalised_by", "document")


class Letter(models.Model):
    """One version of one letter. Finalised, it is a document of the patient and never changes (0006)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="letters")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="letters")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="letters")
    author = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=16, choices=LetterKind.choices)
    version = models.PositiveSmallIntegerField(default=1)
    dated_on = models.DateField()
    to_name = models.CharField(max_length=160)
    to_address = models.CharField(max_length=300, blank=True)
    opening = models.TextField(max_length=2000, blank=True)
    diagnosis = models.TextField(max_length=2000, blank=True)
    planned = models.TextField(max_length=4000, blank=True)
    sessions = models.TextField(max_length=4000, blank=True)
    measures = models.TextField(max_length=4000, blank=True)
    response = models.TextField(max_length=4000, blank=True)
    next_step = models.TextField(max_length=2000, blank=True)
    closing = models.TextField(max_length=2000, blank=True)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    finalised_at = models.DateTimeField(null=True, blank=True)
    finalised_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    document = models.OneToOneField(
        "patients.Document", on_delete=models.PROTECT, null=True, blank=True, related_name="letter"
    )
    revision = models.PositiveIntegerField(default=1)

    objects = LetterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=LetterKind.values), name="letter_kind_is_known"),
            models.UniqueConstraint("episode", "kind", "version", name="letter_versions_are_counted_once"),
            models.UniqueConstraint(
                "episode",
                "kind",
                condition=Q(finalised_at__isnull=True),
                name="one_draft_of_a_letter_at_a_time",
                violation_error_message="There is a draft of this letter already.",
            ),
            models.CheckConstraint(
                condition=Q(finalised_at__isnull=True, finalised_by__isnull=True, document__isnull=True)
                | Q(finalised_at__isnull=False, finalised_by__isnull=False, document__isnull=False),
                name="a_final_letter_says_when_who_and_is_a_document",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-started_at"], name="letters_of_a_patient")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.version}"

    @property
    def is_final(self) -> bool:
        return self.finalised_at is not None
