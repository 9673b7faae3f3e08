"""Visits that cannot be held where they are, because somebody is away or a location is shut.

Where else they could be is asked of `scheduling.new_places`; `scheduling.resettling` acts on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from clinic import time
from scheduling.intervals import Interval
from scheduling.models import Absence, Appointment, Closure, Displacement, ExtraHours, GroupSession
from scheduling.models.appointments import AppointmentQuerySet
from scheduling.models.resources import LONGEST_CLAIM
from scheduling.states import NOT_BEGUN


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


#: Of each absence and closure that is not over, what stands in it. By hand: the pages of the diary ask it every time,
#: and asked as one condition with a branch for each it took half a second where four hundred were known.
_COUNT = """
WITH cause AS MATERIALIZED (
  SELECT 'absence' AS kind, id, practitioner_id AS who, NULL::bigint AS place,
         greatest(starts_at, %(now)s) AS start, ends_at AS until
    FROM scheduling_absence WHERE ends_at > %(now)s
  UNION ALL
  SELECT 'closure', c.id, NULL, c.location_id,
         greatest(c.starts_on::timestamp AT TIME ZONE l.zone, %(now)s), (c.ends_on + 1)::timestamp AT TIME ZONE l.zone
    FROM scheduling_closure c JOIN clinic_location l ON l.id = c.location_id
   WHERE (c.ends_on + 1)::timestamp AT TIME ZONE l.zone > %(now)s
)
SELECT cause.kind, cause.id, count(*)
  FROM cause CROSS JOIN LATERAL (
    SELECT v.practitioner_id, v.location_id, v.starts_at, v.ends_at
      FROM scheduling_appointment v
     WHERE (v.practitioner_id = cause.who OR v.location_id = cause.place)
       AND v.starts_at > cause.start - %(longest)s AND v.starts_at < cause.until AND v.ends_at > cause.start
       AND v.status = ANY(%(not_begun)s) AND v.session_id IS NULL
    UNION ALL
    SELECT g.practitioner_id, g.location_id, g.starts_at, g.ends_at
      FROM scheduling_groupsession g
     WHERE (g.practitioner_id = cause.who OR g.location_id = cause.place)
       AND g.starts_at > %(now)s AND g.starts_at < cause.until AND g.ends_at > cause.start AND g.called_off_at IS NULL
  ) AS standing
 WHERE cause.kind = 'absence' OR NOT EXISTS (
    SELECT FROM scheduling_extrahours x
     WHERE x.practitioner_id = standing.practitioner_id AND x.location_id = standing.location_id
       AND x.starts_at <= standing.starts_at AND x.ends_at >= standing.ends_at)
 GROUP BY cause.kind, cause.id
"""


def unplaced(now: datetime) -> list[Unplaced]:
    """Absences and closures, now or later, that still have visits in them; soonest first.

    One query, and one more for each kind of which there are any.
    """
    asked: dict[str, Any] = {"now": now, "longest": LONGEST_CLAIM, "not_begun": sorted(NOT_BEGUN)}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, asked)
        count = {(kind, pk): visits for kind, pk, visits in cursor.fetchall()}
    found = []
    for kind, rows in (("absence", Absence.objects.in_order()), ("closure", Closure.objects.in_order())):
        if pks := [pk for of, pk in count if of == kind]:
            found += [Unplaced(Cause(one), count[kind, one.pk]) for one in rows.filter(pk__in=pks)]
    return sorted(found, key=lambda one: one.cause.span.start)
