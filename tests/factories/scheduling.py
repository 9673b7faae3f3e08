"""A small clinic with hours, rooms and services, and visits in it: keyword-only, only what the test speaks of."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from clinic.access import SYSTEM
from clinic.models import Discipline, Location, Practitioner, Role
from patients import consent
from patients.models import Channel, Patient
from scheduling import booking, resources
from scheduling.models import Appointment, Device, OpeningHours, Room, Service, WorkingHours
from scheduling.rules import EVERY_WARNING
from tests.factories import people

_number = itertools.count(1)

#: A Monday long before and a day long after everything that tests speak of.
LONG_AGO = date(2020, 1, 6)
NEW_YORK = ZoneInfo("America/New_York")
#: Tuesday 24 November 2026, 08:00 in New York: "now" of most tests here.
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


def local(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    """A wall-clock time in New York, November 2026 unless said otherwise."""
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def a_patient(family_name: str = "", given_name: str = "Ana", **facts: Any) -> Patient:
    return Patient.objects.create(
        given_name=given_name,
        family_name=family_name or f"Ribeiro{next(_number)}",
        born_on=date(1984, 3, 7),
        registered_at=NOW,
        **facts,
    )


def a_reachable_patient(*, email: str = "ana@patients.example", **facts: Any) -> Patient:
    """Who has said yes to e-mail: their messages go out, others' are only written down as not sent."""
    patient = a_patient(email=email, preferred_channel=Channel.EMAIL, **facts)
    consent.record(patient=patient, channel=Channel.EMAIL, given=True, by=SYSTEM, now=NOW)
    return patient


def a_service(name: str = "", **facts: Any) -> Service:
    usual: dict[str, Any] = {"discipline": Discipline.MASSAGE, "minutes": 60}
    return Service.objects.create(name=name or f"Massage {next(_number)}", **(usual | facts))


def a_room(location: Location, name: str = "", **facts: Any) -> Room:
    room = Room.objects.create(location=location, name=name or f"Room {next(_number)}", **facts)
    resources.ensure(rooms=[room.pk])
    return room


def a_device(location: Location, kind: str = "ultrasound", **facts: Any) -> Device:
    device = Device.objects.create(location=location, name=f"{kind} {next(_number)}", kind=kind, **facts)
    resources.ensure(devices=[device.pk])
    return device


def a_practitioner(name: str = "", **facts: Any) -> Practitioner:
    user = people.staff(Role.THERAPIST, name=name, password=None)
    if facts:
        Practitioner.objects.filter(user=user).update(**facts)
    return Practitioner.objects.select_related("user").get(user=user)


def opens(location: Location, *, days: range = range(7), start: time = time(8), end: time = time(18)) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location, weekday=day, opens=start, closes=end, valid_from=LONG_AGO) for day in days
    )


def works(
    practitioner: Practitioner,
    location: Location,
    *,
    days: range = range(7),
    start: time = time(9),
    end: time = time(17),
) -> None:
    WorkingHours.objects.bulk_create(
        WorkingHours(
            practitioner=practitioner, location=location, weekday=day, opens=start, closes=end, valid_from=LONG_AGO
        )
        for day in days
    )
    resources.ensure(practitioners=[practitioner.pk])


def a_small_clinic(*, zone: str = "America/New_York", rooms: int = 2, practitioners: int = 1) -> SimpleNamespace:
    """One location, open 8 to 18 daily; practitioners at work 9 to 17; rooms; one service of an hour; a front desk."""
    people.a_clinic()
    location = people.a_location(name=f"Place {next(_number)}", zone=zone)
    opens(location)
    team = [a_practitioner() for _ in range(practitioners)]
    for one in team:
        works(one, location)
    return SimpleNamespace(
        location=location,
        practitioner=team[0],
        practitioners=team,
        rooms=[a_room(location) for _ in range(rooms)],
        service=a_service(),
        desk=people.staff(Role.ADMIN, password=None),
    )


def a_visit(place: SimpleNamespace, starts_at: datetime | None = None, **facts: Any) -> Appointment:
    """Booked through the verb, whatever it warns of. Tomorrow at ten unless said otherwise."""
    facts = {
        "patient": facts.pop("patient", None) or a_patient(),
        "service": place.service,
        "practitioner": place.practitioner,
        "location": place.location,
        "starts_at": starts_at or local(25, 10),
        "by": place.desk,
        "now": NOW,
        "despite": EVERY_WARNING,
    } | facts
    return booking.book(**facts)


def many_visits(place: SimpleNamespace, count: int, *, first: datetime | None = None) -> list[Appointment]:
    """One after the other, with the same practitioner."""
    start = first or local(25, 9)
    return [a_visit(place, start + timedelta(minutes=n * place.service.minutes)) for n in range(count)]
