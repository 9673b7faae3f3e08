"""How much of a referral is used: one rule, for the pages that show it and for the checks before a visit is booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, DateField, F, Func, OuterRef, Subquery
from django.db.models.functions import Cast, Coalesce

from clinic import time
from scheduling.models import Appointment
from scheduling.states import Status
from treatments.models import Referral, SessionNote


def in_force(episode_id: int) -> Any:
    """The newest referral of an episode that was not struck out, or None.

    It says how many sessions were charted under it without a visit: `unbooked`.
    """
    day = Cast(Func(F("zone"), F("service_at"), function="timezone"), DateField())
    charted = SessionNote.objects.signed().filter(episode=OuterRef("episode"), visit_uid__isnull=True)
    counted = charted.alias(day=day).filter(day__gte=OuterRef("dated_on")).order_by().values("episode")
    unbooked = Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0)
    return Referral.objects.standing().filter(episode=episode_id).annotate(unbooked=unbooked).newest_first().first()


def used(referral: Any, days: Iterable[date]) -> int:
    """Of the episode's visits, held or booked, those from the referral's day on; and what was charted without one."""
    return int(referral.unbooked) + sum(counts(referral, day) for day in days)


def counts(referral: Referral, day: date) -> bool:
    return day >= referral.dated_on


@dataclass(frozen=True)
class Use:
    """Sessions under a referral: held, still to come, and how many may still be booked (None: any)."""

    referral: Referral
    done: int
    booked: int

    @property
    def left(self) -> int | None:
        ordered = self.referral.sessions_authorised
        return None if ordered is None else max(0, ordered - self.done - self.booked)


def use_of(episode_id: int) -> Use | None:
    """Two queries."""
    referral = in_force(episode_id)
    if referral is None:
        return None
    held = Appointment.objects.holding_time().filter(intervention__plan__episode=episode_id).select_related("location")
    visits = [(time.local_day(visit.starts_at, visit.location.tz), visit.status) for visit in held]
    done = used(referral, [day for day, status in visits if status == Status.COMPLETED])
    return Use(referral, done, used(referral, [day for day, _ in visits]) - done)
