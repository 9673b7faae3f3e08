"""The clinic's exercises, and the dose of one for one patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from treatments.models.plans import Intervention


class DosageUnit(models.TextChoices):
    REPETITIONS = "repetitions", "repetitions"
    SECONDS = "seconds", "seconds held"
    BREATHS = "breaths", "breaths"
    MINUTES = "minutes", "minutes"


class ExerciseQuerySet(models.QuerySet["Exercise"]):
    def in_use(self) -> ExerciseQuerySet:
        return self.filter(retired_at__isnull=True).order_by("group", "name")


class Exercise(models.Model):
    """One exercise of the catalogue; retired rather than deleted, because programmes point at it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    group = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200)
    steps = ArrayField(models.CharField(max_length=300))
    take_care = models.CharField(max_length=300, blank=True)
    unit = models.CharField(max_length=12, choices=DosageUnit.choices)
    usual_sets = models.PositiveSmallIntegerField()
    usual_amount = models.PositiveSmallIntegerField()
    usual_times_a_week = models.PositiveSmallIntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(unit__in=DosageUnit.values), name="exercise_unit_is_known")
        ]

    def __str__(self) -> str:
        return self.name


class ExercisePrescription(models.Model):
    """An exercise with its dose, as part of the physical therapy of one plan."""

    append_only = True

    intervention: models.ForeignKey[Intervention] = models.ForeignKey(
        "treatments.Intervention", on_delete=models.PROTECT, related_name="exercises"
    )
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    sets = models.PositiveSmallIntegerField()
    amount = models.PositiveSmallIntegerField()
    times_a_week = models.PositiveSmallIntegerField()
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "intervention",
                "exercise",
                name="an_exercise_is_prescribed_once",
                violation_error_message="This exercise is already in the plan.",
            ),
            models.CheckConstraint(
                condition=Q(
                    sets__range=(1, 20),
                    amount__range=(1, 600),
                    times_a_week__range=(1, 28),
                ),
                name="an_exercise_dose_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise.name}: {self.dose}"

    @property
    def dose(self) -> str:
        """Such as "3 × 10 repetitions, 5 times a week"."""
        times = "once a week" if self.times_a_week == 1 else f"{self.times_a_week} times a week"
        return f"{self.sets} × {self.amount} {DosageUnit(self.exercise.unit).label}, {times}"
