"""Find a time: all that is free, of whom one likes, for as long as one likes to look."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import time
from clinic.access import Can, requires
from clinic.models import Location, Practitioner
from clinic.models.people import PractitionerQuerySet
from clinic.pages import page
from clinic.requests import StaffRequest
from scheduling.availability import Ask
from scheduling.intervals import Interval
from scheduling.models import ExtraHours, Service, WorkingHours
from scheduling.timetable import Timetable, timetable
from scheduling.views import places

WEEKS = (1, 2, 4)
#: In place of a location: all of them.
EVERYWHERE = "everywhere"


@require_safe
@requires(Can.BOOK)
def find(request: StaffRequest) -> HttpResponse:
    """A sheet of free times: those named, or everybody who gives the service, side by side. Writes nothing."""
    among = places.locations()
    location = places.chosen(request, among)
    services = list(Service.objects.active().by_name())
    if location is None or not services:
        return page(request, "scheduling/no_location.html" if location is None else "scheduling/no_services.html")
    wanted = places.uid_in(request, "service")
    service = next((one for one in services if one.uid == wanted), services[0])
    everywhere = len(among) > 1 and request.GET.get("location") == EVERYWHERE
    asked = among if everywhere else [location]
    chosen = places.uids_in(request, "with")
    context = {
        "locations": among,
        "location": location,
        "everywhere": everywhere,
        "services": services,
        "service": service,
        #: Asked by the whole page only.
        "people": lambda: _people(asked, service),
        "chosen": chosen,
        "day": places.day_in(request, location),
        "weeks": _weeks(request),
        "choices": WEEKS,
        "sheets": [_sheet(request, place, service, chosen) for place in asked],
    }
    return page(request, "scheduling/find.html", context, partial="sheet")


@dataclass(frozen=True)
class Sheet:
    """What is free at one location."""

    location: Location
    table: Timetable


def _sheet(request: StaffRequest, location: Location, service: Service, chosen: set[uuid.UUID]) -> Sheet:
    people = _people([location], service)
    asked = list(people.filter(uid__in=chosen) if chosen else people)
    names = frozenset(one.pk for one in asked)
    ask = Ask(service, location, _span(request, location), practitioners=names, now=request.now)
    return Sheet(location, timetable(ask, asked, link=_link(request, location, service)))


def _people(among: list[Location], service: Service) -> PractitionerQuerySet:
    """Who works there and can do this, by name."""
    weekly = WorkingHours.objects.filter(location__in=among, practitioner=OuterRef("pk"))
    once = ExtraHours.objects.filter(location__in=among, practitioner=OuterRef("pk"))
    able = Practitioner.objects.active().filter(discipline=service.discipline)
    if service.skill:
        able = able.filter(skills__contains=[service.skill])
    return able.filter(Exists(weekly) | Exists(once)).by_name()


def _weeks(request: StaffRequest) -> int:
    typed = request.GET.get("weeks", "")
    return int(typed) if typed in {str(n) for n in WEEKS} else 1


def _span(request: StaffRequest, location: Location) -> Interval[Any]:
    """From the day in the address, never from before now."""
    day = places.day_in(request, location)
    start = time.first_instant(day, location.tz)
    end = time.first_instant(day + timedelta(weeks=_weeks(request)), location.tz)
    return Interval(max(start, min(request.now, end - timedelta(minutes=5))), end)


def _link(request: StaffRequest, location: Location, service: Service) -> str:
    """To the booking page, keeping what was decided already; the time follows."""
    kept = {"location": location.uid, "service": service.uid, "patient": places.uid_in(request, "patient")}
    return f"{reverse('scheduling:book')}?{urlencode({k: v for k, v in kept.items() if v})}&amp;at="
