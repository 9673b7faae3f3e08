"""The diary: a day side by side, a week of one or of all, by people or by rooms; a list to read and to print."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import audit, time
from clinic.access import Can, allows, requires
from clinic.models import Location, Practitioner
from clinic.models.people import first_name
from clinic.pages import page
from clinic.requests import StaffRequest
from scheduling import cards, freshness
from scheduling import diary as diaries
from scheduling.cards import Addresses, Sheet
from scheduling.diary import Lens
from scheduling.diary_rows import Person
from scheduling.models import Appointment, Room
from scheduling.views import places

#: What stands in the address instead of one practitioner or room when a week shows all of them.
ALL = "all"


def _to(name: str) -> str:
    """The address of one thing, with %s for its random id: hundreds of links are not reversed one by one."""
    nobody = uuid.UUID(int=0)
    return reverse(f"scheduling:{name}", args=[nobody]).replace(str(nobody), "%s")


def short(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def first_to_last(first: date, last: date) -> str:
    """23 to 29 Nov 2026: what both have in common is said once."""
    if first.year != last.year:
        return f"{short(first)} to {short(last)}"
    return f"{first.day if first.month == last.month else f'{first.day} {first:%b}'} to {short(last)}"


@dataclass
class Sight:
    """What the address asks for: where, when, whom; all filters stand in it, so that a view can be kept or shared."""

    request: StaffRequest
    view: str
    location: Location
    among: list[Location]
    day: date
    #: Days that the view shows.
    step: int
    lens: Lens
    shows_all: bool = False

    @cached_property
    def stamp(self) -> str:
        start = time.first_instant(self.day, self.location.tz)
        end = time.first_instant(self.day + timedelta(days=self.step), self.location.tz)
        return freshness.stamp(self.location, start, end, now=self.request.now)

    @property
    def is_unchanged(self) -> bool:
        return self.request.GET.get("seen") == self.stamp

    def url(self, view: str, on: date | None, *, by_rooms: bool | None = None) -> str:
        """Another view with the same filters, as far as they mean something there."""
        by_rooms = self.lens.by_rooms if by_rooms is None else by_rooms
        facts = {"location": str(self.location.uid), "by": "rooms" if by_rooms else ""}
        if by_rooms == self.lens.by_rooms:
            one = ALL if self.shows_all and view == "week" else str(self.lens.one.uid) if self.lens.one else ""
            facts["room" if by_rooms else "practitioner"] = one
        facts["day"] = on.isoformat() if on else ""
        return f"{reverse(f'scheduling:{view}')}?{urlencode({k: v for k, v in facts.items() if v})}"

    @property
    def today(self) -> date:
        return time.local_day(self.request.now, self.location.tz)

    @property
    def is_today(self) -> bool:
        return self.day <= self.today < self.day + timedelta(days=self.step)

    def sheet(self) -> Sheet:
        """What the drawing needs to know."""
        may, is_day = self.request.user.can, self.view == "diary"
        of_one = {name: _to(name) for name in ("visit", "drop", "arrive", "group", "group_drop", "away")}
        to = Addresses(**of_one, **{name: reverse(f"scheduling:{name}") for name in ("diary", "week", "book")})
        return Sheet(
            to=to,
            location=str(self.location.uid),
            day=self.day,
            today=self.today,
            is_week=not is_day,
            by_rooms=self.lens.by_rooms,
            can_book=may(Can.BOOK),
            can_step=is_day and self.is_today and may(Can.BOOK),
            can_send_away=is_day and self.is_today and may(Can.MANAGE_RESOURCES),
        )

    def context(self) -> dict[str, Any]:
        """What the bar above the diary shows: where, when, whom, and the way to the days around."""
        day, step, today, is_today = self.day, self.step, self.today, self.is_today
        books = allows(self.request.user, Can.BOOK)
        return {
            "view": self.view,
            "by_rooms": self.lens.by_rooms,
            "shows_all": self.shows_all,
            "location": self.location,
            "locations": self.among,
            "zone": self.location.zone,
            "day": day,
            "title": f"{day:%a} {short(day)}" if step == 1 else first_to_last(day, day + timedelta(days=step - 1)),
            "today": today,
            "is_today": is_today,
            "can_step": self.view == "diary" and day == today and books,
            "can_book": books,
            "who": self.lens.practitioner,
            "room": self.lens.room,
            "url_here": self.url(self.view, day),
            "url_before": self.url(self.view, day - timedelta(days=step)),
            "url_after": self.url(self.view, day + timedelta(days=step)),
            "url_today": self.url(self.view, None),
            "url_day": self.url("diary", day if step == 1 else max(day, today) if is_today else day),
            "url_week": self.url("week", day),
            "url_list": self.url("day_list", day),
            "url_people": self.url(self.view, day, by_rooms=False),
            "url_rooms": self.url(self.view, day, by_rooms=True),
            "stamp": self.stamp,
        }


@require_safe
@requires(Can.SEE_DIARY)
def diary(request: StaffRequest) -> HttpResponse:
    """One day of a location, everybody or all rooms side by side. Refreshes itself: 204 while nothing changed."""
    sight = _sight(request, "diary")
    if sight is None:
        return page(request, "scheduling/no_location.html")
    if sight.is_unchanged:
        return HttpResponse(status=204)
    shown = diaries.of_day(sight.location, sight.day, now=request.now, lens=sight.lens)
    return _columns(request, sight, shown)


@require_safe
@requires(Can.SEE_DIARY)
def week(request: StaffRequest) -> HttpResponse:
    """Seven days of the practitioner or room in the address, or of all; else oneself, else the first there."""
    sight = _sight(request, "week")
    if sight is None:
        return page(request, "scheduling/no_location.html")
    if sight.lens.one is None and not sight.shows_all:
        return page(request, "scheduling/no_hours.html", {"location": sight.location, "by_rooms": sight.lens.by_rooms})
    if sight.is_unchanged:
        return HttpResponse(status=204)
    place, now = sight.location, request.now
    if sight.shows_all:
        everybody = diaries.of_everybody(place, sight.day, now=now, by_rooms=sight.lens.by_rooms)
        _looked(request, everybody.patients)
        heads, lines = cards.table(everybody, sight.sheet())
        context = _context(sight, everybody) | {"heads": heads, "drawn": lines}
        return page(request, "scheduling/diary_week.html", context, partial="grid")
    return _columns(request, sight, diaries.of_week(place, sight.day, now=now, lens=sight.lens))


@require_safe
@requires(Can.SEE_DIARY)
def day_list(request: StaffRequest) -> HttpResponse:
    """The same day as a plain table: the accessible path, and what hangs on the wall when the power is out."""
    sight = _sight(request, "day_list")
    if sight is None:
        return page(request, "scheduling/no_location.html")
    place, lens = sight.location, sight.lens
    visits = Appointment.objects.at(place).within(*time.day_bounds(sight.day, place.tz)).for_diary()
    rows = [visit for visit in visits if lens.sees(visit)]
    _looked(request, (visit.patient.uid for visit in rows))
    there = Practitioner.objects.active().filter(working_hours__location=place).distinct().by_name()
    people = [Person(one.pk, str(one.uid), one.user.name, one.discipline) for one in there]
    rooms = Room.objects.active().filter(location=place).by_name() if lens.by_rooms else []
    return page(
        request, "scheduling/day_list.html", sight.context() | {"visits": rows, "people": people, "rooms": rooms}
    )


def _columns(request: StaffRequest, sight: Sight, shown: diaries.Diary) -> HttpResponse:
    _looked(request, shown.patients)
    context = _context(sight, shown) | {"drawn": cards.columns(shown, sight.sheet())}
    return page(request, "scheduling/diary.html", context, partial="grid")


def _context(sight: Sight, shown: diaries.Diary | diaries.Week) -> dict[str, Any]:
    url = _to("visit")
    waiting = [
        (
            url % visit.uid,
            visit.name,
            shown.clock[visit.arrived or visit.begins],
            first_name(shown.person[visit.practitioner_id].name),
        )
        for visit in shown.waiting
    ]
    return sight.context() | {"diary": shown, "people": shown.people, "rooms": shown.rooms, "waiting": waiting}


def _looked(request: StaffRequest, patient_uids: Iterable[uuid.UUID | str]) -> None:
    audit.viewed_many("diary", by=request.user, now=request.now, patient_uids=dict.fromkeys(patient_uids))


def _sight(request: StaffRequest, view: str) -> Sight | None:
    """Reads the address; None: the clinic has no location yet."""
    among = places.locations()
    location = places.chosen(request, among)
    if location is None:
        return None
    by_rooms = request.GET.get("by") == "rooms"
    day = places.day_in(request, location)
    if view != "week":
        return Sight(request, view, location, among, day, 1, _lens(request, location, by_rooms=by_rooms))
    shows_all = request.GET.get("room" if by_rooms else "practitioner") == ALL
    lens = _lens(request, location, by_rooms=by_rooms)
    if lens.one is None and not shows_all:
        lens = _first(request, location, by_rooms=by_rooms)
    return Sight(request, view, location, among, day - timedelta(days=day.weekday()), 7, lens, shows_all)


def _lens(request: StaffRequest, location: Location, *, by_rooms: bool) -> Lens:
    if by_rooms:
        return Lens(by_rooms=True, room=places.room_in(request, location))
    return Lens(practitioner=places.practitioner_in(request))


def _first(request: StaffRequest, location: Location, *, by_rooms: bool) -> Lens:
    """Whose week is shown when the address does not say."""
    if by_rooms:
        return Lens(by_rooms=True, room=Room.objects.active().filter(location=location).by_name().first())
    people = Practitioner.objects.active().filter(working_hours__location=location).select_related("user")
    return Lens(practitioner=request.user.practitioner_or_none or people.order_by("user__name").first())
