"""An episode of care: one trouble of one patient, its cause, and who referred it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from patients.models import OfPatient, OfPatientQuerySet
from patients.models.choices import Cause
from treatments import regions
from treatments.regions import Region


class TissueState(models.TextChoices):
    UNKNOWN = "unknown", "Not examined yet"
    ACTIVE_SPASM = "active_spasm", "Active spasm"
    GUARDING = "guarding", "Guarding"
    ACUTE_INFLAMED = "acute_inflamed", "Acute, inflamed"
    ADHESION = "adhesion", "Chronic adhesion"
    SCAR = "scar", "Scar tissue"
    POST_ACUTE = "post_acute", "Post-acute, settling"


class EpisodeQuerySet(OfPatientQuerySet["Episode"]):
    def open(self) -> EpisodeQuerySet:
        return self.filter(closed_at__isnull=True)

    def newest_first(self) -> EpisodeQuerySet:
        return self.order_by("closed_at", "-opened_at", "-pk")


@pghistory.track()
class Episode(models.Model):
    """Everything about one trouble, from its cause to its end."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="episodes")
    injury = models.ForeignKey(
        "patients.Injury",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="episodes",
    )
    title = models.CharField(max_length=120)
    cause = models.CharField(max_length=12, choices=Cause.choices, default=Cause.UNKNOWN)
    mechanism = models.CharField(max_length=500, blank=True)
    onset_on = models.DateField(null=True, blank=True)
    tissue_state = models.CharField(max_length=16, choices=TissueState.choices, default=TissueState.UNKNOWN)
    tissue_seen_at = models.DateTimeField(null=True, blank=True)
    tissue_seen_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    regions = ArrayField(
        models.CharField(max_length=32, choices=Region.choices),
        default=list,
        blank=True,
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    close_reason = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = EpisodeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="episode_cause_is_known_to_us"),
            models.CheckConstraint(
                condition=Q(tissue_state__in=TissueState.values),
                name="episode_tissue_state_is_known_to_us",
            ),
            models.CheckConstraint(
                condition=Q(regions__contained_by=Region.values),
                name="episode_regions_are_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    tissue_seen_at__isnull=True,
                    tissue_seen_by__isnull=True,
                    tissue_state="unknown",
                )
                | Q(tissue_seen_at__isnull=False, tissue_seen_by__isnull=False),
                name="a_tissue_state_was_seen_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, close_reason="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(close_reason="")),
                name="a_closed_episode_says_when_who_and_why",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-opened_at"], name="episodes_of_a_patient")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def region_labels(self) -> str:
        return regions.labels(self.regions)


class ReferralQuerySet(OfPatientQuerySet["Referral"]):
    def newest_first(self) -> ReferralQuerySet:
        return self.select_related("document").order_by("-dated_on", "-pk")


class Referral(OfPatient):
    """A doctor's request for treatment: what is asked for, how often, until when."""

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="referrals")
    provider_name = models.CharField(max_length=120)
    provider_npi = models.CharField("NPI", max_length=10, blank=True)
    dated_on = models.DateField()
    asks_for = models.CharField(max_length=500)
    sessions_authorised = models.PositiveSmallIntegerField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    document = models.ForeignKey("patients.Document", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ReferralQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("dated_on")),
                name="a_referral_ends_after_it_begins",
                violation_error_message="A referral cannot expire before its date.",
            ),
            models.CheckConstraint(
                condition=Q(provider_npi="") | Q(provider_npi__regex=r"^\d{10}$"),
                name="referral_npi_has_ten_digits",
            ),
            models.CheckConstraint(
                condition=Q(sessions_authorised__isnull=True) | Q(sessions_authorised__range=(1, 200)),
                name="a_referral_authorises_some_sessions",
            ),
        ]

    def __str__(self) -> str:
        return f"Referral by {self.provider_name}"

    def expired_on(self, day: date) -> bool:
        return self.expires_on is not None and day > self.expires_on
