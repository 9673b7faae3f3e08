"""When and with whom a patient would rather come: a wish that orders what is offered, never a rule."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from patients.models import OfPatientQuerySet
from scheduling.models.hours import Weekday


class TimePreferenceQuerySet(OfPatientQuerySet["TimePreference"]):
    pass


class TimePreference(models.Model):
    """One for each patient who has said so: days of the week, hours on the wall, and a practitioner."""

    patient = models.OneToOneField("patients.Patient", on_delete=models.PROTECT, related_name="time_preference")
    #: None at all: any day.
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday.choices), default=list, blank=True)
    earliest = models.TimeField("not before", null=True, blank=True)
    latest = models.TimeField("over by", null=True, blank=True)
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)

    objects = TimePreferenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(earliest__isnull=True) | Q(latest__isnull=True) | Q(latest__gt=F("earliest")),
                name="preferred_hours_end_after_they_begin",
                violation_error_message="The hours end before they begin.",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=Weekday.values), name="preferred_days_are_days_of_the_week"
            ),
        ]

    def __str__(self) -> str:
        return "Preferred times"

    @property
    def is_empty(self) -> bool:
        """Any time will do."""
        return not self.weekdays and self.earliest is None and self.latest is None

    @property
    def says(self) -> str:
        """ "Tue, Thu after 16:00 with Ben": what was said, in a few words."""
        days = ", ".join(Weekday(day).label[:3] for day in self.weekdays)
        first, last = (f"{at:%H:%M}" if at else "" for at in (self.earliest, self.latest))
        hours = (
            f"{first} to {last}" if first and last else f"after {first}" if first else f"until {last}" if last else ""
        )
        who = f"with {self.practitioner.user.get_short_name()}" if self.practitioner else ""
        return " ".join(filter(None, (days, hours, who)))

    def fits(self, starts_at: datetime, ends_at: datetime, tz: ZoneInfo) -> bool:
        """Whether a visit then would be as the patient likes it."""
        start, end = starts_at.astimezone(tz), ends_at.astimezone(tz)
        return (
            (not self.weekdays or start.weekday() in self.weekdays)
            and (self.earliest is None or start.time() >= self.earliest)
            and (self.latest is None or (end.time() <= self.latest and end.date() == start.date()))
        )
