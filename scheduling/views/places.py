"""What several pages need: the location one works at, days in addresses, reading random ids."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime

from django.shortcuts import get_object_or_404

from clinic import time
from clinic.access import Can
from clinic.models import Location, Practitioner
from clinic.requests import StaffRequest
from scheduling.models import Appointment, Room, WorkingHours
from scheduling.models.resources import LONGEST_VISIT

_KEPT = "location"


class NoLocation(Exception):
    """The clinic has no place yet."""


def locations() -> list[Location]:
    return list(Location.objects.active().order_by("name", "pk"))


def chosen(request: StaffRequest, among: list[Location]) -> Location | None:
    """The location in the address; else the one this person looked at last; else the first."""
    wanted = request.GET.get("location") or request.POST.get("location") or ""
    by_uid = {str(place.uid): place for place in among}
    place = by_uid.get(wanted) or by_uid.get(request.session.get(_KEPT, "")) or next(iter(among), None)
    if place and wanted in by_uid:
        remember(request, place)
    return place


def remember(request: StaffRequest, place: Location) -> None:
    """The location that this person works at now."""
    if request.session.get(_KEPT) != str(place.uid):
        request.session[_KEPT] = str(place.uid)


def of_work(practitioners: Collection[int]) -> dict[int, Location]:
    """Where each of them works, as was said last; nothing of who works nowhere. One query."""
    rules = WorkingHours.objects.filter(practitioner__in=practitioners, location__is_active=True)
    return {
        rule.practitioner_id: rule.location for rule in rules.select_related("location").order_by("valid_from", "pk")
    }


def day_in(request: StaffRequest, location: Location, name: str = "day") -> date:
    """The day in the address; today when there is none or it cannot be."""
    today = time.local_day(request.now, location.tz)
    try:
        day = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return today
    return day if 2000 <= day.year <= 2100 else today


def uid_in(request: StaffRequest, name: str) -> uuid.UUID | None:
    """A random id in the address or the form; None when there is none or it cannot be."""
    text = request.POST.get(name) or request.GET.get(name) or ""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def uids_in(request: StaffRequest, name: str) -> set[uuid.UUID]:
    """All random ids of that name in the address; what cannot be one is left out."""
    found = set()
    for text in request.GET.getlist(name):
        try:
            found.add(uuid.UUID(text))
        except ValueError:
            continue
    return found


def practitioner_in(request: StaffRequest, name: str = "practitioner") -> Practitioner | None:
    uid = uid_in(request, name)
    return Practitioner.objects.select_related("user").filter(uid=uid).first() if uid else None


def room_in(request: StaffRequest, location: Location) -> Room | None:
    uid = uid_in(request, "room")
    return Room.objects.filter(uid=uid, location=location).first() if uid else None


def instant_in(request: StaffRequest, name: str) -> datetime | None:
    """An instant in the address, as the diary writes it: 2026-11-25T14:00Z."""
    try:
        return datetime.strptime(request.GET.get(name, ""), "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def minutes_in(request: StaffRequest) -> int | None:
    """How long a stretch of the diary was dragged over."""
    typed = request.GET.get("minutes", "")
    minutes = int(typed) if typed.isdecimal() and len(typed) < 4 else 0
    return minutes if 5 <= minutes <= LONGEST_VISIT else None


def visible_visit(request: StaffRequest, uid: uuid.UUID, can: Can = Can.SEE_DIARY) -> Appointment:
    """The visit, if the one who asks may do this with it; else it does not exist."""
    return get_object_or_404(Appointment.objects.for_page().visible_to(request.user, can, now=request.now), uid=uid)
