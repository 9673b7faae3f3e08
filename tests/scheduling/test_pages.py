"""The pages of the diary and of booking: what they show, what they cost, what they keep when they refuse."""

from __future__ import annotations

import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from scheduling import booking, resources
from scheduling.forms.booking import Pick
from scheduling.models import Absence, Appointment, Closure, OpeningHours, Room, Service, WorkingHours
from scheduling.states import Status
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories import treatments as clinical
from tests.factories.scheduling import NOW, local
from treatments.models import SessionNote

pytestmark = pytest.mark.django_db

#: Queries that every page costs: session, user, clinic, savings of the session.
KERNEL = 6


def at(name: str, *args: Any, **query: Any) -> str:
    return reverse(f"scheduling:{name}", args=args, query={k: str(v) for k, v in query.items()})


def text(response: Any) -> str:
    return str(response.content.decode())


def booked(place: SimpleNamespace, client: Client, **typed: Any) -> Any:
    """Post the booking form as the page sends it."""
    patient = typed.pop("patient", None) or make.a_patient()
    usual = {
        "patient": patient.uid, "location": place.location.uid, "service": place.service.uid,
        "request_key": uuid.uuid4(),
    }  # fmt: skip
    return client.post(at("book", patient=patient.uid), {**usual, **typed})


# -- The diary -------------------------------------------------------------------------------------------


def test_the_diary_shows_everybody_side_by_side_with_visits_gaps_and_states(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(25, 10))
    booking.confirm(appointment=visit, by=place.desk, now=NOW)
    page = text(desk.get(at("diary", day="2026-11-25")))
    for person in place.practitioners:
        assert person.user.name in page
    assert visit.patient.display_name in page
    assert 'aria-label="confirmed"' in page
    assert f"at={place.practitioner.uid}@2026-11-25T14:00Z" in page  # 9:00 is free
    assert f"at={place.practitioner.uid}@2026-11-25T15:00Z" not in page  # 10:00 is not


def test_a_gap_leads_to_booking_that_time_with_that_therapist(place: Any, desk: Client) -> None:
    pick = Pick(place.practitioner.uid, local(25, 9))
    patient = make.a_patient()
    page = text(desk.get(at("book", at=pick, patient=patient.uid, location=place.location.uid)))
    assert "Book this time" in page
    assert f'value="{pick}"' in page


def test_a_gap_of_a_therapist_preselects_a_service_that_this_therapist_gives(place: Any, desk: Client) -> None:
    physio = make.a_practitioner(discipline="physical_therapy")
    make.works(physio, place.location)
    exercise = make.a_service("Exercise", discipline="physical_therapy")
    patient = make.a_patient()
    make.a_visit(place, local(25, 14), patient=patient)  # the usual service is massage
    pick = Pick(physio.uid, local(25, 9))
    page = text(desk.get(at("book", at=pick, practitioner=physio.uid, patient=patient.uid)))
    assert f'name="service" value="{exercise.uid}"' in page


@pytest.mark.parametrize("view", ["diary", "day_list", "week"])
@pytest.mark.parametrize("rows", [1, 4])
def test_a_diary_costs_the_same_however_full_it_is(
    place: Any, desk: Client, view: str, rows: int, record_property: Any
) -> None:
    make.many_visits(place, rows)
    query = {"day": "2026-11-25", "location": place.location.uid, "practitioner": place.practitioner.uid}
    desk.get(at(view, **query))
    with CaptureQueriesContext(connection) as asked:
        desk.get(at(view, **query))
    own = [q["sql"] for q in asked if "scheduling_" in q["sql"] and not q["sql"].startswith("SAVEPOINT")]
    record_property("queries", len(asked))
    assert len(own) <= 9  # two of them ask who is away, for the line about visits that need a new place
    assert len(asked) <= 18


def test_an_unchanged_diary_answers_that_nothing_changed_and_a_changed_one_is_sent(place: Any, desk: Client) -> None:
    make.a_visit(place, local(24, 10))
    page = text(desk.get(at("diary"), headers={"HX-Request": "true"}))
    again = re.search(r'hx-get="([^"]+seen=[^"]+)"', page)
    assert again
    url = again[1].replace("&amp;", "&")
    assert desk.get(url, headers={"HX-Request": "true", "X-Passive": "1"}).status_code == 204
    make.a_visit(place, local(24, 11))
    assert desk.get(url, headers={"HX-Request": "true", "X-Passive": "1"}).status_code == 200


def test_who_looks_at_the_diary_is_written_down_with_whom_it_showed(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(24, 10))
    desk.get(at("diary"))
    event = AuditEvent.objects.get(action="diary.viewed")
    assert (event.actor_uid, event.detail["patients"]) == (place.desk.uid, [str(visit.patient.uid)])


def test_a_clinic_without_hours_or_location_has_pages_that_say_what_comes_first(sign_in: Any) -> None:
    desk = sign_in(people.front_desk())
    assert "no location yet" in text(desk.get(at("diary")))
    people.a_location()
    assert "Nobody works here that day" in text(desk.get(at("diary")))
    assert "Nobody works here yet" in text(desk.get(at("week")))
    assert "nothing to book yet" in text(desk.get(at("book", patient=make.a_patient().uid)))


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-45", "0001-01-01", "9999-12-31", "2026-11-25'--"])
def test_a_day_that_cannot_be_is_today(place: Any, desk: Client, day: str) -> None:
    for view in ("diary", "week", "day_list"):
        assert desk.get(at(view, day=day, practitioner=day, location=day)).status_code == 200


# -- Booking ---------------------------------------------------------------------------------------------


def test_a_known_patient_is_booked_with_one_click_on_an_offered_time(place: Any, desk: Client) -> None:
    patient = make.a_patient()
    page = text(desk.get(at("book", patient=patient.uid, location=place.location.uid)))
    offers = re.findall(r'name="pick" value="([^"]+)"', page)
    assert offers
    answer = booked(place, desk, patient=patient, pick=offers[0])
    visit = Appointment.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, at("visit", visit.uid))
    assert (visit.patient, visit.booked_by) == (patient, place.desk)


def test_the_plan_preselects_service_minutes_therapist_and_the_first_day_it_allows(place: Any, desk: Client) -> None:
    plan = clinical.a_plan(author=place.practitioner)
    part = plan.interventions.get(kind="massage")
    make.a_visit(place, local(24, 10), patient=plan.patient, intervention=part)
    page = text(desk.get(at("book", patient=plan.patient.uid, location=place.location.uid)))
    assert "5 of 6 left to book" in page
    assert f'value="{place.practitioner.uid}" selected' in page
    first = re.findall(r'name="pick" value="[^@]+@([0-9-]+)T', page)[0]
    assert first == "2026-11-27"  # three days apart
    pick = re.findall(r'name="pick" value="([^"]+)"', page)[0]
    assert booked(place, desk, patient=plan.patient, part=part.uid, pick=pick).status_code == 303
    visit = Appointment.objects.order_by("pk").last()
    assert visit is not None
    assert (visit.intervention, visit.minutes) == (part, 45)


def test_a_time_that_went_a_moment_ago_brings_three_others_and_keeps_what_was_typed(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10))
    answer = booked(place, desk, practitioner=place.practitioner.uid, day="2026-11-25", time="10:00", minutes=60,
                    note="Brings the scans")  # fmt: skip
    page = text(answer)
    assert answer.status_code == 409
    assert "is busy until 11:00" in page
    refusal = page[page.index("These are free") : page.index("Free times")]
    assert len(re.findall(r'name="pick"', refusal)) == 3
    assert "Brings the scans" in page


def test_a_warning_is_read_before_it_is_booked_all_the_same(place: Any, desk: Client) -> None:
    typed = {"practitioner": place.practitioner.uid, "day": "2026-11-25", "time": "17:30", "minutes": 60}
    patient = make.a_patient()
    page = text(answer := booked(place, desk, patient=patient, **typed))
    assert answer.status_code == 409
    anyway = re.search(r'name="pick" value="([^"]+!BOOK-11,BOOK-12)"', page)
    assert anyway
    assert booked(place, desk, patient=patient, pick=anyway[1]).status_code == 303


def test_the_same_form_posted_twice_books_once(place: Any, desk: Client) -> None:
    patient, key = make.a_patient(), uuid.uuid4()
    pick = Pick(place.practitioner.uid, local(25, 10))
    first, again = (booked(place, desk, patient=patient, request_key=key, pick=pick) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "With whom?"),
        ({"time": "25:99"}, "Enter a valid time"),
        ({"day": "soon"}, "Enter a valid date"),
        ({"minutes": "-5"}, "greater than or equal to 5"),
        ({"minutes": "481"}, "less than or equal to 480"),
        ({"pick": "x" * 300}, "at most 200 characters"),
        ({"pick": "nonsense"}, "Choose one of the times that are offered"),
        ({"note": "x" * 201}, "at most 200 characters"),
        ({"note": "a\x00b"}, "Null characters"),
        ({"practitioner": "nobody"}, "valid choice"),
        ({"room": str(uuid.uuid4())}, "valid choice"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(place: Any, desk: Client, typed: Any, sentence: str) -> None:
    answer = booked(place, desk, **typed)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert Appointment.objects.count() == 0


def test_a_time_that_no_clock_shows_is_refused_and_one_shown_twice_is_asked_about(place: Any, desk: Client) -> None:
    typed = {"practitioner": place.practitioner.uid, "minutes": 30}
    gap = booked(place, desk, **typed, day="2027-03-14", time="02:30")
    assert gap.status_code == 422
    assert "does not exist" in text(gap)
    twice = booked(place, desk, **typed, day="2027-11-07", time="01:30")
    assert "this time comes twice" in text(twice)


def test_the_search_for_whom_keeps_the_time_that_was_clicked(place: Any, desk: Client) -> None:
    patient = make.a_patient("Silvestre")
    pick = Pick(place.practitioner.uid, local(25, 9))
    page = text(desk.post(at("book", at=pick), {"q": "silves"}))
    link = re.search(rf'href="([^"]+patient={patient.uid})"', page)
    assert link
    assert str(pick).partition("@")[0] in link[1]


# -- A visit ---------------------------------------------------------------------------------------------


def test_a_visit_is_moved_by_click_and_refused_kindly(place: Any, desk: Client) -> None:
    visit, other = make.many_visits(place, 2)
    page = text(desk.get(at("move", visit.uid)))
    pick = re.findall(r'name="pick" value="([^"]+)"', page)[0]
    assert desk.post(at("move", visit.uid), {"pick": pick, "version": 1}).status_code == 303
    moved = Appointment.objects.get(pk=visit.pk)
    assert (moved.version, str(Pick(moved.practitioner.uid, moved.starts_at))) == (2, pick)
    taken = Pick(place.practitioner.uid, other.starts_at)
    answer = desk.post(at("move", visit.uid), {"pick": taken, "version": 2})
    assert answer.status_code == 409
    assert "is busy until" in text(answer)
    stale = desk.post(at("move", visit.uid), {"pick": pick, "version": 1})
    assert "Somebody changed this visit" in text(stale)


def test_a_visit_is_called_off_with_a_reason_and_can_be_taken_back(place: Any, desk: Client) -> None:
    visit = make.a_visit(place)
    refused = desk.post(at("cancel", visit.uid), {"side": "clinic", "reason": ""})
    assert refused.status_code == 422
    assert desk.post(at("cancel", visit.uid), {"side": "patient", "reason": "Ill"}).status_code == 303
    page = text(desk.get(at("visit", visit.uid)))
    assert "by the patient: Ill" in page
    assert desk.post(at("undo", visit.uid)).status_code == 303
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


def test_the_page_of_a_visit_offers_what_can_be_done_and_tells_what_happened(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(24, 10))
    desk.post(at("arrive", visit.uid))
    page = text(desk.get(at("visit", visit.uid)))
    assert at("start", visit.uid) in page
    assert at("no_show", visit.uid) not in page
    assert re.search(r"<strong>Booked</strong> by .*<strong>Arrived</strong> by", page, re.DOTALL)


def test_a_step_that_the_table_forbids_says_so_and_changes_nothing(place: Any, desk: Client) -> None:
    visit = make.a_visit(place)
    answer = desk.post(at("arrive", visit.uid), follow=True)
    assert "This visit is on Wed 25 Nov, not today" in text(answer)
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


def test_after_a_step_one_is_back_where_one_was_but_never_elsewhere(place: Any, desk: Client) -> None:
    visit = make.a_visit(place, local(24, 10))
    assert desk.post(at("arrive", visit.uid), {"back": at("today")}).headers["Location"] == at("today")
    elsewhere = desk.post(at("undo", visit.uid), {"back": "//evil.example/"})
    assert elsewhere.headers["Location"] == at("visit", visit.uid)


# -- Today -----------------------------------------------------------------------------------------------


def test_one_click_opens_the_chart_and_begins_the_session_of_who_has_arrived(place: Any, therapist: Client) -> None:
    visit = make.a_visit(place, local(24, 10))
    booking.arrive(appointment=visit, by=place.desk, now=NOW)
    page = text(therapist.get(at("today")))
    assert "Arrived 08:00" in page
    answer = therapist.post(at("open_chart", visit.uid))
    note = SessionNote.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, reverse("treatments:chart", args=[note.uid]))
    assert (note.visit_uid, note.patient) == (visit.uid, visit.patient)
    visit.refresh_from_db()
    assert visit.status == Status.IN_SESSION
    therapist.post(at("open_chart", visit.uid))
    assert SessionNote.objects.count() == 1


def test_today_lists_my_visits_only_with_allergies_and_what_is_not_signed(place: Any, therapist: Client) -> None:
    mine = make.a_visit(place, local(24, 10))
    other = make.a_visit(place, local(24, 10), practitioner=place.practitioners[1])
    clinical.an_allergy(mine.patient, "Lavender oil")
    late = make.a_patient("Late")
    clinical.a_note(clinical.a_plan(clinical.an_episode(late), author=place.practitioner), author=place.practitioner,
                    service_at=local(23, 10))  # fmt: skip
    page = text(therapist.get(at("today")))
    assert mine.patient.display_name in page
    assert other.patient.display_name not in page
    assert "Lavender oil" in page
    assert "1 note not signed yet" in page


@pytest.mark.parametrize("rows", [1, 4])
def test_today_costs_the_same_however_full_it_is(place: Any, therapist: Client, rows: int) -> None:
    for n in range(rows):
        make.a_visit(place, local(24, 9 + n))
    therapist.get(at("today"))
    with CaptureQueriesContext(connection) as asked:
        therapist.get(at("today"))
    assert len(asked) <= 12


def test_a_visit_whose_note_is_signed_counts_as_held(place: Any) -> None:
    visit = make.a_visit(place, local(24, 8))
    assert booking.complete_charted(now=local(24, 12)) == 0
    clinical.a_signed_note(visit_uid=visit.uid)
    assert booking.complete_charted(now=local(24, 12)) == 1
    visit.refresh_from_db()
    assert visit.status == Status.COMPLETED
    with pytest.raises(booking.BookingRefused, match="The note of this visit is signed"):
        booking.undo(appointment=visit, by=place.desk, now=local(24, 12))


# -- Panels ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 4])
def test_the_patients_visits_come_as_a_panel_and_cost_the_same(place: Any, desk: Client, rows: int) -> None:
    patient = make.a_patient()
    for n in range(rows):
        make.a_visit(place, local(25, 9 + n), patient=patient)
    url = at("patient_panel", patient.uid)
    desk.get(url, headers={"HX-Request": "true"})
    with CaptureQueriesContext(connection) as asked:
        panel = text(desk.get(url, headers={"HX-Request": "true"}))
    assert panel.lstrip().startswith("<section")
    assert panel.count("Booked") == rows
    assert len(asked) <= 15
    assert "<!doctype html>" in text(desk.get(url))


def test_a_plan_says_what_is_held_booked_missed_and_left(place: Any, desk: Client) -> None:
    plan = clinical.a_plan(author=place.practitioner)
    part = plan.interventions.get(kind="massage")
    visits = [make.a_visit(place, local(24, 9 + n), patient=plan.patient, intervention=part) for n in range(3)]
    booking.complete(appointment=visits[0], by=place.desk, now=local(24, 10))
    booking.no_show(appointment=visits[1], by=place.desk, now=local(24, 10, 30))
    line = text(desk.get(at("plan_progress", plan.uid), headers={"HX-Request": "true"}))
    assert "1 booked, 1 missed, 4 to book" in line
    assert "Left to book" in text(desk.get(at("plan_progress", plan.uid)))


# -- Who may ---------------------------------------------------------------------------------------------


def test_the_owner_sees_the_diary_and_books_nothing(place: Any, sign_in: Any) -> None:
    owner, visit = sign_in(people.an_owner()), make.a_visit(place)
    assert owner.get(at("diary")).status_code == 200
    assert owner.get(at("visit", visit.uid)).status_code == 200
    assert owner.get(at("book")).status_code == 403
    assert owner.post(at("cancel", visit.uid), {"side": "clinic", "reason": "x"}).status_code == 403


def test_a_therapist_changes_no_hours_and_the_desk_opens_no_chart(place: Any, desk: Client, therapist: Client) -> None:
    visit = make.a_visit(place)
    assert therapist.get(at("services")).status_code == 403
    assert desk.post(at("open_chart", visit.uid)).status_code == 403


def test_a_chart_opens_only_for_those_who_treat_the_patient(place: Any, sign_in: Any) -> None:
    visit = make.a_visit(place)
    stranger = sign_in(place.practitioners[1].user)
    assert stranger.get(at("visit", visit.uid)).status_code == 200
    assert stranger.post(at("open_chart", visit.uid)).status_code == 404


def test_what_the_plan_says_is_shown_to_those_who_may_see_plans(place: Any, sign_in: Any) -> None:
    plan = clinical.a_plan(author=place.practitioner)
    part = plan.interventions.get(kind="massage")
    visit = make.a_visit(place, local(25, 10), patient=plan.patient, intervention=part)
    for user, sees in ((place.desk, True), (place.practitioners[1].user, False), (people.an_owner(), False)):
        assert (part.label in text(sign_in(user).get(at("visit", visit.uid)))) is sees


# -- What the clinic offers ------------------------------------------------------------------------------


def test_a_service_is_added_changed_retired_and_offered_again(place: Any, desk: Client) -> None:
    typed = {"name": "Gentle, 30", "discipline": "massage", "technique": "gentle", "minutes": 30, "minutes_after": 10,
             "charting_minutes": 5, "needs_room": "on", "room_feature": " Table ", "colour": "pink"}  # fmt: skip
    assert desk.post(at("service_add"), typed).status_code == 303
    service = Service.objects.get(name="Gentle, 30")
    assert (service.room_feature, service.revision) == ("table", 1)
    assert desk.post(at("service_change", service.uid), {**typed, "minutes": 45, "revision": 1}).status_code == 303
    stale = desk.post(at("service_change", service.uid), {**typed, "minutes": 50, "revision": 1})
    assert stale.status_code == 422
    assert "Someone else changed this record" in text(stale)
    desk.post(at("service_retire", service.uid))
    assert not Service.objects.get(pk=service.pk).is_active
    desk.post(at("service_bring_back", service.uid))
    assert Service.objects.get(pk=service.pk).is_active


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"minutes": 33}, "Minutes come in fives"),
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"needs_room": "", "minutes_after": 10}, "Without a room there is nothing to clean"),
        ({"discipline": "magic"}, "not one of the available choices"),
    ],
)
def test_a_service_that_cannot_be_is_refused(place: Any, desk: Client, typed: Any, sentence: str) -> None:
    usual = {"name": "New", "discipline": "massage", "minutes": 30, "minutes_after": 0, "charting_minutes": 0,
             "needs_room": "on", "colour": "teal"}  # fmt: skip
    answer = desk.post(at("service_add"), {**usual, **typed})
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_a_room_with_visits_to_come_is_not_retired(place: Any, desk: Client) -> None:
    visit = make.a_visit(place)
    answer = desk.post(at("room_retire", visit.room.uid), follow=True)
    assert f"There is still to come in {visit.room}: 1 visit." in text(answer)
    assert Room.objects.get(pk=visit.room_id).is_active


def test_a_room_gets_its_features_once_each_in_lower_case(place: Any, desk: Client) -> None:
    typed = {"location": place.location.pk, "name": "Garden", "features": "Table, gym , table,,"}
    assert desk.post(at("room_add"), typed).status_code == 303
    assert Room.objects.get(name="Garden").features == ["table", "gym"]


def test_new_hours_hold_from_their_day_and_the_old_ones_until_then(place: Any, desk: Client) -> None:
    url = at("working", location=place.location.uid, practitioner=place.practitioner.uid)
    typed = {"valid_from": "2026-12-07", "opens_0_0": "08:00", "closes_0_0": "12:00", "opens_0_1": "13:00",
             "closes_0_1": "16:00"}  # fmt: skip
    assert desk.post(url, typed).status_code == 303
    rules = WorkingHours.objects.filter(practitioner=place.practitioner)
    assert {str(rule.valid_to) for rule in rules.filter(valid_from__lt="2026-12-07")} == {"2026-12-06"}
    assert rules.filter(valid_from="2026-12-07", weekday=0).count() == 2
    make.a_visit(place, local(7, 14, month=12), despite=())
    with pytest.raises(booking.BookingRefused, match="does not work"):
        make.a_visit(place, local(7, 12, month=12), despite=())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"opens_0_0": "12:00", "closes_0_0": "08:00"}, "Ends before it begins"),
        ({"opens_0_0": "12:00"}, "Both times are needed"),
        ({"opens_0_0": "08:00", "closes_0_0": "12:00", "opens_0_1": "11:00", "closes_0_1": "13:00"}, "Begins before"),
        ({"valid_from": "2026-11-01"}, "Hours of the past stay"),
        ({"opens_3_0": "late", "closes_3_0": "later"}, "Enter a valid time"),
    ],
)
def test_hours_that_cannot_be_are_refused(place: Any, desk: Client, typed: Any, sentence: str) -> None:
    before = OpeningHours.objects.count()
    answer = desk.post(at("hours", location=place.location.uid), {"valid_from": "2026-12-01", **typed})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert OpeningHours.objects.count() == before


def test_an_absence_leads_to_the_visits_that_stand_in_it_and_can_be_taken_back(place: Any, desk: Client) -> None:
    make.a_visit(place, local(25, 10))
    typed = {"practitioner": place.practitioner.uid, "kind": "illness", "first_day": "2026-11-25"}
    page = text(desk.post(at("absences"), typed, follow=True))
    assert "0 of 1" in page
    assert "1 visit needs a new place" in text(desk.get(at("diary")))
    absence = Absence.objects.get()
    assert (absence.starts_at, absence.ends_at) == (local(25, 0), local(26, 0))
    desk.post(at("absence_remove", absence.uid))
    assert Absence.objects.count() == 0


def test_a_closed_day_is_added_and_taken_back(place: Any, desk: Client) -> None:
    typed = {"name": "Thanksgiving", "starts_on": "2026-11-26", "ends_on": "2026-11-25"}
    assert desk.post(at("closure_add"), typed).status_code == 422
    assert desk.post(at("closure_add"), {**typed, "ends_on": "2026-11-26"}).status_code == 303
    closure = Closure.objects.get()
    assert desk.post(at("closure_remove", closure.uid)).status_code == 303
    assert not Closure.objects.exists()


def test_every_page_of_the_set_up_opens(place: Any, desk: Client) -> None:
    device = make.a_device(place.location)
    for name in ("services", "rooms", "devices", "hours", "working", "absences", "device_add", "room_add"):
        assert desk.get(at(name)).status_code == 200
    assert desk.get(at("device_change", device.uid)).status_code == 200
    assert resources.ensure(devices=[device.pk])
