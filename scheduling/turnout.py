"""Whether people come: how many visits were missed, of those that the patient had confirmed and of the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from scheduling.models import Appointment
from scheduling.states import Status

#: So far back are visits counted.
OVER = timedelta(days=90)


@dataclass(frozen=True)
class Turnout:
    """Visits whose time has come, held or missed; called off is neither."""

    held: int
    missed: int

    @property
    def all(self) -> int:
        return self.held + self.missed

    @property
    def percent(self) -> float | None:
        """Of 100 visits so many were missed; nothing can be said of none."""
        return round(100 * self.missed / self.all, 1) if self.all else None


@dataclass(frozen=True)
class Turnouts:
    """With and without a confirmation, over the last three months."""

    since: datetime
    confirmed: Turnout
    unconfirmed: Turnout

    @property
    def every(self) -> Turnout:
        return Turnout(self.confirmed.held + self.unconfirmed.held, self.confirmed.missed + self.unconfirmed.missed)

    @property
    def rows(self) -> list[tuple[str, Turnout]]:
        return [("Confirmed", self.confirmed), ("Not confirmed", self.unconfirmed), ("All", self.every)]


def lately(*, now: datetime) -> Turnouts:
    """One statement."""
    said = Q(confirmed_at__isnull=False)
    held, missed = Q(status=Status.COMPLETED), Q(status=Status.NO_SHOW)
    found = Appointment.objects.filter(starts_at__gte=now - OVER, starts_at__lt=now).aggregate(
        confirmed_held=Count("pk", filter=said & held),
        confirmed_missed=Count("pk", filter=said & missed),
        held=Count("pk", filter=~said & held),
        missed=Count("pk", filter=~said & missed),
    )
    return Turnouts(
        now - OVER, Turnout(found["confirmed_held"], found["confirmed_missed"]), Turnout(found["held"], found["missed"])
    )
