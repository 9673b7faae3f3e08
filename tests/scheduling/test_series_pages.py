"""The pages of series: a tap mends a date, a refusal keeps what was decided, looking costs the same for any number."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent, DeskTask, Role
from patients.models import Patient
from scheduling import booking
from scheduling.models import Appointment, Series
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories import treatments as care
from tests.factories.scheduling import NOW, local
from tests.factories.series import a_rule, a_series, daily, visits_of

pytestmark = pytest.mark.django_db


def url(name: str, *args: Any) -> str:
    return reverse(f"scheduling:{name}", args=args)


def text(response: Any) -> str:
    return str(response.content.decode())


def address(place: SimpleNamespace, patient: Patient, **typed: Any) -> str:
    """Every Tuesday at ten, four times, as the page's own form would say it."""
    usual: dict[str, Any] = {
        "patient": patient.uid, "location": place.location.uid, "service": place.service.uid, "part": "",
        "practitioner": place.practitioner.uid, "first": "2026-12-01", "time": "10:00", "minutes": 60, "room": "",
        "repeat": "week", "on": ["1"], "ends": "count", "count": 4, "until": "",
    }  # fmt: skip
    return f"{url('series_new')}?{urlencode(usual | typed, doseq=True)}"


def sent(page: str, **typed: Any) -> dict[str, Any]:
    """The hidden fields of the sheet, as the browser would send them back."""
    hidden = re.findall(r'<input type="hidden" name="(row|request_key|seen)" value="([^"]*)">', page)
    data: dict[str, Any] = {"row": [value for name, value in hidden if name == "row"]}
    return data | {name: value for name, value in hidden if name != "row"} | typed


def verdicts(page: str) -> list[str]:
    return re.findall(r'class="series-row is-(\w+)"', page)


def hours(made: Series) -> list[str]:
    return [f"{visit.starts_at.astimezone(make.NEW_YORK):%d %H}" for visit in visits_of(made)]


def first_fix(page: str) -> str:
    found = re.search(r'name="act" value="(fix:\d+:[^"]+)"', page)
    assert found
    return found.group(1)


# -- Look ------------------------------------------------------------------------------------------------


def test_the_booking_page_offers_to_repeat(place: Any, desk: Client) -> None:
    page = text(desk.get(url("book") + f"?patient={make.a_patient().uid}"))
    assert url("series_new") in page


def test_without_a_rule_the_first_free_time_is_looked_at(place: Any, desk: Client) -> None:
    page = text(desk.get(f"{url('series_new')}?patient={make.a_patient().uid}"))
    assert verdicts(page) == ["free"] * 6
    assert "Every week on Tuesday at 09:00" in page
    assert not Series.objects.exists()


def test_the_plan_says_how_many_and_how_far_apart(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    part = care.an_accepted_part(patient, author=place.practitioner, sessions=8, days_between=3)
    make.a_visit(place, local(24, 14), patient=patient, intervention=part)
    page = text(desk.get(f"{url('series_new')}?patient={patient.uid}&part={part.uid}"))
    assert len(verdicts(page)) == 7
    assert set(verdicts(page)) == {"free"}
    assert "Every week on " in page
    assert " and " in re.findall(r"Every week on [^<]*", page)[-1]


def test_a_clicked_gap_is_where_the_series_begins(place: Any, desk: Client) -> None:
    at = f"{place.practitioners[1].uid}@2026-11-26T16:00Z"
    page = text(desk.get(f"{url('series_new')}?patient={make.a_patient().uid}&at={at}"))
    assert "Every week on Thursday at 11:00" in page


def test_a_rule_that_cannot_be_gets_a_sentence_and_keeps_what_was_typed(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    for typed, sentence in (
        ({"first": "2026-11-01"}, "That day is past"),
        ({"on": []}, "On which days of the week?"),
        ({"count": ""}, "How many visits?"),
        ({"ends": "until", "until": ""}, "Until which day?"),
        ({"ends": "until", "until": "2026-11-30"}, "before the first"),
        ({"count": 105}, "less than or equal to 104"),
        ({"repeat": "weeks4", "count": 104}, "more than two years ahead"),
        ({"time": "25:00"}, "Enter a valid time"),
        ({"minutes": 3}, "greater than or equal to 5"),
        ({"practitioner": uuid.uuid4()}, "Select a valid choice"),
    ):
        response = desk.get(address(place, patient, **typed))
        assert (response.status_code, sentence in text(response)) == (422, True), sentence
    assert 'value="105"' in text(desk.get(address(place, patient, count=105)))


def test_who_may_not_book_sees_no_sheet(place: Any, desk: Client, sign_in: Any) -> None:
    outsider = sign_in(people.staff(Role.THERAPIST, password=None))
    assert outsider.get(url("series", uuid.uuid4())).status_code == 404
    assert Client().get(url("series_new")).status_code == 302


@pytest.mark.parametrize("rows", [1, 4])
def test_the_sheet_costs_the_same_for_two_and_for_twenty_dates(place: Any, desk: Client, rows: int) -> None:
    patient = make.a_patient()
    for n in range(rows):
        make.a_visit(place, local(1 + 7 * n, 10, month=12))
    costs = []
    for count in (2, 20):
        where = address(place, patient, count=count)
        desk.get(where)
        with CaptureQueriesContext(connection) as seen:
            desk.get(where)
        costs.append(len(seen))
    assert costs[0] == costs[1]
    assert costs[0] <= 48


@pytest.mark.parametrize("count", [1, 4])
def test_the_page_of_a_series_and_of_its_visit_cost_the_same_for_any_number(
    place: Any, desk: Client, count: int
) -> None:
    made = a_series(place, a_rule(count=count))
    visit = visits_of(made)[0]
    for where, most in (
        (url("series", made.uid), 22),
        (url("visit", visit.uid), 32),
        (url("patient_panel", made.patient.uid), 22),
        (url("series_change", made.uid), 52),
        (url("series_call_off", made.uid), 24),
    ):
        desk.get(where)
        with CaptureQueriesContext(connection) as seen:
            assert desk.get(where).status_code == 200
        assert len(seen) <= most, (where, len(seen))


# -- Decide ----------------------------------------------------------------------------------------------


def test_one_tap_takes_what_is_proposed_and_then_all_are_booked(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    make.a_visit(place, local(8, 10, month=12))
    where = address(place, patient)
    page = text(desk.get(where))
    assert verdicts(page) == ["free", "busy", "free", "free"]
    page = text(desk.post(where, sent(page, act=first_fix(page))))
    assert verdicts(page) == ["free"] * 4
    response = desk.post(where, sent(page, act="all", note="by bus"))
    made = Series.objects.get()
    assert (response.status_code, response["Location"]) == (303, url("series", made.uid))
    assert hours(made) == [
        "01 10",
        "08 09",
        "15 10",
        "22 10",
    ]
    assert visits_of(made)[0].note == "by bus"


def test_all_proposals_can_be_taken_at_once_and_warnings_read_at_once(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    for day in (8, 22):
        make.a_visit(place, local(day, 10, month=12))
    where = address(place, patient)
    page = text(desk.post(where, sent(text(desk.get(where)), act="fix:all")))
    assert verdicts(page) == ["free"] * 4
    late = address(place, patient, time="17:30")
    page = text(desk.get(late))
    assert verdicts(page) == ["outside"] * 4
    page = text(desk.post(late, sent(page, act="read:2")))
    assert verdicts(page) == ["outside", "free", "outside", "outside"]
    page = text(desk.post(late, sent(page, act="read:all")))
    assert verdicts(page) == ["free"] * 4
    assert desk.post(late, sent(page, act="all")).status_code == 303


def test_a_date_is_left_out_taken_in_again_or_typed(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    where = address(place, patient)
    page = text(desk.post(where, sent(text(desk.get(where)), act="leave:2")))
    assert verdicts(page) == ["free", "left", "free", "free"]
    page = text(desk.post(where, sent(page, act="keep:2")))
    assert verdicts(page) == ["free"] * 4
    hand = {"hand-3-day": "2026-12-16", "hand-3-time": "11:15", "hand-3-practitioner": str(place.practitioners[1].uid)}
    page = text(desk.post(where, sent(page, act="hand:3", **hand)))
    assert "Wed 16 Dec 2026, 11:15" in page
    desk.post(where, sent(page, act="all"))
    third = visits_of(Series.objects.get())[2]
    assert (third.starts_at, third.practitioner) == (local(16, 11, 15, month=12), place.practitioners[1])


def test_a_typed_time_that_cannot_be_says_so_and_stays(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient())
    page = text(desk.get(where))
    hand = {"hand-3-day": "2027-03-14", "hand-3-time": "02:30", "hand-3-practitioner": str(place.practitioner.uid)}
    response = desk.post(where, sent(page, act="hand:3", **hand))
    assert response.status_code == 422
    assert "does not exist" in text(response)
    assert 'value="02:30"' in text(response)
    odd = desk.post(where, sent(page, act="hand:3", **{"hand-3-day": "", "hand-3-time": "x"}))
    assert (odd.status_code, "Choose a day, a time and with whom." in text(odd)) == (422, True)


@pytest.mark.parametrize(
    "junk",
    [
        {"act": "fix:99:nonsense"},
        {"act": "fix:2:nonsense"},
        {"act": "hand:"},
        {"act": "leave:two"},
        {"row": ["a|b|c", "2", "2||left", "999999999999|x|y", "٣|x|y"]},
        {"request_key": "no uuid"},
        {"act": "\x00"},
    ],
)
def test_nonsense_changes_nothing_and_is_no_error(place: Any, desk: Client, junk: dict[str, Any]) -> None:
    response = desk.post(address(place, make.a_patient()), {"act": "check"} | junk)
    assert response.status_code in (200, 422)
    assert verdicts(text(response)) == ["free"] * 4


def test_looking_writes_nothing(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient())
    page = text(desk.get(where))
    with CaptureQueriesContext(connection) as seen:
        desk.post(where, sent(page, act="check"))
    written = [q["sql"] for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert all("audit" in sql or "session" in sql for sql in written), written


def test_a_date_that_goes_meanwhile_refuses_all_and_keeps_what_was_decided(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient())
    page = text(desk.post(where, sent(text(desk.get(where)), act="leave:1")))
    make.a_visit(place, local(15, 10, month=12))
    response = desk.post(where, sent(page, act="all", note="keeps"))
    assert response.status_code == 409
    page = text(response)
    assert "Nothing was booked" in page
    assert "Tue 15 Dec 2026, 10:00" in page
    assert verdicts(page) == ["left", "free", "busy", "free"]
    assert 'value="keeps"' in page
    assert not Series.objects.exists()
    assert desk.post(where, sent(page, act="good")).status_code == 303
    assert [visit.occurrence for visit in visits_of(Series.objects.get())] == [2, 4]
    assert DeskTask.objects.filter(kind=DeskTask.Kind.SERIES_TO_PLACE).count() == 1


def test_a_series_until_a_day_has_that_day_and_can_go_on_from_the_middle(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient(), ends="until", count="", until="2026-12-15")
    page = text(desk.get(where))
    assert desk.post(where, sent(page, act="all")).status_code == 303
    made = Series.objects.get()
    assert (made.last_on, made.count) == (date(2026, 12, 15), None)
    assert hours(made) == ["01 10", "08 10", "15 10"]
    later = changed(place, made, **{"from": visits_of(made)[1].uid})
    assert desk.post(later, sent(text(desk.get(later)), act="all")).status_code == 303
    assert hours(made) == ["01 10", "08 14", "15 14"]


def test_the_form_sent_twice_books_once(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient())
    form = sent(text(desk.get(where)), act="all")
    assert desk.post(where, form)["Location"] == desk.post(where, form)["Location"]
    assert Appointment.objects.count() == 4


def test_htmx_gets_the_sheet_alone(place: Any, desk: Client) -> None:
    where = address(place, make.a_patient())
    page = text(desk.post(where, {"act": "leave:2"}, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert verdicts(page) == ["free", "left", "free", "free"]


# -- What is there ---------------------------------------------------------------------------------------


def test_a_visit_says_which_of_its_series_it_is_and_links_its_siblings(place: Any, desk: Client) -> None:
    made = a_series(place)
    visits = visits_of(made)
    booking.cancel(appointment=visits[0], reason="x", by=place.desk, now=NOW)
    page = text(desk.get(url("visit", visits[2].uid)))
    assert "2 of 3 in a series" in page
    for other in visits[1:]:
        assert url("visit", other.uid) in page
    assert f"{url('series_change', made.uid)}?from={visits[2].uid}" in page
    assert "Of a series" in text(desk.get(url("visit", visits[0].uid)))


def test_the_patient_s_visits_are_grouped(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    made = a_series(place, patient=patient)
    make.a_visit(place, patient=patient)
    page = text(desk.get(url("patient_panel", patient.uid)))
    assert "and 3 more in a series" in page
    assert page.count(url("series", made.uid)) == 1


def test_the_series_shows_its_visits_its_rules_and_who_looked(place: Any, desk: Client) -> None:
    made = a_series(place)
    page = text(desk.get(url("series", made.uid)))
    assert "Every week on Tuesday at 10:00" in page
    assert "4 of 4 to come" in page
    assert AuditEvent.objects.filter(is_look=True, subject_uid=made.uid, patient_uid=made.patient.uid).exists()


def test_the_rest_is_placed_from_the_desk_s_task(place: Any, desk: Client) -> None:
    make.a_visit(place, local(8, 10, month=12))
    made = a_series(place, leave_rest=True)
    assert url("series", made.uid) in text(desk.get(reverse("office:messages")))
    assert "1 day still to place" in text(desk.get(url("series", made.uid)))
    where = url("series_rest", made.uid)
    page = text(desk.get(where))
    assert verdicts(page) == ["busy"]
    assert desk.post(where, sent(page, act="all")).status_code == 409
    page = text(desk.post(where, sent(page, act=first_fix(page))))
    assert desk.post(where, sent(page, act="all")).status_code == 303
    assert len(visits_of(made)) == 4
    assert desk.get(where).status_code == 303


def test_days_are_given_up_from_the_page(place: Any, desk: Client) -> None:
    make.a_visit(place, local(8, 10, month=12))
    made = a_series(place, leave_rest=True)
    where = url("series_rest", made.uid)
    page = text(desk.post(where, sent(text(desk.get(where)), act="leave:2")))
    assert "Give up 1 day" in page
    assert desk.post(where, sent(page, act="all")).status_code == 303
    assert Series.objects.get().to_place == []


def changed(place: SimpleNamespace, made: Series, **typed: Any) -> str:
    """To two in the afternoon, as the page's own form would say it."""
    usual = {"time": "14:00", "practitioner": place.practitioner.uid, "minutes": 60, "room": "", "shift": 0}
    return f"{url('series_change', made.uid)}?{urlencode(usual | typed)}"


# -- Change ----------------------------------------------------------------------------------------------


def test_this_and_following_are_changed_from_the_page(place: Any, desk: Client) -> None:
    made = a_series(place)
    third = visits_of(made)[2]
    where = changed(place, made, shift=1, **{"from": third.uid})
    page = text(desk.get(where))
    assert verdicts(page) == ["free", "free"]
    assert "was Tue 15 Dec 2026, 10:00" in page
    response = desk.post(where, sent(page, act="all"))
    assert response.status_code == 303
    assert hours(made) == [
        "01 10",
        "08 10",
        "16 14",
        "23 14",
    ]


def test_one_changed_alone_is_named_and_comes_along_only_when_ticked(place: Any, desk: Client) -> None:
    made = a_series(place)
    alone = visits_of(made)[1]
    booking.move(appointment=alone, starts_at=local(9, 11, month=12), by=place.desk, now=NOW)
    where = changed(place, made)
    page = text(desk.get(where))
    assert "Changed alone before" in page
    assert len(verdicts(page)) == 3
    assert len(verdicts(text(desk.get(f"{where}&also={alone.uid}")))) == 4


def test_a_series_that_was_changed_meanwhile_is_said_and_nothing_happens(place: Any, desk: Client) -> None:
    made = a_series(place)
    where = changed(place, made)
    form = sent(text(desk.get(where)), act="all")
    booking.move(appointment=visits_of(made)[0], starts_at=local(1, 11, month=12), by=place.desk, now=NOW)
    response = desk.post(where, form)
    assert (response.status_code, "a moment ago" in text(response)) == (409, True)
    assert Series.objects.count() == 1


def test_nothing_to_come_says_so(place: Any, sign_in: Any, standing_clock: Any) -> None:
    made = a_series(place, daily(date(2026, 11, 25), count=2))
    standing_clock.move_to(NOW + timedelta(days=5))
    desk = sign_in(place.desk)
    for name in ("series_change", "series_call_off"):
        assert "is to come" in text(desk.get(url(name, made.uid)))


def test_visits_are_called_off_from_the_page_with_a_reason(place: Any, desk: Client) -> None:
    made = a_series(place)
    where = f"{url('series_call_off', made.uid)}?from={visits_of(made)[1].uid}"
    keys = re.findall(r'name="visits" value="([^"]+)" checked', text(desk.get(where)))
    assert len(keys) == 3
    assert desk.post(where, {"visits": keys, "side": "clinic", "reason": ""}).status_code == 422
    assert desk.post(where, {"visits": [], "side": "clinic", "reason": "x"}).status_code == 422
    assert desk.post(where, {"visits": keys[:2], "side": "clinic", "reason": "Moved away"}).status_code == 303
    assert [visit.status for visit in visits_of(made)] == ["booked", "cancelled", "cancelled", "booked"]
