"""The sheet of free times: it offers what can be booked, all of it, of those one asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import AuditEvent
from scheduling import availability, cells, holds
from scheduling.availability import Ask
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.timetable import stretches, timetable
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db

FIELD = re.compile(r'at=([0-9a-f-]{36})@(\d{4}-\d\d-\d\dT\d\d:\d\d)Z">(\d\d):(\d\d)(?:–(\d\d):(\d\d))?</a>')


def at(**query: Any) -> str:
    return reverse("scheduling:find", query=query)


def offered(page: str) -> set[tuple[str, datetime]]:
    """(practitioner, start) of everything on the sheet; a stretch is every quarter of an hour in it."""
    found = set()
    for who, first, *clock in FIELD.findall(page):
        start = datetime.strptime(first, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
        length = 0
        if clock[2]:
            length = (int(clock[2]) - int(clock[0])) * 60 + int(clock[3]) - int(clock[1])
        found |= {(who, start + timedelta(minutes=m)) for m in range(0, length + 1, 15)}
    return found


def free_by_asking(place: SimpleNamespace, first: datetime, last: datetime) -> set[tuple[str, datetime]]:
    uids = {one.pk: str(one.uid) for one in place.practitioners}
    ask = Ask(place.service, place.location, Interval(first, last), now=NOW)
    return {(uids[free.practitioner_id], free.starts_at) for free in availability.free_times(ask)}


def test_the_sheet_offers_every_free_time_of_everybody_and_nothing_else(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10))
    make.a_visit(place, local(27, 13), practitioner=place.practitioners[1])
    page = desk.get(at(day="2026-11-24", weeks=2)).content.decode()
    want = free_by_asking(place, NOW, local(8, 0, month=12))
    assert offered(page) == want
    assert f"<strong>{len(want)}</strong> free starts" in page


def test_times_across_a_change_of_the_clocks_are_those_on_the_wall(place: Any) -> None:
    """The night of 1 November 2026 has twenty-five hours in New York."""
    span = Interval(local(30, 0, month=10), local(4, 0))
    sheet = timetable(Ask(place.service, place.location, span), place.practitioners, link="?at=")
    assert offered(sheet.rows) == free_by_asking(place, span.start, span.end)
    assert re.findall(r">(\d+ \w+)</span></th>", sheet.head) == ["30 Oct", "31 Oct", "1 Nov", "2 Nov", "3 Nov"]


def test_a_name_on_the_sheet_is_text(place: Any, desk: Client) -> None:
    user = place.practitioner.user
    user.name = "Mona <b>O'Hara</b>"
    user.save()
    page = desk.get(at(day="2026-11-25")).content.decode()
    assert "Mona &lt;b&gt;O&#x27;Hara&lt;/b&gt;" in page
    assert "<b>O" not in page


def test_only_those_who_are_asked_for_are_on_the_sheet(place: Any, desk: Client) -> None:
    one, other = place.practitioners
    page = desk.get(at(**{"with": one.uid}), headers={"HX-Request": "true"}).content.decode()
    assert one.user.name in page
    assert other.user.name not in page
    assert {who for who, _ in offered(page)} == {str(one.uid)}


def test_a_time_on_the_sheet_leads_to_booking_it(place: Any, desk: Client) -> None:
    page = desk.get(at(day="2026-11-25", service=place.service.uid)).content.decode()
    link = re.search(r'<td><a href="([^"]+)">', page)
    assert link
    patient = make.a_patient()
    answer = desk.get(f"{link[1].replace('&amp;', '&')}&patient={patient.uid}")
    assert f'value="{Pick(place.practitioner.uid, local(25, 9))}"' in answer.content.decode()


def test_asking_writes_nothing_and_costs_the_same_for_one_and_for_four(place: Any, desk: Client) -> None:
    cost = set()
    make.a_visit(place)
    for rows in (1, 4):
        while len(place.practitioners) < rows:
            place.practitioners.append(make.a_practitioner())
            make.works(place.practitioners[-1], place.location)
        events = AuditEvent.objects.count()
        desk.get(at())
        with CaptureQueriesContext(connection) as asked:
            desk.get(at(), headers={"HX-Request": "true"})
        assert not [q for q in asked if q["sql"].startswith(("INSERT", "UPDATE scheduling", "DELETE"))]
        assert AuditEvent.objects.count() == events
        cost.add(len(asked))
    assert len(cost) == 1
    assert cost.pop() <= 8


def test_a_time_held_for_somebody_is_not_offered_until_the_hold_has_run_out(place: Any, desk: Client) -> None:
    wanted = (str(place.practitioner.uid), local(25, 10))
    holds.hold(
        patient=make.a_patient(), service=place.service, practitioner=place.practitioner, location=place.location,
        starts_at=local(25, 10), until=NOW + timedelta(minutes=3), by=place.desk, now=NOW,
    )  # fmt: skip
    assert wanted not in offered(desk.get(at(day="2026-11-25")).content.decode())
    with time_machine.travel(NOW + timedelta(minutes=4), tick=False):
        assert wanted in offered(desk.get(at(day="2026-11-25")).content.decode())


def test_odd_words_in_the_address_are_as_if_they_were_not_there(place: Any, desk: Client) -> None:
    page = desk.get(at(weeks="99", day="soon", service="x", **{"with": ["1", "no"]}))
    assert page.status_code == 200
    assert len(offered(page.content.decode())) > 0


def test_who_may_not_book_may_not_look_for_times(sign_in: Any, place: Any) -> None:
    assert sign_in(people.an_owner()).get(at()).status_code == 403


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sets(st.integers(0, 200), max_size=40), st.sampled_from([1, 3, 6]))
def test_stretches_hold_every_start_once_and_no_other(starts: set[int], step: int) -> None:
    starts = {start * step for start in starts}
    mask = sum(1 << start for start in starts)
    found = [cell for first, last in stretches(mask, step) for cell in range(first, last + 1, step)]
    assert sorted(found) == sorted(starts) == list(cells.cells(mask))


def test_everywhere_shows_a_sheet_for_each_location_with_links_that_book_there(place: Any, desk: Client) -> None:
    other = people.a_location(name="Lakeside", zone="America/Chicago")
    make.opens(other)
    wanda = make.a_practitioner()
    make.works(wanda, other)
    make.a_room(other)
    page = desk.get(at(location="everywhere", day="2026-11-25", service=place.service.uid)).content.decode()
    here, there = page.split("Lakeside</h2>")
    assert str(place.practitioner.uid) in here
    assert (str(wanda.uid), local(25, 10)) in offered(there), "nine o'clock there is ten o'clock in New York"
    assert f"location={other.uid}" in there
    alone = desk.get(at(location=place.location.uid, day="2026-11-25")).content.decode()
    assert str(wanda.uid) not in alone


def test_only_who_knows_the_skill_stands_on_the_sheet(place: Any, desk: Client) -> None:
    place.service.skill = "deep tissue"
    place.service.save()
    knows, other = place.practitioners
    knows.skills = ["deep tissue"]
    knows.save()
    page = desk.get(at(day="2026-11-25", service=place.service.uid)).content.decode()
    assert str(knows.uid) in page
    assert str(other.uid) not in page
