"""What patients say of their exercises at home: done or not, and how it felt."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from treatments.models.exercises import ExercisePrescription


class HomeTick(models.Model):
    """One exercise on one day, as the patient said it last; corrected by the patient within the week."""

    prescription = models.ForeignKey(ExercisePrescription, on_delete=models.PROTECT, related_name="ticks")
    on = models.DateField()
    done = models.BooleanField()
    pain = models.PositiveSmallIntegerField(null=True, blank=True)
    said_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("prescription", "on", name="an_exercise_is_ticked_once_a_day"),
            models.CheckConstraint(
                condition=Q(pain__isnull=True) | Q(pain__range=(0, 10)), name="pain_at_home_is_zero_to_ten"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prescription_id} on {self.on}: {'done' if self.done else 'not done'}"
