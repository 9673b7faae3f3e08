"""The pages on which the clinic says when its patients are written to, and those on which a patient says otherwise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import wordings
from clinic.messaging_states import MessagePurpose
from clinic.models import Clinic, OutboundMessage
from clinic.wording import Kind, Spot
from patients.models import Patient
from scheduling import message_rules
from scheduling.models import Anchor, MessageRule
from tests.factories import people
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW, local
from tests.scheduling.test_pages import at, text

pytestmark = pytest.mark.django_db
DAY = 24 * 60
REMINDER = {"amount": 3, "unit": "hours", "anchor": "visit", "service": "", "location": "", "channel": ""}


def rules(purpose: str = "visit_reminder") -> list[str]:
    return [str(rule) for rule in MessageRule.objects.in_force().of(purpose).order_by("minutes")]


def test_the_desk_adds_changes_and_retires_a_reminder(desk: Client) -> None:
    assert "1 day before the visit" in text(desk.get(at("message_rules")))
    assert desk.post(at("message_rule_add"), REMINDER).status_code == 303
    assert rules() == ["3 hours before the visit", "1 day before the visit"]
    rule = MessageRule.objects.in_force().get(minutes=180)
    page = text(desk.get(at("message_rule_change", rule.uid)))
    assert 'value="3"' in page
    changed = desk.post(at("message_rule_change", rule.uid), REMINDER | {"amount": 90, "unit": "minutes"})
    assert changed.status_code == 303
    assert rules() == ["1 hour and 30 minutes before the visit", "1 day before the visit"]
    now = MessageRule.objects.in_force().get(minutes=90)
    assert desk.post(at("message_rule_retire", now.uid)).status_code == 303
    assert rules() == ["1 day before the visit"]
    assert desk.get(at("message_rule_change", rule.uid)).status_code == 404


def test_a_rule_is_asked_for_in_other_words_once_there_are_any(desk: Client) -> None:
    assert "In which words" not in text(desk.get(at("message_rule_add")))
    spot = Spot(Kind.VISIT_REMINDER, "sms", "en", "Last word")
    wordings.save(spot=spot, title="", text="Soon: {when} {link}", seen=0, by=people.an_owner(), now=NOW)
    page = text(desk.get(at("message_rule_add")))
    assert "In which words" in page
    assert '<option value="Last word">Last word</option>' in page
    assert desk.post(at("message_rule_add"), REMINDER | {"variant": "Last word"}).status_code == 303
    rule = MessageRule.objects.in_force().get(minutes=180)
    assert rule.variant == "Last word"
    assert "“Last word”" in text(desk.get(at("message_rules")))
    assert '<option value="Last word" selected>' in text(desk.get(at("message_rule_change", rule.uid)))
    assert desk.post(at("message_rule_change", rule.uid), REMINDER | {"variant": ""}).status_code == 303
    assert MessageRule.objects.in_force().get(minutes=180).variant == ""
    assert desk.post(at("message_rule_add"), REMINDER | {"amount": 2, "variant": "No such"}).status_code == 422


def test_a_rule_for_one_service_and_place_says_so_on_the_list_and_when_asked_which_hold(
    desk: Client, place: SimpleNamespace
) -> None:
    only = {"service": str(place.service.uid), "location": str(place.location.uid)}
    assert desk.post(at("message_rule_add"), REMINDER | only).status_code == 303
    listed = text(desk.get(at("message_rules")))
    assert listed.count(f'<span class="rule-for">{place.service}</span>') == 1
    asked = text(desk.get(at("message_rules", channel="email", **only)))
    assert "<strong>3 hours before the visit</strong>" in asked
    assert "<strong>1 day before the visit</strong>" in text(desk.get(at("message_rules", channel="email")))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"amount": ""}, "This field is required"),
        ({"amount": 31, "unit": "days"}, "At most 30 days"),
        ({"amount": 30, "unit": "minutes"}, "at least 1 hour before"),
        ({"amount": 1, "unit": "days"}, "such a rule already"),
        ({"amount": 30, "unit": "hours"}, "at least twelve hours between them"),
        ({"anchor": "issue"}, "Select a valid choice"),
        ({"unit": "weeks"}, "Select a valid choice"),
        ({"service": "7"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_beside_the_field_and_nothing_typed_is_lost(
    desk: Client, typed: dict[str, Any], sentence: str
) -> None:
    answer = desk.post(at("message_rule_add"), REMINDER | {"channel": "sms"} | typed)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'value="sms" selected' in text(answer)
    assert rules() == ["1 day before the visit"]


@pytest.mark.parametrize("purpose", ["recall", "plan_review", "exercise_nudge", "invoice"])
def test_between_visits_rules_are_counted_in_days_and_stand_under_their_own_heading(desk: Client, purpose: str) -> None:
    page = text(desk.get(at("message_rule_add"), {"for": purpose}))
    assert 'name="service"' not in page
    anchor = {"recall": "last_visit", "plan_review": "review", "exercise_nudge": "last_entry", "invoice": "due"}[
        purpose
    ]
    typed = {"amount": 14, "unit": "days", "anchor": anchor, "channel": ""}
    assert desk.post(f"{at('message_rule_add')}?for={purpose}", typed).status_code == 303
    assert rules(purpose)[0].startswith("14 days ")
    refused = desk.post(f"{at('message_rule_add')}?for={purpose}", typed | {"unit": "hours"})
    assert refused.status_code == 422


def test_a_purpose_that_no_rule_can_have_is_taken_for_a_reminder(desk: Client) -> None:
    assert "before the visit" in text(desk.get(at("message_rule_add"), {"for": "password_reset"}))


def test_a_therapist_neither_sees_nor_changes_rules(therapist: Client) -> None:
    rule = MessageRule.objects.get()
    assert therapist.get(at("message_rules")).status_code == 403
    assert therapist.get(at("messages_ahead")).status_code == 403
    assert therapist.post(at("message_rule_add"), REMINDER).status_code == 403
    assert therapist.post(at("message_rule_retire", rule.uid)).status_code == 403
    assert rules() == ["1 day before the visit"]


def test_the_list_costs_the_same_with_one_rule_and_with_four(desk: Client, place: SimpleNamespace) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(at("message_rules")).status_code == 200
        return len(asked)

    cost()
    before = cost()
    for days in (2, 4, 6):
        message_rules.add(
            purpose=MessagePurpose.VISIT_REMINDER, anchor=Anchor.VISIT, minutes=days * DAY, service=place.service,
            location=place.location, by=place.desk, now=NOW,
        )  # fmt: skip
    assert cost() == before


# -- The clinic's hours ------------------------------------------------------------------------------------


def test_an_owner_sets_the_decent_hours_and_they_leave_room_for_messages(sign_in: Any, place: SimpleNamespace) -> None:
    owner = sign_in(people.an_owner())
    clinic = Clinic.the()
    typed = {
        "name": clinic.name, "country": "US", "currency": "USD", "revision": clinic.revision,
        "messages_from": "09:00", "messages_until": "19:30", "texts_a_day": 2,
    }  # fmt: skip
    refused = owner.post(reverse("office:clinic"), typed | {"messages_until": "10:00"})
    assert (refused.status_code, "at least three hours" in text(refused)) == (422, True)
    assert owner.post(reverse("office:clinic"), typed).status_code == 303
    clinic = Clinic.the()
    assert (f"{clinic.messages_from:%H:%M}", f"{clinic.messages_until:%H:%M}") == ("09:00", "19:30")
    assert clinic.texts_a_day == 2
    assert "19:30" in text(owner.get(at("message_rules")))


# -- The patient's own wish ----------------------------------------------------------------------------------


def particulars(patient: Patient, **changed: Any) -> dict[str, Any]:
    return {
        "given_name": patient.given_name, "family_name": patient.family_name, "born_on": f"{patient.born_on:%Y-%m-%d}",
        "sex": patient.sex, "email": patient.email, "preferred_channel": "email", "language": "en", "country": "US",
        "revision": patient.revision, "lead_hours": "", "zone": "",
    } | changed  # fmt: skip


def test_the_desk_writes_down_when_a_patient_wants_to_be_reminded(desk: Client, place: SimpleNamespace) -> None:
    ana = make.a_reachable_patient()
    visit = make.a_visit(place, local(30, 14), patient=ana)
    page = reverse("patients:correct", args=[ana.uid])
    assert "As the clinic does" in text(desk.get(page))
    answer = desk.post(page, particulars(ana, lead_hours="72", zone="los angeles"))
    assert answer.status_code == 303
    ana.refresh_from_db()
    assert (ana.lead_hours, ana.zone, ana.reminded) == (72, "America/Los_Angeles", "3 days before")
    row = OutboundMessage.objects.about(visit.uid).stoppable().get(purpose="visit_reminder")
    assert row.due_at == local(27, 14)
    shown = text(desk.get(reverse("patients:patient", args=[ana.uid])))
    assert "3 days before, by the clock of America/Los_Angeles" in shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [({"zone": "Atlantis"}, "Choose a time zone"), ({"lead_hours": "721"}, "Select a valid choice")],
)
def test_a_wish_that_cannot_be_is_refused_beside_its_field(desk: Client, typed: dict[str, str], sentence: str) -> None:
    ana = make.a_reachable_patient()
    answer = desk.post(reverse("patients:correct", args=[ana.uid]), particulars(ana, **typed))
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_a_lead_time_that_is_on_no_list_is_kept_when_something_else_is_corrected(desk: Client) -> None:
    ana = make.a_reachable_patient(lead_hours=30)
    page = text(desk.get(reverse("patients:correct", args=[ana.uid])))
    assert 'value="30" selected' in page
    assert ana.reminded == "1 day and 6 hours before"
