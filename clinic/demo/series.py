"""Visits that repeat: booked by a rule, one of them moved since; and another every two weeks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from clinic.demo.diary import went_out
from clinic.demo.places import Places
from clinic.models import Practitioner
from patients.models import Patient
from scheduling import booking, series
from scheduling.models import Appointment, Series, Service
from scheduling.outlook import Common
from scheduling.recurrence import Recurrence
from scheduling.rules import EVERY_WARNING
from scheduling.series import Plan
from scheduling.visits import BookingRefused

#: When they may begin, the likeliest first.
WALLS = (time(12, 45), time(9), time(17), time(10), time(15))
BOOKED_AGO = timedelta(days=2)


def build(places: Places, people: list[Patient], *, now: datetime, today: date) -> int:
    """Two series for patients who follow no plan; so many."""
    free = [one for one in people[int(len(people) * 0.6) :] if one.email]
    imani, _, _, _, _, tomas, *_ = places.practitioners
    then = now - BOOKED_AGO
    if len(free) < 2:
        return 0
    weekly = _book(places, free[0], imani, "Massage 60", weeks=(1, 6), today=today, now=then)
    other = _book(places, free[1], tomas, "Physical therapy 30", weeks=(2, 4), today=today, now=then)
    if weekly is not None:
        _move_one(places, weekly, now=then + timedelta(hours=3))
    went_out(now)
    return sum(one is not None for one in (weekly, other))


def _book(
    places: Places,
    patient: Patient,
    who: Practitioner,
    service: str,
    *,
    weeks: tuple[int, int],
    today: date,
    now: datetime,
) -> Series | None:
    """On the first day and at the first hour at which every date can be had: every so many weeks, so often."""
    what, place = Service.objects.get(name=service), places.at[who.pk]
    common = Common(patient, what, place, what.minutes)
    for days in range(3, 10):
        first = today + timedelta(days=days)
        rule = Recurrence(first, every=weeks[0], weekdays=frozenset({first.weekday()}), count=weeks[1])
        for wall in WALLS:
            plan = Plan(common, who, rule, wall)
            try:
                return series.book(plan=plan, wanted=plan.wanted(), by=places.desk, now=now)
            except BookingRefused:
                continue
    return None


def _move_one(places: Places, booked: Series, *, now: datetime) -> None:
    """The third visit is moved by a day or an hour: it differs from the rule since."""
    third = Appointment.objects.in_line(booked.line).for_diary()[2]
    for later in (timedelta(hours=1), timedelta(days=1), timedelta(days=-1), timedelta(hours=2)):
        try:
            booking.move(
                appointment=third, starts_at=third.starts_at + later, by=places.desk, now=now, despite=EVERY_WARNING
            )
        except BookingRefused:
            continue
        return
