"""Booking a series: what stands in the way of each date, all of them or none, and what is left for the desk."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import desk
from clinic.messaging_states import MessagePurpose
from clinic.models import AuditEvent, DeskTask, OutboundMessage
from patients.models import Patient
from scheduling import booking, outlook, preflight, series
from scheduling.booking import BookingRefused
from scheduling.models import Absence, Appointment, Claim, Closure, Series
from scheduling.rules import EVERY_WARNING
from tests.factories import scheduling as make
from tests.factories import treatments as care
from tests.factories.scheduling import NOW, local
from tests.factories.series import a_plan, a_rule, a_series, daily, left_out, visits_of
from treatments.models import Intervention

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def starts(made: Series) -> list[datetime]:
    return [visit.starts_at for visit in visits_of(made)]


def verdicts(rows: list[outlook.Row]) -> list[str]:
    return [row.verdict for row in rows]


def busy_at(place: SimpleNamespace, day: int, hour: int = 10, **facts: object) -> Appointment:
    return make.a_visit(place, local(day, hour, month=12), **facts)


def away(place: SimpleNamespace, start: datetime, end: datetime) -> None:
    Absence.objects.create(practitioner=place.practitioner, starts_at=start, ends_at=end, recorded_at=NOW)


def task_of_a_series() -> DeskTask:
    return DeskTask.objects.get(kind=DeskTask.Kind.SERIES_TO_PLACE)


def shut(place: SimpleNamespace, day: date, name: str) -> None:
    Closure.objects.create(location=place.location, starts_on=day, ends_on=day, name=name)


# -- Book ------------------------------------------------------------------------------------------------


def test_a_series_books_each_date_at_the_same_time_on_the_wall(place: SimpleNamespace) -> None:
    made = a_series(place, a_rule(date(2027, 3, 2), count=3))  # clocks go forward on 14 March
    assert starts(made) == [
        datetime(2027, 3, 2, 15, tzinfo=UTC),
        datetime(2027, 3, 9, 15, tzinfo=UTC),
        datetime(2027, 3, 16, 14, tzinfo=UTC),
    ]
    assert [visit.occurrence for visit in visits_of(made)] == [1, 2, 3]
    assert not any(visit.is_changed_alone for visit in visits_of(made))
    assert Claim.objects.count() == 6


def test_each_visit_is_in_the_audit_and_the_series_too(place: SimpleNamespace) -> None:
    made = a_series(place)
    assert AuditEvent.objects.filter(action="appointment.booked").count() == 4
    assert AuditEvent.objects.get(action="series.booked").subject_uid == made.uid


def test_the_patient_gets_one_confirmation_and_a_reminder_for_each(place: SimpleNamespace) -> None:
    a_series(place, patient=make.a_reachable_patient())
    purposes = list(OutboundMessage.objects.values_list("purpose", flat=True))
    assert purposes.count(MessagePurpose.VISIT_BOOKED) == 1
    assert purposes.count(MessagePurpose.VISIT_REMINDER) == 4
    told = OutboundMessage.objects.get(purpose=MessagePurpose.VISIT_BOOKED)
    assert told.title == "Your visits are booked"
    for day in (1, 8, 15, 22):
        assert f"Tuesday {day} December 2026, 10:00" in told.text
    assert "confirm the first" in told.text


def test_a_very_long_series_is_not_named_whole(place: SimpleNamespace) -> None:
    a_series(place, daily(count=30), patient=make.a_reachable_patient())
    told = OutboundMessage.objects.get(purpose=MessagePurpose.VISIT_BOOKED)
    assert told.text.count("December 2026") == 24
    assert "and 6 more" in told.text


def test_one_date_that_is_taken_refuses_all_and_is_named(place: SimpleNamespace) -> None:
    busy_at(place, 15)
    before = Appointment.objects.count(), Claim.objects.count(), OutboundMessage.objects.count()
    with pytest.raises(BookingRefused, match=r"Tue 15 Dec 2026, 10:00: .* is busy until 11:00\."):
        a_series(place)
    assert (Appointment.objects.count(), Claim.objects.count(), OutboundMessage.objects.count()) == before
    assert not Series.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="series.").exists()


def test_a_refusal_names_three_dates_and_counts_the_rest(place: SimpleNamespace) -> None:
    for day in (1, 2, 3, 4, 5):
        busy_at(place, day)
    with pytest.raises(BookingRefused, match=r"Thu 3 Dec 2026, 10:00: .* And 2 more\.$"):
        a_series(place, daily(count=5))


def test_the_good_ones_are_booked_and_the_rest_is_a_task(place: SimpleNamespace) -> None:
    busy_at(place, 8)
    made = a_series(place, leave_rest=True)
    assert [visit.occurrence for visit in visits_of(made)] == [1, 3, 4]
    assert made.to_place == [date(2026, 12, 8)]
    task = task_of_a_series()
    assert (task.kind, task.subject_uid) == (DeskTask.Kind.SERIES_TO_PLACE, made.uid)
    assert "Tue 8 Dec 2026, 10:00" in task.note
    assert "is busy until 11:00" in task.note


def test_a_long_rest_is_counted_in_the_task(place: SimpleNamespace) -> None:
    for n in range(14):
        make.a_visit(place, local(1, 10, month=12) + n * DAY)
    a_series(place, daily(count=15), leave_rest=True)
    assert task_of_a_series().note.endswith("14 dates in all.")


def test_the_rest_alone_is_not_a_series(place: SimpleNamespace) -> None:
    for day in (1, 8):
        busy_at(place, day)
    with pytest.raises(BookingRefused, match="busy"):
        a_series(place, a_rule(count=2), leave_rest=True)
    assert not DeskTask.objects.exists()


def test_dates_that_are_left_out_are_nobody_s_task(place: SimpleNamespace) -> None:
    plan = a_plan(place)
    made = a_series(place, plan=plan, wanted=left_out(plan.wanted(), 2))
    assert [visit.occurrence for visit in visits_of(made)] == [1, 3, 4]
    assert made.to_place == []
    with pytest.raises(BookingRefused, match="Keep at least one"):
        a_series(place, plan=plan, wanted=left_out(plan.wanted(), 1, 2, 3, 4))


def test_a_date_that_was_taken_elsewhere_stands_apart_from_the_rule(place: SimpleNamespace) -> None:
    plan = a_plan(place)
    wanted = plan.wanted()
    wanted[1] = dataclasses.replace(wanted[1], starts_at=local(8, 11, month=12))
    visits = visits_of(a_series(place, plan=plan, wanted=wanted))
    assert [visit.is_changed_alone for visit in visits] == [False, True, False, False]


def test_the_same_form_books_once(place: SimpleNamespace) -> None:
    key, plan = uuid.uuid4(), a_plan(place)
    first = a_series(place, plan=plan, request_key=key)
    assert a_series(place, plan=plan, request_key=key) == first
    assert Appointment.objects.count() == 4
    with pytest.raises(BookingRefused, match="already booked a series") as refusal:
        a_series(place, plan=a_plan(place), request_key=key)
    assert refusal.value.stale


def test_a_warning_that_nobody_read_refuses_and_one_that_was_read_does_not(place: SimpleNamespace) -> None:
    plan = a_plan(place, wall=time(17, 30))
    with pytest.raises(BookingRefused, match="does not work"):
        a_series(place, plan=plan)
    read = [dataclasses.replace(one, despite=frozenset({"BOOK-11", "BOOK-12"})) for one in plan.wanted()]
    made = a_series(place, plan=plan, wanted=read)
    assert len(visits_of(made)) == 4
    event = AuditEvent.objects.filter(action="appointment.booked").first()
    assert event
    assert event.detail["overruled"] == ["BOOK-11", "BOOK-12"]


def test_a_group_is_not_booked_as_a_series(place: SimpleNamespace) -> None:
    group = make.a_service(seats=6)
    with pytest.raises(BookingRefused, match="group"):
        a_series(place, service=group)


def test_the_note_is_the_first_visit_s(place: SimpleNamespace) -> None:
    assert [visit.note for visit in visits_of(a_series(place, note="brings the scans"))] == [
        "brings the scans",
        "",
        "",
        "",
    ]


# -- Place the rest --------------------------------------------------------------------------------------


def test_what_was_left_is_placed_later_and_the_task_is_done(place: SimpleNamespace) -> None:
    other = busy_at(place, 8)
    made = a_series(place, leave_rest=True)
    booking.cancel(appointment=other, reason="x", by=place.desk, now=NOW)
    wanted = series.plan_of(made).wanted(made.to_place)
    placed = series.place_rest(series=made, wanted=wanted, by=place.desk, now=NOW)
    assert placed.to_place == []
    assert [visit.occurrence for visit in visits_of(made)] == [1, 2, 3, 4]
    assert task_of_a_series().done_at is not None
    again = [dataclasses.replace(one, starts_at=one.starts_at + DAY) for one in wanted]
    with pytest.raises(BookingRefused, match="a moment ago"):
        series.place_rest(series=made, wanted=again, by=place.desk, now=NOW)


def test_days_can_be_given_up(place: SimpleNamespace) -> None:
    busy_at(place, 8)
    made = a_series(place, leave_rest=True)
    wanted = left_out(series.plan_of(made).wanted(made.to_place), 2)
    assert series.place_rest(series=made, wanted=wanted, by=place.desk, now=NOW).to_place == []
    assert len(visits_of(made)) == 3
    assert task_of_a_series().done_at is not None


def test_a_task_that_somebody_has_seen_to_is_left_alone(place: SimpleNamespace) -> None:
    busy_at(place, 8)
    made = a_series(place, leave_rest=True)
    desk.finish(task_uid=task_of_a_series().uid, outcome="Called", by=place.desk, now=NOW)
    wanted = left_out(series.plan_of(made).wanted(made.to_place), 2)
    series.place_rest(series=made, wanted=wanted, by=place.desk, now=NOW)
    assert task_of_a_series().outcome == "Called"


# -- How each date stands --------------------------------------------------------------------------------


def look(place: SimpleNamespace, plan: series.Plan) -> list[outlook.Row]:
    return outlook.look(plan.common, plan.wanted(), now=NOW)


def test_each_date_says_how_it_stands(place: SimpleNamespace) -> None:
    busy_at(place, 1)
    away(place, local(2, 0, month=12), local(3, 0, month=12))
    shut(place, date(2026, 12, 3), "Fire drill")
    rows = look(place, a_plan(place, daily(count=4)))
    assert verdicts(rows) == ["busy", "away", "closed", "free"]
    assert "is busy until 11:00" in rows[0].sentence()
    assert "is away then" in rows[1].sentence()
    assert "Fire drill" in rows[2].sentence()


def test_outside_hours_is_a_warning(place: SimpleNamespace) -> None:
    assert verdicts(look(place, a_plan(place, wall=time(17, 30)))) == ["outside"] * 4


def test_the_patient_s_own_visits_stand_in_the_way(place: SimpleNamespace) -> None:
    patient = make.a_patient()
    busy_at(place, 8, patient=patient, practitioner=place.practitioners[1])
    rows = look(place, a_plan(place, patient=patient))
    assert verdicts(rows) == ["free", "busy", "free", "free"]
    assert "already has a visit until 11:00" in rows[1].sentence()


def test_a_room_that_is_insisted_on_is_named_and_any_other_is_counted(place: SimpleNamespace) -> None:
    one, two = place.rooms
    busy_at(place, 8, practitioner=place.practitioners[1], room=one)
    assert f"{one.name} is taken until 11:00" in look(place, a_plan(place, room=one))[1].sentence()
    assert verdicts(look(place, a_plan(place)))[1] == "free"
    third = make.a_practitioner()
    make.works(third, place.location)
    busy_at(place, 8, practitioner=third, room=two)
    assert "Every suitable room is taken then." in look(place, a_plan(place))[1].sentence()


def test_a_device_of_which_all_are_taken_stands_in_the_way(place: SimpleNamespace) -> None:
    make.a_device(place.location, count=1)
    service = make.a_service(device_kind="ultrasound")
    busy_at(place, 8, practitioner=place.practitioners[1], service=service)
    rows = look(place, a_plan(place, service=service))
    assert "Every ultrasound is taken then." in rows[1].sentence()
    assert verdicts(rows) == ["free", "busy", "free", "free"]


def test_a_time_that_the_clocks_skip_is_flagged_and_another_proposed(place: SimpleNamespace) -> None:
    make.opens(place.location, start=time(0), end=time(8))
    make.works(place.practitioner, place.location, start=time(0), end=time(9))
    rows = look(place, a_plan(place, daily(date(2027, 3, 13), count=3), wall=time(2, 30)))
    assert verdicts(rows) == ["free", "skipped", "free"]
    assert rows[1].fixes[0].starts_at == datetime(2027, 3, 14, 7, tzinfo=UTC)  # 03:00, when the clocks have jumped
    with pytest.raises(BookingRefused, match="does not exist"):
        a_series(place, daily(date(2027, 3, 13), count=3), wall=time(2, 30))


def test_the_plan_s_sessions_run_out_within_the_series(place: SimpleNamespace) -> None:
    patient = make.a_patient()
    part = care.an_accepted_part(patient, author=place.practitioner, sessions=3, days_between=7)
    rows = look(place, a_plan(place, patient=patient, intervention=part))
    assert verdicts(rows) == ["free", "free", "free", "ask"]
    assert "All 3 sessions of the plan are booked or done." in rows[3].sentence()
    close = look(place, a_plan(place, daily(count=2), patient=patient, intervention=part))
    assert "one day away" in close[1].sentence()


# -- What is proposed ------------------------------------------------------------------------------------


def test_the_same_day_comes_first_then_a_near_day_and_a_colleague_besides(place: SimpleNamespace) -> None:
    busy_at(place, 8)
    row = look(place, a_plan(place))[1]
    own, colleague = row.fixes
    assert (own.starts_at, own.practitioner) == (local(8, 9, month=12), place.practitioner)
    assert (colleague.starts_at, colleague.practitioner) == (local(8, 10, month=12), place.practitioners[1])


def test_a_day_on_which_the_therapist_is_away_moves_to_the_next_one(place: SimpleNamespace) -> None:
    away(place, local(8, 0, month=12), local(9, 0, month=12))
    own = look(place, a_plan(place))[1].fixes[0]
    assert own.is_other_day
    assert own.starts_at in (local(7, 10, month=12), local(9, 10, month=12))


def test_two_dates_are_not_offered_the_same_day(place: SimpleNamespace) -> None:
    away(place, local(2, 0, month=12), local(4, 0, month=12))
    rows = look(place, a_plan(place, daily(count=4)))
    days = [row.fixes[0].starts_at.date() for row in rows if row.fixes and row.fixes[0].is_other_day]
    assert len(days) == len(set(days)) == 2
    assert not set(days) & {date(2026, 12, day) for day in (1, 2, 3, 4)}


def test_what_is_proposed_can_be_booked(place: SimpleNamespace) -> None:
    for day in (1, 8, 15, 22):
        busy_at(place, day)
    plan = a_plan(place)
    fixed = [
        dataclasses.replace(
            row.wanted, starts_at=row.fixes[0].starts_at, practitioner=row.fixes[0].practitioner, is_skipped=False
        )
        for row in look(place, plan)
    ]
    assert len(visits_of(a_series(place, plan=plan, wanted=fixed))) == 4


def test_the_preview_costs_the_same_however_many_dates(place: SimpleNamespace) -> None:
    patient = make.a_patient()
    part = care.an_accepted_part(patient, author=place.practitioner, sessions=30, days_between=1)
    busy_at(place, 2)
    counts = []
    for count in (1, 2, 20):
        plan = a_plan(place, daily(count=count), patient=patient, intervention=part)
        with CaptureQueriesContext(connection) as seen:
            look(place, plan)
        counts.append(len(seen))
    assert len(set(counts)) == 1
    assert counts[0] <= 24


# -- The preview says what booking says ------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_date_is_called_settled_exactly_when_booking_one_after_the_other_takes_it(
    place: SimpleNamespace, data: st.DataObject
) -> None:
    """And for the same reasons: the rules that it names are those that booking would name."""
    with transaction.atomic():
        patient = make.a_patient()
        plan = a_plan(
            place,
            daily(count=data.draw(st.integers(1, 6))),
            wall=time(data.draw(st.integers(7, 18)), data.draw(st.sampled_from([0, 5, 30]))),
            patient=patient,
            intervention=_some_part(place, patient, data),
        )
        _some_diary(place, data)
        for row in outlook.look(plan.common, plan.wanted(), now=NOW):
            found = {f.rule for f in preflight.findings(row.proposal, now=NOW)}
            assert {f.rule for f in row.findings} == found
            assert _books(place, plan, row) == row.is_settled, row.sentence()
            if not row.is_settled and not row.blocks:
                assert _books(place, plan, row, despite=EVERY_WARNING)
        transaction.set_rollback(True)


def _some_part(place: SimpleNamespace, patient: Patient, data: st.DataObject) -> Intervention | None:
    part = data.draw(st.sampled_from([None, (2, 3), (9, 2)]))
    if part is None:
        return None
    return care.an_accepted_part(patient, author=place.practitioner, sessions=part[0], days_between=part[1])


def _some_diary(place: SimpleNamespace, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(0, 3))):
        day, half_hours = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 16))
        at = local(1, 8, month=12) + day * DAY + timedelta(minutes=30 * half_hours)
        with contextlib.suppress(BookingRefused):
            make.a_visit(place, at, practitioner=data.draw(st.sampled_from(place.practitioners)))
    if data.draw(st.booleans()):
        shut(place, date(2026, 12, 3), "Away day")
    if data.draw(st.booleans()):
        away(place, local(4, 12, month=12), local(5, 9, month=12))


def _books(place: SimpleNamespace, plan: series.Plan, row: outlook.Row, **facts: Any) -> bool:
    try:
        booking.book(
            patient=plan.common.patient,
            service=plan.common.service,
            practitioner=plan.practitioner,
            location=plan.common.location,
            starts_at=row.wanted.starts_at,
            intervention=plan.common.intervention,
            by=place.desk,
            now=NOW,
            **facts,
        )
    except BookingRefused:
        return False
    return True
