"""What people do with the diary, on the day of every clock change of every zone: offered, booked, drawn, reminded of.

The rules under it are tested minute by minute beside them (test_wallclock, test_recurrence, test_ical); here they are
used through the verbs, against an oracle that walks along the instants and reads the clock on the wall.
"""

from __future__ import annotations

import os
import re
import time as machine
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from clinic import time as clocks
from clinic.messaging_states import MessagePurpose
from clinic.models import Location, OutboundMessage
from scheduling import availability, diary
from scheduling.availability import Ask, Free
from scheduling.calendar_entries import entry_for
from scheduling.intervals import Interval
from scheduling.models import Appointment
from tests.factories import people
from tests.factories import scheduling as make
from tests.scheduling.test_wallclock import transitions

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEP = 15
#: One of each kind: a gap and a fold, of half an hour, two hours, at midnight, with winter time in summer, and none.
KINDS = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
]


@pytest.fixture
def place(db: None) -> SimpleNamespace:
    """Open and staffed around the clock, so that a visit may lie across any change."""
    people.a_clinic()
    location = people.a_location()
    make.opens(location, start=time(0), end=time(0))
    who = make.a_practitioner()
    make.works(who, location, start=time(0), end=time(0))
    return SimpleNamespace(
        location=location,
        practitioner=who,
        rooms=[make.a_room(location)],
        service=make.a_service(),
        desk=people.front_desk(),
        patient=make.a_reachable_patient(),
    )


def in_zone(place: SimpleNamespace, zone: str) -> ZoneInfo:
    Location.objects.filter(pk=place.location.pk).update(zone=zone)
    place.location = Location.objects.get(pk=place.location.pk)
    return ZoneInfo(zone)


def offered(place: SimpleNamespace, day: date, tz: ZoneInfo) -> list[Free]:
    span = Interval(*clocks.day_bounds(day, tz))
    return availability.free_times(Ask(place.service, place.location, span, step=STEP))


def starts_of(day: date, tz: ZoneInfo) -> list[datetime]:
    """The oracle: every instant of the local day at which the wall shows a whole step."""
    at, found = datetime.combine(day, time(), UTC) - timedelta(hours=27), []
    while at.astimezone(tz).date() <= day:
        local = at.astimezone(tz)
        if local.date() == day and (local.hour * 60 + local.minute) % STEP == 0:
            found.append(at)
        at += MINUTE
    return found


def book(place: SimpleNamespace, at: datetime, now: datetime) -> Appointment:
    return make.a_visit(place, at, patient=place.patient, now=now)


def used_on_the_day_of(place: SimpleNamespace, zone: str, change: datetime) -> None:
    """Everything that is done with one day, and taken back."""
    tz = in_zone(place, zone)
    day, now = change.astimezone(tz).date(), change - 10 * DAY
    with transaction.atomic():
        wanted = starts_of(day, tz)
        assert [free.starts_at for free in offered(place, day, tz)] == wanted, "what is offered"

        across = book(place, change - 30 * MINUTE, now)
        at_three = book(place, clocks.at_wall(day, time(15), tz), now)
        connection.check_constraints()  # what else is looked at when a transaction is committed
        for visit in (across, at_three):
            assert visit.ends_at - visit.starts_at == HOUR, "how long it takes"
        assert at_three.starts_at.astimezone(tz).time() == time(15)
        busy = [(visit.starts_at, visit.ends_at) for visit in (across, at_three)]
        free = [at for at in wanted if all(at + HOUR <= a or at >= b for a, b in busy)]
        assert [free.starts_at for free in offered(place, day, tz)] == free, "what is offered besides"

        drawn_where_the_wall_says(place, day, tz, [at_three], now)
        assert str(across.uid) in uids_on_the_day_or_the_day_before(place, day, now)
        reminded_at_the_same_hour_of_the_day_before(at_three, tz)
        kept = Calendar.from_ical(entry_for(at_three, None)).walk("VEVENT")[0]
        assert kept["DTSTART"].dt.astimezone(tz).time() == time(15), "in the patient's own calendar"
        assert kept["DTEND"].dt - kept["DTSTART"].dt == HOUR
        transaction.set_rollback(True)


def drawn_where_the_wall_says(
    place: SimpleNamespace, day: date, tz: ZoneInfo, visits: list[Appointment], now: datetime
) -> None:
    page = diary.of_day(place.location, day, now=now)
    marks = {mark.row: mark.label for mark in page.area.hours()}
    cards = {str(card.entry.uid): card for column in page.columns for card in column.cards}
    for visit in visits:
        card = cards[str(visit.uid)]
        assert marks[card.row] == f"{visit.starts_at.astimezone(tz):%H:%M}", "beside its hour"
        assert card.rows == 12, "an hour long"
    assert page.area.span.end - page.area.span.start == len(range(*_seconds(day, tz))), "the whole day, however long"


def _seconds(day: date, tz: ZoneInfo) -> tuple[int, int]:
    first, last = clocks.day_bounds(day, tz)
    return int(first.timestamp()), int(last.timestamp())


def uids_on_the_day_or_the_day_before(place: SimpleNamespace, day: date, now: datetime) -> set[str]:
    """A change at midnight lies between two pages."""
    pages = [diary.of_day(place.location, one, now=now) for one in (day - DAY, day)]
    return {str(visit.uid) for page in pages for visit in page.visits}


def reminded_at_the_same_hour_of_the_day_before(visit: Appointment, tz: ZoneInfo) -> None:
    due = OutboundMessage.objects.get(subject_uid=visit.uid, purpose=MessagePurpose.VISIT_REMINDER).due_at
    starts = visit.starts_at.astimezone(tz)
    assert due.astimezone(tz).date() == starts.date() - DAY
    assert due.astimezone(tz).time() == starts.time()


@pytest.mark.parametrize("zone", KINDS)
def test_a_day_with_a_clock_change_is_offered_booked_drawn_and_reminded_of_like_any_other(
    place: SimpleNamespace, zone: str
) -> None:
    changes = transitions(zone, 2027, 2027)
    assert changes
    for change in changes[:2]:
        used_on_the_day_of(place, zone, change)


@pytest.mark.long
def test_so_is_the_day_of_every_clock_change_of_every_zone_until_2030(place: SimpleNamespace) -> None:
    seen = 0
    for zone in sorted(zoneinfo.available_timezones()):
        for change in transitions(zone):
            used_on_the_day_of(place, zone, change)
            seen += 1
    assert seen > 2_000


# -- Whose clock it is ---------------------------------------------------------------------------------------


@pytest.fixture
def servers_zone() -> Iterator[None]:
    before = os.environ.get("TZ")
    yield
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    machine.tzset()


SERVERS = ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe"]


def test_the_pages_are_the_same_whatever_zone_the_server_stands_in(
    place: SimpleNamespace, sign_in: object, servers_zone: None
) -> None:
    visit = book(place, make.local(25, 10), make.NOW)
    desk: Client = sign_in(place.desk)  # type: ignore[operator]
    seen = []
    for zone in SERVERS:
        os.environ["TZ"] = zone
        machine.tzset()
        pages = [
            desk.get(reverse("scheduling:diary"), {"day": "2026-11-25"}),
            desk.get(reverse("scheduling:day_list"), {"day": "2026-11-25"}),
            desk.get(reverse("scheduling:visit", args=[visit.uid])),
        ]
        assert {page.status_code for page in pages} == {200}
        seen.append([words_of(page.content.decode()) for page in pages])
    for one in seen[1:]:
        for page, first in zip(one, seen[0], strict=True):
            assert page.splitlines() == first.splitlines()
    assert "10:00" in seen[0][2]


def words_of(html: str) -> str:
    """The page without what is random in it: nonces and tokens."""
    return re.sub(r'(nonce|name="csrfmiddlewaretoken" value|data-csrf|hx-headers)=(["\']).*?\2', "", html)
