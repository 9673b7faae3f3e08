"""The public holidays of a country or state, which a location takes over as closures; and what that would touch.

The days come from the `holidays` library: reckoned here, asked of no network. ADR 0049 says why.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from holidays.constants import HALF_DAY, PUBLIC
from holidays.registry import COUNTRIES

from clinic import audit, geography, time
from clinic.access import Actor
from clinic.models import Location
from scheduling import resources
from scheduling.models import Appointment, Closure, GroupSession, HolidayCalendar
from scheduling.touched import Cause

#: ISO code → (module, class). Only the country that is asked for is imported.
_CLASSES = {codes[0]: (module, name) for module, (name, *codes) in COUNTRIES.items()}
_ENGLISH = ("en_US", "en_GB")
#: As many characters as the name of a closure has.
_NAME = 80


@dataclass(frozen=True)
class Holiday:
    day: date
    name: str
    #: Only a part of the day is off: a closure would take the whole of it.
    is_half: bool = False


@dataclass(frozen=True)
class Line:
    """A holiday still to come: whether the location is closed then already, else what would be touched."""

    holiday: Holiday
    taken: Closure | None = None
    visits: list[Appointment] = field(default_factory=list)
    sessions: list[GroupSession] = field(default_factory=list)

    @property
    def is_touching(self) -> bool:
        return bool(self.visits or self.sessions)


# -- What the library knows --------------------------------------------------------------------------------


@functools.cache
def countries() -> tuple[tuple[str, str], ...]:
    """(ISO code, English name) of every country whose holidays are known."""
    return tuple((code, name) for code, name in geography.countries() if code in _CLASSES)


@functools.cache
def subdivisions(country: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of its states or regions, by name; none where the whole country keeps the same days."""
    of = _class(country)
    if of is None:
        return ()
    names: dict[str, list[str]] = of.get_subdivision_aliases()
    found = ((code, next(iter(names.get(code, ())), code)) for code in of.subdivisions)
    return tuple(sorted(found, key=lambda pair: pair[1]))


def guess(country: str, region: str) -> str:
    """The subdivision that an address speaks of, by code or name; nothing when it is none."""
    of, wanted = _class(country), region.strip().casefold()
    if of is None or not wanted:
        return ""
    names: dict[str, list[str]] = of.get_subdivision_aliases()
    known = ((code, name) for code in of.subdivisions for name in (code, *names.get(code, ())))
    return next((str(code) for code, name in known if name.casefold() == wanted), "")


def of_year(country: str, subdivision: str, year: int) -> list[Holiday]:
    """By day: whole days off, then days of which a part is. Raises ValueError for a place that is not known."""
    of = _class(country)
    if of is None or (subdivision and subdivision not in of.subdivisions):
        raise ValueError(f"no holidays are known of {country} {subdivision}")
    whole = dict(_names(of, subdivision, year, PUBLIC))
    half = {day: name for day, name in _names(of, subdivision, year, HALF_DAY) if day not in whole}
    days = [Holiday(day, name) for day, name in whole.items()]
    days += [Holiday(day, name, is_half=True) for day, name in half.items()]
    return sorted(days, key=lambda one: one.day)


def _class(country: str) -> Any:
    if country not in _CLASSES:
        return None
    module, name = _CLASSES[country]
    return getattr(importlib.import_module(f"holidays.countries.{module}"), name)


def _names(of: Any, subdivision: str, year: int, category: str) -> Iterator[tuple[date, str]]:
    """In English where the library has it; several of one day in one line."""
    if category not in of.supported_categories:
        return
    language = next((one for one in _ENGLISH if one in of.supported_languages), None)
    found = of(years=year, subdiv=subdivision or None, categories=(category,), language=language)
    for day, name in found.items():
        yield day, name.replace("; ", ", ")[:_NAME]


# -- What a location makes of it ---------------------------------------------------------------------------


def calendar_of(location: Location) -> HolidayCalendar:
    """Whose holidays it took over last; before the first time what its address says. Not saved."""
    said = HolidayCalendar.objects.filter(location=location).first()
    if said is not None:
        return said
    country = location.country if location.country in dict(countries()) else ""
    return HolidayCalendar(location=location, country=country, subdivision=guess(country, location.region))


def sheet(location: Location, found: list[Holiday], *, now: datetime) -> list[Line]:
    """Of these days those from today on, each with what would be touched. Three queries; nothing is written."""
    today = time.local_day(now, location.tz)
    coming = [one for one in found if one.day >= today]
    if not coming:
        return []
    closed = _closures(location, [one.day for one in coming])
    causes = {
        one.day: Cause(Closure(location=location, name=one.name, starts_on=one.day, ends_on=one.day))
        for one in coming
        if one.day not in closed
    }
    standing = functools.reduce(lambda a, b: a | b, (cause.standing_in(now) for cause in causes.values()), Q(pk__in=[]))
    visits = list(
        Appointment.objects.not_begun()
        .filter(standing, session__isnull=True)
        .select_related("patient", "service", "practitioner__user")
        .order_by("starts_at", "pk")
    )
    sessions = list(GroupSession.objects.standing().filter(standing, starts_at__gt=now).for_page())
    lines = {one.day: Line(one, taken=closed.get(one.day)) for one in coming}
    for day, cause in causes.items():
        lines[day].visits.extend(v for v in visits if _holds(cause, v))
        lines[day].sessions.extend(s for s in sessions if _holds(cause, s))
    return list(lines.values())


def _holds(cause: Cause, one: Appointment | GroupSession) -> bool:
    return cause.holds(one.practitioner_id, one.location_id, one.starts_at, one.ends_at)


def _closures(location: Location, days: Collection[date]) -> dict[date, Closure]:
    rows = Closure.objects.filter(location=location).within(min(days), max(days)).in_order()
    return {day: row for row in rows for day in days if row.starts_on <= day <= row.ends_on}


@transaction.atomic
def take_over(
    *, location: Location, country: str, subdivision: str, days: Collection[Holiday], by: Actor, now: datetime
) -> list[Closure]:
    """Close on these days, each by itself, and remember whose they are. A day that is closed already stays as it is.

    What is booked stays booked, until somebody finds another place for it. Two people at once: each day once.
    """
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)
    closed = _closures(location, [one.day for one in days]) if days else {}
    made = [
        Closure(location=location, name=one.name, starts_on=one.day, ends_on=one.day)
        for one in days
        if one.day not in closed
    ]
    for closure in made:
        resources.add_hours(closure, by=by, now=now)
    HolidayCalendar.objects.update_or_create(
        location=location, defaults={"country": country, "subdivision": subdivision}
    )
    audit.record(
        "public_holidays.taken_over", by=by, now=now, subject=location,
        detail={"of": f"{country} {subdivision}".strip(), "days": [row.starts_on.isoformat() for row in made]},
    )  # fmt: skip
    return made
