"""Swapping, several services at once, and calling off what belongs together, as the desk sees it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import OutboundMessage
from scheduling import booking, together
from scheduling.models import Appointment
from scheduling.states import Side, Status
from scheduling.together import Part
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return str(answer.content.decode())


def at(name: str, visit: Appointment) -> str:
    return reverse(f"scheduling:{name}", args=[visit.uid])


def now_of(visit: Appointment) -> Appointment:
    return Appointment.objects.for_page().get(pk=visit.pk)


# -- Swap ------------------------------------------------------------------------------------------------


def test_from_a_visit_the_others_of_its_day_are_offered_and_any_day_can_be_chosen(place: Any, desk: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(25, 11))
    far = make.a_visit(place, local(27, 11))
    assert at("swap", one) in text(desk.get(at("visit", one)))
    page = text(desk.get(at("swap", one)))
    assert f"?other={other.uid}" in page
    assert f"?other={far.uid}" not in page
    assert f"?other={one.uid}" not in page
    assert f"?other={far.uid}" in text(desk.get(at("swap", one), {"day": "2026-11-27"}))


def test_the_other_is_found_by_name_without_a_name_in_the_address(place: Any, desk: Any) -> None:
    one = make.a_visit(place, local(25, 9))
    far = make.a_visit(place, local(30, 11), patient=make.a_patient("Zwetschgenbaum"))
    page = text(desk.post(at("swap", one), {"q": "Zwetsch"}))
    assert f"?other={far.uid}" in page


def test_both_results_are_shown_and_one_button_swaps(place: Any, desk: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(27, 14))
    page = text(desk.get(at("swap", one), {"other": other.uid}))
    assert page.count("Nothing speaks against it") == 2
    data = {"other": other.uid, "version": 1, "other_version": 1}
    answer = desk.post(at("swap", one), data)
    assert answer.headers["Location"] == at("visit", one)
    assert (now_of(one).starts_at, now_of(other).starts_at) == (local(27, 14), local(25, 9))


def test_what_speaks_against_it_is_said_before_and_no_button_is_there(place: Any, desk: Any) -> None:
    one, other = make.a_visit(place, local(25, 9), minutes=30), make.a_visit(place, local(25, 14), minutes=90)
    make.a_visit(place, local(25, 10))
    page = text(desk.get(at("swap", one), {"other": other.uid}))
    assert "is busy until 11:00" in page
    assert "These two cannot change places" in page
    assert "Swap and tell both" not in page


def test_a_warning_is_carried_by_the_button_that_was_read(place: Any, desk: Any) -> None:
    one = make.a_visit(place, local(25, 9), minutes=90)
    other = make.a_visit(place, local(25, 16), minutes=60)
    page = text(desk.get(at("swap", one), {"other": other.uid}))
    rules = re.findall(r'name="despite" value="([^"]+)"', page)
    assert rules
    data = {"other": other.uid, "version": 1, "other_version": 1}
    assert desk.post(at("swap", one), data).status_code == 409
    assert desk.post(at("swap", one), data | {"despite": rules}).status_code == 303


def test_a_swap_of_what_has_changed_meanwhile_is_refused(place: Any, desk: Any) -> None:
    one, other = make.a_visit(place, local(25, 9)), make.a_visit(place, local(25, 14))
    booking.move(appointment=other, starts_at=local(25, 15), by=place.desk, now=NOW)
    for data in ({"version": 1, "other_version": 1}, {}):
        answer = desk.post(at("swap", one), data | {"other": other.uid})
        assert answer.status_code == 409
        assert "Nothing was changed" in text(answer)
    assert now_of(one).starts_at == local(25, 9)


@pytest.mark.parametrize("rows", [1, 4])
def test_the_list_costs_the_same_however_many_visits_there_are(place: Any, desk: Any, rows: int) -> None:
    one = make.a_visit(place, local(25, 16))
    make.many_visits(place, rows)
    desk.get(at("swap", one))
    with CaptureQueriesContext(connection) as asked:
        desk.get(at("swap", one))
    assert len([query for query in asked if "scheduling_appointment" in query["sql"]]) <= 4


# -- Several services ------------------------------------------------------------------------------------


def errand_url(place: Any, patient: Any, *parts: tuple[Any, Any]) -> str:
    query = "".join(f"&service={service.uid}&with={who.uid if who else ''}" for service, who in parts)
    return f"{reverse('scheduling:errand')}?patient={patient.uid}&location={place.location.uid}&day=2026-11-25{query}"


def test_times_at_which_all_fits_are_offered_and_one_click_books_all(place: Any, desk: Any) -> None:
    ben, cara = place.practitioners
    patient, exercise = make.a_patient(), make.a_service("Exercise", minutes=30)
    url = errand_url(place, patient, (place.service, ben), (exercise, cara))
    page = text(desk.get(url))
    picks = re.findall(r'name="pick" value="([^"]+)"', page)
    key = re.findall(r'name="request_key" value="([^"]+)"', page)
    assert picks
    assert key
    assert all(pick.startswith(f"{ben.uid},{cara.uid}@") for pick in picks)
    for _ in range(2):  # a double click books once
        assert desk.post(url, {"pick": picks[0], "request_key": key[0]}).status_code == 303
    first, second = Appointment.objects.order_by("starts_at")
    assert (first.service, second.service) == (place.service, exercise)
    assert first.ends_at == second.starts_at
    shown = text(desk.get(at("visit", first)))
    assert "Same errand" in shown
    assert at("visit", second) in shown


def test_a_time_that_was_taken_meanwhile_is_refused_with_fresh_times(place: Any, desk: Any) -> None:
    ben, cara = place.practitioners
    patient = make.a_patient()
    url = errand_url(place, patient, (place.service, ben), (place.service, cara))
    page = text(desk.get(url))
    pick, key = (re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("pick", "request_key"))
    make.a_visit(place, local(25, 10), practitioner=cara)
    answer = desk.post(url, {"pick": pick, "request_key": key})
    assert answer.status_code == 409
    assert pick not in text(answer)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("pick", ["", "x@y", "00000000-0000-0000-0000-000000000000@2026-11-25T15:00Z"])
def test_a_made_up_time_is_refused(place: Any, desk: Any, pick: str) -> None:
    url = errand_url(place, make.a_patient(), (place.service, None), (place.service, None))
    answer = desk.post(url, {"pick": pick, "request_key": "4b2b6a52-5f63-4f4e-9a20-2a1d3e7c0f11"})
    assert answer.status_code == 409
    assert "Choose one of the times that are offered" in text(answer)


def test_services_are_added_and_left_out_by_address(place: Any, desk: Any) -> None:
    page = text(desk.get(errand_url(place, make.a_patient(), (place.service, None))))
    assert page.count('name="service"') == 2
    assert "Leave out" not in page
    three = text(desk.get(errand_url(place, make.a_patient(), *[(place.service, None)] * 3)))
    assert three.count('name="service"') == 3
    assert three.count("Leave out") == 3
    six = text(desk.get(errand_url(place, make.a_patient(), *[(place.service, None)] * 6)))
    assert "Add another service" not in six


def test_the_booking_page_leads_there(place: Any, desk: Any) -> None:
    page = text(desk.get(reverse("scheduling:book"), {"patient": make.a_patient().uid}))
    assert reverse("scheduling:errand") in page


# -- Calling off -----------------------------------------------------------------------------------------


@pytest.fixture
def pair(place: Any) -> list[Appointment]:
    return together.book_together(
        patient=make.a_reachable_patient(), parts=[Part(place.service, who) for who in place.practitioners],
        location=place.location, starts_at=local(27, 10), by=place.desk, now=NOW,
    )  # fmt: skip


def test_calling_one_off_asks_about_the_others_and_takes_them_along_with_one_message(desk: Any, pair: Any) -> None:
    page = text(desk.get(at("cancel", pair[0])))
    assert f'value="{pair[1].uid}"' in page
    data = {"side": Side.CLINIC, "reason": "Burst pipe", "version": 1, "companions": [str(pair[1].uid)]}
    desk.post(at("cancel", pair[0]), data)
    assert [now_of(visit).status for visit in pair] == [Status.CANCELLED] * 2
    (message,) = OutboundMessage.objects.waiting()
    assert message.text.count("cannot take place") == 2


def test_the_others_can_be_kept(desk: Any, pair: Any) -> None:
    desk.post(at("cancel", pair[0]), {"side": Side.PATIENT, "reason": "No time", "version": 1})
    assert [now_of(visit).status for visit in pair] == [Status.CANCELLED, Status.BOOKED]
    assert "Same errand" not in text(desk.get(at("visit", pair[1])))


def test_who_knows_already_gets_no_message(desk: Any, pair: Any) -> None:
    data = {"side": Side.CLINIC, "reason": "Burst pipe", "version": 1, "knows": "on"}
    desk.post(at("cancel", pair[0]), data)
    assert not OutboundMessage.objects.about(pair[0].uid).waiting().exists()


def test_a_visit_that_was_moved_meanwhile_is_not_called_off(place: Any, desk: Any, pair: Any) -> None:
    booking.move(appointment=pair[0], starts_at=local(30, 10), by=place.desk, now=NOW)
    answer = desk.post(at("cancel", pair[0]), {"side": Side.CLINIC, "reason": "x", "version": 1})
    assert answer.status_code == 409
    assert now_of(pair[0]).status == Status.BOOKED
