"""A law changes the clocks after visits were booked: nine o'clock stays nine o'clock, and nobody is told of nothing."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic import time as clocks
from clinic.messaging_states import MessagePurpose, State
from clinic.models import AuditEvent, DeskTask, Location, OutboundMessage
from scheduling import booking, clock_law, groups
from scheduling.clock_books import Difference, Stand, book, differences, wall
from scheduling.models import Appointment, ClockBook
from scheduling.states import Status
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_wallclock import transitions

HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")
UNTIL = NOW + timedelta(days=900)


# -- Books -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", sorted(zoneinfo.available_timezones())[::7])
def test_a_book_knows_every_change_of_its_zone(zone: str) -> None:
    tz = ZoneInfo(zone)
    since, until = datetime(2026, 1, 2, tzinfo=UTC), datetime(2028, 12, 30, tzinfo=UTC)
    changes = [at for at in transitions(zone, 2026, 2028) if since < at < until]
    assert [at for at, _ in book(tz, since, until)[1:]] == [int(at.timestamp()) for at in changes]


@given(
    days=st.integers(0, 900),
    minutes=st.integers(0, 1439),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe"]),
)
def test_a_book_shows_what_the_clock_on_the_wall_shows(days: int, minutes: int, zone: str) -> None:
    tz, at = ZoneInfo(zone), NOW + timedelta(days=days, minutes=minutes)
    assert wall(book(tz, NOW, UNTIL + timedelta(days=2)), at) == at.astimezone(tz).replace(tzinfo=None)


offsets = st.integers(-20, 20).map(lambda quarter: quarter * 900)


@given(
    old=st.dictionaries(st.integers(1, 500), offsets, max_size=6),
    new=st.dictionaries(st.integers(1, 500), offsets, max_size=6),
    first=st.tuples(offsets, offsets),
)
def test_two_books_differ_exactly_where_they_differ(
    old: dict[int, int], new: dict[int, int], first: tuple[int, int]
) -> None:
    was: list[Stand] = [(0, first[0]), *sorted(old.items())]
    now: list[Stand] = [(0, first[1]), *sorted(new.items())]
    found = differences(was, now, until=600)
    for second in range(600):
        standing = [next(o for at, o in reversed(stands) if at <= second) for stands in (was, now)]
        inside = [one for one in found if one.begins <= second < one.ends]
        assert [(one.was, one.now) for one in inside] == ([tuple(standing)] if standing[0] != standing[1] else [])


def test_of_two_books_that_begin_apart_only_what_both_know_is_compared() -> None:
    assert differences([(0, 0), (50, 3600)], [(60, 3600)], until=100) == []
    assert differences([(0, 0)], [(60, 3600)], until=100) == [Difference(60, 100, 0, 3600)]


# -- Visits ----------------------------------------------------------------------------------------------


@pytest.fixture
def place(db: None) -> SimpleNamespace:
    clinic = make.a_small_clinic()
    clock_law.note(now=NOW)
    return clinic


def a_law(zone: str = "America/New_York", *, hours: int = -1) -> None:
    """When visits were booked, the clock was thought to stand an hour later from 1 December on: it does not."""
    known = ClockBook.objects.get(zone=zone)
    begins = int(datetime(2026, 12, 1, 5, tzinfo=UTC).timestamp())
    stands = [(at, offset) for at, offset in known.stands if at < begins]
    stands += [(begins, stands[-1][1] - hours * 3600)]
    stands += [(at, offset - hours * 3600) for at, offset in known.stands if at > begins]
    known.stands = stands
    known.save()


def agreed(day: int, hour: int) -> datetime:
    """The instant at which a clock of the old law showed this hour in December."""
    return datetime(2026, 12, day, hour, tzinfo=UTC) + 4 * HOUR


def on_the_wall(visit: Appointment) -> time:
    visit.refresh_from_db()
    return visit.starts_at.astimezone(NEW_YORK).time()


def test_what_shows_another_hour_is_found_and_nothing_else(place: SimpleNamespace) -> None:
    before = make.a_visit(place, local(25, 10))
    after = make.a_visit(place, agreed(2, 10))
    off = make.a_visit(place, agreed(3, 10))
    booking.cancel(appointment=off, by=place.desk, now=NOW, reason="Ill")
    assert clock_law.laws(now=NOW) == []
    a_law()
    (law,) = clock_law.laws(now=NOW)
    (found,) = clock_law.shifted(law, now=NOW)
    assert found.what == after
    assert (found.agreed.time(), found.shows.time()) == (time(10), time(9))
    assert on_the_wall(before) == time(10)


@pytest.mark.parametrize("hours", [-1, 1])
def test_visits_that_follow_each_other_all_keep_their_hour(place: SimpleNamespace, hours: int) -> None:
    """Each moves into the time that the next one had: whichever way the clock went."""
    shift = 5 * HOUR + hours * HOUR
    visits = [
        make.a_visit(place, datetime(2026, 12, 2, hour, tzinfo=UTC) + shift, patient=make.a_reachable_patient())
        for hour in (10, 11, 12)
    ]
    booking.confirm(appointment=visits[0], by=place.desk, now=NOW)
    a_law(hours=hours)
    kept = clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    assert (kept.moved, kept.left) == (3, 0)
    assert [on_the_wall(visit) for visit in visits] == [time(10), time(11), time(12)]
    assert Appointment.objects.get(pk=visits[0].pk).confirmed_at is not None
    assert clock_law.laws(now=NOW) == []
    assert AuditEvent.objects.get(action="clock.settled").detail == {
        "zone": "America/New_York", "moved": 3, "left": 0,
    }  # fmt: skip


def test_nobody_is_told_and_the_reminder_goes_out_by_the_new_clock(place: SimpleNamespace) -> None:
    visit = make.a_visit(place, agreed(2, 10), patient=make.a_reachable_patient())
    told = set(OutboundMessage.objects.exclude(purpose=MessagePurpose.VISIT_REMINDER).values_list("pk", flat=True))
    a_law()
    clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    rows = OutboundMessage.objects.about(visit.uid)
    assert set(rows.exclude(purpose=MessagePurpose.VISIT_REMINDER).values_list("pk", flat=True)) <= told
    (reminder,) = rows.filter(purpose=MessagePurpose.VISIT_REMINDER, state=State.PLANNED)
    assert reminder.due_at.astimezone(NEW_YORK).time() == time(10)


def test_what_cannot_keep_its_hour_stays_and_the_desk_is_asked_to_call(place: SimpleNamespace) -> None:
    visit = make.a_visit(place, agreed(2, 10), patient=make.a_reachable_patient())
    a_law()
    # Somebody is in the room already, so that this one cannot move out of the way.
    other = make.a_visit(place, agreed(2, 11), patient=make.a_reachable_patient())
    Appointment.objects.filter(pk=other.pk).update(status=Status.IN_SESSION, arrived_at=NOW, started_at=NOW)
    kept = clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    assert (kept.moved, kept.left) == (0, 1)
    task = DeskTask.objects.get(kind=DeskTask.Kind.CALL_PATIENT)
    assert task.subject_uid == visit.uid
    assert "agreed was 10:00" in task.note
    assert on_the_wall(visit) == time(9)


def test_an_hour_that_no_clock_shows_any_more_is_left_to_the_desk(place: SimpleNamespace) -> None:
    """Agreed was half past two on the night that the new law lets the clocks go forward."""
    make.opens(place.location, start=time(0), end=time(4))
    make.works(place.practitioner, place.location, start=time(0), end=time(4))
    visit = make.a_visit(place, datetime(2027, 3, 14, 6, 30, tzinfo=UTC), patient=make.a_reachable_patient())
    a_law()
    kept = clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    assert (kept.moved, kept.left) == (0, 1)
    assert "the clocks go forward" in DeskTask.objects.get(subject_uid=visit.uid).note


def test_two_who_press_at_once_move_everything_once(place: SimpleNamespace) -> None:
    visit = make.a_visit(place, agreed(2, 10))
    a_law()
    clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    with pytest.raises(clock_law.AlreadySettled):
        clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW)
    assert on_the_wall(visit) == time(10)


def test_a_group_is_shown_and_moved_by_people(place: SimpleNamespace) -> None:
    school = make.a_service("Back school", seats=3)
    session = groups.open_session(
        service=school, practitioner=place.practitioner, location=place.location, starts_at=agreed(2, 10),
        by=place.desk, now=NOW,
    )  # fmt: skip
    groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW)
    a_law()
    (law,) = clock_law.laws(now=NOW)
    assert [one.what for one in clock_law.shifted(law, now=NOW)] == [session]
    assert clock_law.keep_the_hour(zone="America/New_York", by=place.desk, now=NOW).moved == 0
    session.refresh_from_db()
    assert session.starts_at == agreed(2, 10)


def test_a_clock_is_written_down_once_and_written_on_when_its_book_nearly_ends(place: SimpleNamespace) -> None:
    assert ClockBook.objects.count() == 1
    assert clock_law.note(now=NOW + timedelta(days=30)) == 0
    assert clock_law.note(now=NOW + timedelta(days=1000)) == 1
    assert ClockBook.objects.get().ends_at == NOW + timedelta(days=1000) + clock_law.AHEAD
    Location.objects.create(name="Elsewhere", zone="Europe/Berlin")
    assert clock_law.note(now=NOW) == 1


def test_a_book_that_differs_is_not_written_over(place: SimpleNamespace) -> None:
    a_law()
    before = ClockBook.objects.get().stands
    assert clock_law.note(now=NOW + clock_law.AHEAD - clock_law.NEARLY_OVER + timedelta(days=1)) == 0
    assert ClockBook.objects.get().stands == before
    assert len(clock_law.laws(now=NOW)) == 1


# -- The page --------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(clocks, "now", lambda: NOW)
    client.force_login(place.desk)
    return client


def test_the_page_lists_them_and_one_button_lets_all_keep_their_hour(desk: Client, place: SimpleNamespace) -> None:
    assert "Every clock stands as it was known" in desk.get(reverse("scheduling:clocks")).content.decode()
    visit = make.a_visit(place, agreed(2, 10))
    a_law()
    page = desk.get(reverse("scheduling:clocks")).content.decode()
    assert visit.patient.display_name in page
    assert "Wed 2 Dec 2026, 10:00" in page
    answer = desk.post(reverse("scheduling:clocks_settle"), {"zone": "America/New_York", "what": "keep"}, follow=True)
    assert "1 visit keeps its hour." in answer.content.decode()
    assert on_the_wall(visit) == time(10)


def test_they_can_be_left_where_they_are(desk: Client, place: SimpleNamespace) -> None:
    visit = make.a_visit(place, agreed(2, 10))
    a_law()
    desk.post(reverse("scheduling:clocks_settle"), {"zone": "America/New_York", "what": "leave"})
    assert on_the_wall(visit) == time(9)
    assert clock_law.laws(now=NOW) == []


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "America/New_York"])
def test_a_zone_without_a_change_is_met_with_a_sentence(desk: Client, zone: str) -> None:
    answer = desk.post(reverse("scheduling:clocks_settle"), {"zone": zone, "what": "keep"}, follow=True)
    assert "seen to a moment ago" in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 4])
def test_the_page_costs_the_same_for_one_visit_and_for_four(
    desk: Client, place: SimpleNamespace, rows: int, django_assert_num_queries: object
) -> None:
    for number in range(rows):
        make.a_visit(place, agreed(2, 9) + number * HOUR)
    a_law()
    with django_assert_num_queries(12):  # type: ignore[operator]
        assert desk.get(reverse("scheduling:clocks")).status_code == 200


def test_the_owner_reads_of_it_where_the_health_of_the_house_stands(client: Client, place: SimpleNamespace) -> None:
    client.force_login(people.an_owner())
    assert "Every clock stands as it was known." in client.get(reverse("office:health")).content.decode()
    a_law()
    page = client.get(reverse("office:health")).content.decode()
    assert "America/New_York: visits may show another hour than was agreed." in page
    assert reverse("scheduling:clocks") in page
