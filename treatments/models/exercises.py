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

    def retired(self) -> ExerciseQuerySet:
        return self.filter(retired_at__isnull=False).order_by("group", "name")

    def about(self, words: str) -> ExerciseQuerySet:
        """Those that say each of these words in name, group, purpose or steps."""
        found = self
        for word in words.split()[:6]:
            found = found.filter(
                Q(name__icontains=word)
                | Q(group__icontains=word)
                | Q(purpose__icontains=word)
                | Q(steps__icontains=word)
            )
        return found


class Exercise(models.Model):
    """One exercise of the catalogue; retired rather than deleted, because programmes point at it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    group = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200)
    steps = ArrayField(models.CharField(max_length=300))
    take_care = models.CharField(max_length=300, blank=True)
    #: When to leave off at once, in the patient's words.
    stop_if = models.CharField(max_length=300, blank=True)
    #: Harder ways of the same exercise, the easiest first; level 1 is the exercise as its steps say.
    progressions = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    #: The name of a drawing of treatments.drawings, or none.
    drawing = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=12, choices=DosageUnit.choices)
    usual_sets = models.PositiveSmallIntegerField()
    usual_amount = models.PositiveSmallIntegerField()
    usual_times_a_week = models.PositiveSmallIntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(unit__in=DosageUnit.values), name="exercise_unit_is_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def usual_dose(self) -> str:
        return dose_in_words(self.usual_sets, self.usual_amount, self.unit, self.usual_times_a_week)


def dose_in_words(sets: int, amount: int, unit: str, times_a_week: int) -> str:
    """Such as "3 × 10 repetitions, 5 times a week"."""
    times = "once a week" if times_a_week == 1 else f"{times_a_week} times a week"
    return f"{sets} × {amount} {DosageUnit(unit).label}, {times}"


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
    #: How far the exercise is made harder, in the words of the day; and when the next level may follow.
    level = models.PositiveSmallIntegerField(default=1)
    level_words = models.CharField(max_length=200, blank=True)
    next_when = models.CharField(max_length=200, blank=True)

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
            models.CheckConstraint(
                condition=Q(level=1, level_words="") | (Q(level__range=(2, 9)) & ~Q(level_words="")),
                name="a_level_above_the_first_says_what_it_is",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise.name}: {self.dose}"

    @property
    def dose(self) -> str:
        return dose_in_words(self.sets, self.amount, self.exercise.unit, self.times_a_week)
