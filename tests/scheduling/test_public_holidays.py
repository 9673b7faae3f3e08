"""Public holidays of a country or state become closed days: seen with what they touch, then saved, each by itself."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import AuditEvent, Location
from scheduling import groups, public_holidays
from scheduling.models import Appointment, Closure, ExtraHours, HolidayCalendar
from scheduling.rules import EVERY_WARNING
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at

pytestmark = pytest.mark.django_db
THANKSGIVING, CHRISTMAS = date(2026, 11, 26), date(2026, 12, 25)
#: Maine, the rest of 2026.
CHOICE = {"country": "US", "subdivision": "ME", "year": "2026"}
#: What the chosen calendar has left in it as of the test's day.
LEFT = [THANKSGIVING, CHRISTMAS]


@pytest.fixture
def place(place: SimpleNamespace) -> SimpleNamespace:
    Location.objects.filter(pk=place.location.pk).update(country="US", region="Maine")
    place.location.refresh_from_db()
    return place


def text(answer: Any) -> str:
    """What stands on the page, without its tags."""
    return " ".join(strip_tags(answer.content.decode()).split())


def post(client: Client, place: Any, *days: date, **changed: Any) -> Any:
    typed = {"location": place.location.uid, **CHOICE, "days": [day.isoformat() for day in days]} | changed
    return client.post(at("holidays"), typed)


def take_over(place: Any, *days: date) -> list[Closure]:
    found = [one for one in public_holidays.of_year("US", "ME", 2026) if one.day in days]
    return public_holidays.take_over(
        location=place.location, country="US", subdivision="ME", days=found, by=place.desk, now=NOW
    )


# -- What the library knows ------------------------------------------------------------------------------


def test_the_days_of_a_state_are_those_of_its_law() -> None:
    days = {one.day: one.name for one in public_holidays.of_year("US", "ME", 2027)}
    assert days[date(2027, 4, 19)] == "Patriots' Day"
    assert days[date(2027, 7, 5)] == "Independence Day (observed)"
    assert date(2027, 4, 19) not in {one.day for one in public_holidays.of_year("US", "NY", 2027)}


def test_names_are_in_english_wherever_there_are_some() -> None:
    assert "German Unity Day" in {one.name for one in public_holidays.of_year("DE", "BE", 2027)}


def test_half_days_are_told_apart_and_a_whole_day_is_never_said_to_be_half() -> None:
    half = [one for one in public_holidays.of_year("GR", "", 2027) if one.is_half]
    assert [one.day for one in half] == [date(2027, 12, 24), date(2027, 12, 31)]
    assert not any(one.is_half for one in public_holidays.of_year("US", "ME", 2027))


@pytest.mark.parametrize("where", [("XX", ""), ("US", "BE"), ("", "")])
def test_a_place_that_is_not_known_has_no_holidays(where: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no holidays are known"):
        public_holidays.of_year(*where, 2027)


@given(st.data())
def test_every_country_and_state_that_can_be_chosen_has_days_in_order_with_names_that_fit(data: Any) -> None:
    country, _ = data.draw(st.sampled_from(public_holidays.countries()))
    part, name = data.draw(st.sampled_from((("", "all of it"), *public_holidays.subdivisions(country))))
    found = public_holidays.of_year(country, part, data.draw(st.integers(2026, 2028)))
    assert [one.day for one in found] == sorted({one.day for one in found}), f"{country} {name}: a day comes once"
    assert all(1 <= len(one.name) <= 80 for one in found)
    assert len(part) <= 20


@pytest.mark.parametrize(
    ("country", "region", "expected"),
    [("US", "ME", "ME"), ("US", "maine ", "ME"), ("DE", "Bayern", "BY"), ("US", "Bavaria", ""), ("XX", "ME", "")],
)
def test_the_state_is_taken_from_the_address(country: str, region: str, expected: str) -> None:
    assert public_holidays.guess(country, region) == expected


# -- The page --------------------------------------------------------------------------------------------


def test_the_page_proposes_the_days_of_the_address_and_saves_nothing(place: Any, desk: Client) -> None:
    shown = desk.get(at("holidays"))
    said = text(shown)
    assert "Thu 26 Nov 2026" in said
    assert "Christmas Day" in said
    assert "Labor Day" not in said, "what is over is not offered"
    assert shown.content.decode().count('name="days"') == len(LEFT)
    assert not Closure.objects.exists()
    assert not HolidayCalendar.objects.exists()


def test_the_page_shows_which_visits_would_be_touched_and_writes_down_that_it_did(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(26, 10))
    make.a_visit(place, local(27, 10))
    said = text(desk.get(at("holidays")))
    assert "1 visit would need a new place" in said
    assert visit.patient.display_name in said
    assert AuditEvent.objects.get(action="visits_on_holidays.viewed").detail["patients"] == [str(visit.patient.uid)]
    elsewhere = people.a_location(name="Lakeside")
    assert "would need" not in text(desk.get(at("holidays") + f"?location={elsewhere.uid}"))


def test_a_group_counts_and_who_works_extra_hours_then_is_left_in_peace(place: Any, desk: Client) -> None:
    service = make.a_service("Back school", seats=4)
    groups.open_sessions(
        service=service, practitioner=place.practitioner, location=place.location, starts_at=[local(26, 14)],
        by=place.desk, now=NOW, despite=EVERY_WARNING,
    )  # fmt: skip
    kept = place.practitioners[1]
    ExtraHours.objects.create(
        practitioner=kept, location=place.location, starts_at=local(26, 9), ends_at=local(26, 12), recorded_at=NOW
    )
    make.a_visit(place, local(26, 10), practitioner=kept)
    said = text(desk.get(at("holidays")))
    assert "1 group would need a new place" in said
    assert "visit would" not in said


def test_ticked_days_become_closed_days_and_the_choice_is_remembered(place: Any, desk: Client) -> None:
    answer = post(desk, place, CHRISTMAS)
    assert answer.status_code == 303
    assert answer["Location"].startswith(at("hours"))
    closure = Closure.objects.get()
    assert (closure.location, closure.name, closure.starts_on, closure.ends_on) == (
        place.location, "Christmas Day", CHRISTMAS, CHRISTMAS,
    )  # fmt: skip
    assert AuditEvent.objects.filter(action="closure.added").count() == 1
    assert AuditEvent.objects.get(action="public_holidays.taken_over").detail == {
        "of": "US ME", "days": ["2026-12-25"],
    }  # fmt: skip
    again = text(desk.get(at("holidays")))
    assert "Christmas Day closed already" in again
    post(desk, place, THANKSGIVING, subdivision="NY")
    assert str(HolidayCalendar.objects.get()) == "US NY"
    assert '<option value="NY" selected>' in desk.get(at("holidays")).content.decode()


def test_nobody_can_be_booked_then_and_who_is_booked_is_named_until_placed(place: Any, desk: Client) -> None:
    make.a_visit(place, local(26, 10))
    post(desk, place, *LEFT)
    hours = text(desk.get(at("hours")))
    assert "is closed: Thanksgiving Day 1 visit needs a new place" in hours
    with pytest.raises(Exception, match="closed"):
        make.a_visit(place, local(26, 15))
    assert Appointment.objects.count() == 1, "what is booked stays booked"


def test_taking_a_closure_back_is_the_way_back(place: Any, desk: Client) -> None:
    post(desk, place, *LEFT)
    assert desk.post(at("closure_remove", Closure.objects.get(starts_on=CHRISTMAS).uid)).status_code == 303
    assert [row.starts_on for row in Closure.objects.all()] == [THANKSGIVING]
    assert desk.get(at("holidays")).content.decode().count('name="days"') == 1


def test_a_day_within_a_longer_closure_is_marked_with_its_name(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10, month=12))
    Closure.objects.create(
        location=place.location, name="Winter break", starts_on=date(2026, 12, 21), ends_on=date(2027, 1, 3)
    )
    assert "Christmas Day closed already: Winter break" in text(desk.get(at("holidays")))
    assert not AuditEvent.objects.filter(action="visits_on_holidays.viewed").exists(), "nobody's visit was shown"
    assert take_over(place, *LEFT) == [Closure.objects.get(starts_on=THANKSGIVING)]


def test_the_same_form_twice_closes_each_day_once(place: Any, desk: Client) -> None:
    for _ in range(2):
        assert post(desk, place, *LEFT).status_code == 303
    assert Closure.objects.count() == len(LEFT)
    assert "was closed on these days already" in text(desk.get(at("hours")))


@pytest.mark.parametrize(
    ("days", "changed", "sentence"),
    [
        ([], {}, "Tick the days"),
        ([date(2026, 12, 24)], {}, "is no holiday of that place"),
        ([date(2026, 9, 7)], {}, "is no holiday of that place"),
        ([date(2027, 1, 1)], {}, "is no holiday of that place"),
        ([CHRISTMAS], {"days": ["yesterday"]}, "is no holiday of that place"),
    ],
)
def test_days_that_were_not_offered_are_refused_and_the_ticks_stay(
    place: Any, desk: Client, days: list[date], changed: Any, sentence: str
) -> None:
    answer = post(desk, place, *days, **changed)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "checked" not in answer.content.decode()
    assert not Closure.objects.exists()


@pytest.mark.parametrize("typed", ["?country=XX", "?subdivision=BE", "?year=1066", "?year=x", "?country=%00"])
def test_an_address_that_cannot_be_falls_back_to_what_is_known(place: Any, desk: Client, typed: str) -> None:
    shown = desk.get(at("holidays") + typed)
    assert shown.status_code == 200
    assert "Thanksgiving" in text(shown)


def test_another_country_is_asked_for_its_own_states(place: Any, desk: Client) -> None:
    shown = desk.get(at("holidays") + "?country=DE&subdivision=ME&year=2027").content.decode()
    assert "Berlin" in shown
    assert "German Unity Day" in shown
    assert "State or region" not in desk.get(at("holidays") + "?country=SE&year=2027").content.decode()


def test_half_days_are_shown_and_not_ticked(place: Any, desk: Client) -> None:
    Location.objects.filter(pk=place.location.pk).update(country="GR", region="")
    shown = desk.get(at("holidays")).content.decode()
    assert shown.count('name="days"') - shown.count(" checked>") == 2
    assert shown.count("half a day") == 2


def test_a_place_whose_country_is_not_known_is_asked(place: Any, desk: Client) -> None:
    Location.objects.filter(pk=place.location.pk).update(country="ZZ")
    shown = desk.get(at("holidays"))
    assert "Whose holidays does" in text(shown)
    assert post(desk, place, CHRISTMAS, country="ZZ").status_code == 422
    assert not Closure.objects.exists()


def test_who_only_treats_cannot_close_the_clinic(place: Any, therapist: Client) -> None:
    assert therapist.get(at("holidays")).status_code == 403
    assert post(therapist, place, CHRISTMAS).status_code == 403
    assert not Closure.objects.exists()


def test_the_page_costs_the_same_for_one_visit_and_for_four(place: Any, desk: Client) -> None:
    def cost(*hours: int) -> int:
        for hour in hours:
            make.a_visit(place, local(26, hour))
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(at("holidays")).status_code == 200
        return len(asked)

    cost()  # the clinic and its places are remembered from now on
    for_one = cost(9)
    assert cost(10, 11, 12) == for_one <= 14
