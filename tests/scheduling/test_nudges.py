"""What patients are written about between visits: each once, in the morning, and never what was done meanwhile."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic import messaging
from clinic.links import Purpose
from clinic.messaging_states import Reason, State
from clinic.models import ActionLink, OutboundMessage
from patients import consent, registration
from patients.models import Patient
from scheduling import ahead, booking, message_rules, nudges
from scheduling.models import Appointment, MessageRule
from scheduling.states import Status
from tests.factories import scheduling as make
from tests.factories import treatments as clinical
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at, text
from treatments import home, home_links, plans
from treatments.models import ExercisePrescription, Intervention, Plan

pytestmark = pytest.mark.django_db
DAY = 24 * 60
MONTH_AGO = NOW - timedelta(days=30)


def a_rule(place: SimpleNamespace, purpose: str, days: int, now: datetime | None = None, **facts: Any) -> MessageRule:
    anchor = {"recall": "last_visit", "plan_review": "review", "exercise_nudge": "last_entry"}[purpose]
    made = now or NOW - timedelta(days=90)
    return message_rules.add(purpose=purpose, anchor=anchor, minutes=days * DAY, by=place.desk, now=made, **facts)


def a_plan(patient: Patient, author: Any, sessions: int = 6, review_on: date = date(2027, 3, 1), **facts: Any) -> Plan:
    """Agreed on a month ago."""
    proposal = clinical.a_proposal(
        review_on=review_on, **({"massages": (clinical.a_massage(sessions=sessions),)} | facts)
    )
    then: dict[str, Any] = {"by": author.user, "now": MONTH_AGO, "today": MONTH_AGO.date()}
    episode = clinical.an_episode(patient, onset_on=date(2026, 9, 1))
    plan = plans.propose(episode, author=author, proposal=proposal, **then)
    return plans.accept(plan, consented_on=MONTH_AGO.date(), **then)


def a_visit_held(place: SimpleNamespace, plan: Plan, starts_at: datetime) -> Appointment:
    part = Intervention.objects.get(plan=plan, kind="massage")
    visit = make.a_visit(place, starts_at, patient=plan.patient, intervention=part, now=starts_at - timedelta(days=1))
    Appointment.objects.filter(pk=visit.pk).update(status=Status.COMPLETED, completed_at=visit.ends_at)
    OutboundMessage.objects.about(visit.uid).delete()
    return visit


def written(purpose: str) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(purpose=purpose).order_by("due_at", "pk"))


@pytest.fixture
def ana(place: SimpleNamespace) -> Patient:
    return make.a_reachable_patient()


# -- Invitations to book -----------------------------------------------------------------------------------


@pytest.fixture
def unfinished(place: SimpleNamespace, ana: Patient) -> Plan:
    """Sessions are left, nothing is booked; the last visit was on Tuesday the seventeenth."""
    a_rule(place, "recall", 8)
    plan = a_plan(ana, place.practitioner)
    a_visit_held(place, plan, local(17, 14))
    return plan


def test_who_has_sessions_left_and_nothing_booked_is_invited_once_in_the_morning(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    assert nudges.plan(now=local(23, 12)) == 0  # not so long ahead
    assert nudges.plan(now=NOW) == 1
    [invitation] = written("recall")
    assert (invitation.due_at, invitation.state) == (local(25, 10), State.PLANNED)
    assert invitation.subject_uid == unfinished.uid
    assert "next visit" in invitation.text
    for private in ("massage", "plan", "back", "session"):
        assert private not in invitation.text.lower().replace("back to work clinic", "")
    for hours in range(0, 24 * 20, 5):
        nudges.plan(now=NOW + timedelta(hours=hours))
        messaging.deliver_all(now=NOW + timedelta(hours=hours))
    assert [row.state for row in written("recall")] == [State.ACCEPTED]


def test_an_invitation_is_stopped_as_soon_as_a_visit_is_booked_and_comes_back_when_that_is_called_off(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    nudges.plan(now=NOW)
    visit = make.a_visit(place, local(30, 10), patient=unfinished.patient)
    assert nudges.plan(now=NOW) == 1
    [invitation] = written("recall")
    assert (invitation.state, invitation.reason) == (State.SUPPRESSED, Reason.NO_LONGER_NEEDED)
    assert not invitation.needs_person
    booking.cancel(appointment=visit, side="patient", by=place.desk, now=NOW)
    assert nudges.plan(now=NOW) == 1
    assert [row.state for row in written("recall")] == [State.PLANNED]


def test_what_is_booked_in_the_moment_of_sending_stops_an_invitation_at_the_last_look(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    nudges.plan(now=NOW)
    make.a_visit(place, local(30, 10), patient=unfinished.patient)
    messaging.deliver_all(now=local(25, 10))
    assert [(row.state, row.reason) for row in written("recall")] == [(State.SUPPRESSED, Reason.NO_LONGER_NEEDED)]


def test_an_invitation_that_comes_late_waits_for_the_morning(place: SimpleNamespace, unfinished: Plan) -> None:
    nudges.plan(now=NOW)
    messaging.deliver_all(now=local(25, 23))
    [row] = written("recall")
    assert (row.state, row.next_try_at) == (State.PLANNED, local(26, 8))


def test_after_the_next_visit_the_next_gap_is_another_occasion(place: SimpleNamespace, unfinished: Plan) -> None:
    nudges.plan(now=NOW)
    messaging.deliver_all(now=local(25, 10))
    a_visit_held(place, unfinished, local(27, 14))
    assert nudges.plan(now=local(4, 12, month=12)) == 1
    assert [row.due_at for row in written("recall")] == [local(25, 10), local(5, 10, month=12)]


def test_a_finished_plan_an_ended_one_and_a_closed_episode_invite_nobody(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, "recall", 8)
    done = a_plan(ana, place.practitioner, sessions=1)
    a_visit_held(place, done, local(17, 14))
    other = a_plan(make.a_reachable_patient(), place.practitioner)
    a_visit_held(place, other, local(16, 14))
    plans.stop(other, reason="moved away", by=place.practitioner.user, now=NOW)
    assert nudges.plan(now=NOW) == 0


def test_a_new_rule_overruns_nobody_whose_time_has_passed(place: SimpleNamespace, ana: Patient) -> None:
    plan = a_plan(ana, place.practitioner)
    a_visit_held(place, plan, local(3, 14))
    a_rule(place, "recall", 14, now=NOW)
    assert nudges.plan(now=NOW) == 0
    assert written("recall") == []


def test_what_a_night_without_planner_delayed_goes_out_at_the_next_decent_hour(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    assert nudges.plan(now=local(25, 23)) == 1
    [invitation] = written("recall")
    assert invitation.due_at == local(26, 8)


def test_two_plans_of_one_person_and_two_records_of_one_person_get_one_invitation(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    second = make.a_patient()
    a_plan(unfinished.patient, place.practitioner)
    a_plan(second, place.practitioner)
    Patient.objects.filter(pk=second.pk).update(merged_into=unfinished.patient)
    assert nudges.plan(now=NOW) == 1


def test_who_may_not_be_written_to_is_written_down_and_asks_for_nobody(
    place: SimpleNamespace, unfinished: Plan
) -> None:
    consent.record(patient=unfinished.patient, channel="email", given=False, by=place.desk, now=NOW)
    nudges.plan(now=NOW)
    nudges.plan(now=NOW)
    [row] = written("recall")
    assert (row.reason, row.needs_person) == (Reason.OPTED_OUT, False)
    consent.record(patient=unfinished.patient, channel="email", given=True, by=place.desk, now=NOW)
    nudges.plan(now=NOW)
    assert [row.state for row in written("recall") if row.to_address] == [State.PLANNED]


def test_a_retired_rule_stops_what_it_had_planned(place: SimpleNamespace, unfinished: Plan) -> None:
    nudges.plan(now=NOW)
    message_rules.retire(MessageRule.objects.get(purpose="recall"), by=place.desk, now=NOW)
    nudges.plan(now=NOW)
    assert [row.reason for row in written("recall")] == [Reason.RULE_CHANGED]


def test_who_is_no_longer_a_patient_here_is_not_invited(place: SimpleNamespace, unfinished: Plan) -> None:
    registration.deactivate(unfinished.patient, reason="moved away", by=place.desk, now=NOW)
    assert nudges.plan(now=NOW) == 0


# -- Reviews -----------------------------------------------------------------------------------------------


def test_the_review_of_a_plan_is_said_before_its_day_unless_a_visit_near_it_is_booked(
    place: SimpleNamespace, ana: Patient
) -> None:
    a_rule(place, "plan_review", 3)
    a_plan(ana, place.practitioner, review_on=date(2026, 11, 28))
    nudges.plan(now=NOW)
    [message] = written("plan_review")
    assert message.due_at == local(25, 10)
    make.a_visit(place, local(26, 9), patient=ana)  # within three days of the day
    nudges.plan(now=NOW)
    assert [row.reason for row in written("plan_review")] == [Reason.NO_LONGER_NEEDED]


def test_a_visit_long_before_the_review_does_not_do_for_it(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, "plan_review", 7)
    a_plan(ana, place.practitioner, review_on=date(2026, 12, 2))
    make.a_visit(place, local(25, 9), patient=ana)
    nudges.plan(now=NOW)
    assert [row.due_at for row in written("plan_review")] == [local(25, 10)]


def test_a_plan_that_was_revised_asks_for_its_review_no_more(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, "plan_review", 3)
    plan = a_plan(ana, place.practitioner, review_on=date(2026, 11, 28))
    nudges.plan(now=NOW)
    plans.complete(plan, reason="done", by=place.practitioner.user, now=NOW)
    nudges.plan(now=NOW)
    assert [row.reason for row in written("plan_review")] == [Reason.NO_LONGER_NEEDED]


# -- Exercises -----------------------------------------------------------------------------------------------


@pytest.fixture
def at_home(place: SimpleNamespace, ana: Patient) -> Plan:
    """A plan with exercises and the page for them, given on Tuesday the twenty-fourth."""
    a_rule(place, "exercise_nudge", 2)
    plan = a_plan(ana, place.practitioner, exercises=clinical.some_exercises())
    home_links.show(plan, by=place.practitioner.user, now=NOW)
    return plan


def tick(plan: Plan, on: date) -> None:
    prescription = ExercisePrescription.objects.filter(intervention__plan=plan).first()
    assert prescription is not None
    home.say(prescription, on=on, done=True, pain=None, by=plan.author.user, now=NOW, today=on)


def test_who_ticks_nothing_is_reminded_with_the_way_to_their_page(place: SimpleNamespace, at_home: Plan) -> None:
    assert nudges.plan(now=local(25, 9)) == 1
    [message] = written("exercise_nudge")
    assert (message.due_at, message.link_purpose) == (local(26, 10), Purpose.HOME)
    assert message.subject_uid == at_home.episode.uid
    messaging.deliver_all(now=local(26, 10))
    assert ActionLink.objects.about(at_home.episode.uid).working(local(26, 11)).count() == 2  # the earlier one works on


def test_an_entry_made_meanwhile_stops_it_and_the_next_silence_is_another(
    place: SimpleNamespace, at_home: Plan
) -> None:
    nudges.plan(now=local(25, 9))
    tick(at_home, date(2026, 11, 25))
    nudges.plan(now=local(25, 9))
    assert [row.reason for row in written("exercise_nudge")] == [Reason.NO_LONGER_NEEDED]
    nudges.plan(now=local(26, 9))
    assert [row.due_at for row in written("exercise_nudge")] == [local(26, 10), local(27, 10)]


def test_without_a_page_that_works_nobody_is_asked_to_tick(place: SimpleNamespace, at_home: Plan) -> None:
    home_links.revoke(at_home, by=place.practitioner.user, now=NOW)
    assert nudges.plan(now=local(25, 9)) == 0


# -- The page, and what it costs -----------------------------------------------------------------------------


def test_tomorrow_names_them_with_the_reason(place: SimpleNamespace, unfinished: Plan, desk: Client) -> None:
    page = text(desk.get(at("messages_ahead")))
    assert "8 days after the last visit: sessions left, nothing booked" in page
    nudges.plan(now=NOW)
    [line] = ahead.of_day(date(2026, 11, 25), now=NOW).lines
    assert line.row is not None
    far = ahead.of_day(date(2026, 11, 27), now=local(22, 12))
    assert far.missing == []


def test_planning_costs_the_same_however_many_plans_there_are(place: SimpleNamespace, at_home: Plan) -> None:
    a_rule(place, "recall", 8)
    a_rule(place, "plan_review", 3)

    def cost() -> int:
        nudges.plan(now=NOW)
        with CaptureQueriesContext(connection) as asked:
            nudges.plan(now=NOW)
        return len(asked)

    a_visit_held(place, a_plan(make.a_reachable_patient(), place.practitioner), local(17, 9))
    before = cost()
    for hour in (10, 12, 14):
        a_visit_held(place, a_plan(make.a_reachable_patient(), place.practitioner), local(17, hour))
    assert cost() == before
