"""A series: the rule by which visits were booked together. The visits themselves are ordinary ones."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic import access
from clinic.access import Can
from patients.models import OfPatientQuerySet
from scheduling import recurrence
from scheduling.models.resources import LONGEST_VISIT, Room, Service
from scheduling.recurrence import Recurrence

if TYPE_CHECKING:
    from scheduling.models.appointments import Appointment


class Frequency(models.TextChoices):
    DAILY = recurrence.Frequency.DAILY.value, "Daily"
    WEEKLY = recurrence.Frequency.WEEKLY.value, "Weekly"


class SeriesQuerySet(OfPatientQuerySet["Series"]):
    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY, *, now: datetime | None = None) -> Self:
        """Like the visits in it."""
        if can is Can.SEE_DIARY:
            return self.all() if access.allows(actor, can) else self.none()
        return super().visible_to(actor, can, now=now)

    def in_line(self, line: uuid.UUID) -> Self:
        """This series and all that it continues or was continued by, the first one first."""
        return self.filter(line=line).order_by("created_at", "pk")

    def for_page(self) -> Self:
        return self.select_related(
            "patient__merged_into", "service", "practitioner__user", "location", "room",
            "intervention__plan__episode", "created_by",
        )  # fmt: skip


@pghistory.track()
class Series(models.Model):
    """How visits repeat: for whom, what, with whom, where, and by which rule in the location's wall-clock time."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: The same for a series and all that continue it.
    line = models.UUIDField(default=uuid.uuid4, editable=False)
    #: The one whose rule was closed when this one went on from there.
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="continued_by")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="series")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="series")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="series")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="series")
    #: The room that was asked for; None: any suitable one, each time.
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="series")
    intervention = models.ForeignKey(
        "treatments.Intervention", on_delete=models.PROTECT, null=True, blank=True, related_name="series"
    )

    frequency = models.CharField(max_length=6, choices=Frequency.choices)
    every = models.PositiveSmallIntegerField(default=1)
    #: Of a weekly rule; 0 is Monday.
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    week_starts = models.PositiveSmallIntegerField(default=0)
    first_on = models.DateField()
    count = models.PositiveSmallIntegerField(null=True, blank=True)
    last_on = models.DateField(null=True, blank=True)
    #: On the wall of the location.
    wall = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    #: Days of the rule that could not be booked and wait for somebody to place them.
    to_place = ArrayField(models.DateField(), default=list, blank=True)

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: When its rule was closed: called off, or continued by another.
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    #: The form that made it: the same form sent twice books once.
    request_key = models.UUIDField(null=True, blank=True, unique=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(frequency__in=Frequency.values), name="series_frequency_is_known"),
            models.CheckConstraint(condition=Q(every__range=(1, 26)), name="series_repeats_in_possible_steps"),
            models.CheckConstraint(
                condition=Q(frequency=Frequency.DAILY) | ~Q(weekdays=[]), name="a_weekly_series_has_its_days"
            ),
            models.CheckConstraint(condition=Q(week_starts__lte=6), name="a_week_of_a_series_begins_on_some_day"),
            models.CheckConstraint(
                condition=Q(count__range=(1, recurrence.MOST), last_on__isnull=True)
                | Q(count__isnull=True, last_on__isnull=False),
                name="a_series_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(minutes__range=(5, LONGEST_VISIT)), name="visits_of_a_series_last_a_possible_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="a_series_is_ended_by_somebody",
            ),
        ]
        indexes: ClassVar = [models.Index("line", name="series_of_a_line")]

    def __str__(self) -> str:
        return f"{self.service}, {self.in_words()}"

    @property
    def rule(self) -> Recurrence:
        return Recurrence(
            self.first_on,
            recurrence.Frequency(self.frequency),
            self.every,
            frozenset(self.weekdays),
            self.count,
            self.last_on,
            self.week_starts,
        )

    @cached_property
    def days(self) -> list[date]:
        """The days of its rule, in order."""
        return self.rule.dates()

    def asks_for(self, visit: Appointment) -> bool:
        """Whether the visit takes place as the rule says: when, how long, with whom, where."""
        number = visit.occurrence or 0
        if not 1 <= number <= len(self.days):
            return False
        asked = recurrence.instant(self.days[number - 1], self.wall, self.location.tz).at
        return (visit.starts_at, visit.minutes, visit.practitioner_id, visit.location_id) == (
            asked, self.minutes, self.practitioner_id, self.location_id,
        )  # fmt: skip

    def in_words(self) -> str:
        return f"{self.rule.in_words()} at {self.wall:%H:%M}"
