"""The diary's pages by people and by rooms: what they show, what they cost, and that they are never stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import time as clocks
from clinic.models import AuditEvent
from patients.models import Patient
from scheduling import booking, diary, freshness, groups, holds, resources
from scheduling.models import Absence, Closure, ExtraHours, Hold, OpeningHours, Service, WorkingHours
from tests.factories import scheduling as make
from tests.factories.scheduling import NEW_YORK, NOW, local

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 11, 25)


def at(name: str, **query: Any) -> str:
    return reverse(f"scheduling:{name}", query={k: str(v) for k, v in query.items()})


def text(response: Any) -> str:
    return str(response.content.decode())


def columns(page: str) -> list[str]:
    return re.findall(r'data-column="([^"]+)"', page)


# -- By rooms --------------------------------------------------------------------------------------------


def test_rooms_stand_side_by_side_with_who_treats_there_and_a_last_column_for_visits_without(
    place: Any, desk: Client
) -> None:
    visit = make.a_visit(place, local(25, 10))
    page = text(desk.get(at("diary", day=WEDNESDAY, by="rooms")))
    assert columns(page) == [room.name for room in place.rooms]
    assert visit.practitioner.user.name in page
    make.a_visit(place, local(25, 14), service=make.a_service(needs_room=False))
    assert columns(text(desk.get(at("diary", day=WEDNESDAY, by="rooms")))) == [
        *(r.name for r in place.rooms),
        "No room",
    ]


def test_a_room_is_free_when_it_is_clean_again_and_its_gap_leads_to_booking_in_it(place: Any, desk: Client) -> None:
    service = make.a_service(minutes_after=30)
    visit = make.a_visit(place, local(25, 10), service=service)
    page = text(desk.get(at("diary", day=WEDNESDAY, by="rooms", room=visit.room.uid)))
    assert f"room={visit.room.uid}&amp;when=2026-11-25T16:30Z" in page  # 11:30
    assert "when=2026-11-25T16:00Z" not in page
    book = text(
        desk.get(at("book", room=visit.room.uid, when="2026-11-25T19:00Z", minutes=45, patient=make.a_patient().uid))
    )
    assert f"14:00</span> in {visit.room.name}" in book.replace("Wed 25 Nov 2026, ", "")
    assert "45 min. With whom?" in book
    assert all(f"{person.uid}@2026-11-25T19:00Z" in book for person in place.practitioners)


def test_filters_stand_in_the_address_of_every_other_view(place: Any, desk: Client) -> None:
    room = place.rooms[1]
    page = text(desk.get(at("diary", day=WEDNESDAY, by="rooms", room=room.uid, location=place.location.uid)))
    for name in ("week", "day_list"):
        link = next(
            href for href in re.findall(r'href="([^"]+)"', page) if href.startswith(at(name)) and "by=rooms" in href
        )
        assert f"room={room.uid}" in link
        assert "day=2026-11-25" in link
    assert columns(page) == [room.name]
    week = text(desk.get(at("week", day=WEDNESDAY, by="rooms", room=room.uid)))
    assert columns(week) == [f"{day:%a} {day.day} {day:%b}" for day in diary.week_of(date(2026, 11, 23))]


def test_a_list_by_rooms_shows_one_rooms_visits(place: Any, desk: Client) -> None:
    here = make.a_visit(place, local(25, 10), room=place.rooms[0])
    there = make.a_visit(place, local(25, 10), room=place.rooms[1], practitioner=place.practitioners[1])
    page = text(desk.get(at("day_list", day=WEDNESDAY, by="rooms", room=place.rooms[0].uid)))
    assert here.patient.full_name in page
    assert there.patient.full_name not in page


def test_a_clinic_without_rooms_says_so(place: Any, desk: Client) -> None:
    for room in place.rooms:
        resources.retire(room, by=place.desk, now=NOW)
    assert "There are no rooms here yet" in text(desk.get(at("diary", by="rooms")))


# -- What stands out -------------------------------------------------------------------------------------


def test_an_overbooked_visit_a_group_and_a_held_time_are_told_apart_in_words(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10))
    make.a_visit(place, local(25, 10), overbook="in pain")
    exercise = make.a_service("Back school", seats=8)
    group = groups.open_session(service=exercise, practitioner=place.practitioners[1], location=place.location,
                                starts_at=local(25, 14), by=place.desk, now=NOW)  # fmt: skip
    for _ in range(5):
        groups.join(session=group, patient=make.a_patient(), by=place.desk, now=NOW)
    holds.hold(patient=make.a_patient("Castellanos", "Femi"), service=place.service, practitioner=place.practitioner,
               location=place.location, starts_at=local(25, 15), until=NOW + timedelta(minutes=30), by=place.desk,
               now=NOW)  # fmt: skip
    page = text(desk.get(at("diary", day=WEDNESDAY)))
    assert page.count('class="dg-card is-group') == 1
    assert "5 of 8" in page
    assert "Overbooked" in page
    assert "for Femi Castellanos until 08:30" in page
    look = AuditEvent.objects.filter(action="diary.viewed").latest("pk")
    assert str(Hold.objects.get().patient.uid) in look.detail["patients"]  # a held time names somebody, too
    week = re.sub("<[^>]+>", "", text(desk.get(at("week", day=WEDNESDAY, practitioner="all"))))
    assert "Back school 5 of 8" in week
    assert "held until 08:30" in week


# -- A week of everybody ---------------------------------------------------------------------------------


def test_a_week_of_everybody_says_what_is_booked_how_much_is_free_and_who_is_away(place: Any, desk: Client) -> None:
    ben, mia = place.practitioners
    visit = make.a_visit(place, local(25, 10))
    Absence.objects.create(
        practitioner=mia, kind="holiday", starts_at=local(25, 0), ends_at=local(26, 0), recorded_at=NOW
    )
    week = diary.of_everybody(place.location, date(2026, 11, 23), now=NOW)
    cells = {(row.practitioner.pk, cell.day.day): cell for row in week.rows if row.practitioner for cell in row.cells}
    assert ([e.uid for e in cells[ben.pk, 25].entries], cells[ben.pk, 25].free_minutes) == ([str(visit.uid)], 7 * 60)
    assert cells[ben.pk, 24].free_minutes == 8 * 60  # it is eight in the morning
    assert (cells[ben.pk, 23].free_minutes, cells[ben.pk, 23].is_full) == (0, False)  # yesterday
    assert (cells[mia.pk, 25].away, cells[mia.pk, 25].free_minutes) == ("Holiday", 0)
    page = text(desk.get(at("week", day=WEDNESDAY, practitioner="all")))
    assert visit.patient.display_name in page
    assert "7 h free" in page


def test_a_full_day_is_called_full(place: Any) -> None:
    for hour in range(9, 17):
        make.a_visit(place, local(25, hour))
    week = diary.of_everybody(place.location, date(2026, 11, 23), now=NOW)
    row = next(row for row in week.rows if row.practitioner and row.practitioner.pk == place.practitioner.pk)
    assert [cell.day.day for cell in row.cells if cell.is_full] == [25]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("diary", {}),
        ("diary", {"by": "rooms"}),
        ("week", {"practitioner": "all"}),
        ("week", {"by": "rooms", "room": "all"}),
        ("week", {"by": "rooms"}),
        ("day_list", {"by": "rooms"}),
    ],
)
def test_every_page_costs_the_same_however_full_it_is(
    place: Any, desk: Client, view: str, query: dict[str, str], rows: int
) -> None:
    make.many_visits(place, rows)
    url = at(view, day=WEDNESDAY, location=place.location.uid, **query)
    desk.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert desk.get(url).status_code == 200
    assert len(asked) <= 18


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-25", "23 to 29 Nov 2026"),
        ("2026-12-01", "30 Nov to 6 Dec 2026"),
        ("2027-01-01", "28 Dec 2026 to 3 Jan 2027"),
    ],
)
def test_a_week_is_called_by_its_first_and_last_day(place: Any, desk: Client, day: str, words: str) -> None:
    assert f'<h1 class="diary-title">{words}' in text(desk.get(at("week", day=day)))


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("by_rooms", [False, True])
def test_what_is_drawn_is_read_in_six_queries(
    place: Any, rows: int, by_rooms: bool, django_assert_num_queries: Any
) -> None:
    make.many_visits(place, rows)
    lens = diary.Lens(by_rooms=by_rooms)
    monday = date(2026, 11, 23)
    for draw in (
        lambda: diary.of_day(place.location, WEDNESDAY, now=NOW, lens=lens),
        lambda: diary.of_week(place.location, monday, now=NOW, lens=lens),
        lambda: diary.of_everybody(place.location, monday, now=NOW, by_rooms=by_rooms),
    ):
        with django_assert_num_queries(6):
            draw()
            stamp(place)


# -- Never stale -----------------------------------------------------------------------------------------


def stamp(place: Any, now: Any = NOW) -> str:
    return freshness.stamp(place.location, *clocks.day_bounds(WEDNESDAY, NEW_YORK), now=now)


def test_whatever_changes_the_diary_changes_its_stamp(place: Any) -> None:
    visit = make.a_visit(place, local(25, 10))
    who, where, by = place.practitioner, place.location, place.desk
    absence: dict[str, Any] = {
        "practitioner": who,
        "kind": "illness",
        "starts_at": local(25, 9),
        "ends_at": local(25, 12),
    }
    extra: dict[str, Any] = {
        "practitioner": who,
        "location": where,
        "starts_at": local(25, 17),
        "ends_at": local(25, 19),
    }
    changes: dict[str, Callable[[datetime], Any]] = {
        "moved": lambda now: booking.move(appointment=visit, starts_at=local(25, 13), by=by, now=now),
        "another room": lambda now: booking.move(appointment=visit, room=place.rooms[1], by=by, now=now),
        "taken back": lambda now: booking.undo_move(appointment=visit, by=by, now=now),
        "confirmed": lambda now: booking.confirm(appointment=visit, by=by, now=now),
        "away": lambda now: resources.add_absence(**absence, by=by, now=now),
        "not away": lambda now: resources.end_absence(Absence.objects.get(), by=by, now=now),
        "extra hours": lambda now: ExtraHours.objects.create(**extra, recorded_at=now),
        "closed": lambda _: Closure.objects.create(location=where, name="Snow", starts_on=WEDNESDAY, ends_on=WEDNESDAY),
        "open again": lambda _: Closure.objects.all().delete(),
        "open longer": lambda _: OpeningHours.objects.filter(location=where).update(closes=time(20)),
        "a day off": lambda _: WorkingHours.objects.filter(practitioner=who, weekday=2).delete(),
        "a new room": lambda _: make.a_room(where),
        "another colour": lambda _: Service.objects.update(colour="pink"),
        "another name": lambda _: Patient.objects.filter(pk=visit.patient_id).update(preferred_name="Annie"),
    }
    for n, (name, change) in enumerate(changes.items()):
        visit.refresh_from_db()
        before = stamp(place)
        assert stamp(place) == before, "nothing happened"
        change(NOW + timedelta(seconds=n))
        assert stamp(place) != before, name


def test_a_held_time_and_its_end_change_the_stamp(place: Any) -> None:
    before = stamp(place)
    holds.hold(patient=make.a_patient(), service=place.service, practitioner=place.practitioner,
               location=place.location, starts_at=local(25, 9), until=NOW + timedelta(minutes=10), by=place.desk,
               now=NOW)  # fmt: skip
    assert stamp(place) != before
    assert stamp(place, NOW + timedelta(minutes=10)) == before  # it has run out: as if it had never been


def test_what_another_day_or_place_changes_is_no_news_here(place: Any) -> None:
    elsewhere = make.a_small_clinic()  # its practitioners and services are the whole clinic's
    before = stamp(place)
    make.a_visit(place, local(26, 10))
    make.a_visit(elsewhere, local(25, 10))
    assert stamp(place) == before


def test_the_red_line_moves_on_its_own(place: Any) -> None:
    today = clocks.day_bounds(date(2026, 11, 24), NEW_YORK)
    one, two = (freshness.stamp(place.location, *today, now=NOW + timedelta(minutes=n)) for n in (1, 7))
    assert one != two
