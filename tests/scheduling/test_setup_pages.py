"""What the clinic offers, as it is set up: time around a visit, skills, groups, extra hours."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Practitioner
from scheduling.models import Absence, ExtraHours, Service, WorkingHours
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db
A_GROUP = {
    "name": "Back school", "discipline": "physical_therapy", "minutes": 60, "seats": 8, "skill": " Group  Exercise ",
    "needs_room": "on", "preparing_minutes": 10, "charting_minutes": 5, "minutes_before": 15, "minutes_after": 10,
    "device_kind": "projector", "device_before": 5, "device_after": 5, "colour": "green",
}  # fmt: skip


def test_a_service_says_what_comes_before_and_after_for_each_kind_of_resource(desk: Client) -> None:
    assert desk.post(at("service_add"), A_GROUP).status_code == 303
    service = Service.objects.get(name="Back school")
    assert (service.seats, service.skill) == (8, "group exercise")
    around = [tuple(int(x.seconds / 60) for x in service.around(kind)) for kind in ("practitioner", "room", "device")]
    assert around == [(10, 5), (15, 10), (5, 5)]
    listed = text(desk.get(at("services")))
    assert "group exercise, 8 seats" in listed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"minutes_before": 7}, "Minutes come in fives"),
        ({"preparing_minutes": 125}, "less than or equal to 120"),
        ({"device_kind": ""}, "Without a device there is nothing to set up"),
        ({"needs_room": ""}, "Without a room there is nothing to clean"),
        ({"seats": 51}, "less than or equal to 50"),
        ({"skill": "x" * 41}, "at most 40 characters"),
    ],
)
def test_time_around_a_visit_that_cannot_be_is_refused(desk: Client, typed: Any, sentence: str) -> None:
    answer = desk.post(at("service_add"), {**A_GROUP, **typed})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Service.objects.filter(name="Back school").exists()


def test_the_owner_says_what_a_therapist_knows_and_speaks(place: Any, sign_in: Any) -> None:
    ben = place.practitioner.user
    typed = {"name": ben.name, "email": ben.email, "roles": ["therapist"], "discipline": "massage",
             "skills": "Deep Tissue, lymph drainage, deep tissue", "languages": ["en", "es"]}  # fmt: skip
    owner = sign_in(people.an_owner())
    assert owner.post(reverse("office:staff_edit", args=[ben.uid]), typed).status_code == 303
    saved = Practitioner.objects.get(pk=place.practitioner.pk)
    assert saved.skills == ["deep tissue", "lymph drainage"]
    assert saved.languages == ["en", "es"]
    assert "deep tissue, lymph drainage" in owner.get(reverse("office:staff_edit", args=[ben.uid])).content.decode()


def hours_of(place: Any) -> str:
    return f"?location={place.location.uid}&practitioner={place.practitioner.uid}"


def test_extra_hours_are_added_offered_and_taken_back(place: Any, desk: Client) -> None:
    typed = {"extra_day": "2026-11-28", "extra_from": "18:00", "extra_until": "20:00", "extra_reason": "Catching up"}
    assert desk.post(at("extra_hours_add") + hours_of(place), typed).status_code == 303
    extra = ExtraHours.objects.get()
    assert (extra.starts_at, extra.ends_at) == (local(28, 18), local(28, 20))
    make.a_visit(place, local(28, 18, 30), despite=())
    assert "Catching up" in text(desk.get(at("working") + hours_of(place)))
    assert desk.post(at("extra_hours_remove", extra.uid)).status_code == 303
    assert not ExtraHours.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"extra_from": "20:00"}, "Ends before it begins"),
        ({"extra_day": "2026-11-23"}, "That day is past"),
        ({"extra_day": "2031-11-23"}, "more than two years"),
        ({"extra_day": "9999-12-31"}, "more than two years"),
        ({"extra_until": ""}, "This field is required"),
        ({"extra_day": "2027-03-14", "extra_from": "02:10", "extra_until": "02:50"}, "the clocks go forward"),
    ],
)
def test_extra_hours_that_cannot_be_are_refused_and_kept_in_the_form(
    place: Any, desk: Client, typed: Any, sentence: str
) -> None:
    usual = {"extra_day": "2026-11-28", "extra_from": "18:00", "extra_until": "20:00", "extra_reason": "Catching up"}
    answer = desk.post(at("extra_hours_add") + hours_of(place), {**usual, **typed})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "Catching up" in answer.content.decode()


def test_the_list_of_extra_hours_costs_the_same_for_one_and_for_four(place: Any, desk: Client) -> None:
    def cost(*days: int) -> int:
        for day in days:
            ExtraHours.objects.create(
                practitioner=place.practitioner, location=place.location, recorded_at=NOW,
                starts_at=local(day, 18), ends_at=local(day, 20),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            desk.get(at("working") + hours_of(place))
        return len(asked)

    cost()  # the clinic and its places are remembered from now on
    for_one = cost(25)
    assert cost(26, 27, 28) == for_one <= 14


# -- Whose clock, and where somebody works -----------------------------------------------------------------


def a_place_in_chicago(place: Any) -> Any:
    """The second practitioner works there alone."""
    lake = people.a_location(name="Lakeside", zone="America/Chicago")
    make.opens(lake)
    WorkingHours.objects.filter(practitioner=place.practitioners[1]).update(location=lake)
    return lake


def test_an_absence_is_said_in_days_on_the_clock_where_its_practitioner_works(place: Any, desk: Client) -> None:
    lake, away = a_place_in_chicago(place), place.practitioners[1]
    typed = {"location": lake.uid, "practitioner": away.uid, "kind": "illness", "first_day": "2026-11-26",
             "last_day": "2026-11-27"}  # fmt: skip
    assert desk.post(at("absences"), typed).status_code == 303
    listed = text(desk.get(at("absences") + f"?location={place.location.uid}"))
    assert "Thu 26 Nov 2026 to Fri 27 Nov 2026" in listed
    absence = Absence.objects.get()
    assert "Thu 26 Nov 2026 to Fri 27 Nov 2026" in text(desk.get(at("touched_by_absence", absence.uid)))
    Absence.objects.update(ends_at=local(26, 13))
    assert "Thu 26 Nov 2026, 00:00 to Thu 26 Nov 2026, 12:00" in text(desk.get(at("absences")))


def test_one_day_away_is_one_day(place: Any, desk: Client) -> None:
    typed = {"practitioner": place.practitioner.uid, "kind": "holiday", "first_day": "2026-11-26"}
    desk.post(at("absences"), typed)
    listed = text(desk.get(at("absences")))
    assert "Thu 26 Nov 2026" in listed
    assert "Thu 26 Nov 2026 to" not in listed


def test_working_hours_open_where_the_practitioner_works_unless_another_place_is_asked_for(
    place: Any, desk: Client
) -> None:
    lake, who = a_place_in_chicago(place), place.practitioners[1]
    assert f"{who.user.name} at {lake}" in text(desk.get(at("working") + f"?practitioner={who.uid}"))
    asked = f"?practitioner={who.uid}&location={place.location.uid}"
    assert f"{who.user.name} at {place.location}" in text(desk.get(at("working") + asked))


def test_the_list_of_absences_costs_the_same_for_one_and_for_four(place: Any, desk: Client) -> None:
    def cost(*days: int) -> int:
        for day in days:
            Absence.objects.create(
                practitioner=place.practitioners[day % 2], starts_at=local(day, 0), ends_at=local(day + 1, 0),
                recorded_at=NOW,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            desk.get(at("absences"))
        return len(asked)

    cost()
    for_one = cost(25)
    assert cost(26, 27, 28) == for_one <= 14
