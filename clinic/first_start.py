"""Opening a clinic: the clinic, its first location with hours and rooms, and its first owner, all or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from clinic import audit
from clinic.models import Clinic, Discipline, Location, Practitioner, Role, User
from clinic.time import local_day
from scheduling import message_rules, resources
from scheduling.models import OpeningHours, Room, Weekday, WorkingHours

_LOCK = 0x66697273747374  # "firstst": two browsers do not open the clinic twice


class AlreadyOpen(Exception):
    """Somebody can sign in already; from then on only they decide."""


@transaction.atomic
def open_clinic(
    *,
    clinic: dict[str, Any],
    location: dict[str, Any],
    hours: dict[str, Any],
    rooms: dict[str, Any],
    owner: dict[str, Any],
    now: datetime,
) -> User:
    """Open the clinic with what the pages of the first start asked for. Raises AlreadyOpen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if User.objects.exists():
        raise AlreadyOpen
    Clinic.objects.update_or_create(is_the_one=True, defaults=clinic)
    place = Location.objects.create(country=clinic["country"], phone=clinic["phone"], **location)
    user = _first_owner(owner)
    _open_doors(place, hours, user.practitioner_or_none, now)
    message_rules.begin(now=now)
    made = [Room.objects.create(location=place, name=name) for name in rooms["rooms"].splitlines()]
    treats = [user.practitioner_or_none.pk] if user.practitioner_or_none else []
    resources.ensure(practitioners=treats, rooms=[room.pk for room in made])
    audit.record("clinic.opened", by=user, now=now, subject=user)
    return user


def _first_owner(owner: dict[str, Any]) -> User:
    roles = sorted({Role.OWNER.value, *owner["also"]})
    user = User.objects.create_user(email=owner["email"], name=owner["name"], roles=roles, password=owner["password"])
    if Role.THERAPIST in roles:
        Practitioner.objects.create(user=user, discipline=Discipline(owner["discipline"]))
    return user


def _open_doors(place: Location, hours: dict[str, Any], practitioner: Practitioner | None, now: datetime) -> None:
    """Opening hours; an owner who treats works in them until they say otherwise."""
    today = local_day(now, place.tz)
    for weekday in Weekday:
        opens, closes = hours[f"opens_{weekday}"], hours[f"closes_{weekday}"]
        if opens is None:
            continue
        rule = {"location": place, "weekday": weekday, "opens": opens, "closes": closes, "valid_from": today}
        OpeningHours.objects.create(**rule)
        if practitioner is not None:
            WorkingHours.objects.create(practitioner=practitioner, **rule)
