"""Where a visit was before it was last moved. Written only by `scheduling.moves`."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from scheduling.models.appointments import Appointment
from scheduling.models.resources import Device, Room


class LastMove(models.Model):
    """One row a visit: overwritten by each move, gone when it is taken back. History is kept elsewhere."""

    #: It says how to take a step back, nothing more: it goes with the visit.
    may_cascade = True

    appointment = models.OneToOneField(
        Appointment, on_delete=models.CASCADE, primary_key=True, related_name="last_move"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, null=True, related_name="+")
    overbook_reason = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    #: Of the visit, before and after the move; the same when nobody had to be told.
    version_before = models.PositiveIntegerField()
    version_after = models.PositiveIntegerField()
    moved_at = models.DateTimeField()
    #: None: by the patient or by Tonus itself.
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_former_place_lasts_some_time"),
            models.CheckConstraint(
                condition=Q(version_after__gte=F("version_before")), name="a_move_never_lowers_the_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_id} was at {self.starts_at:%Y-%m-%d %H:%M}"
