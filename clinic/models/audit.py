"""What was done and who looked: written once, chained, never changed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q


class ActorKind(models.TextChoices):
    STAFF = "staff", "Staff"
    LINK = "link", "Patient by link"
    SYSTEM = "system", "Tonus itself"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def newest_first(self) -> AuditEventQuerySet:
        return self.order_by("-at", "-pk")

    def unsealed(self) -> AuditEventQuerySet:
        return self.filter(seal__isnull=True)


class AuditEvent(models.Model):
    """One act or one look. Holds no foreign key, so that it never hinders live data and outlives it."""

    append_only = True

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor_uid = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=120)
    #: noun.verb, such as "appointment.booked"; a look is "….viewed".
    action = models.CharField(max_length=60)
    is_look = models.BooleanField(default=False)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_uid = models.UUIDField(null=True)
    patient_uid = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict)
    request_id = models.UUIDField(null=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="audit_actor_is_known"),
            models.CheckConstraint(
                condition=Q(actor_kind=ActorKind.SYSTEM) | Q(actor_uid__isnull=False), name="audit_names_its_actor"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient_uid", "-at"], name="audit_of_a_patient"),
            models.Index(fields=["actor_uid", "-at"], name="audit_of_an_actor"),
            models.Index(fields=["-at"], name="audit_by_time"),
            models.Index(fields=["subject_uid", "-at"], name="audit_of_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name}: {self.action}"


class AuditSeal(models.Model):
    """One link of the chain: the digest of an event and of the seal before it."""

    append_only = True

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seal {self.position}"
