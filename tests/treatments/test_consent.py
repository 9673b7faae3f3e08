"""Consent: whose, how, to whom, to which words; and that an old version of a plan stays word for word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from clinic.models import AuditEvent
from tests.factories import treatments as make
from treatments import plans
from treatments.models import ConsentHow, ExercisePrescription, Goal, Intervention, Plan, SameDay

pytestmark = pytest.mark.django_db


def test_consent_keeps_its_words_how_they_came_and_to_whom_it_was_given():
    plan, other = make.a_plan(accepted=False), make.a_practitioner(name="Ola Other")
    plans.accept(
        plan, consented_on=make.TODAY, how=ConsentHow.SIGNED, giver=" Rosa Núñez ", taken_by=other.user,
        by=plan.author.user, now=make.NOW, today=make.TODAY,
    )  # fmt: skip
    plan.refresh_from_db()
    assert plan.consent_text == plans.CONSENT_WORDING
    assert (plan.consent_how, plan.consent_giver, plan.consent_taken_by) == ("signed", "Rosa Núñez", other.user)
    assert AuditEvent.objects.get(action="plan.accepted").detail["how"] == "signed"


def test_the_page_shows_the_words_that_were_agreed_to_also_when_the_house_has_new_ones(client, monkeypatch):
    plan = make.a_plan()
    old = plans.CONSENT_WORDING
    monkeypatch.setattr(plans, "CONSENT_WORDING", "Entirely new words.")
    client.force_login(plan.author.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("treatments:plan", args=[plan.uid])).content.decode()
    assert old in page
    assert "Entirely new words." not in page


def everything_of(plan: Plan) -> list[object]:
    """Each value of a version and of all its parts, the state it is in left out."""
    living = {"status", "ended_at", "ended_by_id", "end_reason", "revision"}
    rows = [Plan.objects.filter(pk=plan.pk).values().get()]
    rows += Intervention.objects.filter(plan=plan).order_by("pk").values()
    rows += ExercisePrescription.objects.filter(intervention__plan=plan).order_by("pk").values()
    rows += Goal.objects.filter(plan=plan).order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in living} for row in rows]


def test_a_revised_plan_keeps_its_old_version_word_for_word_with_its_consent():
    goal = plans.GoalPart(measure="other", wording="Lift a shopping bag")
    first = make.a_plan(
        exercises=make.some_exercises(), goals=(goal,), summary="Calm the spasm", same_day=SameDay.MASSAGE_FIRST
    )
    before = everything_of(first)
    second = plans.propose(
        first.episode, author=first.author, by=first.author.user, now=make.NOW, today=make.TODAY,
        proposal=make.a_proposal(summary="Strengthen", massages=(make.a_massage(sessions=2),)),
    )  # fmt: skip
    plans.accept(second, consented_on=make.TODAY, by=first.author.user, now=make.NOW, today=make.TODAY)
    first.refresh_from_db()
    assert first.status == "superseded"
    assert everything_of(first) == before
    assert first.consent_text == plans.CONSENT_WORDING
    assert (second.version, second.replaces) == (2, first)


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Something else"},
        {"review_on": make.TODAY + timedelta(days=90)},
        {"same_day": "apart"},
        {"consent_text": "I agree to anything."},
        {"consent_how": "telephone"},
        {"consent_giver": "Somebody"},
        {"consented_on": make.TODAY - timedelta(days=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_database_refuses_to_change_what_was_planned_or_agreed(change):
    plan = make.a_plan()
    with pytest.raises(DatabaseError), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(**change)


def test_the_database_refuses_to_remove_a_plan():
    plan = make.a_plan(massages=(), exercises=make.some_exercises())
    with pytest.raises(DatabaseError), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).delete()


def test_a_plan_without_its_words_is_not_accepted_by_the_database():
    plan = make.a_plan(accepted=False)
    with pytest.raises(DatabaseError, match="consent_keeps_its_words"), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(
            status="accepted", accepted_at=make.NOW, accepted_by=plan.author.user, consented_on=make.TODAY,
            consent_wording="2026-11",
        )  # fmt: skip


def test_the_form_says_how_consent_was_given_and_to_whom(client):
    plan = make.a_plan(accepted=False)
    client.force_login(plan.author.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("treatments:plan_accept", args=[plan.uid])
    said = {"consented_on": make.TODAY.isoformat(), "how": "telephone", "giver": "Rosa Núñez", "revision": 1}
    refused = client.post(url, said)
    assert refused.status_code == 422
    assert "A plan starts with the patient&#x27;s consent." in refused.content.decode()
    assert "Rosa Núñez" in refused.content.decode()


def test_a_level_that_an_exercise_does_not_have_is_refused():
    part = make.some_exercises("bridge")
    bad = plans.ExercisePart(30, 4, 7, (plans.Dose(part.doses[0].exercise, 3, 10, 4, level=8),))
    with pytest.raises(plans.PlanRefused, match="has no level 8"):
        make.a_plan(massages=(), exercises=bad)


def test_a_level_keeps_its_words_of_the_day():
    exercise = make.some_exercises("bridge").doses[0].exercise
    part = plans.ExercisePart(30, 4, 7, (plans.Dose(exercise, 3, 10, 4, level=2, next_when="it is easy"),))
    plan = make.a_plan(massages=(), exercises=part)
    one = ExercisePrescription.objects.get(intervention__plan=plan)
    assert (one.level_words, one.next_when) == (exercise.progressions[0], "it is easy")
