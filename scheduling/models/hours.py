"""When the clinic is open and who is there: wall-clock rules of a location, and what interrupts them."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from scheduling.models.resources import ForStaffQuerySet


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class WeeklyQuerySet(ForStaffQuerySet):
    def valid_within(self, first: date, last: date) -> Self:
        """Rules that hold on at least one of the days, the last one included."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=first), valid_from__lte=last)

    def in_order(self) -> Self:
        return self.order_by("weekday", "opens", "pk")


class Weekly(models.Model):
    """A rule for one day of the week, in the wall-clock time of a location. A break is the gap between two rules."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens = models.TimeField("from")
    #: 00:00 is the midnight that ends the day.
    closes = models.TimeField("until")
    valid_from = models.DateField("first day")
    #: The last day on which it holds; none: until further notice.
    valid_to = models.DateField("last day", null=True, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="%(class)s_weekday_is_known"),
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes")) | Q(closes=time(0)),
                name="%(class)s_end_after_they_begin",
                violation_error_message="Hours end after they begin; split a night at midnight.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="%(class)s_last_at_least_a_day",
                violation_error_message="The last day lies before the first.",
            ),
        ]


class OpeningHours(Weekly):
    """When a location is open."""

    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="opening_hours")

    objects = WeeklyQuerySet.as_manager()

    class Meta(Weekly.Meta):
        verbose_name_plural = "opening hours"
        indexes: ClassVar = [models.Index("location", "weekday", name="opening_hours_of_a_day")]

    def __str__(self) -> str:
        return f"{Weekday(self.weekday).label} {self.opens:%H:%M} to {self.closes:%H:%M}"


class WorkingHours(Weekly):
    """When a practitioner works at a location."""

    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="working_hours")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="working_hours")

    objects = WeeklyQuerySet.as_manager()

    class Meta(Weekly.Meta):
        verbose_name_plural = "working hours"
        indexes: ClassVar = [
            models.Index("practitioner", "weekday", name="working_hours_of_a_person"),
            models.Index("location", "weekday", name="working_hours_at_a_place"),
        ]

    def __str__(self) -> str:
        return f"{Weekday(self.weekday).label} {self.opens:%H:%M} to {self.closes:%H:%M}"


class ExtraHoursQuerySet(ForStaffQuerySet):
    def within(self, start: datetime, end: datetime) -> ExtraHoursQuerySet:
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def in_order(self) -> ExtraHoursQuerySet:
        return self.select_related("practitioner__user", "location").order_by("starts_at", "pk")


class ExtraHours(models.Model):
    """Once, a practitioner works beyond the weekly hours; the location is open for them then, closed day or not."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="extra_hours")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="extra_hours")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField("what for", max_length=80, blank=True)
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = ExtraHoursQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "extra hours"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + timedelta(hours=24)),
                name="extra_hours_last_a_day_at_most",
            )
        ]
        indexes: ClassVar = [models.Index("practitioner", "starts_at", name="extra_hours_of_a_person")]

    def __str__(self) -> str:
        return self.reason or "Extra hours"


class AbsenceQuerySet(ForStaffQuerySet):
    def within(self, start: datetime, end: datetime) -> AbsenceQuerySet:
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def in_order(self) -> AbsenceQuerySet:
        return self.select_related("practitioner__user").order_by("starts_at", "pk")


class Absence(models.Model):
    """A practitioner is away. Why in detail is nobody's business here."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "Holiday"
        ILLNESS = "illness", "Ill"
        TRAINING = "training", "Training"
        OTHER = "other", "Away"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="absences")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.HOLIDAY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(kind__in=["holiday", "illness", "training", "other"]), name="absence_kind_is_known"
            ),
        ]
        indexes: ClassVar = [models.Index("practitioner", "starts_at", name="absences_of_a_person")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ClosureQuerySet(ForStaffQuerySet):
    def within(self, first: date, last: date) -> ClosureQuerySet:
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def in_order(self) -> ClosureQuerySet:
        return self.select_related("location").order_by("starts_on", "pk")


class Closure(models.Model):
    """Whole days on which a location is shut: public holidays, building work. The last day is included."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="closures")
    name = models.CharField("why", max_length=80)
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day")

    objects = ClosureQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="closure_ends_after_it_begins",
                violation_error_message="The last day lies before the first.",
            )
        ]
        indexes: ClassVar = [models.Index("location", "starts_on", name="closures_of_a_location")]

    def __str__(self) -> str:
        return self.name


class HolidayCalendar(models.Model):
    """Whose public holidays a location keeps, as it was last said; they become closures one by one."""

    location = models.OneToOneField("clinic.Location", on_delete=models.PROTECT, related_name="holiday_calendar")
    country = models.CharField(max_length=2)
    #: A state or region by its code; none: what holds in the whole country.
    subdivision = models.CharField("state or region", max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.country} {self.subdivision}".strip()
