"""Questions before a visit are answered by link: all at once, once, and only when a person presses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic import links
from clinic import time as clocks
from clinic.links import Purpose
from clinic.models import AuditEvent
from tests.factories import outcomes as make
from tests.factories import scheduling as diary
from tests.factories import treatments as care
from tests.factories.treatments import NOW
from tests.portal.test_portal import HEADERS, fingerprint
from treatments import asking
from treatments.models import Measurement

pytestmark = pytest.mark.django_db
ANSWERS = {"nprs-answer": "6", "groc-answer": "3", "rmdq-ticked": ["2", "4"]}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    monkeypatch.setattr(clocks, "now", lambda: NOW)


@pytest.fixture
def request_():
    patient = care.a_patient(given_name="Ana", preferred_name="Aninha")
    return make.some_questions(patient, "nprs", "rmdq", "groc", by=make.a_therapist_of(patient).user)


def at(token):
    return reverse("portal:measures", args=[token])


def test_the_page_asks_and_names_nobody_but_by_first_name(client, request_):
    answer = client.get(at(make.token_for(request_)))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "Aninha, how are you?" in said
    assert said.count("because of my back") >= 10
    for private in ("Núñez", request_.patient.number_label):
        assert private not in said
    assert {header: answer[header] for header in HEADERS} == HEADERS
    assert AuditEvent.objects.get(action="measure_request.viewed").actor_kind == "link"


def test_scanners_change_nothing(client, request_):
    token = make.token_for(request_)
    before = fingerprint()
    for method in (client.get, client.head, client.options, client.put, client.patch, client.delete):
        method(at(token))
    assert fingerprint() == before


def test_answers_are_recorded_once_and_a_second_press_says_thank_you_again(client, request_):
    token = make.token_for(request_)
    for _ in range(2):
        answer = client.post(at(token), ANSWERS)
        assert answer.status_code == 200
        assert "Thank you, Aninha" in answer.content.decode()
    assert {m.measure: int(m.value) for m in Measurement.objects.all()} == {"nprs": 6, "rmdq": 2, "groc": 3}
    assert client.get(at(token)).status_code == 410
    assert AuditEvent.objects.filter(action="measures.answered").count() == 1


def test_what_is_missing_is_said_beside_it_and_what_was_answered_stays(client, request_):
    token = make.token_for(request_)
    answer = client.post(at(token), {"nprs-answer": "6", "rmdq-ticked": ["24"]})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose one number." in said
    assert said.count(" checked") == 2
    assert not Measurement.objects.exists()
    assert client.post(at(token), ANSWERS).status_code == 200


def test_no_tick_at_all_is_an_answer(client, request_):
    client.post(at(make.token_for(request_)), {"nprs-answer": "0", "groc-answer": "7"})
    assert Measurement.objects.get(measure="rmdq").value == 0


@pytest.mark.parametrize("what", ["unknown", "tampered", "expired", "withdrawn", "visit", "diary", "other door"])
def test_a_link_that_is_not_for_this_is_gone(client, request_, what, monkeypatch):
    by = request_.asked_by
    token = make.token_for(request_)
    if what == "unknown":
        token = "x" * 43
    elif what == "tampered":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    elif what == "expired":
        monkeypatch.setattr(clocks, "now", lambda: NOW + timedelta(days=14))
    elif what == "withdrawn":
        asking.withdraw(request_, by=by, now=NOW)
    elif what == "visit":
        place = diary.a_small_clinic()
        visit = diary.a_visit(place, diary.local(27, 14))
        token = links.issue(purpose=Purpose.VISIT, subject_uid=visit.uid, expires_at=visit.starts_at, now=NOW)
    elif what == "diary":
        token = make.token_for(make.a_diary(request_.patient, by=by))
    elif what == "other door":
        assert client.post(reverse("portal:diary", args=[token]), {"severity": 5}).status_code == 410
        token = "y" * 43
    for method in (client.get, client.post):
        assert method(at(token), ANSWERS).status_code == 410
    assert not Measurement.objects.exists()
