"""ICD-10-CM as a searchable table, and the diagnoses doctors made with it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from patients.models import OfPatient, OfPatientQuerySet

if TYPE_CHECKING:
    from treatments.models.episodes import Episode


class DiagnosisRelease(models.Model):
    """One official yearly or half-yearly list that was loaded."""

    version = models.CharField(max_length=40, unique=True)
    effective_on = models.DateField()
    loaded_at = models.DateTimeField()
    codes = models.PositiveIntegerField()

    class Meta:
        get_latest_by = "effective_on"

    def __str__(self) -> str:
        return f"ICD-10-CM {self.version}"


class DiagnosisCodeQuerySet(models.QuerySet["DiagnosisCode"]):
    def choosable(self) -> DiagnosisCodeQuerySet:
        """Codes a diagnosis may carry: billable ones of the list in force, no headers."""
        return self.filter(is_billable=True, valid_to__isnull=True)


class DiagnosisCode(models.Model):
    """One line of the official list. Headers are kept so that a code can be read in its place."""

    code = models.CharField(max_length=12, unique=True)
    description = models.CharField(max_length=400)
    #: Other names the official list gives for the same thing, such as "Lumbago NOS".
    also_called = models.TextField(blank=True)
    parent_code = models.CharField(max_length=12, blank=True)
    is_billable = models.BooleanField()
    #: Lower-cased description and other names: what typed words are compared with.
    words = models.TextField()
    #: The smaller, the likelier to be meant here: first encounters, muscles and bones, short names.
    weight = models.PositiveIntegerField()
    #: In force in the list of this day (the first that was loaded here) …
    valid_from = models.DateField()
    #: … until this day; open while the newest list still has it.
    valid_to = models.DateField(null=True, blank=True)

    objects = DiagnosisCodeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="a_code_is_not_retired_before_it_begins",
            )
        ]
        indexes: ClassVar = [
            GinIndex(
                OpClass(F("words"), name="gin_trgm_ops"),
                name="diagnosis_words_by_trigram",
                fastupdate=False,  # loaded once, searched always: nothing waits in a list
                condition=Q(is_billable=True, valid_to__isnull=True),
            ),
            models.Index(
                OpClass(F("code"), name="text_pattern_ops"),
                name="diagnosis_code_by_prefix",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.description}"

    def was_valid_on(self, day: date) -> bool:
        """False only for a code known to be retired by then: older lists than ours were not loaded."""
        return self.valid_to is None or day <= self.valid_to


class DiagnosisWord(models.Model):
    """A word of the list, and in how many choosable lines it stands: what misspelt words are corrected to."""

    word = models.CharField(max_length=60, primary_key=True)
    lines = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(OpClass(F("word"), name="text_pattern_ops"), name="diagnosis_word_by_prefix")]

    def __str__(self) -> str:
        return self.word


class DiagnosisQuerySet(OfPatientQuerySet["Diagnosis"]):
    def newest_first(self) -> DiagnosisQuerySet:
        return self.select_related("code").order_by("-diagnosed_on", "-pk")


class Diagnosis(OfPatient):
    """What a doctor found to be the cause, by official code; never edited, only voided and made again."""

    episode: models.ForeignKey[Episode] = models.ForeignKey(
        "treatments.Episode", on_delete=models.PROTECT, related_name="diagnoses"
    )
    code = models.ForeignKey(DiagnosisCode, on_delete=models.PROTECT, related_name="+")
    diagnosed_on = models.DateField()
    diagnosed_by = models.CharField(max_length=120)
    provider_npi = models.CharField("NPI", max_length=10, blank=True)

    objects = DiagnosisQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        verbose_name_plural = "diagnoses"
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.UniqueConstraint(
                "episode",
                "code",
                condition=Q(voided_at__isnull=True),
                name="a_diagnosis_stands_once_per_episode",
                violation_error_message="This diagnosis is already on this episode.",
            ),
            models.CheckConstraint(
                condition=Q(provider_npi="") | Q(provider_npi__regex=r"^\d{10}$"),
                name="diagnosis_npi_has_ten_digits",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)
