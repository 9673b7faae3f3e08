"""The programme for home as the therapist sees it: what was said, the paper, the address of the patient's page."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from pypdf import PdfReader

from clinic import links
from clinic import time as clocks
from clinic.access import SYSTEM
from clinic.links import Purpose
from clinic.models import ActionLink, AuditEvent, Clinic, OutboundMessage
from patients import consent
from tests.factories import people
from tests.factories import treatments as make
from tests.factories.outcomes import a_measurement
from treatments import home, home_links, measured, plans
from treatments.models import ExercisePrescription, HomeTick

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: make.NOW)
    patient = make.a_patient(email="ana@patients.example", preferred_channel="email")
    return make.a_plan(make.an_episode(patient), exercises=make.some_exercises())


def one_of(plan) -> ExercisePrescription:
    return ExercisePrescription.objects.filter(intervention__plan=plan).order_by("position").first()


def say(plan, **facts):
    defaults = {"on": make.TODAY, "done": True, "pain": 3, "by": SYSTEM, "now": make.NOW, "today": make.TODAY}
    return home.say(one_of(plan), **(defaults | facts))


def as_author(client, plan):
    client.force_login(plan.author.user, backend=BACKEND)
    return client


# -- What is said ------------------------------------------------------------------------------------------


def test_the_last_word_on_a_day_counts(plan):
    say(plan, pain=7)
    say(plan, pain=2)
    assert [(t.done, t.pain) for t in HomeTick.objects.all()] == [(True, 2)]
    assert AuditEvent.objects.filter(action="home.ticked").count() == 2


@pytest.mark.parametrize("days", [1, -7])
def test_only_the_last_seven_days_are_open(plan, days):
    with pytest.raises(home.HomeRefused, match="last seven days"):
        say(plan, on=make.TODAY + timedelta(days=days))


@pytest.mark.parametrize("pain", [-1, 11])
def test_pain_is_zero_to_ten_for_the_verb_and_for_the_database(plan, pain):
    with pytest.raises(home.HomeRefused, match="0 to 10"):
        say(plan, pain=pain)
    if pain > 0:
        with pytest.raises(IntegrityError), transaction.atomic():
            HomeTick.objects.create(prescription=one_of(plan), on=make.TODAY, done=True, pain=pain, said_at=make.NOW)


def test_the_next_visit_shows_how_much_was_done_and_how_it_felt(client):
    plan = make.a_plan(exercises=make.some_exercises(), accepted=False)
    begun = make.NOW - timedelta(days=10)
    plan = plans.accept(plan, consented_on=make.TODAY, by=plan.author.user, now=begun, today=make.TODAY)
    for back, pain in ((1, 2), (2, 3), (3, 3)):
        say(plan, on=make.TODAY - timedelta(days=back), pain=pain, today=make.TODAY)
    note = make.a_note(plan)
    client = as_author(client, plan)
    chart = client.get(reverse("treatments:chart", args=[note.uid])).content.decode()
    panel_url = reverse("treatments:home", args=[plan.uid])
    assert f"{panel_url}?brief=1" in chart
    panel = client.get(panel_url, {"brief": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert panel.lstrip().startswith("<section")
    assert "3 of 4" in panel
    assert "Send the patient" not in panel
    assert panel_url in client.get(reverse("treatments:plan", args=[plan.uid])).content.decode()


@pytest.mark.parametrize("rows", [1, 4])
def test_the_panel_costs_the_same_however_much_was_said(client, plan, rows, django_assert_num_queries):
    for back in range(rows):
        say(plan, on=make.TODAY - timedelta(days=back), today=make.TODAY)
    client, url = as_author(client, plan), reverse("treatments:home", args=[plan.uid])
    client.get(url, headers={"HX-Request": "true"})
    with django_assert_num_queries(14):
        client.get(url, headers={"HX-Request": "true"})


# -- On paper ----------------------------------------------------------------------------------------------


def test_the_paper_has_every_exercise_its_dose_and_a_grid_and_nothing_of_the_diagnosis(client, plan):
    answer = as_author(client, plan).get(reverse("treatments:home_paper", args=[plan.uid]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    reader = PdfReader(io.BytesIO(answer.content))
    said = "\n".join(page.extract_text() for page in reader.pages)
    for word in ("Shoulder bridge", "Opposite arm and leg", "4 times a week", "Stop if", "Week 1", "Week 4", "Sun"):
        assert word in said
    for private in ("M62.830", "spasm", "washing machine", "Neuromuscular"):
        assert private not in said
    assert "pdfuaid" in answer.content.decode("latin-1")
    assert "Lying on the back, knees bent" in drawn(reader)


def drawn(reader: PdfReader) -> str:
    """What the drawings say to who cannot see them: the texts of the document's figures."""
    told: list[str] = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif hasattr(node, "get"):
            if node.get("/Alt"):
                told.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return "\n".join(told)


def test_what_is_typed_in_a_remark_is_text_on_paper_and_not_code(client, plan):
    exercise = one_of(plan).exercise
    part = plans.ExercisePart(30, 4, 7, (plans.Dose(exercise, 3, 10, 4, remark="#panic() *bold* $x$"),))
    other = make.a_plan(massages=(), exercises=part)
    pdf = home.paper(home.plan_of(other.episode), today=make.TODAY)
    assert "#panic() *bold* $x$" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


# -- The address of the patient's page -----------------------------------------------------------------------


def test_an_address_is_shown_once_and_a_new_one_ends_the_old(client, plan):
    first = home_links.show(plan, by=plan.author.user, now=make.NOW)
    assert client.get(first.replace("http://testserver", "")).status_code in (200, 404)
    home_links.show(plan, by=plan.author.user, now=make.NOW)
    assert ActionLink.objects.working(make.NOW).count() == 1
    assert links.resolve(first.rstrip("/").rpartition("/")[2], Purpose.HOME, make.NOW) is None


def test_the_message_names_nothing_clinical(plan):
    consent.record(patient=plan.patient, channel="email", given=True, by=people.front_desk(), now=make.NOW)
    home_links.send(plan, by=plan.author.user, now=make.NOW)
    (message,) = OutboundMessage.objects.all()
    assert (message.purpose, message.link_purpose) == ("home_programme", "home")
    clinic = Clinic.objects.get().sender
    said = (message.title + message.text).replace(clinic, "").lower()
    for word in ("exercise", "back", "spasm", "treat", "plan"):
        assert word not in said


@pytest.mark.parametrize("act", [home_links.show, home_links.revoke, home_links.send])
def test_an_address_that_waits_to_be_sent_is_ended_too(plan, act):
    consent.record(patient=plan.patient, channel="email", given=True, by=people.front_desk(), now=make.NOW)
    home_links.send(plan, by=plan.author.user, now=make.NOW)
    first = OutboundMessage.objects.get()
    act(plan, by=plan.author.user, now=make.NOW)
    first.refresh_from_db()
    assert first.state == "suppressed"


def test_without_consent_nothing_is_sent_and_the_sentence_says_what_to_do(client, plan):
    with pytest.raises(home_links.LinkRefused, match="Show the link instead"):
        home_links.send(plan, by=plan.author.user, now=make.NOW)
    assert not OutboundMessage.objects.exists()


def test_only_the_plan_in_force_has_a_page(plan):
    plans.stop(plan, reason="Moved away", by=plan.author.user, now=make.NOW)
    with pytest.raises(home_links.LinkRefused, match="plan in force"):
        home_links.show(plan, by=plan.author.user, now=make.NOW)


@pytest.mark.parametrize(("who", "status"), [("desk", 403), ("owner", 403), ("stranger", 404)])
def test_who_may_not_read_notes_sees_nothing_of_it(client, plan, who, status):
    user = {"desk": people.front_desk, "owner": people.an_owner, "stranger": people.a_therapist}[who]()
    client.force_login(user, backend=BACKEND)
    for name in ("home", "home_paper"):
        assert client.get(reverse(f"treatments:{name}", args=[plan.uid])).status_code == status
    assert client.post(reverse("treatments:home_link", args=[plan.uid]), {"act": "show"}).status_code == status
    assert not ActionLink.objects.exists()


# -- Goals -------------------------------------------------------------------------------------------------


def test_a_goal_takes_pain_from_signed_notes_and_is_reached_at_its_target():
    goal = plans.GoalPart(measure="nprs", baseline=8, target=6)
    plan = make.a_plan(goals=(goal,))
    (standing,) = measured.standings(plan)
    assert (standing.latest, standing.is_reached) == (None, False)
    make.a_signed_note(plan)
    (standing,) = measured.standings(plan)
    assert standing.latest is not None
    assert (standing.latest.value, standing.is_reached, standing.count) == (6, True, 1)


def test_pain_that_was_asked_stands_alone_and_is_not_mixed_with_the_pain_of_an_hour():
    plan = make.a_plan(goals=(plans.GoalPart(measure="nprs", baseline=8, target=6),))
    make.a_signed_note(plan)
    by = plan.author.user
    a_measurement(plan.patient, "nprs", {"answer": 7}, by=by, episode=plan.episode)
    (standing,) = measured.standings(plan)
    assert standing.latest is not None
    assert (standing.latest.value, standing.is_reached, standing.count) == (7, False, 1)


def test_of_an_activity_more_is_better_and_a_goal_in_words_is_never_reached_by_itself():
    goals = (plans.GoalPart(measure="psfs", target=Decimal(7)), plans.GoalPart(measure="other", wording="Garden"))
    plan = make.a_plan(goals=goals)
    reading = measured.Reading(make.NOW, Decimal(8))
    psfs, other = plan.goals.all()
    assert measured.Standing(psfs, reading, 1).is_reached
    assert not measured.Standing(psfs, measured.Reading(make.NOW, Decimal(6)), 1).is_reached
    assert not measured.Standing(other, None, 0).is_reached
