"""A patient's own exercises by link: seen as often as one likes, ticked by a press, and for nobody else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from clinic import links
from clinic import time as clocks
from clinic.links import Purpose
from clinic.models import AuditEvent
from tests.factories import treatments as make
from tests.portal.test_portal import HEADERS, fingerprint
from treatments import episodes, home_links, plans
from treatments.models import Exercise, HomeTick

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: make.NOW)
    patient = make.a_patient(family_name="Ribeiro", preferred_name="Aninha")
    part = make.some_exercises("bridge", "bird-dog")
    return make.a_plan(make.an_episode(patient), exercises=part)


def token_for(plan, **changes) -> str:
    facts = {
        "purpose": Purpose.HOME, "subject_uid": plan.episode.uid, "expires_at": make.NOW + timedelta(days=90),
        "now": make.NOW,
    }  # fmt: skip
    return links.issue(**(facts | changes))


def at(token, name="portal:home"):
    return reverse(name, args=[token])


def said(**facts):
    return {"exercise": "1", "on": make.TODAY.isoformat(), "done": "yes", "pain": "3"} | facts


def test_the_page_shows_the_exercises_and_nothing_of_why(client, plan):
    answer = client.get(at(token_for(plan)))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Aninha, your exercises" in text
    for word in ("Shoulder bridge", "Stop if", "3 × 10 repetitions, 4 times a week", "<svg", "<title>"):
        assert word in text
    for private in ("Ribeiro", "M62.830", "spasm", "Neuromuscular", plan.patient.number_label, "washing machine"):
        assert private not in text
    assert {header: answer[header] for header in HEADERS} == HEADERS
    assert AuditEvent.objects.filter(action="home.viewed", actor_kind="link").count() == 1


def test_looking_in_every_way_changes_nothing(client, plan):
    token = token_for(plan)
    before = fingerprint()
    for name in ("portal:home", "portal:home_paper"):
        for method in (client.get, client.head, client.options, client.put, client.patch, client.delete):
            method(at(token, name))
    assert fingerprint() == before
    assert not HomeTick.objects.exists()


def test_a_press_ticks_the_day_and_the_same_press_again_says_the_same(client, plan):
    token = token_for(plan)
    for _ in range(2):
        answer = client.post(at(token), said())
        assert answer.status_code == 302
    (tick,) = HomeTick.objects.all()
    assert (tick.on, tick.done, tick.pain) == (make.TODAY, True, 3)
    assert "Done today" in client.get(at(token)).content.decode()
    client.post(at(token), said(done="no", pain=""))
    tick.refresh_from_db()
    assert (tick.done, tick.pain) == (False, None)


def test_the_link_is_used_as_often_as_there_are_days(client, plan):
    token = token_for(plan)
    for back in range(7):
        day = (make.TODAY - timedelta(days=back)).isoformat()
        assert client.post(at(token), said(on=day)).status_code == 302
    assert HomeTick.objects.count() == 7


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pain": "11"}, "Pain is a number from 0 to 10."),
        ({"pain": "a lot"}, "Pain is a number from 0 to 10."),
        ({"on": "2026-11-17"}, "Only the last seven days can be ticked."),
        ({"on": "2026-11-25"}, "Only the last seven days can be ticked."),
        ({"exercise": "9"}, "That exercise is no longer in your plan."),
    ],
)
def test_what_makes_no_sense_is_said_and_writes_nothing(client, plan, wrong, sentence):
    answer = client.post(at(token_for(plan)), said(**wrong))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not HomeTick.objects.exists()


def test_one_patients_link_never_ticks_anothers_exercise(client, plan):
    other = make.a_plan(make.an_episode(make.a_patient()), exercises=make.some_exercises("clam"))
    client.post(at(token_for(plan)), said())
    assert HomeTick.objects.get().prescription.intervention.plan == plan
    assert not HomeTick.objects.filter(prescription__intervention__plan=other).exists()


@pytest.mark.parametrize("wrong", ["expired", "tampered", "revoked", "of a visit", "renewed"])
def test_whatever_is_wrong_with_a_link_the_page_is_the_same_and_nothing_is_written(client, plan, wrong):
    token = token_for(plan)
    if wrong == "expired":
        token = token_for(plan, now=make.NOW - timedelta(days=91), expires_at=make.NOW - timedelta(days=1))
    elif wrong == "tampered":
        token = ("A" if token[0] != "A" else "B") + token[1:]
    elif wrong == "revoked":
        home_links.revoke(plan, by=plan.author.user, now=make.NOW)
    elif wrong == "of a visit":
        token = token_for(plan, purpose=Purpose.VISIT)
    else:
        home_links.show(plan, by=plan.author.user, now=make.NOW)
    for answer in (client.get(at(token)), client.post(at(token), said()), client.get(at(token, "portal:home_paper"))):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.content.decode()
    assert not HomeTick.objects.exists()


def test_a_revision_keeps_the_address_and_shows_the_new_plan(client, plan):
    token = token_for(plan)
    second = plans.propose(
        plan.episode, author=plan.author, by=plan.author.user, now=make.NOW, today=make.TODAY,
        proposal=make.a_proposal(massages=(), exercises=make.some_exercises("clam")),
    )  # fmt: skip
    assert "Shoulder bridge" in client.get(at(token)).content.decode()
    plans.accept(second, consented_on=make.TODAY, by=plan.author.user, now=make.NOW, today=make.TODAY)
    text = client.get(at(token)).content.decode()
    assert "Clam" in text
    assert "Shoulder bridge" not in text


def test_a_plan_that_ended_ends_the_page(client, plan):
    token = token_for(plan)
    plans.complete(plan, reason="All well", by=plan.author.user, now=make.NOW)
    assert client.get(at(token)).status_code == 410
    episodes.close(plan.episode, reason="All well", by=plan.author.user, now=make.NOW)
    assert client.post(at(token), said()).status_code == 410


def test_the_paper_is_the_patients_too(client, plan):
    answer = client.get(at(token_for(plan), "portal:home_paper"))
    assert answer["Content-Type"] == "application/pdf"
    assert "Shoulder bridge" in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()


@pytest.mark.parametrize("rows", [1, 4])
def test_the_page_costs_the_same_however_many_exercises(client, rows, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: make.NOW)
    slugs = Exercise.objects.in_use().values_list("slug", flat=True)[:rows]
    plan = make.a_plan(massages=(), exercises=make.some_exercises(*slugs))
    url = at(token_for(plan))
    client.get(url)
    with django_assert_num_queries(14):
        text = client.get(url).content.decode()
    assert text.count('class="exercise ') == rows
