"""What became of the visits that an absence or a closure touched. Written only by `scheduling.resettling`."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from scheduling.models.appointments import Appointment
from scheduling.models.hours import Absence, Closure
from scheduling.models.resources import ForStaffQuerySet


class Displacement(models.Model):
    """One visit that found a new place, or was called off, because somebody is away or a location is shut.

    It counts the desk's progress; what happened to the visit itself stands in its history and in the audit.
    """

    #: It goes with the absence that is taken back; the visit stays where it was put.
    may_cascade = True

    class Outcome(models.TextChoices):
        MOVED = "moved", "Moved"
        CALLED_OFF = "called_off", "Called off"

    absence = models.ForeignKey(Absence, on_delete=models.CASCADE, null=True, related_name="displacements")
    closure = models.ForeignKey(Closure, on_delete=models.CASCADE, null=True, related_name="displacements")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="displacements")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    was_at = models.DateTimeField()
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ForStaffQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(absence__isnull=False, closure__isnull=True)
                | Q(absence__isnull=True, closure__isnull=False),
                name="a_displacement_has_one_cause",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["moved", "called_off"]), name="displacement_outcome_is_known"
            ),
            models.UniqueConstraint("absence", "appointment", name="a_visit_is_displaced_once_by_an_absence"),
            models.UniqueConstraint("closure", "appointment", name="a_visit_is_displaced_once_by_a_closure"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.appointment}"
