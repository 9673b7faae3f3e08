"""A group that meets once: one practitioner, one room, a number of seats. Written only by `scheduling.groups`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from clinic.models import Location
from scheduling.models.resources import LONGEST_CLAIM, Device, ForStaffQuerySet, Room, Service
from scheduling.states import HOLDS_TIME


class GroupSessionQuerySet(ForStaffQuerySet):
    def standing(self) -> Self:
        """Not called off."""
        return self.filter(called_off_at__isnull=True)

    def within(self, start: datetime, end: datetime) -> Self:
        return self.filter(starts_at__gt=start - LONGEST_CLAIM, starts_at__lt=end, ends_at__gt=start)

    def at(self, location: Location) -> Self:
        return self.filter(location=location)

    def with_taken(self) -> Self:
        """How many seats are taken, as `taken`."""
        counted = models.Count("appointments", filter=Q(appointments__status__in=sorted(HOLDS_TIME)))
        return self.annotate(taken=counted)

    def for_page(self) -> Self:
        return self.select_related("service", "practitioner__user", "location", "room").order_by("starts_at", "pk")


@pghistory.track()
class GroupSession(models.Model):
    """Several patients with one practitioner at the same time. Who comes has an appointment with a seat in it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="sessions")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="sessions")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="sessions")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    seats = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    called_off_at = models.DateTimeField(null=True, blank=True)
    called_off_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    call_off_reason = models.CharField(max_length=200, blank=True)
    #: The last change of anything, for pages that refresh themselves.
    changed_at = models.DateTimeField()

    objects = GroupSessionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + Value(timedelta(hours=8))),
                name="a_group_meets_for_a_possible_time",
            ),
            models.CheckConstraint(condition=Q(seats__range=(1, 50)), name="a_group_has_one_to_fifty_seats"),
            models.CheckConstraint(
                condition=Q(called_off_at__isnull=True, called_off_by__isnull=True, call_off_reason="")
                | (Q(called_off_at__isnull=False, called_off_by__isnull=False) & ~Q(call_off_reason="")),
                name="a_group_called_off_says_when_who_and_why",
            ),
        ]
        indexes: ClassVar = [models.Index("location", "starts_at", name="groups_at_a_location")]

    def __str__(self) -> str:
        return f"{self.service} at {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def version(self) -> int:
        """What a page has seen of it: differs after every change. Not counted, but the instant, in microseconds."""
        return (self.changed_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)

    @property
    def is_called_off(self) -> bool:
        return self.called_off_at is not None
