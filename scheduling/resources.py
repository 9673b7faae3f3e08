"""Services, rooms, devices and hours: how the clinic's own offer is kept. Old things are retired, not deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q

from clinic import audit
from clinic.access import Actor
from clinic.forms import check_revision
from clinic.models import Practitioner, User
from scheduling.models import (
    Absence,
    Appointment,
    Closure,
    Device,
    ExtraHours,
    GroupSession,
    Hold,
    OpeningHours,
    Resource,
    ResourceKind,
    Room,
    Service,
    WorkingHours,
)

Kept = TypeVar("Kept", Service, Room, Device)
Rule = OpeningHours | WorkingHours | Closure | ExtraHours


class NotPossible(Exception):
    """Carries a sentence fit for the person at the desk."""


def ensure(
    *, practitioners: Iterable[int] = (), rooms: Iterable[int] = (), devices: Iterable[int] = ()
) -> dict[tuple[str, int], int]:
    """The resource rows of these things, made when missing: (kind, id of the thing) → id of the row."""
    wanted = {("practitioner", pk) for pk in practitioners}
    wanted |= {("room", pk) for pk in rooms} | {("device", pk) for pk in devices}
    found = _rows(wanted)
    if missing := wanted - found.keys():
        Resource.objects.bulk_create(
            (Resource(kind=kind, **{f"{kind}_id": pk}) for kind, pk in sorted(missing)), ignore_conflicts=True
        )
        found = _rows(wanted)
    return found


def _rows(wanted: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    query = Q(pk__in=[])
    for kind in ResourceKind.values:
        if ids := [pk for which, pk in wanted if which == kind]:
            query |= Q(**{f"{kind}__in": ids})
    rows = Resource.objects.filter(query).values_list("pk", "kind", "practitioner_id", "room_id", "device_id")
    return {(kind, p or r or d): pk for pk, kind, p, r, d in rows}


def kind_of(thing: models.Model) -> str:
    """Room, service, working hours: what it is called in acts and addresses."""
    return str(thing._meta.model_name)


@transaction.atomic
def keep(thing: Kept, *, by: Actor, now: datetime, revision: int | None = None) -> Kept:
    """Add a service, room or device, or save what was changed of one. Two people at once: the second is told."""
    kind = kind_of(thing)
    fresh = thing.pk is None
    if not fresh:
        current = type(thing).objects.select_for_update(no_key=True).get(pk=thing.pk)
        check_revision(current, revision, fields=_differing(current, thing))
        thing.revision = current.revision + 1
    thing.save()
    if not isinstance(thing, Service):
        ensure(**{f"{kind}s": [thing.pk]})
    audit.record(
        f"{kind}.{'added' if fresh else 'changed'}", by=by, now=now, subject=thing, detail={"name": thing.name}
    )
    return thing


def _differing(current: models.Model, typed: models.Model) -> list[str]:
    return [
        str(field.verbose_name)
        for field in current._meta.fields
        if field.editable and getattr(current, field.attname) != getattr(typed, field.attname)
    ]


@transaction.atomic
def retire(thing: Kept, *, by: Actor, now: datetime) -> Kept:
    """Offer it no longer. What was booked stays; refuses while something to come would lose its room or device."""
    if not isinstance(thing, Service) and (coming := _coming_in(thing, now)):
        raise NotPossible(f"There is still to come in {thing}: {' and '.join(coming)}. See to that first.")
    return _switch(thing, active=False, by=by, now=now)


def _coming_in(thing: Room | Device, now: datetime) -> list[str]:
    """ "2 visits", "1 group": what there is of each."""
    mine = {kind_of(thing): thing}
    visits = Appointment.objects.coming(now).filter(**mine, session__isnull=True).count()
    groups = GroupSession.objects.standing().filter(**mine, ends_at__gt=now).count()
    kept = Hold.objects.filter(**mine, runs_out_at__gt=now).count()
    counted = ((visits, "visit", "visits"), (groups, "group", "groups"), (kept, "offered time", "offered times"))
    return [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]


@transaction.atomic
def bring_back(thing: Kept, *, by: Actor, now: datetime) -> Kept:
    """Offer it again."""
    return _switch(thing, active=True, by=by, now=now)


def _switch(thing: Kept, *, active: bool, by: Actor, now: datetime) -> Kept:
    thing.is_active = active
    thing.revision += 1
    thing.save(update_fields=["is_active", "revision"])
    step = "brought_back" if active else "retired"
    audit.record(f"{kind_of(thing)}.{step}", by=by, now=now, subject=thing, detail={"name": thing.name})
    return thing


@transaction.atomic
def add_hours(rule: Rule, *, by: Actor, now: datetime) -> None:
    """Write down opening hours, working hours, extra hours or a closure."""
    rule.save()
    if isinstance(rule, WorkingHours | ExtraHours):
        ensure(practitioners=[rule.practitioner_id])
    audit.record(f"{kind_of(rule)}.added", by=by, now=now, subject=rule, detail={"rule": str(rule)})


@transaction.atomic
def end_hours(rule: Rule, *, by: Actor, now: datetime) -> None:
    """Take the rule back. What is booked stays booked."""
    audit.record(f"{kind_of(rule)}.removed", by=by, now=now, subject=rule, detail={"rule": str(rule)})
    rule.delete()


@transaction.atomic
def add_absence(
    *, practitioner: Practitioner, kind: str, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime
) -> tuple[Absence, int]:
    """Write down that somebody is away; also how many visits still stand in that time."""
    absence = Absence.objects.create(
        practitioner=practitioner,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=now,
        recorded_by=by if isinstance(by, User) else None,
    )
    audit.record("absence.added", by=by, now=now, subject=absence, detail={"practitioner": str(practitioner.uid)})
    touched = Appointment.objects.active().of_practitioner(practitioner).within(starts_at, ends_at).count()
    return absence, touched


@transaction.atomic
def end_absence(absence: Absence, *, by: Actor, now: datetime) -> None:
    """It does not take place, or was a mistake."""
    audit.record("absence.removed", by=by, now=now, subject=absence, detail={"kind": absence.kind})
    absence.delete()


@transaction.atomic
def set_week(
    model: type[OpeningHours] | type[WorkingHours],
    whose: dict[str, models.Model],
    stretches: Iterable[tuple[int, time, time]],
    *,
    valid_from: date,
    by: Actor,
    now: datetime,
) -> None:
    """From that day on these hours hold; until then the old ones. What is booked stays booked."""
    before = list(model.objects.select_for_update(no_key=True).filter(**whose).values_list("pk", flat=True))
    # First the new ones: what they have in common with the old was free already, and is not said to become free.
    new: list[Any] = [model(**whose, weekday=d, opens=a, closes=b, valid_from=valid_from) for d, a, b in stretches]
    model.objects.bulk_create(new)
    rules, last = model.objects.filter(pk__in=before), valid_from - timedelta(days=1)
    rules.filter(valid_from__gte=valid_from).delete()
    rules.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=valid_from)).update(valid_to=last)
    if isinstance(who := whose.get("practitioner"), Practitioner):
        ensure(practitioners=[who.pk])
    audit.record(
        "opening_hours.set" if model is OpeningHours else "working_hours.set",
        by=by,
        now=now,
        subject=who if who is not None else whose["location"],
        detail={"from": valid_from.isoformat(), "location": str(whose["location"])},
    )
