"""What else stands in a diary: a group that meets, somebody squeezed in, somebody ill, preferred times."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from billing import pricelist
from clinic import time as clock
from clinic.demo.diary import went_out
from clinic.demo.places import PHYSIO, Places
from patients.models import Patient
from scheduling import booking, groups, preferences, resources
from scheduling.models import Appointment, GroupSession, Service
from scheduling.rules import EVERY_WARNING
from scheduling.visits import BookingRefused

BACK_SCHOOL = "Back school"
WEEKS, MEMBERS = 5, 4
#: (days of the week, not before, over by): what the first patients have said.
WISHES: tuple[tuple[list[int], time | None, time | None], ...] = (
    ([1, 3], time(15), None),
    ([], None, time(12)),
    ([0, 2, 4], None, None),
    ([], time(16), None),
)


def build(places: Places, people: list[Patient], visits: list[Appointment], *, now: datetime, today: date) -> int:
    """Sessions of a back school with patients in them; one visit on top of another; some wishes. Said days ago."""
    now -= timedelta(days=3)
    for patient, (weekdays, earliest, latest) in zip(people, WISHES, strict=False):
        preferences.say(patient=patient, weekdays=weekdays, earliest=earliest, latest=latest, by=places.desk, now=now)
    active = set(Patient.objects.active().values_list("pk", flat=True))
    here = [one for one in people if one.pk in active]
    sessions = _back_school(places, now=now, today=today)
    for session in sessions:
        for patient in here[-MEMBERS:]:
            with suppress(BookingRefused):  # has another visit then
                groups.join(session=session, patient=patient, by=places.desk, now=now, despite=EVERY_WARNING)
    _squeeze_in(places, (here[:-MEMBERS] or here)[-1], visits, now=now)
    went_out(now + timedelta(days=3))
    return len(sessions)


def _back_school(places: Places, *, now: datetime, today: date) -> list[GroupSession]:
    service = Service.objects.create(
        name=BACK_SCHOOL, discipline=PHYSIO, minutes=60, seats=8, skill="group exercise", preparing_minutes=5,
        charting_minutes=10, minutes_before=10, minutes_after=10, room_feature="gym", colour="pink",
    )  # fmt: skip
    pricelist.set_price(
        service_id=service.pk, amount=Decimal("24.00"), valid_from=today - timedelta(days=400), by=places.owner, now=now
    )
    who = next(one for one in places.practitioners if service.skill in one.skills)
    place = places.at[who.pk]
    for days in range(1, 8):
        first = today + timedelta(days=days)
        starts = [clock.at_wall(first + timedelta(weeks=week), time(17, 15), place.tz) for week in range(WEEKS)]
        try:
            return groups.open_sessions(
                service=service, practitioner=who, location=place, starts_at=starts, by=places.desk, now=now,
                despite=EVERY_WARNING,
            )  # fmt: skip
        except BookingRefused:
            continue  # his day off, or a visit stands there: the day after
    return []


def _squeeze_in(places: Places, patient: Patient, visits: list[Appointment], *, now: datetime) -> None:
    """Tomorrow somebody in pain is seen on top of another visit."""
    coming = sorted(
        (v for v in visits if v.is_active and v.starts_at > now + timedelta(days=3, hours=12)),
        key=lambda v: v.starts_at,
    )
    for visit in coming:
        try:
            booking.book(
                patient=patient, service=visit.service, practitioner=visit.practitioner,
                location=visit.location, starts_at=visit.starts_at, by=places.desk, now=now, despite=EVERY_WARNING,
                overbook="Acute spasm, the doctor called",
            )  # fmt: skip
        except BookingRefused:
            continue
        return


def falls_ill(places: Places, visits: list[Appointment], *, now: datetime, today: date) -> int:
    """Somebody has just called: ill for two days in which visits stand. How many are touched."""
    who = places.practitioners[-1]
    zone = places.at[who.pk].tz
    days = (clock.local_day(visit.starts_at, zone) for visit in visits if visit.practitioner_id == who.pk)
    first = min((day for day in days if day > today), default=None)
    if first is None:
        return 0
    starts, ends = (clock.first_instant(first + timedelta(days=n), zone) for n in (0, 2))
    said = now - timedelta(minutes=30)
    _, touched = resources.add_absence(
        practitioner=who, kind="illness", starts_at=starts, ends_at=ends, by=places.desk, now=said
    )
    return touched
