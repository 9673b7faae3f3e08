"""The diary: a day of everyone, a week of one, a list to read and to print."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import audit, time
from clinic.access import Can, allows, requires
from clinic.models import Location, Practitioner
from clinic.pages import page
from clinic.requests import StaffRequest
from scheduling import diary as diaries
from scheduling.models import Appointment
from scheduling.views import places


@require_safe
@requires(Can.SEE_DIARY)
def diary(request: StaffRequest) -> HttpResponse:
    """One day of a location, everybody side by side. Refreshes itself: 204 while nothing changed."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    day = places.day_in(request, location)
    start, end = time.day_bounds(day, location.tz)
    stamp = diaries.stamp(location, start, end, now=request.now)
    if request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    who = places.practitioner_in(request)
    shown = diaries.of_day(location, day, now=request.now, only=who)
    _looked(request, shown.visits)
    context = _frame(request, "diary", location, among, day=day, who=who, step=1)
    return page(
        request,
        "scheduling/diary.html",
        context | {"diary": shown, "people": shown.people, "stamp": stamp},
        partial="grid",
    )


@require_safe
@requires(Can.SEE_DIARY)
def week(request: StaffRequest) -> HttpResponse:
    """Seven days of one practitioner: the one in the address, else oneself, else the first who works there."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    day = places.day_in(request, location)
    monday = day - timedelta(days=day.weekday())
    who = places.practitioner_in(request) or request.user.practitioner_or_none or _first_at(location)
    if who is None:
        return page(request, "scheduling/no_hours.html", {"location": location})
    start, end = time.first_instant(monday, location.tz), time.first_instant(monday + timedelta(days=7), location.tz)
    stamp = diaries.stamp(location, start, end, now=request.now)
    if request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    shown = diaries.of_week(location, monday, who, now=request.now)
    _looked(request, shown.visits)
    context = _frame(request, "week", location, among, day=monday, who=who, step=7)
    return page(
        request,
        "scheduling/diary.html",
        context | {"diary": shown, "people": shown.people, "stamp": stamp},
        partial="grid",
    )


@require_safe
@requires(Can.SEE_DIARY)
def day_list(request: StaffRequest) -> HttpResponse:
    """The same day as a plain table: the accessible path, and what hangs on the wall when the power is out."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return page(request, "scheduling/no_location.html")
    day = places.day_in(request, location)
    who = places.practitioner_in(request)
    visits = Appointment.objects.at(location).within(*time.day_bounds(day, location.tz)).for_diary()
    if who is not None:
        visits = visits.of_practitioner(who)
    rows = list(visits)
    _looked(request, rows)
    context = _frame(request, "day_list", location, among, day=day, who=who, step=1)
    context["people"] = Practitioner.objects.active().filter(working_hours__location=location).distinct().by_name()
    return page(request, "scheduling/day_list.html", context | {"visits": rows})


def _looked(request: StaffRequest, visits: list[Appointment]) -> None:
    audit.viewed_many(
        "diary", by=request.user, now=request.now, patient_uids=dict.fromkeys(v.patient.uid for v in visits)
    )


def _first_at(location: Location) -> Practitioner | None:
    people = Practitioner.objects.active().filter(working_hours__location=location)
    return people.select_related("user").order_by("user__name").first()


def _frame(
    request: StaffRequest,
    view: str,
    location: Location,
    among: list[Location],
    *,
    day: date,
    who: Practitioner | None,
    step: int,
) -> dict[str, Any]:
    """What the bar above the diary shows: where, when, whom, and the way to the days around."""
    filters = {"location": str(location.uid)} | ({"practitioner": str(who.uid)} if who else {})

    def at(name: str, on: date | None, **changes: str) -> str:
        facts = filters | ({"day": on.isoformat()} if on else {}) | changes
        return f"{reverse(f'scheduling:{name}')}?{urlencode({k: v for k, v in facts.items() if v})}"

    today = time.local_day(request.now, location.tz)
    return {
        "view": view,
        "location": location,
        "locations": among,
        "zone": location.zone,
        "day": day,
        "last_day": day + timedelta(days=step - 1),
        "today": today,
        "is_today": day <= today < day + timedelta(days=step),
        "can_step": view == "diary" and day == today and allows(request.user, Can.BOOK),
        "who": who,
        "url_here": at(view, day),
        "url_before": at(view, day - timedelta(days=step)),
        "url_after": at(view, day + timedelta(days=step)),
        "url_today": at(view, None),
        "url_day": at(
            "diary", day if step == 1 else max(day, today) if day <= today < day + timedelta(days=7) else day
        ),
        "url_week": at("week", day),
        "url_list": at("day_list", day),
    }
