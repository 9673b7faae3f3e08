"""What happened to the patient before and outside this clinic: injuries, conditions, surgeries, allergies, drugs."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from patients.dates import RoughDay
from patients.models.choices import AllergyKind, Cause, DrugClass, Precision, Severity
from patients.models.of_patient import OfPatient, OfPatientQuerySet
from patients.models.tracking import tracked


def rough(day: str) -> models.CheckConstraint:
    """No day exactly when nothing is known of it."""
    return models.CheckConstraint(
        condition=Q(**{f"{day}_on__isnull": True, f"{day}_precision": Precision.UNKNOWN})
        | Q(**{f"{day}_on__isnull": False, f"{day}_precision__in": [Precision.DAY, Precision.MONTH, Precision.YEAR]}),
        name=f"%(class)s_{day}_on_is_as_precise_as_it_says",
    )


def precision() -> models.CharField:
    return models.CharField(max_length=8, choices=Precision.choices, default=Precision.UNKNOWN)


class InjuryQuerySet(OfPatientQuerySet["Injury"]):
    def newest_first(self) -> InjuryQuerySet:
        return self.standing().order_by(F("happened_on").desc(nulls_last=True), "-pk")


@tracked()
class Injury(OfPatient):
    """How it began: cause, day or about, and the mechanism in the patient's words."""

    cause = models.CharField(max_length=12, choices=Cause.choices)
    mechanism = models.CharField("what happened", max_length=500, blank=True)
    body_part = models.CharField("where it hurts", max_length=120, blank=True)
    happened_on = models.DateField(null=True, blank=True)
    happened_precision = precision()

    objects = InjuryQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        verbose_name_plural = "injuries"
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="injury_cause_is_known"),
            rough("happened"),
        ]

    def __str__(self) -> str:
        what = self.body_part or self.get_cause_display()
        return f"{what}, {self.happened}" if self.happened_on else what

    @property
    def happened(self) -> RoughDay:
        return RoughDay(self.happened_on, self.happened_precision)


class ConditionQuerySet(OfPatientQuerySet["Condition"]):
    def newest_first(self) -> ConditionQuerySet:
        return self.standing().order_by(
            F("resolved_on").desc(nulls_first=True), F("since_on").desc(nulls_last=True), "-pk"
        )

    def current(self) -> ConditionQuerySet:
        return self.standing().filter(resolved_on__isnull=True)


@tracked()
class Condition(OfPatient):
    """An illness or state of health, and what hands-on work must mind about it."""

    name = models.CharField("condition", max_length=200)
    caution = models.CharField("what hands-on work must mind", max_length=200, blank=True)
    since_on = models.DateField(null=True, blank=True)
    since_precision = precision()
    resolved_on = models.DateField(null=True, blank=True)

    objects = ConditionQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            rough("since"),
            models.CheckConstraint(
                condition=Q(resolved_on__isnull=True)
                | Q(since_on__isnull=True)
                | ~Q(since_precision=Precision.DAY)
                | Q(resolved_on__gte=F("since_on")),
                name="condition_ends_after_it_began",
                violation_error_message="It cannot have ended before it began.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def since(self) -> RoughDay:
        return RoughDay(self.since_on, self.since_precision)


class SurgeryQuerySet(OfPatientQuerySet["Surgery"]):
    def newest_first(self) -> SurgeryQuerySet:
        return self.standing().order_by(F("done_on").desc(nulls_last=True), "-pk")


@tracked()
class Surgery(OfPatient):
    """An operation, when, and what it left in the body."""

    name = models.CharField("operation", max_length=200)
    implant = models.CharField("implant or metalwork", max_length=120, blank=True)
    done_on = models.DateField(null=True, blank=True)
    done_precision = precision()

    objects = SurgeryQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        verbose_name_plural = "surgeries"
        constraints: ClassVar = [*OfPatient.Meta.constraints, rough("done")]

    def __str__(self) -> str:
        return self.name

    @property
    def done(self) -> RoughDay:
        return RoughDay(self.done_on, self.done_precision)


class AllergyQuerySet(OfPatientQuerySet["Allergy"]):
    def worst_first(self) -> AllergyQuerySet:
        rank = models.Case(
            *(
                models.When(severity=s, then=i)
                for i, s in enumerate((Severity.SEVERE, Severity.MODERATE, Severity.UNKNOWN))
            ),
            default=3,
            output_field=models.IntegerField(),
        )
        return self.standing().order_by(rank, "substance", "pk")


@tracked()
class Allergy(OfPatient):
    """A substance that harms the patient. While one stands, "none known" cannot be said (see 0002_guards)."""

    substance = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=AllergyKind.choices, default=AllergyKind.UNKNOWN)
    reaction = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.UNKNOWN)

    objects = AllergyQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        verbose_name_plural = "allergies"
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=AllergyKind.values), name="allergy_kind_is_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="allergy_severity_is_known"),
        ]

    def __str__(self) -> str:
        return self.substance


class MedicationQuerySet(OfPatientQuerySet["Medication"]):
    def current(self) -> MedicationQuerySet:
        """Being taken as far as is known: neither voided nor ended."""
        return self.standing().filter(ended_on__isnull=True)

    def newest_first(self) -> MedicationQuerySet:
        return self.standing().order_by(
            F("ended_on").desc(nulls_first=True), Coalesce("started_on", "recorded_at__date").desc(), "-pk"
        )


@tracked()
class Medication(OfPatient):
    """A drug as its prescriber ordered it, in the order's own words. Tonus never advises a dose."""

    name = models.CharField("drug", max_length=200)
    drug_classes = ArrayField(models.CharField(max_length=20, choices=DrugClass.choices), default=list, blank=True)
    dose_as_ordered = models.CharField(max_length=200, blank=True)
    prescriber = models.CharField(max_length=120, blank=True)
    started_on = models.DateField(null=True, blank=True)
    started_precision = precision()
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    objects = MedicationQuerySet.as_manager()

    class Meta(OfPatient.Meta):
        verbose_name_plural = "medication"
        constraints: ClassVar = [
            *OfPatient.Meta.constraints,
            rough("started"),
            models.CheckConstraint(
                condition=Q(drug_classes__contained_by=DrugClass.values), name="drug_classes_are_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(started_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="medication_ends_after_it_began",
                violation_error_message="It cannot have ended before it began.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def started(self) -> RoughDay:
        return RoughDay(self.started_on, self.started_precision)

    @property
    def class_labels(self) -> list[str]:
        return [DrugClass(c).label for c in self.drug_classes]
