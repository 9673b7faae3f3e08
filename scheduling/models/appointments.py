"""A visit, and the time it holds. Written only by `scheduling.booking`."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeBoundary
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value

from clinic import access
from clinic.access import Can
from clinic.models import Location, Practitioner
from patients.models import OfPatientQuerySet
from scheduling.models.groups import GroupSession
from scheduling.models.resources import LONGEST_CLAIM, Device, Room, Service
from scheduling.states import ACTIVE, COUNTS_FOR_THE_PLAN, HOLDS_TIME, NOT_BEGUN, Side, Status


class TsTzRange(Func):
    """tstzrange(start, end, '[)')"""

    function = "tstzrange"
    output_field: ClassVar = DateTimeRangeField()


class AppointmentQuerySet(OfPatientQuerySet["Appointment"]):
    def visible_to(self, actor: object, can: Can = Can.SEE_DIARY, *, now: datetime | None = None) -> Self:
        """The diary is everybody's who may see it; for other actions, of patients on whom they are allowed."""
        if can is Can.SEE_DIARY:
            return self.all() if access.allows(actor, can) else self.none()
        return super().visible_to(actor, can, now=now)

    # -- States ------------------------------------------------------------------------------------

    def holding_time(self) -> Self:
        return self.filter(status__in=HOLDS_TIME)

    def active(self) -> Self:
        """Still to come or under way."""
        return self.filter(status__in=ACTIVE)

    def awaited(self) -> Self:
        """Booked, and nobody has come yet."""
        return self.filter(status=Status.BOOKED)

    def not_begun(self) -> Self:
        return self.filter(status__in=NOT_BEGUN)

    def not_called_off(self) -> Self:
        return self.exclude(status=Status.CANCELLED)

    def waiting(self) -> Self:
        """In the waiting room now."""
        return self.filter(status=Status.ARRIVED)

    def held(self) -> Self:
        return self.filter(status=Status.COMPLETED)

    def missed(self) -> Self:
        return self.filter(status=Status.NO_SHOW)

    def counting_for(self, intervention: models.Model) -> Self:
        """Held or still to be held for this part of a plan."""
        return self.filter(intervention=intervention, status__in=COUNTS_FOR_THE_PLAN)

    # -- Time --------------------------------------------------------------------------------------

    def within(self, start: datetime, end: datetime) -> Self:
        """That overlap [start, end): read by the b-tree on the start."""
        return self.filter(starts_at__gt=start - LONGEST_CLAIM, starts_at__lt=end, ends_at__gt=start)

    def coming(self, now: datetime) -> Self:
        return self.filter(status__in=ACTIVE, ends_at__gt=now).order_by("starts_at", "pk")

    def past(self, now: datetime) -> Self:
        return self.exclude(status__in=ACTIVE, ends_at__gt=now).order_by("-starts_at", "-pk")

    # -- Series ------------------------------------------------------------------------------------

    def in_line(self, line: uuid.UUID) -> Self:
        """Of one series and all that continue it, in order of time."""
        return self.filter(series__line=line).order_by("starts_at", "pk")

    # -- Pages -------------------------------------------------------------------------------------

    def at(self, location: Location) -> Self:
        return self.filter(location=location)

    def of_practitioner(self, practitioner: Practitioner) -> Self:
        return self.filter(practitioner=practitioner)

    def for_diary(self) -> Self:
        """All that a diary row shows, in one query."""
        return self.select_related("patient", "service", "room", "practitioner__user", "location").order_by(
            "starts_at", "pk"
        )

    def for_verb(self) -> Self:
        """What every verb needs; few joins, as planning many costs more than the query."""
        return self.select_related("patient__merged_into", "service", "practitioner__user", "location")

    def for_telling(self) -> Self:
        """What decides how and when its patient is written to."""
        return self.select_related("patient__merged_into", "location", "service").order_by("starts_at", "pk")

    def for_page(self) -> Self:
        return self.select_related(
            "patient__merged_into", "service", "room", "device", "practitioner__user", "location",
            "intervention__plan__episode", "booked_by", "cancelled_by",
        )  # fmt: skip


@pghistory.track()
class Appointment(models.Model):
    """One patient with one practitioner for one service: where, when, and how far it has got."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey("clinic.Location", on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    #: The part of the plan that this visit is a session of.
    intervention = models.ForeignKey(
        "treatments.Intervention", on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.BOOKED)
    #: Raised by each change of time or place: links and reminders of an older one are void.
    version = models.PositiveIntegerField(default=1)
    #: A place in a group: the session has the claims, the visit has one of its seats.
    session = models.ForeignKey(
        GroupSession, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    seat = models.PositiveSmallIntegerField(null=True, blank=True)
    #: Booked on top of another visit, on purpose: why. Such a visit takes the overflow seat.
    overbook_reason = models.CharField(max_length=200, blank=True)
    #: Visits that were booked back to back as one errand carry the same mark.
    basket = models.UUIDField(null=True, blank=True)
    #: The series that it was booked in, and which day of the series' rule it stands for (the first is 1).
    series = models.ForeignKey(
        "scheduling.Series", on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    occurrence = models.PositiveSmallIntegerField(null=True, blank=True)
    #: For the desk, such as "brings the scans". Not clinical.
    note = models.CharField(max_length=200, blank=True)

    booked_at = models.DateTimeField()
    #: None: by the patient or by Tonus itself; the audit says which.
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    #: The form that booked it: the same form sent twice books once.
    request_key = models.UUIDField(null=True, blank=True, unique=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    #: None: by the patient's own link.
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    cancelled_side = models.CharField(max_length=8, choices=Side.choices, blank=True)
    cancelled_late = models.BooleanField(default=False)
    cancel_reason = models.CharField(max_length=200, blank=True)
    #: The last change of anything, for pages that refresh themselves.
    changed_at = models.DateTimeField()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="patient_is_not_in_two_places",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=sorted(HOLDS_TIME)),
                # Two visits of one patient may change places: for that act it is looked at when both have moved.
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="The patient already has a visit at that time.",
            ),
            models.UniqueConstraint(
                "session", "seat", condition=Q(status__in=sorted(HOLDS_TIME)), name="a_seat_of_a_group_is_taken_once"
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=True, seat__isnull=True) | Q(session__isnull=False, seat__gte=1),
                name="a_visit_in_a_group_has_a_seat",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True, occurrence__isnull=True) | Q(series__isnull=False, occurrence__gte=1),
                name="a_visit_of_a_series_is_one_of_its_days",
            ),
            models.UniqueConstraint("series", "occurrence", name="a_day_of_a_series_is_booked_once"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="appointment_status_is_known"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + Value(timedelta(hours=8))),
                name="appointment_lasts_a_possible_time",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="appointment_versions_begin_at_one"),
            models.CheckConstraint(
                condition=Q(
                    ~Q(status=Status.CANCELLED),
                    cancelled_at__isnull=True,
                    cancelled_by__isnull=True,
                    cancelled_side="",
                    cancel_reason="",
                    cancelled_late=False,
                )
                | (
                    Q(status=Status.CANCELLED, cancelled_at__isnull=False, cancelled_side__in=Side.values)
                    & (Q(cancelled_by__isnull=False) | Q(cancelled_side=Side.PATIENT))
                    & ~Q(cancel_reason="")
                ),
                name="a_cancelled_visit_says_when_who_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.ARRIVED]) | Q(arrived_at__isnull=False),
                name="an_arrived_patient_came_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.IN_SESSION) | Q(started_at__isnull=False),
                name="a_session_under_way_has_begun",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.COMPLETED, completed_at__isnull=False)
                | (~Q(status=Status.COMPLETED) & Q(completed_at__isnull=True)),
                name="a_completed_visit_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index("location", "starts_at", name="visits_at_a_location"),
            models.Index("practitioner", "starts_at", name="visits_of_a_practitioner"),
            models.Index("patient", "starts_at", name="visits_of_a_patient"),
            models.Index("intervention", name="visits_of_a_plan", condition=Q(intervention__isnull=False)),
            models.Index("basket", name="visits_of_a_basket", condition=Q(basket__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.service} at {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def holds_time(self) -> bool:
        return self.status in HOLDS_TIME

    @property
    def is_overbooked(self) -> bool:
        return bool(self.overbook_reason)

    @property
    def is_changed_alone(self) -> bool:
        """Of a series, but not as the series asks: changes of the series leave it alone unless somebody says so."""
        return self.series is not None and not self.series.asks_for(self)

    @property
    def can_be_moved(self) -> bool:
        return self.status in NOT_BEGUN
