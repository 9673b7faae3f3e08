"""What every verb about a visit shares: reading it under a lock, whether a step may happen, saying so."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property
from typing import Any

from clinic import audit
from clinic.access import Actor
from clinic.models import AuditEvent, User
from scheduling.availability import Free
from scheduling.models import Appointment
from scheduling.rules import Finding
from scheduling.states import STEPS, Status


class BookingRefused(Exception):
    """Carries a sentence fit for the person at the desk, who or what is busy, and free times instead."""

    def __init__(
        self,
        sentence: str,
        *,
        warnings: Collection[Finding] = (),
        look_for: Callable[[], Collection[Free]] = tuple,
        stale: bool = False,
        squeezable: bool = False,
        whose: str = "",
    ) -> None:
        super().__init__(sentence)
        #: What would have to be accepted (`despite`) to book all the same; empty: it cannot be.
        self.warnings = tuple(warnings)
        self._look_for = look_for
        #: Somebody else changed the visit meanwhile.
        self.stale = stale
        #: Only therapist or room are busy: who may overbook can do so with a reason.
        self.squeezable = squeezable
        #: The patient whose visit it is: of several that were wished at once, the one that stands in the way.
        self.whose = whose

    @cached_property
    def alternatives(self) -> tuple[Free, ...]:
        """Free times near the wish; looked for when somebody asks, outside the refused transaction."""
        return tuple(self._look_for())


def locked(appointment: Appointment) -> Appointment:
    """The visit as it is now, until the end of the transaction."""
    return Appointment.objects.select_for_update(no_key=True, of=("self",)).for_verb().get(pk=appointment.pk)


def check_version(visit: Appointment, version: int | None) -> None:
    if version is not None and version != visit.version:
        raise changed_meanwhile()


def changed_meanwhile() -> BookingRefused:
    return BookingRefused("Somebody changed this visit a moment ago. Look at it as it is now, then decide.", stale=True)


def check_step(visit: Appointment, to: Status | None = None, *, moving: bool = False) -> None:
    """Whether the table of states allows the step; moving is for visits that have not begun."""
    allowed = visit.can_be_moved if moving else to in STEPS[Status(visit.status)]
    if not allowed:
        what = (
            "be moved"
            if moving
            else {
                Status.CANCELLED: "be called off",
                Status.ARRIVED: "be marked as arrived",
                Status.IN_SESSION: "be started",
                Status.COMPLETED: "be completed",
                Status.NO_SHOW: "be marked as missed",
            }.get(to or Status.BOOKED, "be booked")
        )
        raise BookingRefused(f"This visit can no longer {what}: it is {visit.get_status_display().lower()}.")


def staff(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


def record(step: str, visit: Appointment, *, by: Actor, now: datetime, reason: str = "", **facts: Any) -> None:
    audit.write(event(step, visit, by=by, now=now, reason=reason, **facts))


def event(step: str, visit: Appointment, *, by: Actor, now: datetime, reason: str = "", **facts: Any) -> AuditEvent:
    """What happened to the visit, for the caller to write."""
    return audit.event(
        f"appointment.{step}",
        by=by,
        now=now,
        subject=visit,
        patient_uid=visit.patient.uid,
        reason=reason,
        detail={"at": visit.starts_at.isoformat(), "version": visit.version, **facts},
    )
