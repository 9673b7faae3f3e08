"""Who may open a patient's clinical record: the care team, and whoever broke the glass."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from patients.models.choices import Joining
from patients.models.of_patient import OfPatientQuerySet
from patients.models.patient import Patient


class CareTeamQuerySet(OfPatientQuerySet["CareTeamMember"]):
    def current(self) -> CareTeamQuerySet:
        return self.filter(left_at__isnull=True)

    def in_order(self) -> CareTeamQuerySet:
        return self.select_related("practitioner__user").order_by("practitioner__user__name", "pk")


class CareTeamMember(models.Model):
    """A practitioner who treats the patient, from when to when, and why."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="care_team")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="care_teams")
    why = models.CharField(max_length=10, choices=Joining.choices)
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    left_at = models.DateTimeField(null=True)
    left_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CareTeamQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["practitioner", "patient"],
                condition=Q(left_at__isnull=True),
                name="practitioner_is_on_a_care_team_once",
            ),
            models.CheckConstraint(condition=Q(why__in=Joining.values), name="care_team_reason_is_known"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="care_team_is_left_after_it_is_joined",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=False) | Q(left_by__isnull=True),
                name="who_left_a_care_team_left_it_some_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.practitioner)


class BreakGlassQuerySet(OfPatientQuerySet["BreakGlass"]):
    def open_at(self, now: datetime) -> BreakGlassQuerySet:
        return self.filter(opened_at__lte=now, expires_at__gt=now)

    def newest_first(self) -> BreakGlassQuerySet:
        return self.select_related("opened_by").order_by("-opened_at", "-pk")

    def unreviewed(self) -> BreakGlassQuerySet:
        return self.filter(review__isnull=True)

    def reviewed(self) -> BreakGlassQuerySet:
        return self.filter(review__isnull=False)

    def for_review(self) -> BreakGlassQuerySet:
        """What the owner reads of each, in a fixed number of queries."""
        return self.newest_first().select_related("patient__merged_into", "review__reviewed_by")


class BreakGlass(models.Model):
    """One hour's look at a record outside one's care, for a reason that the owner reads."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="broken_glass")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "broken glass"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="glass_is_broken_for_a_reason"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("opened_at")), name="broken_glass_closes_again"),
        ]
        indexes: ClassVar = [models.Index(fields=["opened_by", "expires_at"], name="broken_glass_of")]

    def __str__(self) -> str:
        return self.reason


class GlassReview(models.Model):
    """An owner has read why somebody opened a record outside their care."""

    append_only = True

    glass = models.OneToOneField(BreakGlass, on_delete=models.PROTECT, related_name="review")
    reviewed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"read by {self.reviewed_by}"
