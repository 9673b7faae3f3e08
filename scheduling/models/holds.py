"""A time kept for one patient for a few minutes or hours. Written only by `scheduling.holds`."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from patients.models import OfPatientQuerySet
from scheduling.models.groups import GroupSession
from scheduling.models.resources import LONGEST_CLAIM, Device, Room, Service


class HoldQuerySet(OfPatientQuerySet["Hold"]):
    def kept(self, now: datetime) -> Self:
        return self.filter(runs_out_at__gt=now)

    def run_out(self, now: datetime) -> Self:
        return self.filter(runs_out_at__lte=now)

    def within(self, start: datetime, end: datetime) -> Self:
        return self.filter(starts_at__gt=start - LONGEST_CLAIM, starts_at__lt=end, ends_at__gt=start)


class Hold(models.Model):
    """A place with all it needs, kept until an instant: nobody else can book it. Booking it ends it.

    It is not a record of care: it goes when it is taken, given back or swept away; the audit keeps what happened.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="holds")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="holds")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: A seat of a group: the session has the claims, the hold keeps one of its seats.
    session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, null=True, blank=True, related_name="holds")
    seat = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    runs_out_at = models.DateTimeField()
    held_at = models.DateTimeField()
    #: None: by Tonus itself, for somebody on the waitlist.
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + Value(timedelta(hours=8))),
                name="a_hold_is_for_a_possible_time",
            ),
            models.CheckConstraint(
                condition=Q(runs_out_at__gt=F("held_at"), runs_out_at__lte=F("held_at") + Value(timedelta(days=3))),
                name="a_hold_runs_out_within_three_days",
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=True, seat__isnull=True) | Q(session__isnull=False, seat__gte=1),
                name="a_hold_in_a_group_has_a_seat",
            ),
            models.UniqueConstraint("session", "seat", name="a_seat_of_a_group_is_held_once"),
        ]
        indexes: ClassVar = [
            models.Index("runs_out_at", name="holds_by_their_end"),
            models.Index("location", "starts_at", name="holds_at_a_location"),
        ]

    def __str__(self) -> str:
        return f"{self.service} at {self.starts_at:%Y-%m-%d %H:%M}, held until {self.runs_out_at:%H:%M}"
