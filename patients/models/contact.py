"""Whom else to call, and what the patient said about messages."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Lower

from clinic.models import OptOut
from patients.models.choices import Channel, ConsentSource
from patients.models.of_patient import OfPatient, OfPatientQuerySet
from patients.models.patient import E164, Patient
from patients.models.tracking import tracked

CONSENT_CHANNELS = [Channel.EMAIL, Channel.SMS]


class ContactConsentQuerySet(OfPatientQuerySet["ContactConsent"]):
    def newest_first(self) -> ContactConsentQuerySet:
        return self.order_by("-recorded_at", "-pk")

    def with_stops(self) -> ContactConsentQuerySet:
        """Each says as `stopped_at` since when the person's present number or address of its channel wants no more."""
        email = Coalesce("patient__merged_into__email", "patient__email")
        phone = Coalesce("patient__merged_into__phone", "patient__phone")
        reached_by = Case(When(channel=Channel.EMAIL, then=Lower(email)), default=phone)
        stops = OptOut.objects.standing().of(OuterRef("channel"), OuterRef("reached_by"))
        return self.annotate(reached_by=reached_by).annotate(stopped_at=Subquery(stops.values("opted_out_at")[:1]))


class ContactConsent(models.Model):
    """A yes or no to messages on one channel, in which words, when. The newest counts; none is changed."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contact_consents")
    channel = models.CharField(max_length=10, choices=[(c.value, c.label) for c in CONSENT_CHANNELS])
    given = models.BooleanField()
    wording = models.TextField(max_length=1000)
    wording_version = models.CharField(max_length=20)
    source = models.CharField(max_length=12, choices=ConsentSource.choices)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ContactConsentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(channel__in=CONSENT_CHANNELS), name="consent_channel_is_known"),
            models.CheckConstraint(condition=Q(source__in=ConsentSource.values), name="consent_source_is_known"),
            models.CheckConstraint(
                condition=~Q(wording="") & ~Q(wording_version=""), name="consent_keeps_the_words_that_were_shown"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "channel", "-recorded_at"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {'yes' if self.given else 'no'}"


class EmergencyContactQuerySet(OfPatientQuerySet["EmergencyContact"]):
    def in_order(self) -> EmergencyContactQuerySet:
        return self.standing().order_by("pk")


@tracked()
class EmergencyContact(OfPatient):
    """Whom to call when something happens, in the order they were given."""

    name = models.CharField(max_length=120)
    relationship = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=16)

    objects = EmergencyContactQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(condition=Q(phone__regex=E164), name="emergency_phone_is_international"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.relationship})" if self.relationship else self.name
