"""The diary of spasms that a patient keeps by link."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models import OfPatientQuerySet

#: So long after writing it down may the patient put an entry right.
MAY_CORRECT = timedelta(days=1)


class Duration(models.TextChoices):
    SECONDS = "seconds", _("Some seconds")
    MINUTES = "minutes", _("Under 5 minutes")
    HALF_HOUR = "half_hour", _("5 to 30 minutes")
    LONGER = "longer", _("Longer")


class Trigger(models.TextChoices):
    LIFTING = "lifting", _("Lifting")
    BENDING = "bending", _("Bending or turning")
    SITTING = "sitting", _("Sitting long")
    STANDING_UP = "standing_up", _("Getting up")
    WALKING = "walking", _("Walking")
    LYING = "lying", _("Lying, at night")
    COLD = "cold", _("Cold")
    STRESS = "stress", _("Strain or worry")
    NOTHING = "nothing", _("Nothing I know")


class Stopped(models.TextChoices):
    WALKING = "walking", _("Walking")
    WORK = "work", _("Work")
    SLEEP = "sleep", _("Sleep")


class SpasmDiaryQuerySet(OfPatientQuerySet["SpasmDiary"]):
    def open(self) -> SpasmDiaryQuerySet:
        return self.filter(closed_at__isnull=True)

    def newest_first(self) -> SpasmDiaryQuerySet:
        return self.order_by("-opened_at", "-pk")


class SpasmDiary(models.Model):
    """One stretch of time in which a patient writes down every spasm. Days without an entry are days without one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="spasm_diaries")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SpasmDiaryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "spasm diaries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                "patient",
                condition=Q(closed_at__isnull=True),
                name="a_patient_keeps_one_spasm_diary",
                violation_error_message="This patient already keeps a spasm diary.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="a_closed_spasm_diary_says_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"Spasm diary since {self.opened_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class SpasmEntryQuerySet(OfPatientQuerySet["SpasmEntry"]):
    def standing(self) -> SpasmEntryQuerySet:
        """Not taken back by the patient."""
        return self.filter(removed_at__isnull=True)

    def newest_first(self) -> SpasmEntryQuerySet:
        return self.order_by("-happened_at", "-pk")


@pghistory.track()
class SpasmEntry(models.Model):
    """One spasm, as the patient wrote it down. What it said before a correction stays in its history."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    diary = models.ForeignKey(SpasmDiary, on_delete=models.PROTECT, related_name="entries")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="spasm_entries")
    #: Of one showing of the page: pressed twice, it is one spasm.
    key = models.UUIDField()
    happened_at = models.DateTimeField()
    severity = models.PositiveSmallIntegerField()
    duration = models.CharField(max_length=10, choices=Duration.choices, blank=True)
    trigger = models.CharField(max_length=12, choices=Trigger.choices, blank=True)
    stopped = ArrayField(models.CharField(max_length=8, choices=Stopped.choices), default=list, blank=True)
    #: None: not said.
    medication_taken = models.BooleanField(null=True, blank=True)
    written_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = SpasmEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "spasm entries"
        constraints: ClassVar = [
            models.UniqueConstraint("diary", "key", name="one_press_is_one_spasm"),
            models.CheckConstraint(condition=Q(severity__range=(1, 10)), name="a_spasm_is_one_to_ten"),
            models.CheckConstraint(
                condition=Q(duration__in=["", *Duration.values])
                & Q(trigger__in=["", *Trigger.values])
                & Q(stopped__contained_by=Stopped.values),
                name="what_a_spasm_entry_says_is_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-happened_at"], name="spasms_of_a_patient")]

    def __str__(self) -> str:
        return f"Spasm, {self.severity} of 10"

    def may_be_corrected(self, now: datetime) -> bool:
        return self.removed_at is None and now < self.written_at + MAY_CORRECT

    @property
    def stopped_words(self) -> str:
        return ", ".join(str(Stopped(each).label).lower() for each in self.stopped)
