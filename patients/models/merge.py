"""Two records that turned out to be one person."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from patients.models.patient import Patient


class MergeQuerySet(models.QuerySet["Merge"]):
    def in_force(self) -> MergeQuerySet:
        return self.filter(undone_at__isnull=True)

    def newest_first(self) -> MergeQuerySet:
        return self.select_related("duplicate", "survivor", "merged_by", "undone_by").order_by("-merged_at", "-pk")


class Merge(models.Model):
    """From now on the duplicate is another name of the survivor. Nothing is moved, so it can be taken back."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    duplicate = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_as_duplicate")
    survivor = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_as_survivor")
    reason = models.CharField(max_length=300)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undo_reason = models.CharField(max_length=300, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["duplicate"], condition=Q(undone_at__isnull=True), name="record_is_merged_once_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(duplicate=F("survivor")), name="record_is_not_its_own_duplicate"),
            models.CheckConstraint(condition=~Q(reason=""), name="merge_has_a_reason"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undo_reason="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason="")),
                name="who_undid_a_merge_and_why_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate_id} is {self.survivor_id}"
