"""Visits that cannot be held where they are, because somebody is away or a location is shut.

Where else they could be is asked of `scheduling.new_places`; `scheduling.resettling` acts on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from clinic import time
from scheduling.intervals import Interval
from scheduling.models import Absence, Appointment, Closure, Displacement, ExtraHours, GroupSession
from scheduling.models.appointments import AppointmentQuerySet


@dataclass(frozen=True)
class Cause:
    """An absence or a closure, as a span of time."""

    of: Absence | Closure

    @property
    def is_absence(self) -> bool:
        return isinstance(self.of, Absence)

    @property
    def span(self) -> Interval[datetime]:
        if isinstance(self.of, Absence):
            return Interval(self.of.starts_at, self.of.ends_at)
        tz = self.of.location.tz
        after = self.of.ends_on + timedelta(days=1)
        return Interval(time.first_instant(self.of.starts_on, tz), time.first_instant(after, tz))

    @property
    def words(self) -> str:
        """ "is ill", after a name."""
        if isinstance(self.of, Closure):
            return f"is closed: {self.of.name}"
        return {"illness": "is ill", "holiday": "is on holiday", "training": "is at a training"}.get(
            self.of.kind, "is away"
        )

    @property
    def reason(self) -> str:
        """What stands in a visit that is called off; a patient may read it."""
        return "The clinic is closed" if isinstance(self.of, Closure) else "The therapist is away"

    def standing_in(self, now: datetime) -> Q:
        """What takes place in it, still to come: for visits and for groups alike."""
        span = self.span
        time_of_it = Q(starts_at__lt=span.end, ends_at__gt=max(span.start, now))
        if isinstance(self.of, Absence):
            return time_of_it & Q(practitioner=self.of.practitioner_id)
        return time_of_it & Q(location=self.of.location_id) & ~Q(_beyond_hours())

    def visits(self, now: datetime) -> AppointmentQuerySet:
        """Those that stand in it and have not begun, single ones; soonest first."""
        return (
            Appointment.objects.not_begun()
            .filter(self.standing_in(now), session__isnull=True)
            .order_by("starts_at", "pk")
        )

    def sessions(self, now: datetime) -> list[GroupSession]:
        """Groups that would meet in it."""
        found = GroupSession.objects.standing().filter(self.standing_in(now), starts_at__gt=now)
        return list(found.for_page())

    def displaced(self) -> set[int]:
        """The visits that were moved or called off because of it."""
        kind = "absence" if self.is_absence else "closure"
        return set(Displacement.objects.filter(**{kind: self.of}).values_list("appointment_id", flat=True))

    def holds(self, practitioner: int, location: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether that stands in it, as far as can be said without a query."""
        whose = (
            practitioner == self.of.practitioner_id if isinstance(self.of, Absence) else location == self.of.location_id
        )
        return whose and starts_at < self.span.end and ends_at > self.span.start


def _beyond_hours() -> Exists:
    """One-off hours hold on a closed day too."""
    return Exists(
        ExtraHours.objects.filter(
            practitioner=OuterRef("practitioner"),
            location=OuterRef("location"),
            starts_at__lte=OuterRef("starts_at"),
            ends_at__gte=OuterRef("ends_at"),
        )
    )


@dataclass(frozen=True)
class Unplaced:
    """An absence or closure in which visits still stand, and how many."""

    cause: Cause
    visits: int


def unplaced(now: datetime) -> list[Unplaced]:
    """Absences and closures, now or later, that still have visits in them; soonest first. Four queries."""
    yesterday = (now - timedelta(days=1)).date()
    causes = [Cause(one) for one in Absence.objects.filter(ends_at__gt=now).in_order()]
    causes += [Cause(one) for one in Closure.objects.filter(ends_on__gte=yesterday).in_order()]
    if not causes:
        return []
    standing = Q(pk__in=[])
    for cause in causes:
        standing |= cause.standing_in(now)
    facts = ("practitioner_id", "location_id", "starts_at", "ends_at")
    rows = [
        *Appointment.objects.not_begun().filter(standing, session__isnull=True).values_list(*facts),
        *GroupSession.objects.standing().filter(standing, starts_at__gt=now).values_list(*facts),
    ]
    counted = [Unplaced(cause, _count(cause, rows)) for cause in causes]
    return sorted((one for one in counted if one.visits), key=lambda one: one.cause.span.start)


def _count(cause: Cause, rows: Iterable[tuple[int, int, datetime, datetime]]) -> int:
    return sum(cause.holds(*row) for row in rows)
