"""The clinic and its locations change: corrected under a lock, written down."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from clinic import audit
from clinic.forms import check_revision
from clinic.models import Clinic, Location, User


class PlaceRefused(Exception):
    """Carries a sentence fit for the owner, and the field that it belongs to."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(sentence)


LOCATION_FACTS = ("name", "zone", "phone", "address_line", "city", "region", "postal_code", "country")
CLINIC_FACTS = (
    "name",
    "sender_name",
    "phone",
    "email",
    "country",
    "currency",
    "tax_number",
    "npi",
    "messages_from",
    "messages_until",
    "texts_a_day",
    "calendars_may_name",
)


def listed() -> QuerySet[Location]:
    """All locations, those in use first."""
    return Location.objects.order_by("-is_active", "name", "pk")


@transaction.atomic
def add_location(*, by: User, now: datetime, **facts: Any) -> Location:
    """A new place to treat patients at."""
    _refuse_taken_name(facts["name"])
    location = Location(**_known(facts, LOCATION_FACTS))
    _save(location)
    audit.record("location.added", by=by, now=now, subject=location)
    return location


@transaction.atomic
def change_location(*, uid: uuid.UUID, revision: int | None, by: User, now: datetime, **facts: Any) -> Location:
    """Correct a place. Another zone moves no visit: an instant stays an instant, the clock on the wall differs."""
    location = Location.objects.select_for_update(no_key=True).get(uid=uid)
    check_revision(location, revision)
    _refuse_taken_name(facts["name"], except_pk=location.pk)
    changed = _apply(location, _known(facts, LOCATION_FACTS))
    _save(location)
    audit.record("location.changed", by=by, now=now, subject=location, detail={"changed": changed})
    return location


@transaction.atomic
def close_location(*, uid: uuid.UUID, by: User, now: datetime) -> Location:
    """Take a place out of use: it can no longer be chosen. At least one stays."""
    places = {place.uid: place for place in Location.objects.select_for_update(no_key=True).order_by("pk")}
    location = places[uid]
    if not any(place.is_active for place in places.values() if place.pk != location.pk):
        raise PlaceRefused("This is the only location in use. Add another before you close it.")
    return _switch(location, in_use=False, action="location.closed", by=by, now=now)


@transaction.atomic
def reopen_location(*, uid: uuid.UUID, by: User, now: datetime) -> Location:
    location = Location.objects.select_for_update(no_key=True).get(uid=uid)
    return _switch(location, in_use=True, action="location.reopened", by=by, now=now)


@transaction.atomic
def change_clinic(*, revision: int | None, by: User, now: datetime, **facts: Any) -> Clinic:
    """Correct what the clinic is called and how it is reached."""
    clinic = Clinic.objects.select_for_update(no_key=True).get(is_the_one=True)
    check_revision(clinic, revision)
    changed = _apply(clinic, _known(facts, CLINIC_FACTS))
    clinic.save()
    audit.record("clinic.changed", by=by, now=now, subject=clinic, detail={"changed": changed})
    return clinic


def _known(facts: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: facts[name] for name in names if name in facts}


def _apply(record: Clinic | Location, facts: dict[str, Any]) -> list[str]:
    changed = [name for name, value in facts.items() if getattr(record, name) != value]
    for name in changed:
        setattr(record, name, facts[name])
    record.revision += 1
    return changed


def _switch(location: Location, *, in_use: bool, action: str, by: User, now: datetime) -> Location:
    if location.is_active != in_use:
        location.is_active = in_use
        location.revision += 1
        location.save(update_fields=["is_active", "revision"])
        audit.record(action, by=by, now=now, subject=location)
    return location


def _refuse_taken_name(name: str, *, except_pk: int | None = None) -> None:
    others = Location.objects.filter(name__iexact=name)
    if except_pk is not None:
        others = others.exclude(pk=except_pk)
    if others.exists():
        raise PlaceRefused("A location of that name exists already.", "name")


def _save(location: Location) -> None:
    try:
        with transaction.atomic():
            location.save()
    except IntegrityError as exc:
        raise PlaceRefused("A location of that name exists already.", "name") from exc
