"""Who waits for a time, what they were offered and what became of it, and a time that is kept for somebody."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from clinic import time as clock
from clinic.demo.diary import went_out
from clinic.demo.places import Places
from clinic.models import Location, Practitioner
from patients.models import Patient
from scheduling import holds, offers, waitlist, waitlist_rows
from scheduling.models import Appointment, Service, Urgency, WaitlistEntry, WaitlistOffer
from scheduling.visits import BookingRefused
from scheduling.waitlist import Wish

DAY = timedelta(days=1)
#: How far ahead an offered or kept time lies at least: there is time to answer, and the demo shows it for some days.
AHEAD = 2 * DAY


def build(places: Places, people: list[Patient], visits: list[Appointment], *, now: datetime, today: date) -> int:
    """A handful who wait; of their offers one is out, one is to be phoned, one was declined, one taken."""
    home, lake = places.locations
    imani, _, mei, *_ = places.practitioners
    who = _picked(people)
    late = _waits(places, who[0], "Massage 60", now - 12 * DAY, Wish(
        practitioners=(imani, mei), locations=(home,), weekdays=(0, 1, 2, 3, 4), earliest=time(14),
        note="Comes straight from work",
    ))  # fmt: skip
    _waits(places, who[1], "Physical therapy 45", now - 2 * DAY, Wish(
        locations=(home,), urgency=Urgency.URGENT, last_on=today + 9 * DAY, note="Cannot sit for long; any day will do",
    ))  # fmt: skip
    morning = _waits(places, who[2], "Massage 30", now - 9 * DAY, Wish(locations=(home,), latest=time(12)))
    phone = _waits(places, _unwritten(people), "Massage 45", now - 5 * DAY, Wish(
        locations=(home,), note="Reads no mail: call before noon",
    ))  # fmt: skip
    _waits(places, who[3], "Massage 45", now - 3 * DAY, Wish(locations=(lake,), weekdays=(5, 6)))
    taker = _waits(places, who[4], "Massage 45", now - 7 * DAY, Wish(locations=(home,)))
    gone = _waits(places, who[5], "Massage 30", now - 8 * DAY, Wish(note="Only while her sister is in town"))
    _earlier(places, visits, now=now)

    yesterday = clock.at_wall(today - DAY, time(10), home.tz)
    if made := _offer(places, morning, home, now=yesterday - DAY):
        went_out(yesterday - DAY)
        offers.decline(offer=made, by=places.desk, now=yesterday - DAY + timedelta(minutes=25))
    if made := _offer(places, taker, home, now=yesterday):
        went_out(yesterday)
        offers.accept(offer=made, by=places.desk, now=yesterday + timedelta(minutes=40))
    if gone is not None:
        offers.withdraw(entry=gone, reason="The sister has left", by=places.desk, now=now - DAY)
    _offer(places, late, home, now=now - timedelta(minutes=20))
    _offer(places, phone, home, now=now - timedelta(minutes=15))
    _keep(places, who[6], home, mei, now=now)
    went_out(now)
    return WaitlistEntry.objects.on_the_list().count()


def _picked(people: list[Patient]) -> list[Patient]:
    """Seven who can be written to, from all over the list."""
    reachable = [one for one in people if one.email and one.phone and one.deactivated_at is None]
    return [reachable[n * len(reachable) // 8] for n in range(1, 8)]


def _unwritten(people: list[Patient]) -> Patient:
    return next((one for one in people if not one.email and one.phone), people[0])


def _waits(places: Places, patient: Patient, service: str, since: datetime, wish: Wish) -> WaitlistEntry | None:
    try:
        return waitlist.put_on(
            patient=patient, service=Service.objects.get(name=service), wish=wish, by=places.desk, now=since
        )
    except BookingRefused:
        return None


def _earlier(places: Places, visits: list[Appointment], *, now: datetime) -> None:
    """The last who comes, of those with an e-mail, would rather come sooner."""
    ahead = Appointment.objects.filter(pk__in=[one.pk for one in visits]).coming(now + 6 * DAY)
    for visit in ahead.exclude(patient__email="").select_related("patient", "service").order_by("-starts_at", "pk"):
        wish = Wish(practitioners=(visit.practitioner,), note="Holiday plans: the sooner the better")
        try:
            waitlist.put_on(
                patient=visit.patient, service=visit.service, wish=wish, earlier_than=visit, by=places.desk,
                now=now - 4 * DAY,
            )  # fmt: skip
        except BookingRefused:
            continue
        return


def _offer(places: Places, entry: WaitlistEntry | None, place: Location, *, now: datetime) -> WaitlistOffer | None:
    """The first time that suits and is some days away."""
    if entry is None:
        return None
    for starts_at, who in _suiting(entry, place, now):
        try:
            return offers.make_by_hand(
                entry=entry, practitioner=who, location=place, starts_at=starts_at, by=places.desk, now=now
            )
        except BookingRefused:
            continue
    return None


def _suiting(entry: WaitlistEntry, place: Location, now: datetime) -> list[tuple[datetime, Practitioner]]:
    """In order of time; what leaves four hours to answer first, so that whoever opens the demo finds it unanswered."""
    found = [
        (offer.starts_at, offer.practitioner)
        for day in waitlist_rows.free_for(entry, place, now=now)
        for offer in day.offers
        if offer.starts_at > now + AHEAD
    ]
    return sorted(found, key=lambda free: free[0] < now + AHEAD + DAY)


def _keep(places: Places, patient: Patient, place: Location, who: Practitioner, *, now: datetime) -> None:
    """A time is kept while the patient asks at work whether it can be."""
    service = Service.objects.get(name="Massage 45")
    for days in range(2, 9):
        for wall in (time(12, 45), time(17), time(9), time(14)):
            starts_at = clock.at_wall(clock.local_day(now, place.tz) + days * DAY, wall, place.tz)
            try:
                holds.hold(
                    patient=patient, service=service, practitioner=who, location=place, starts_at=starts_at,
                    until=now + DAY, by=places.desk, now=now - timedelta(minutes=40),
                )  # fmt: skip
            except BookingRefused:
                continue
            return
