"""Groups at the desk: open a session or a row of them, give out seats, call off."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling import groups
from scheduling.models import Appointment, GroupSession
from scheduling.states import Status
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(place: Any) -> Any:
    return make.a_service("Back school", seats=2)


def a_session(place: Any, school: Any, **facts: Any) -> GroupSession:
    usual = {
        "service": school, "practitioner": place.practitioner, "location": place.location, "starts_at": local(25, 10),
        "by": place.desk, "now": NOW,
    }  # fmt: skip
    return groups.open_session(**(usual | facts))


def typed(place: Any, school: Any, **more: Any) -> dict[str, Any]:
    return {
        "service": school.uid, "practitioner": place.practitioner.uid, "day": "2026-11-25", "time": "10:00", "weeks": 1,
    } | more  # fmt: skip


def test_a_session_is_opened_and_listed(place: Any, school: Any, desk: Client) -> None:
    assert "No session in the next ten weeks" in text(desk.get(at("groups")))
    assert desk.post(at("group_open"), typed(place, school)).status_code == 303
    assert GroupSession.objects.get().starts_at == local(25, 10)
    assert "0 of 2" in text(desk.get(at("groups")))


def test_without_a_group_service_the_page_says_how_to_make_one(place: Any, desk: Client) -> None:
    assert "No service is for a group yet" in text(desk.get(at("groups")))


def test_a_row_of_sessions_keeps_its_time_on_the_wall_and_is_opened_whole_or_not_at_all(
    place: Any, school: Any, desk: Client
) -> None:
    across = typed(place, school, day="2027-03-10", weeks=2)
    assert desk.post(at("group_open"), across).status_code == 303
    assert [s.starts_at for s in GroupSession.objects.order_by("starts_at")] == [
        local(10, 10, month=3, year=2027),
        local(17, 10, month=3, year=2027),
    ]
    make.a_visit(place, local(9, 10, 30, month=12))
    refused = desk.post(at("group_open"), typed(place, school, weeks=3))
    assert refused.status_code == 409
    assert "is busy until 11:30" in text(refused)
    assert "None of the sessions is opened" in text(refused)
    assert GroupSession.objects.count() == 2


def test_what_warns_is_said_with_its_day_and_can_be_opened_all_the_same(place: Any, school: Any, desk: Client) -> None:
    late = typed(place, school, time="17:30", weeks=2)
    refused = desk.post(at("group_open"), late)
    assert refused.status_code == 409
    assert "Wed 25 Nov:" in text(refused)
    rules = re.search(r'name="despite" value="([^"]+)"', refused.content.decode())
    assert rules is not None
    assert desk.post(at("group_open"), late | {"despite": rules[1]}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"weeks": 27}, "less than or equal to 26"),
        ({"seats": 51}, "less than or equal to 50"),
        ({"day": "2026-11-20"}, "Choose today or a day within two years"),
        ({"day": "2027-03-14", "time": "02:30"}, "02:30"),
        ({"service": ""}, "This field is required"),
    ],
)
def test_a_session_that_cannot_be_is_refused(place: Any, school: Any, desk: Client, wrong: Any, sentence: str) -> None:
    answer = desk.post(at("group_open"), typed(place, school, **wrong))
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_a_patient_gets_a_seat_in_two_clicks_from_the_session(place: Any, school: Any, desk: Client) -> None:
    session, patient = a_session(place, school), make.a_patient()
    assert f"session={session.uid}" in desk.get(at("group", session.uid)).content.decode()
    url = at("book", session=session.uid, patient=patient.uid)
    assert "0 of 2 seats taken" in text(desk.get(url))
    assert desk.post(url, {"session": session.uid, "request_key": uuid.uuid4()}).status_code == 303
    visit = Appointment.objects.get(session=session)
    assert (visit.patient, visit.seat) == (patient, 1)
    assert patient.display_name in text(desk.get(at("group", session.uid)))


def test_a_full_session_and_an_unknown_one_are_refused_with_a_sentence(place: Any, school: Any, desk: Client) -> None:
    session = a_session(place, school)
    for _ in range(2):
        groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW)
    url = at("book", service=school.uid, patient=make.a_patient().uid)
    full = desk.post(url, {"session": session.uid})
    assert full.status_code == 409
    assert "All 2 seats of this session are taken" in text(full)
    for wrong in (uuid.uuid4(), "nothing", ""):
        assert desk.post(url, {"session": wrong}).status_code == 422


def test_seats_and_calling_off(place: Any, school: Any, desk: Client) -> None:
    session = a_session(place, school)
    visit = groups.join(session=session, patient=make.a_patient(), by=place.desk, now=NOW)
    assert desk.post(at("group_seats", session.uid), {"seats": 5}).status_code == 303
    assert desk.post(at("group_seats", session.uid), {"seats": 0}).status_code == 422
    silent = desk.post(at("group_call_off", session.uid), {"reason": " "})
    assert silent.status_code == 422
    assert desk.post(at("group_call_off", session.uid), {"reason": "Therapist ill"}).status_code == 303
    assert Appointment.objects.get(pk=visit.pk).status == Status.CANCELLED
    assert "Called off: Therapist ill" in text(desk.get(at("group", session.uid)))


def test_lists_cost_the_same_for_one_and_for_four(place: Any, desk: Client) -> None:
    school, patient = make.a_service("Back school", seats=6), make.a_patient()
    sessions = [a_session(place, school, starts_at=local(25, 9))]

    def costs() -> list[int]:
        groups.join(session=sessions[0], patient=make.a_patient(), by=place.desk, now=NOW)
        urls = (at("groups"), at("group", sessions[0].uid), at("book", service=school.uid, patient=patient.uid))
        return [len(_asked(desk, url)) for url in urls]

    costs()  # the clinic and its places are remembered from now on
    for_one = costs()
    sessions += [a_session(place, school, starts_at=local(25, 10 + n)) for n in range(3)]
    groups.join(session=sessions[0], patient=make.a_patient(), by=place.desk, now=NOW)
    assert costs() == for_one
    assert max(for_one) <= 18


def _asked(desk: Client, url: str) -> CaptureQueriesContext:
    with CaptureQueriesContext(connection) as asked:
        assert desk.get(url).status_code == 200
    return asked
