"""Who waits for a time: put on the list, with what they wish, until they have one or want none. See offers, freed.

What is promised, and why it holds: docs/algorithms/waitlist.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from clinic import audit
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import wishes
from scheduling.models import Appointment, FreedTime, Service, Urgency, WaitlistEntry
from scheduling.states import WAITLIST_TRANSITIONS, Waiting
from scheduling.visits import BookingRefused, staff
from treatments.models import Intervention


@dataclass(frozen=True)
class Wish:
    """What suits the patient; nothing said is anything."""

    practitioners: tuple[Practitioner, ...] = ()
    locations: tuple[Location, ...] = ()
    minutes: int | None = None
    weekdays: tuple[int, ...] = ()
    earliest: time | None = None
    latest: time | None = None
    first_on: date | None = None
    last_on: date | None = None
    urgency: int = Urgency.NORMAL
    note: str = ""

    def facts(self) -> dict[str, Any]:
        return {
            "minutes": self.minutes,
            "weekdays": sorted(self.weekdays),
            "earliest": self.earliest,
            "latest": self.latest,
            "first_on": self.first_on,
            "last_on": self.last_on,
            "urgency": self.urgency,
            "note": self.note,
        }


@transaction.atomic
def put_on(
    *,
    patient: Patient,
    service: Service,
    by: Actor,
    now: datetime,
    wish: Wish = Wish(),
    intervention: Intervention | None = None,
    earlier_than: Appointment | None = None,
) -> WaitlistEntry:
    """The patient waits for a time from now on. Raises BookingRefused with a sentence for the desk.

    `earlier_than` is a visit to come that moves when an earlier time is taken.
    """
    person = patient.survivor
    _check(person, service, wish, earlier_than, now)
    with _explained():
        entry = WaitlistEntry.objects.create(
            patient=person,
            service=service,
            intervention=intervention,
            earlier_than=earlier_than,
            asked_at=now,
            asked_by=staff(by),
            changed_at=now,
            **wish.facts(),
        )
    entry.practitioners.set(wish.practitioners)
    entry.locations.set(wish.locations)
    look_again(entry, now=now)
    record("put_on", entry, by=by, now=now, earlier_than=str(earlier_than.uid) if earlier_than else "")
    return entry


@transaction.atomic
def change(*, entry: WaitlistEntry, wish: Wish, by: Actor, now: datetime, revision: int | None = None) -> WaitlistEntry:
    """Other wishes, the same place in the order. An offer that is out stays out. Raises BookingRefused, StaleRecord."""
    row = locked(entry)
    check_revision(row, revision)
    if not row.is_on_the_list:
        raise BookingRefused("This patient is no longer on the waitlist.", stale=True)
    _check(row.patient.survivor, row.service, wish, None, now)
    for name, value in wish.facts().items():
        setattr(row, name, value)
    row.changed_at, row.revision = now, row.revision + 1
    with _explained():
        row.save()
    row.practitioners.set(wish.practitioners)
    row.locations.set(wish.locations)
    look_again(row, now=now)
    record("changed", row, by=by, now=now)
    return row


@transaction.atomic
def take_up_again(*, entry: WaitlistEntry, by: Actor, now: datetime) -> WaitlistEntry:
    """Taken off by mistake: back to the old place in the order."""
    row = locked(entry)
    if row.status == Waiting.WAITING:
        return row
    if row.earlier_than is not None and not (row.earlier_than.can_be_moved and row.earlier_than.starts_at > now):
        raise BookingRefused("The visit that was to be moved can no longer be moved.")
    with _explained():
        step(row, Waiting.WAITING, now=now)
    look_again(row, now=now)
    record("taken_up_again", row, by=by, now=now)
    return row


def step(
    row: WaitlistEntry, to: Waiting, *, now: datetime, ended_for: str = "", visit: Appointment | None = None
) -> None:
    """One step of the table, on a locked row. Raises BookingRefused when the table has no such step."""
    if to not in WAITLIST_TRANSITIONS[Waiting(row.status)]:
        raise BookingRefused(
            f"This cannot be done any more: the patient is no longer waiting ({row.get_status_display().lower()}).",
            stale=True,
        )
    row.status, row.changed_at, row.visit = to, now, visit
    row.ended_for = ended_for[:200]
    row.ended_at = None if row.is_on_the_list else now
    row.save(update_fields=["status", "changed_at", "visit", "ended_for", "ended_at"])


def locked(entry: WaitlistEntry) -> WaitlistEntry:
    return WaitlistEntry.objects.select_for_update(no_key=True, of=("self",)).for_verb().get(pk=entry.pk)


def look_again(entry: WaitlistEntry, *, now: datetime) -> None:
    """Known free times that nobody else wanted, and that they wish for, are looked at once more for who waits (again).

    Rows are added, never changed: whoever looks at one just now is not waited for.
    """
    known = FreedTime.objects.known(now).filter(
        Q(session__service=entry.service) | Q(session=None, practitioner__discipline=entry.service.discipline)
    )
    if people := list(entry.practitioners.values_list("pk", flat=True)):
        known = known.filter(practitioner__in=people)
    if places := list(entry.locations.values_list("pk", flat=True)):
        known = known.filter(location__in=places)
    if entry.last_on:
        known = known.filter(starts_at__lt=datetime.combine(entry.last_on + timedelta(days=2), time(), now.tzinfo))
    if entry.earlier_than is not None:
        known = known.filter(starts_at__lt=entry.earlier_than.starts_at)
    wish = list(wishes.of_entries(WaitlistEntry.objects.filter(pk=entry.pk), now=now))
    rows = known.select_related("practitioner", "location", "session").order_by("starts_at", "pk")
    found = dict.fromkeys(
        (row.practitioner_id, row.location_id, row.session_id, row.starts_at, row.ends_at)
        for row in rows
        if wishes.suits(row, wish, now, beside=wishes.REACH)
    )
    FreedTime.objects.bulk_create(
        FreedTime(practitioner_id=p, location_id=at, session_id=s, starts_at=a, ends_at=b, look_at=now)
        for p, at, s, a, b in found
    )


def _check(person: Patient, service: Service, wish: Wish, earlier_than: Appointment | None, now: datetime) -> None:
    if person.deactivated_at is not None:
        raise BookingRefused("This patient's record is deactivated. Reactivate it first.")
    if not service.is_active:
        raise BookingRefused(f"{service.name} is no longer offered.")
    if wish.last_on is not None and wish.last_on < now.date() - timedelta(days=1):
        raise BookingRefused("The last day is past.")
    if earlier_than is None:
        return
    if earlier_than.patient.survivor.pk != person.pk or earlier_than.service_id != service.pk:
        raise BookingRefused("That visit is another patient's, or of another service.")
    if not earlier_than.can_be_moved or earlier_than.starts_at <= now:
        raise BookingRefused("That visit can no longer be moved.")


_REFUSALS = {
    "a_patient_waits_for_a_service_once": "This patient waits for this service already. Change that entry instead.",
    "waitlist_hours_end_after_they_begin": "The hours end before they begin.",
    "waitlist_days_end_after_they_begin": "The last day is before the first.",
    "waitlist_visit_lasts_a_possible_time": "A visit lasts 5 to 480 minutes.",
}


@contextmanager
def _explained() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in _REFUSALS:
            raise
        raise BookingRefused(_REFUSALS[name]) from error


def record(done: str, entry: WaitlistEntry, *, by: Actor, now: datetime, reason: str = "", **facts: object) -> None:
    audit.record(
        f"waitlist.{done}",
        by=by,
        now=now,
        subject=entry,
        patient_uid=entry.patient.survivor.uid,
        reason=reason,
        detail={key: value for key, value in facts.items() if value != ""},
    )
