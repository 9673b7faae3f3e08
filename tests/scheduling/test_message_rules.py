"""Rules of when patients are written to, the patient's own choices, and how what is planned follows both."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import messaging
from clinic.messaging_states import MessagePurpose, Reason, State
from clinic.models import AuditEvent, Clinic, OutboundMessage
from patients import registration
from patients.models import Patient
from scheduling import booking, message_rules, reminders
from scheduling.due import OWN_CHOICE
from scheduling.message_rules import RuleRefused
from scheduling.models import Anchor, Appointment, MessageRule
from tests.factories import scheduling as make
from tests.factories import series as recurring
from tests.factories.scheduling import NOW, local

pytestmark = pytest.mark.django_db
HOUR, DAY = 60, 24 * 60
FRIDAY = local(27, 14)


@pytest.fixture
def ana(place: SimpleNamespace) -> Patient:
    return make.a_reachable_patient()


def usual() -> MessageRule:
    return MessageRule.objects.in_force().get()


def a_rule(place: SimpleNamespace, minutes: int, now: datetime = NOW - timedelta(days=60), **facts: Any) -> MessageRule:
    wanted: dict[str, Any] = {"purpose": MessagePurpose.VISIT_REMINDER, "anchor": Anchor.VISIT} | facts
    return message_rules.add(minutes=minutes, by=place.desk, now=now, **wanted)


def waiting(visit: Appointment) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.about(visit.uid).stoppable().order_by("due_at", "pk"))


def reminded_at(visit: Appointment) -> list[datetime]:
    return [row.due_at for row in waiting(visit) if row.says == MessagePurpose.VISIT_REMINDER]


# -- Booking ---------------------------------------------------------------------------------------------


def test_a_clinic_begins_with_one_reminder_a_day_before(place: SimpleNamespace, ana: Patient) -> None:
    assert str(usual()) == "1 day before the visit"
    visit = make.a_visit(place, FRIDAY, patient=ana)
    assert reminded_at(visit) == [local(26, 14)]
    assert waiting(visit)[-1].rule_uid == usual().uid
    message_rules.begin(now=NOW)
    assert MessageRule.objects.count() == 1


def test_a_visit_has_as_many_reminders_as_there_are_rules(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, 3 * HOUR)
    a_rule(place, 2 * DAY)
    visit = make.a_visit(place, FRIDAY, patient=ana)
    assert reminded_at(visit) == [local(25, 14), local(26, 14), local(27, 11)]
    assert len({row.occasion for row in waiting(visit)}) == 4  # and the confirmation


def test_what_falls_within_twelve_hours_of_the_booking_is_said_by_it_and_what_is_later_is_planned(
    place: SimpleNamespace, ana: Patient
) -> None:
    near, far = a_rule(place, 3 * HOUR), a_rule(place, 5 * DAY)
    visit = make.a_visit(place, local(25, 14), patient=ana)  # in thirty hours: the day before is in six
    told, reminder = waiting(visit)
    assert (told.purpose, told.due_at, reminder.due_at) == (MessagePurpose.VISIT_BOOKED, NOW, local(25, 11))
    assert reminder.rule_uid == near.uid
    silent = OutboundMessage.objects.about(visit.uid).get(rule_uid=MessageRule.objects.get(minutes=DAY).uid)
    assert (silent.reason, silent.said_by_uid) == (Reason.DUPLICATE_CONTACT, told.uid)
    assert not OutboundMessage.objects.filter(rule_uid=far.uid).exists()
    assert reminders.plan_missing(now=NOW) == 0


def test_a_special_rule_replaces_the_general_one_for_its_service(place: SimpleNamespace, ana: Patient) -> None:
    back_school = make.a_service("Back school")
    a_rule(place, 2 * HOUR, service=back_school)
    assert reminded_at(make.a_visit(place, FRIDAY, patient=ana, service=back_school)) == [local(27, 12)]
    assert reminded_at(make.a_visit(place, local(30, 10), patient=ana)) == [local(29, 10)]


def test_a_rule_for_text_messages_does_not_touch_who_is_reached_by_mail(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, 3 * HOUR, channel="sms")
    assert reminded_at(make.a_visit(place, FRIDAY, patient=ana)) == [local(26, 14)]


def test_a_reminder_is_planned_to_the_minute(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, 26 * HOUR + 25, service=place.service)
    visit = make.a_visit(place, local(27, 14, 10), patient=ana)
    assert reminded_at(visit) == [local(26, 11, 45)]


def test_each_day_of_a_series_is_reminded_of_once_and_by_itself(place: SimpleNamespace, ana: Patient) -> None:
    """Elsewhere all occurrences share one row, and each is reminded of anew at every tick."""
    visits = recurring.visits_of(recurring.a_series(place, recurring.daily(date(2026, 11, 27), count=3), patient=ana))
    assert len(visits) == 3
    for minutes in range(0, 6 * DAY, 3 * HOUR):
        now = NOW + timedelta(minutes=minutes)
        reminders.plan_missing(now=now)
        due = OutboundMessage.objects.stoppable().filter(due_at__lte=now, purpose="visit_reminder")
        due.update(state=State.ACCEPTED, handing_over_at=now, accepted_at=now, settled_at=now, provider_id="7")
    for visit in visits:
        told = OutboundMessage.objects.about(visit.uid).gone_out().filter(purpose="visit_reminder")
        assert [row.due_at for row in told] == [visit.starts_at - timedelta(days=1)]


def test_rules_cost_a_booking_no_statement(place: SimpleNamespace) -> None:
    def cost() -> int:
        patient = make.a_reachable_patient()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            make.a_visit(place, local(27, 9) + timedelta(hours=Appointment.objects.count()), patient=patient)
        return len(asked)

    make.a_visit(place, local(30, 9))
    before = cost()
    for minutes in (3 * DAY, 2 * DAY, 3 * HOUR):
        a_rule(place, minutes)
    assert cost() == before


# -- Which rules there can be ------------------------------------------------------------------------------


def test_a_rule_that_stands_already_is_refused(place: SimpleNamespace) -> None:
    with pytest.raises(RuleRefused, match="such a rule already"):
        a_rule(place, DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageRule.objects.create(purpose="visit_reminder", anchor="visit", minutes=DAY, made_at=NOW)


@pytest.mark.parametrize("minutes", [DAY + 11 * HOUR, DAY - 11 * HOUR])
def test_two_reminders_within_twelve_hours_are_refused_as_they_would_go_out_as_one(
    place: SimpleNamespace, minutes: int
) -> None:
    with pytest.raises(RuleRefused, match="at least twelve hours between them"):
        a_rule(place, minutes)


def test_rules_of_two_channels_or_services_do_not_stand_in_each_others_way(place: SimpleNamespace) -> None:
    a_rule(place, DAY, service=place.service)
    message_rules.retire(usual_general(), by=place.desk, now=NOW)
    a_rule(place, DAY, channel="sms")
    a_rule(place, DAY + HOUR, channel="email")
    with pytest.raises(RuleRefused):
        a_rule(place, DAY + 2 * HOUR)


def usual_general() -> MessageRule:
    return MessageRule.objects.in_force().get(service=None, channel="")


@pytest.mark.parametrize(
    "facts",
    [
        {"minutes": 31 * DAY},
        {"minutes": 30},
        {"anchor": "issue"},
        {"purpose": "recall", "anchor": "last_visit", "service": True},
        {"purpose": "waitlist_offer"},
        {"channel": "fax"},
    ],
)
def test_what_no_rule_can_be_the_database_refuses(place: SimpleNamespace, facts: dict[str, Any]) -> None:
    wanted = {"purpose": "visit_reminder", "anchor": "visit", "minutes": 2 * DAY, "made_at": NOW} | facts
    if "service" in wanted:
        wanted["service"] = place.service
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageRule.objects.create(**wanted)


def test_a_reminder_less_than_an_hour_before_is_refused_with_a_sentence(place: SimpleNamespace) -> None:
    with pytest.raises(RuleRefused, match="at least 1 hour before"):
        a_rule(place, 30)


@pytest.mark.parametrize(
    ("purpose", "anchor", "said"),
    [
        ("invoice", "issue", "when the invoice was issued"),
        ("plan_review", "review", "on the day of the review"),
        ("invoice", "due", ""),
        ("recall", "last_visit", ""),
        ("exercise_nudge", "last_entry", ""),
    ],
)
def test_at_once_is_said_only_of_what_can_be_said_at_once(
    place: SimpleNamespace, purpose: str, anchor: str, said: str
) -> None:
    if said:
        assert str(a_rule(place, 0, purpose=purpose, anchor=anchor)) == said
    else:
        with pytest.raises(RuleRefused, match="At least one day after"):
            a_rule(place, 0, purpose=purpose, anchor=anchor)


def test_who_made_and_who_retired_a_rule_is_written_down(place: SimpleNamespace) -> None:
    rule = message_rules.change(usual(), minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    message_rules.retire(rule, by=place.desk, now=NOW)
    message_rules.retire(rule, by=place.desk, now=NOW)
    said = AuditEvent.objects.filter(action__startswith="messagerule.").order_by("pk").values_list("action", flat=True)
    assert list(said) == ["messagerule.retired", "messagerule.added", "messagerule.retired"]


def test_of_two_who_change_a_rule_the_second_is_told(place: SimpleNamespace) -> None:
    rule = usual()
    message_rules.change(rule, minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    with pytest.raises(RuleRefused, match="meanwhile"):
        message_rules.change(rule, minutes=3 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    unchanged = usual()
    message_rules.change(unchanged, minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    assert usual() == unchanged


# -- What is planned follows ---------------------------------------------------------------------------------


def test_a_changed_rule_moves_what_is_planned_and_a_retired_one_stops_it(place: SimpleNamespace, ana: Patient) -> None:
    visit = make.a_visit(place, local(30, 14), patient=ana)
    rule = message_rules.change(usual(), minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    assert reminders.plan_missing(now=NOW) == 1
    assert reminded_at(visit) == [local(28, 14)]
    old = OutboundMessage.objects.about(visit.uid).get(due_at=local(29, 14))
    assert (old.state, old.reason) == (State.SUPPRESSED, Reason.RULE_CHANGED)
    message_rules.retire(rule, by=place.desk, now=NOW)
    assert reminders.plan_missing(now=NOW) == 1
    assert reminded_at(visit) == []
    assert reminders.plan_missing(now=NOW) == 0
    assert [row.says for row in waiting(visit)] == [MessagePurpose.VISIT_BOOKED]


def test_a_new_rule_reaches_what_is_booked_but_overruns_nobody_whose_time_has_passed(
    place: SimpleNamespace, ana: Patient
) -> None:
    soon, later = make.a_visit(place, local(26, 14), patient=ana), make.a_visit(place, local(30, 14), patient=ana)
    a_rule(place, 3 * DAY, now=NOW)
    assert reminders.plan_missing(now=NOW) == 1
    assert reminded_at(soon) == [local(25, 14)]
    assert reminded_at(later) == [local(27, 14), local(29, 14)]


def test_who_would_be_left_without_a_reminder_by_a_change_is_reminded_late_rather_than_never(
    place: SimpleNamespace, ana: Patient
) -> None:
    visit = make.a_visit(place, local(26, 14), patient=ana)
    OutboundMessage.objects.filter(purpose="visit_booked").delete()
    message_rules.change(usual(), minutes=5 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    assert reminders.plan_missing(now=NOW) == 1
    assert reminded_at(visit) == [NOW]


def test_a_changed_rule_is_followed_by_all_visits_however_far_ahead_and_in_as_many_turns_as_it_takes(
    place: SimpleNamespace, ana: Patient
) -> None:
    visits = [make.a_visit(place, local(day, 14, month=12), patient=ana) for day in (20, 21, 22)]
    message_rules.change(usual(), minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    assert [reminders.plan_missing(now=NOW, limit=2) for _ in range(3)] == [2, 1, 0]
    assert [reminded_at(visit) for visit in visits] == [[visit.starts_at - timedelta(days=2)] for visit in visits]
    assert not MessageRule.objects.to_follow().exists()


def test_the_beat_follows_a_change_to_its_end(place: SimpleNamespace, ana: Patient) -> None:
    for day in (20, 21, 22):
        make.a_visit(place, local(day, 14, month=12), patient=ana)
    message_rules.change(usual(), minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=NOW)
    assert reminders.plan_all(now=NOW, seconds=60, limit=2) == 3
    assert not MessageRule.objects.to_follow().exists()
    assert reminders.plan_all(now=NOW, seconds=60) == 0


def test_what_has_gone_out_is_not_said_again_whatever_becomes_of_the_rules(
    place: SimpleNamespace, ana: Patient
) -> None:
    visit = make.a_visit(place, local(26, 14), patient=ana)
    for now in (NOW, local(25, 14)):
        messaging.deliver_due(now=now)
    assert OutboundMessage.objects.about(visit.uid).gone_out().count() == 2
    message_rules.change(usual(), minutes=2 * DAY, channel="", anchor="visit", by=place.desk, now=local(25, 15))
    assert reminders.plan_missing(now=local(25, 15)) == 0
    assert waiting(visit) == []


def test_the_clinics_hours_move_what_is_planned_when_they_change(place: SimpleNamespace, ana: Patient) -> None:
    visit = make.a_visit(place, local(30, 9), patient=ana)
    assert reminded_at(visit) == [local(29, 9)]
    Clinic.objects.update(messages_from="10:00", messages_until="18:00")
    assert reminders.plan_missing(now=local(27, 12)) == 1  # before it is due
    assert reminded_at(visit) == [local(28, 17, 30)]


# -- The patient's own choice ----------------------------------------------------------------------------------


def correct(place: SimpleNamespace, patient: Patient, now: datetime = NOW, **facts: Any) -> Patient:
    return registration.correct(Patient.objects.get(pk=patient.pk), by=place.desk, now=now, **facts)


def test_the_patients_own_lead_time_beats_the_clinics_and_what_is_planned_follows_at_once(
    place: SimpleNamespace, ana: Patient
) -> None:
    a_rule(place, 3 * DAY)
    visit = make.a_visit(place, local(30, 14), patient=ana)
    assert reminded_at(visit) == [local(27, 14), local(29, 14)]
    correct(place, ana, lead_hours=5)
    assert reminded_at(visit) == [local(30, 9)]
    assert waiting(visit)[-1].occasion == OWN_CHOICE
    stopped = OutboundMessage.objects.about(visit.uid).filter(reason=Reason.RULE_CHANGED)
    assert stopped.count() == 2
    correct(place, ana, lead_hours=None)
    assert reminded_at(visit) == [local(27, 14), local(29, 14)]


def test_a_visit_booked_by_somebody_with_a_wish_of_their_own_follows_it(place: SimpleNamespace) -> None:
    patient = make.a_reachable_patient(lead_hours=48)
    assert reminded_at(make.a_visit(place, local(30, 14), patient=patient)) == [local(28, 14)]


def test_quiet_hours_are_those_of_the_patients_own_clock(place: SimpleNamespace, ana: Patient) -> None:
    visit = make.a_visit(place, local(30, 10), patient=ana)
    assert reminded_at(visit) == [local(29, 10)]
    correct(place, ana, zone="America/Los_Angeles")  # ten in New York is seven there
    assert reminded_at(visit) == [local(28, 23, 30)]  # half past eight in the evening there


def test_a_patient_who_wants_nothing_more_has_nothing_planned_and_who_comes_back_has_it_again(
    place: SimpleNamespace, ana: Patient
) -> None:
    visit = make.a_visit(place, local(30, 14), patient=ana)
    correct(place, ana, preferred_channel="none")
    assert waiting(visit) == []
    correct(place, ana, preferred_channel="email")
    assert reminded_at(visit) == [local(29, 14)]


def test_who_changes_to_a_way_they_have_not_agreed_to_is_written_down_as_that(
    place: SimpleNamespace, ana: Patient, settings: Any
) -> None:
    settings.SMS_URL = "twilio://AC0:secret@api.example"
    visit = make.a_visit(place, local(30, 14), patient=ana)
    correct(place, ana, preferred_channel="sms", phone="+12125550142")
    assert [row.says for row in waiting(visit)] == [MessagePurpose.VISIT_BOOKED]
    silent = OutboundMessage.objects.about(visit.uid).get(purpose="visit_reminder", channel="sms")
    assert (silent.state, silent.reason) == (State.SUPPRESSED, Reason.NO_CONSENT)
    reminders.plan_missing(now=NOW)
    assert OutboundMessage.objects.about(visit.uid).filter(channel="sms").count() == 1


def test_a_choice_that_changes_nothing_about_messages_touches_no_message(place: SimpleNamespace, ana: Patient) -> None:
    visit = make.a_visit(place, local(30, 14), patient=ana)
    before = list(OutboundMessage.objects.about(visit.uid).order_by("pk").values())
    correct(place, ana, city="Portland", lead_hours=None)
    assert list(OutboundMessage.objects.about(visit.uid).order_by("pk").values()) == before


@pytest.mark.parametrize("hours", [0, 721])
def test_a_lead_time_that_cannot_be_is_refused(place: SimpleNamespace, ana: Patient, hours: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=ana.pk).update(lead_hours=hours)


def test_a_move_keeps_to_the_rules_as_well(place: SimpleNamespace, ana: Patient) -> None:
    a_rule(place, 3 * HOUR)
    visit = make.a_visit(place, FRIDAY, patient=ana)
    moved = booking.move(appointment=visit, starts_at=local(30, 10), by=place.desk, now=NOW)
    assert reminded_at(moved) == [
        local(29, 10)
    ]  # the other would be at half past eight that evening: the first says both
    silent = OutboundMessage.objects.about(visit.uid).get(subject_version=2, state=State.SUPPRESSED)
    assert (silent.reason, silent.said_by_uid) == (Reason.DUPLICATE_CONTACT, waiting(moved)[-1].uid)
