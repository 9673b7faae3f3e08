"""A therapist falls ill, a location is shut: what that touches, where it can go, and that it moves in one go."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.messaging_states import MessagePurpose
from clinic.models import AuditEvent, DeskTask, OutboundMessage, Practitioner, Role
from scheduling import booking, groups, new_places, resources, touched
from scheduling.forms.booking import Pick
from scheduling.models import (
    Absence,
    Appointment,
    Claim,
    Closure,
    Displacement,
    ExtraHours,
    TimePreference,
    WorkingHours,
)
from scheduling.new_places import Row, Sheet
from scheduling.resettling import Decisions, Move, settle
from scheduling.states import Status
from scheduling.touched import Cause
from scheduling.visits import BookingRefused
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.factories.treatments import an_accepted_part

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Any:
    """Ben and two colleagues, three rooms; Ben is ill on Wednesday."""
    place = make.a_small_clinic(practitioners=3, rooms=3)
    place.ben, place.cara, place.dan = place.practitioners
    return place


def ill(place: Any, start: Any = None, end: Any = None, who: Practitioner | None = None) -> Cause:
    absence, _ = resources.add_absence(
        practitioner=who or place.ben, kind="illness", starts_at=start or local(25, 0), ends_at=end or local(26, 0),
        by=place.desk, now=NOW,
    )  # fmt: skip
    return Cause(absence)


def look(cause: Cause, **choices: str) -> Sheet:
    return new_places.sheet(cause, now=NOW, choices=choices)


def best(row: Row) -> tuple[Practitioner, Any]:
    return row.places[0].practitioner, row.places[0].starts_at


def accept(sheet: Sheet) -> Decisions:
    """Every proposal, as it stands."""
    return Decisions(moves=[Move(row.visit, *best(row)) for row in sheet.rows if row.places])


def now_of(visit: Appointment) -> Appointment:
    return Appointment.objects.for_page().get(pk=visit.pk)


# -- What is touched -------------------------------------------------------------------------------------


def test_an_absence_may_be_written_down_although_visits_lie_in_it_and_names_them_all(place: Any) -> None:
    inside = [make.a_visit(place, local(25, hour)) for hour in (9, 11)]
    make.a_visit(place, local(26, 9))
    make.a_visit(place, local(25, 9), practitioner=place.cara)
    called_off = make.a_visit(place, local(25, 14))
    booking.cancel(appointment=called_off, by=place.desk, now=NOW, reason="x")
    assert [row.visit.pk for row in look(ill(place)).rows] == [visit.pk for visit in inside]


def test_an_absence_of_hours_touches_what_overlaps_them(place: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (9, 10, 12, 13)]
    cause = ill(place, local(25, 10, 30), local(25, 13))
    assert [row.visit.pk for row in look(cause).rows] == [visits[1].pk, visits[2].pk]


def test_a_closure_touches_everybody_there_but_not_who_works_extra_hours(place: Any) -> None:
    kept = make.a_visit(place, local(25, 9))
    touched_one = make.a_visit(place, local(25, 9), practitioner=place.cara)
    make.a_visit(place, local(26, 9), practitioner=place.cara)
    ExtraHours.objects.create(
        practitioner=place.ben, location=place.location, starts_at=local(25, 9), ends_at=local(25, 12), recorded_at=NOW
    )
    closure = Closure.objects.create(
        location=place.location, name="Burst pipe", starts_on=date(2026, 11, 25), ends_on=date(2026, 11, 25)
    )
    rows = look(Cause(closure)).rows
    assert [row.visit.pk for row in rows] == [touched_one.pk]
    assert kept.pk not in {row.visit.pk for row in rows}
    assert all(best(row)[1] >= local(26, 0) for row in rows)


# -- Proposals -------------------------------------------------------------------------------------------


def test_at_the_same_time_with_a_colleague_whom_the_patient_knows(place: Any) -> None:
    patient = make.a_patient()
    make.a_visit(place, local(30, 9), patient=patient, practitioner=place.dan)
    make.a_visit(place, local(25, 10), patient=patient)
    (row,) = look(ill(place)).rows
    assert best(row) == (place.dan, local(25, 10))
    assert row.places[0].words == ("same time", "knows them")
    assert len(row.places) == 3


def test_only_who_knows_the_skill_of_the_service_is_proposed(place: Any) -> None:
    place.service.skill = "lymph drainage"
    place.service.save()
    for who in (place.ben, place.dan):
        who.skills = ["lymph drainage"]
        who.save()
    make.a_visit(place, local(25, 10))
    (row,) = look(ill(place)).rows
    assert best(row) == (place.dan, local(25, 10))
    assert place.cara not in {one.practitioner for one in row.places}


def test_a_colleague_who_speaks_their_language_comes_first_and_who_does_not_is_marked(place: Any) -> None:
    place.cara.languages, place.dan.languages = ["en"], ["pt", "en"]
    place.cara.save()
    place.dan.save()
    make.a_visit(place, local(25, 10), patient=make.a_patient(language="pt"))
    (row,) = look(ill(place)).rows
    assert best(row) == (place.dan, local(25, 10))
    words = {one.practitioner: one.words for one in row.places}
    assert "does not speak Portuguese" in words.get(place.cara, ("does not speak Portuguese",))


def test_without_a_skilled_colleague_the_same_therapist_soonest_after_the_absence(place: Any) -> None:
    place.service.skill = "lymph drainage"
    place.service.save()
    place.ben.skills = ["lymph drainage"]
    place.ben.save()
    make.a_visit(place, local(25, 10))
    (row,) = look(ill(place)).rows
    assert best(row) == (place.ben, local(26, 10))


def test_the_plans_spacing_is_kept(place: Any) -> None:

    patient = make.a_patient()
    part = an_accepted_part(patient, author=place.ben, sessions=4, days_between=3)
    WorkingHours.objects.exclude(practitioner=place.ben).delete()
    visits = [make.a_visit(place, local(day, 10), patient=patient, intervention=part) for day in (25, 28)]
    (row,) = look(ill(place)).rows
    assert row.visit.pk == visits[0].pk
    days = {one.starts_at.astimezone(place.location.tz).date() for one in row.places}
    assert days
    assert all(abs((day - date(2026, 11, 28)).days) >= 3 for day in days)


def test_a_time_that_the_patient_likes_comes_before_one_that_they_do_not(place: Any) -> None:
    WorkingHours.objects.exclude(practitioner=place.ben).delete()
    patient = make.a_patient()
    TimePreference.objects.create(patient=patient, weekdays=[4], earliest=time(13))
    make.a_visit(place, local(25, 10), patient=patient)
    (row,) = look(ill(place)).rows
    assert best(row) == (place.ben, local(27, 13))


def test_no_two_proposals_use_the_same_person_or_the_last_room(place: Any) -> None:
    for hour in (9, 10, 11):
        make.a_visit(place, local(25, hour))
    make.a_visit(place, local(25, 9), practitioner=place.cara)
    sheet = look(ill(place))
    assert len({best(row) for row in sheet.rows}) == 3
    settle(cause=Cause(sheet_cause()), decisions=accept(sheet), by=place.desk, now=NOW)
    assert Claim.objects.count() == 8


def sheet_cause() -> Absence:
    return Absence.objects.get()


def test_with_one_room_only_the_room_decides(place: Any) -> None:
    for room in place.rooms[1:]:
        room.is_active = False
        room.save()
    visits = [make.a_visit(place, local(25, 9)), make.a_visit(place, local(25, 10))]
    sheet = look(ill(place))
    # Each keeps its own room at its own time; never the other's.
    assert [best(row)[1] for row in sheet.rows] == [visit.starts_at for visit in visits]
    settle(cause=Cause(sheet_cause()), decisions=accept(sheet), by=place.desk, now=NOW)
    assert not Appointment.objects.filter(practitioner=place.ben).exists()


def test_whom_nobody_can_take_is_to_be_called(place: Any) -> None:
    WorkingHours.objects.all().delete()
    make.a_visit(place, local(25, 10))
    (row,) = look(ill(place)).rows
    assert (row.places, row.chosen) == ([], "call")


@pytest.mark.parametrize("count", [1, 4])
def test_looking_costs_the_same_however_many_visits_are_touched(place: Any, count: int) -> None:
    for n in range(count):
        make.a_visit(place, local(25, 9 + n), patient=make.a_patient())
    cause = ill(place)
    before = (Appointment.objects.count(), Claim.objects.count(), Displacement.objects.count())
    with CaptureQueriesContext(connection) as asked:
        sheet = look(cause)
    assert len(sheet.rows) == count
    assert len(asked) == 12
    assert all(query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in asked.captured_queries)
    assert (Appointment.objects.count(), Claim.objects.count(), Displacement.objects.count()) == before


# -- In one go -------------------------------------------------------------------------------------------


def test_what_is_accepted_moves_in_one_go_and_the_page_counts_it(place: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (9, 10, 11)]
    cause = ill(place)
    sheet = look(cause)
    assert (sheet.placed, sheet.total) == (0, 3)
    settle(cause=cause, decisions=Decisions(moves=accept(sheet).moves[:2]), by=place.desk, now=NOW)
    assert [now_of(visit).practitioner == place.ben for visit in visits] == [False, False, True]
    assert now_of(visits[0]).version == 2
    sheet = look(cause)
    assert (sheet.placed, sheet.total, len(sheet.rows)) == (2, 3, 1)
    event = AuditEvent.objects.filter(action="appointment.moved").first()
    assert event is not None
    assert event.detail["because"] == str(cause.of.uid)


def test_when_a_place_was_taken_meanwhile_nothing_moves_and_it_says_whose(place: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (9, 10)]
    cause = ill(place)
    decisions = accept(look(cause))
    taken = decisions.moves[1]
    make.a_visit(place, taken.starts_at, practitioner=taken.practitioner)
    with pytest.raises(BookingRefused, match=f"^{visits[1].patient.display_name}: .* is busy until 11:00") as refused:
        settle(cause=cause, decisions=decisions, by=place.desk, now=NOW)
    assert not refused.value.stale
    assert [now_of(visit).practitioner for visit in visits] == [place.ben, place.ben]
    assert Displacement.objects.count() == 0
    fresh = look(cause)
    assert [best(row) for row in fresh.rows] != [(m.practitioner, m.starts_at) for m in decisions.moves]


def test_two_chosen_places_that_need_one_person_are_refused_by_name(place: Any) -> None:
    one, other = (make.a_visit(place, local(25, hour)) for hour in (9, 10))
    moves = [Move(one, place.cara, local(27, 9)), Move(other, place.cara, local(27, 9, 30))]
    with pytest.raises(BookingRefused, match=r"cannot both be with") as refused:
        settle(cause=ill(place), decisions=Decisions(moves=moves), by=place.desk, now=NOW)
    assert one.patient.display_name in str(refused.value)


def test_a_visit_that_somebody_moved_meanwhile_is_left_alone(place: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    decisions = accept(look(cause))
    booking.move(appointment=visit, starts_at=local(27, 9), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="Somebody changed this visit") as refused:
        settle(cause=cause, decisions=decisions, by=place.desk, now=NOW)
    assert refused.value.stale
    assert now_of(visit).starts_at == local(27, 9)


def test_what_was_told_together_is_not_taken_back_one_by_one(place: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    settle(cause=cause, decisions=accept(look(cause)), by=place.desk, now=NOW)
    with pytest.raises(BookingRefused, match="There is no move to take back"):
        booking.undo_move(appointment=now_of(visit), by=place.desk, now=NOW)


def test_nothing_chosen_is_said(place: Any) -> None:
    with pytest.raises(BookingRefused, match="Nothing is chosen"):
        settle(cause=ill(place), decisions=Decisions(), by=place.desk, now=NOW)


def test_a_visit_booked_against_a_warning_can_be_moved_under_the_same_warning(place: Any) -> None:

    patient = make.a_patient()
    part = an_accepted_part(patient, author=place.ben, sessions=5, days_between=7)
    one, _ = (make.a_visit(place, local(day, 10), patient=patient, intervention=part) for day in (25, 27))
    cause = ill(place)
    (row,) = look(cause).rows
    settle(cause=cause, decisions=Decisions(moves=[Move(row.visit, *best(row))]), by=place.desk, now=NOW)
    assert now_of(one).practitioner != place.ben


def test_each_patient_gets_one_message_even_when_two_of_their_visits_move_and_one_is_called_off(place: Any) -> None:
    ana = make.a_reachable_patient()
    visits = [make.a_visit(place, local(25, hour), patient=ana) for hour in (9, 11, 14)]
    bo = make.a_patient()
    make.a_visit(place, local(25, 15), patient=bo)
    cause = ill(place)
    before = OutboundMessage.objects.waiting().count()
    assert before
    decisions = accept(look(cause))
    moves = [move for move in decisions.moves if move.visit.pk != visits[2].pk]
    off = [move.visit for move in decisions.moves if move.visit.pk == visits[2].pk]
    settle(cause=cause, decisions=Decisions(moves=moves, off=off), by=place.desk, now=NOW)
    waiting = OutboundMessage.objects.waiting().filter(patient_uid=ana.uid)
    at_once = [message for message in waiting if message.due_at == NOW]
    assert len(at_once) == 1
    assert at_once[0].text.count("stays as it is, with another of our team") == 2
    assert at_once[0].text.count("cannot take place") == 1
    (task,) = DeskTask.objects.open().filter(kind=DeskTask.Kind.CALL_PATIENT)
    assert task.patient_uid == bo.uid


def test_who_is_to_be_called_is_on_the_desk_and_their_visit_stands_until_it_is_moved(place: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    settle(cause=cause, decisions=Decisions(calls=[visit]), by=place.desk, now=NOW)
    settle(cause=cause, decisions=Decisions(calls=[visit]), by=place.desk, now=NOW)
    (task,) = DeskTask.objects.open().filter(kind=DeskTask.Kind.CALL_PATIENT)
    assert task.subject_uid == visit.uid
    (row,) = look(cause).rows
    assert row.call == task
    assert row.chosen == "leave"
    booking.move(appointment=visit, starts_at=local(27, 9), by=place.desk, now=NOW)
    assert not DeskTask.objects.open().exists()


def test_a_group_in_it_is_called_off_for_everybody_with_one_message_each(place: Any) -> None:
    service = make.a_service("Back school", seats=6)
    session = groups.open_session(
        service=service, practitioner=place.ben, location=place.location, starts_at=local(25, 9), by=place.desk, now=NOW
    )
    ana = make.a_reachable_patient()
    groups.join(session=session, patient=ana, by=place.desk, now=NOW)
    make.a_visit(place, local(25, 14), patient=ana)
    cause = ill(place)
    sheet = look(cause)
    assert [one.pk for one in sheet.sessions] == [session.pk]
    decisions = Decisions(off=[row.visit for row in sheet.rows], sessions_off=sheet.sessions)
    settle(cause=cause, decisions=decisions, by=place.desk, now=NOW)
    session.refresh_from_db()
    assert session.is_called_off
    told = OutboundMessage.objects.waiting().filter(purpose=MessagePurpose.VISIT_CANCELLED)
    assert [message.text.count("cannot take place") for message in told] == [2]
    assert look(cause).is_done
    assert set(Appointment.objects.values_list("status", flat=True)) == {Status.CANCELLED}


def test_taking_the_absence_back_forgets_the_count_and_leaves_visits_where_they_were_put(place: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    settle(cause=cause, decisions=accept(look(cause)), by=place.desk, now=NOW)
    resources.end_absence(cause.of, by=place.desk, now=NOW)  # type: ignore[arg-type]
    assert now_of(visit).practitioner != place.ben
    assert Displacement.objects.count() == 0


def test_the_desk_is_reminded_while_visits_stand_in_it_and_no_longer(place: Any) -> None:
    assert touched.unplaced(NOW) == []
    make.a_visit(place, local(25, 9))
    make.a_visit(place, local(26, 9))
    cause = ill(place)
    ill(place, local(26, 0), local(27, 0), who=place.cara)
    (one,) = touched.unplaced(NOW)
    assert (one.cause, one.visits) == (cause, 1)
    settle(cause=cause, decisions=accept(look(cause)), by=place.desk, now=NOW)
    assert touched.unplaced(NOW) == []


@pytest.mark.parametrize("count", [1, 4])
def test_the_reminder_costs_the_same_however_many_are_away(place: Any, count: int) -> None:
    make.a_visit(place, local(25, 9))
    for day in range(count):
        ill(place, local(25, 0) + timedelta(days=day), local(26, 0) + timedelta(days=day))
    with CaptureQueriesContext(connection) as asked:
        touched.unplaced(NOW)
    assert len(asked) == 2


# -- The pages -------------------------------------------------------------------------------------------


def test_ill_from_now_on_is_written_down_in_one_step_and_leads_to_the_visits(place: Any, desk: Any) -> None:
    make.a_visit(place, local(24, 10), practitioner=place.practitioners[0])
    answer = desk.post(f"/schedule/away/{place.ben.uid}/", {"kind": "illness", "until": "today"})
    absence = Absence.objects.get()
    assert (absence.starts_at, absence.ends_at, absence.kind) == (NOW, local(25, 0), "illness")
    assert answer.headers["Location"] == f"/schedule/touched/absence/{absence.uid}/"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"until": "time"}, "Until which time?"),
        ({"until": "time", "to_time": "07:00"}, "That is past already."),
        ({"until": "day"}, "Until which day?"),
        ({"until": "day", "last_day": "2026-11-20"}, "That is past already."),
        ({"until": "day", "last_day": "2036-11-20"}, "That is more than two years ahead."),
    ],
)
def test_an_absence_that_cannot_be_is_refused_beside_its_field(
    place: Any, desk: Any, typed: dict[str, str], sentence: str
) -> None:
    answer = desk.post(f"/schedule/away/{place.ben.uid}/", {"kind": "illness", **typed})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Absence.objects.exists()


def test_an_absence_until_a_time_or_a_day(place: Any, desk: Any) -> None:
    desk.post(f"/schedule/away/{place.ben.uid}/", {"kind": "illness", "until": "time", "to_time": "12:30"})
    desk.post(f"/schedule/away/{place.cara.uid}/", {"kind": "other", "until": "day", "last_day": "2026-11-26"})
    assert list(Absence.objects.order_by("ends_at").values_list("ends_at", flat=True)) == [
        local(24, 12, 30), local(27, 0)
    ]  # fmt: skip


def form(sheet: Sheet, **other: str) -> dict[str, str]:
    """What the page would send: every proposal."""
    data = {f"version-{row.visit.uid}": str(row.visit.version) for row in sheet.rows}
    return data | {str(row.visit.uid): row.chosen for row in sheet.rows} | other


def test_the_page_lists_them_and_one_button_moves_them_all(place: Any, desk: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (9, 10)]
    cause = ill(place)
    url = f"/schedule/touched/absence/{cause.of.uid}/"
    shown = desk.get(url).content.decode()
    assert all(visit.patient.display_name in shown for visit in visits)
    assert "0 of 2" in shown
    answer = desk.post(url, form(look(cause)))
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    done = desk.get(url).content.decode()
    assert "2 of 2" in done
    assert "Every visit has a new place" in done


def test_only_one_of_them_can_be_done_by_its_own_button(place: Any, desk: Any) -> None:
    visits = [make.a_visit(place, local(25, hour)) for hour in (9, 10)]
    cause = ill(place)
    desk.post(f"/schedule/touched/absence/{cause.of.uid}/", form(look(cause), only=str(visits[1].uid)))
    assert [now_of(visit).practitioner == place.ben for visit in visits] == [True, False]


def test_a_refusal_keeps_the_choices_and_shows_fresh_places(place: Any, desk: Any) -> None:
    first, second = (make.a_visit(place, local(25, hour)) for hour in (9, 10))
    cause = ill(place)
    sheet = look(cause)
    taken = sheet.rows[0].places[0]
    make.a_visit(place, taken.starts_at, practitioner=taken.practitioner)
    answer = desk.post(f"/schedule/touched/absence/{cause.of.uid}/", form(sheet, **{str(second.uid): "off"}))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Nothing was moved" in page
    assert first.patient.display_name in page
    rows = {row.visit.pk: row for row in answer.context["sheet"].rows}
    assert rows[second.pk].chosen == "off"
    assert rows[first.pk].chosen != taken.pick
    assert now_of(second).status == Status.BOOKED


def test_choices_stand_in_the_address(place: Any, desk: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    url = f"/schedule/touched/absence/{cause.of.uid}/"
    later = look(cause).rows[0].places[2].pick
    assert desk.get(url, {str(visit.uid): later}).context["sheet"].rows[0].chosen == later
    assert desk.get(url, {str(visit.uid): "call"}).context["sheet"].rows[0].chosen == "call"
    nonsense = desk.get(url, {str(visit.uid): "nonsense", "other": "x"}).context["sheet"].rows[0]
    assert nonsense.chosen == nonsense.places[0].pick


def test_what_somebody_else_placed_meanwhile_is_said(place: Any, desk: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    data = form(look(cause))
    booking.move(appointment=visit, starts_at=local(27, 9), by=place.desk, now=NOW)
    answer = desk.post(f"/schedule/touched/absence/{cause.of.uid}/", data)
    assert answer.status_code == 409
    assert "placed by somebody else meanwhile" in answer.content.decode()


@pytest.mark.parametrize("value", ["tomorrow", "00000000-0000-0000-0000-000000000000@2026-11-25T10:00Z"])
def test_a_made_up_place_is_refused(place: Any, desk: Any, value: str) -> None:
    visit = make.a_visit(place, local(25, 9))
    cause = ill(place)
    answer = desk.post(f"/schedule/touched/absence/{cause.of.uid}/", {str(visit.uid): value})
    assert answer.status_code == 409
    assert now_of(visit).practitioner == place.ben


def test_who_only_watches_over_the_clinic_may_write_the_absence_down_but_not_move(place: Any, sign_in: Any) -> None:

    make.a_visit(place, local(24, 10))
    owner = sign_in(people.staff(Role.OWNER, password=None))
    answer = owner.post(f"/schedule/away/{place.ben.uid}/", {"kind": "illness", "until": "today"})
    assert answer.headers["Location"] == "/schedule/setup/absences/"
    assert owner.get(f"/schedule/touched/absence/{Absence.objects.get().uid}/").status_code == 403


def test_the_closure_has_such_a_page_too(place: Any, desk: Any) -> None:
    visit = make.a_visit(place, local(25, 9))
    closure = Closure.objects.create(
        location=place.location, name="Burst pipe", starts_on=date(2026, 11, 25), ends_on=date(2026, 11, 25)
    )
    url = f"/schedule/touched/closure/{closure.uid}/"
    assert visit.patient.display_name in desk.get(url).content.decode()
    desk.post(url, form(look(Cause(closure))))
    assert now_of(visit).starts_at >= local(26, 0)
    assert "1 of 1" in desk.get(url).content.decode()


def test_picks_are_what_the_booking_page_understands(place: Any) -> None:
    make.a_visit(place, local(25, 9))
    (row,) = look(ill(place)).rows
    pick = Pick.parse(row.places[0].pick)
    assert (pick.practitioner, pick.starts_at) == (row.places[0].practitioner.uid, row.places[0].starts_at)
