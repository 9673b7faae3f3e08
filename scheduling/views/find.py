"""Find a time: all that is free, of whom one likes, for as long as one likes to look."""

from __future__ import annotations

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
from scheduling.models import Service, WorkingHours
from scheduling.timetable import timetable
from scheduling.views import places

WEEKS = (1, 2, 4)


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
    chosen = places.uids_in(request, "with")
    people = _people(location, service)
    asked = list(people.filter(uid__in=chosen)) if chosen else list(people)
    names = frozenset(one.pk for one in asked)
    ask = Ask(service, location, _span(request, location), practitioners=names, now=request.now)
    context = {
        "locations": among,
        "location": location,
        "services": services,
        "service": service,
        #: Asked by the whole page only.
        "people": people,
        "chosen": chosen,
        "day": places.day_in(request, location),
        "weeks": _weeks(request),
        "choices": WEEKS,
        "sheet": timetable(ask, asked, link=_link(request, location, service)),
    }
    return page(request, "scheduling/find.html", context, partial="sheet")


def _people(location: Location, service: Service) -> PractitionerQuerySet:
    """Who works there and does this, by name."""
    there = WorkingHours.objects.filter(location=location, practitioner=OuterRef("pk"))
    return Practitioner.objects.active().filter(Exists(there), discipline=service.discipline).by_name()


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
