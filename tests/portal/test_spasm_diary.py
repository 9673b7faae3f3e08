"""The spasm diary by link: one tap is one spasm, more may be said within a day, and the link can be ended."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic import time as clocks
from tests.factories import outcomes as make
from tests.factories import treatments as care
from tests.factories.treatments import NOW
from tests.portal.test_portal import HEADERS, fingerprint
from treatments import spasms
from treatments.models import SpasmEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    def set_to(at):
        monkeypatch.setattr(clocks, "now", lambda: at)

    set_to(NOW)
    return set_to


@pytest.fixture
def diary():
    patient = care.a_patient()
    return make.a_diary(patient, by=make.a_therapist_of(patient).user, days_ago=10)


def at(token, *entry, name="portal:diary"):
    return reverse(name, args=[token, *entry])


def tap(client, token, severity=6):
    key = re.search(r'name="key" value="([^"]+)"', client.get(at(token)).content.decode()).group(1)
    return client.post(at(token), {"severity": severity, "key": key}), key


SAID = {
    "severity": "4", "happened_at": "2026-11-24T09:30", "duration": "half_hour", "trigger": "bending",
    "stopped": ["work", "walking"], "medication_taken": "yes",
}  # fmt: skip


def test_the_page_is_ten_buttons_and_names_nobody(client, diary):
    answer = client.get(at(make.token_for(diary)))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert said.count('class="tap"') == 10
    for private in ("Núñez", diary.patient.number_label):
        assert private not in said
    assert {header: answer[header] for header in HEADERS} == HEADERS


def test_scanners_change_nothing(client, diary):
    token = make.token_for(diary)
    entry = make.a_spasm(make.link_for(diary))
    before = fingerprint()
    for address in (
        at(token),
        at(token, entry.uid, name="portal:diary_entry"),
        at(token, entry.uid, name="portal:diary_remove"),
    ):
        for method in (client.get, client.head, client.options, client.put, client.patch, client.delete):
            method(address)
    assert fingerprint() == before


def test_one_tap_writes_a_spasm_down_and_the_same_tap_again_does_not(client, diary):
    token = make.token_for(diary)
    answer, key = tap(client, token)
    entry = SpasmEntry.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, at(token, entry.uid, name="portal:diary_entry"))
    assert (entry.severity, entry.happened_at) == (6, NOW)
    assert client.post(at(token), {"severity": 6, "key": key})["Location"] == answer["Location"]
    assert SpasmEntry.objects.count() == 1
    tap(client, token, severity=3)
    assert SpasmEntry.objects.count() == 2, "the link is for as many spasms as there are"


@pytest.mark.parametrize(
    "typed", [{}, {"severity": "11"}, {"severity": "x"}, {"severity": "5"}, {"severity": "5", "key": "x"}]
)
def test_what_is_not_a_tap_is_refused(client, diary, typed):
    answer = client.post(at(make.token_for(diary)), typed)
    assert answer.status_code == 422
    assert not SpasmEntry.objects.exists()


def test_more_may_be_said_and_put_right_for_a_day(client, diary, clock):
    token = make.token_for(diary)
    tap(client, token)
    entry = SpasmEntry.objects.get()
    address = at(token, entry.uid, name="portal:diary_entry")
    assert client.post(address, SAID).status_code == 302
    entry.refresh_from_db()
    assert (entry.severity, entry.duration, entry.trigger, entry.stopped) == (
        4,
        "half_hour",
        "bending",
        ["walking", "work"],
    )
    assert (entry.medication_taken, f"{entry.happened_at:%H:%M}") == (True, "14:30")
    clock(NOW + timedelta(days=1))
    for answer in (client.get(address), client.post(address, SAID | {"severity": "9"})):
        assert answer.status_code == 409
        assert "stays as it is" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.severity == 4
    assert address not in client.get(at(token)).content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"happened_at": "2026-11-24T23:00"}, "still to come"),
        ({"happened_at": "2026-10-01T10:00"}, "too long ago"),
        ({"happened_at": "yesterday"}, "Enter a day and an hour"),
        ({"severity": ""}, "Choose a number"),
        ({"trigger": "aliens"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_the_rest_stays_typed(client, diary, change, sentence):
    token = make.token_for(diary)
    tap(client, token)
    entry = SpasmEntry.objects.get()
    answer = client.post(at(token, entry.uid, name="portal:diary_entry"), SAID | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert 'value="walking" id="id_stopped_0" checked' in answer.content.decode()


def test_a_mistake_is_taken_out_and_counts_no_more(client, diary):
    token = make.token_for(diary)
    tap(client, token)
    entry = SpasmEntry.objects.get()
    remove = at(token, entry.uid, name="portal:diary_remove")
    assert client.post(remove).status_code == 302
    assert not SpasmEntry.objects.standing().exists()
    assert client.post(remove).status_code == 410


@pytest.mark.parametrize("what", ["unknown", "tampered", "expired", "revoked", "renewed", "closed", "questions"])
def test_a_link_that_does_not_work_is_gone(client, diary, what, clock):
    token, by = make.token_for(diary), diary.opened_by
    entry = make.a_spasm(make.link_for(diary))
    if what == "unknown":
        token = "x" * 43
    elif what == "tampered":
        token = "A" + token[1:] if token[0] != "A" else "B" + token[1:]
    elif what == "expired":
        clock(NOW + timedelta(days=14))
    elif what == "revoked":
        spasms.take_back_link(diary, by=by, now=NOW)
    elif what == "renewed":
        from treatments import asking

        fresh = asking.show(diary, by=by, now=NOW).rstrip("/").split("/")[-1]
        assert client.get(at(fresh)).status_code == 200
    elif what == "closed":
        spasms.close(diary, by=by, now=NOW)
    elif what == "questions":
        token = make.token_for(make.some_questions(diary.patient, by=by))
    for address in (at(token), at(token, entry.uid, name="portal:diary_entry")):
        for method in (client.get, client.post):
            assert method(address, SAID | {"key": uuid.uuid4()}).status_code == 410
    assert SpasmEntry.objects.count() == 1


def test_another_patients_entry_does_not_exist(client, diary):
    other = make.a_diary(care.a_patient(given_name="Bo"), by=diary.opened_by)
    entry = make.a_spasm(make.link_for(other))
    token = make.token_for(diary)
    for name in ("portal:diary_entry", "portal:diary_remove"):
        assert client.post(at(token, entry.uid, name=name), SAID).status_code == 410
    entry.refresh_from_db()
    assert (entry.severity, entry.removed_at) == (5, None)


@pytest.mark.parametrize("rows", [1, 4])
def test_the_page_costs_the_same_however_many_spasms_there_were(client, diary, rows, django_assert_num_queries):
    link = make.link_for(diary)
    for n in range(rows):
        make.a_spasm(link, at=NOW - timedelta(hours=n))
    token = make.token_for(diary)
    client.get(at(token))
    with django_assert_num_queries(7):
        client.get(at(token))
