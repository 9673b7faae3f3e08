"""The chart: findings in rows, what is carried over, one statement for its parts, what it costs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import people
from tests.factories import treatments as make
from treatments import charting, content, notes
from treatments.content import Moved, Palpated, Strength
from treatments.findings import Degree, Grade, MuscleGroup, Palpation
from treatments.models import SessionNote
from treatments.outcomes.measures import MOVEMENTS
from treatments.regions import Region

pytestmark = pytest.mark.django_db

FOUND = {
    "palpations": (Palpated("low_back_left", "spasm", 3, "L4"), Palpated("sacrum", "free")),
    "motions": (Moved("lumbar_flexion", 45), Moved("leg_raise_left", 60, "pulls")),
    "strengths": (Strength("great_toe_left", "4-"),),
}


def save(note, said, *, looked=(), revision=None):
    return notes.save_draft(
        note,
        content=said,
        revision=note.revision if revision is None else revision,
        looked=looked,
        by=note.author.user,
        now=make.NOW,
    )


@pytest.fixture
def therapist(client):
    author = make.a_practitioner()
    client.force_login(author.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.author = author
    return client


def carried_draft():
    """A draft filled from a full note of four days ago, and the note."""
    plan = make.a_plan()
    earlier = make.a_note(plan, service_at=make.NOW - timedelta(days=4))
    earlier = save(earlier, make.some_content(**FOUND))
    earlier = notes.sign(earlier, revision=earlier.revision, by=earlier.author.user, now=make.NOW)
    return notes.carry(make.a_note(plan), by=plan.author.user, now=make.NOW), earlier


# -- Findings ------------------------------------------------------------------------------------------


def test_findings_are_kept_as_they_were_typed():
    note = save(make.a_note(), make.some_content(**FOUND))
    assert notes.content_of(SessionNote.objects.get(pk=note.pk)) == make.some_content(**FOUND)


rows = {
    "palpations": st.builds(
        Palpated, st.sampled_from(Region.values), st.sampled_from(Palpation.values),
        st.none() | st.sampled_from(Degree.values), st.text("abc é–", max_size=20),
    ),
    "motions": st.builds(Moved, st.sampled_from(sorted(MOVEMENTS)), st.integers(0, 360), st.text("abc é–", max_size=9)),
    "strengths": st.builds(Strength, st.sampled_from(MuscleGroup.values), st.sampled_from(Grade.values)),
}  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({name: st.lists(one, max_size=4).map(tuple) for name, one in rows.items()}))
def test_whatever_is_found_is_read_back_as_it_was_and_is_covered_by_the_digest(lists):
    with transaction.atomic():
        note = save(make.a_note(), make.some_content(**lists))
        read = charting.read(note.uid, user=note.author.user, now=make.NOW)
        assert content.content_of(read.note) == make.some_content(**lists) == notes.content_of(note)
        assert notes.digest(read.note) == notes.digest(SessionNote.objects.with_parts().get(pk=note.pk))
        said = json.dumps(notes.canonical(note))
        assert all(json.dumps(row.remark)[1:-1] in said for name in lists for row in lists[name])
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("palpations", "region", "moon"),
        ("palpations", "finding", "magic"),
        ("palpations", "degree", 4),
        ("motions", "movement", "moonwalk"),
        ("motions", "degrees", 361),
        ("strengths", "muscles", "tail"),
        ("strengths", "grade", "6"),
    ],
)
def test_the_database_knows_what_can_be_found(table, column, value):
    note = save(make.a_note(), make.some_content(**FOUND))
    with pytest.raises(IntegrityError), transaction.atomic():
        getattr(note, table).update(**{column: value})


# -- Carried over --------------------------------------------------------------------------------------


def test_what_is_carried_is_marked_and_says_where_from():
    note, earlier = carried_draft()
    assert note.carried_from == earlier
    assert note.carried == list(content.CARRIED)
    assert notes.content_of(note).motions == FOUND["motions"]


def test_nothing_is_signed_that_nobody_has_looked_at():
    note, _ = carried_draft()
    with pytest.raises(notes.NotLookedAt, match=r"Objective, Palpation, .*Say that it still holds"):
        notes.sign(note, revision=note.revision, by=note.author.user, now=make.NOW)
    with pytest.raises(IntegrityError, match="what_was_carried_is_looked_at"), transaction.atomic():
        SessionNote.objects.filter(pk=note.pk).update(
            status="signed", signed_at=make.NOW, signed_by=note.author.user, digest="0" * 64
        )


def test_what_is_touched_or_said_to_hold_is_no_longer_marked():
    note, _ = carried_draft()
    said = replace(notes.content_of(note), objective="Tone less", pain_before=3)
    note = save(note, said, looked=["techniques", "exercises"])
    assert note.carried == ["palpations", "motions", "strengths", "assessment", "next_steps"]
    note = save(note, said, looked=content.CARRIED)
    assert note.carried == []
    assert notes.sign(note, revision=note.revision, by=note.author.user, now=make.NOW).is_signed


def test_a_mark_does_not_come_back_when_the_same_words_are_saved_again():
    note, _ = carried_draft()
    said = notes.content_of(note)
    note = save(note, said, looked=["objective"])
    assert "objective" not in save(note, replace(said, pain_before=4)).carried


def test_what_only_the_plan_says_is_marked_too():
    note = notes.carry(make.a_note(), by=SessionNote.objects.get().author.user, now=make.NOW)
    assert (note.carried, note.carried_from) == (["techniques"], None)


def test_a_note_that_its_author_may_not_read_is_not_carried():
    plan = make.a_plan()
    colleague = make.a_practitioner()
    theirs = make.a_note(plan, author=colleague, service_at=make.NOW - timedelta(days=2))
    theirs = save(theirs, make.some_content(privacy="private"))
    notes.sign(theirs, revision=theirs.revision, by=colleague.user, now=make.NOW)
    assert notes.last_signed(make.a_note(plan)) is None


# -- The page ------------------------------------------------------------------------------------------


def page_post(note, **facts):
    data = {"revision": note.revision, "subjective": "Better", "privacy": "clinicians"}
    for prefix in ("palpation", "motion", "strength", "technique", "exercise"):
        data |= {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 0}
    return data | {
        "palpation-0-region": "low_back_left", "palpation-0-finding": "spasm", "palpation-0-degree": "2",
        "motion-0-movement": "lumbar_flexion", "motion-0-degrees": "50", "strength-0-muscles": "grip_left",
        "strength-0-grade": "4+", "technique-0-technique": "gentle", "technique-0-region": "sacrum",
        "technique-0-minutes": "20",
    } | facts  # fmt: skip


def test_findings_are_typed_in_rows_of_the_page(therapist):
    note = make.a_note(author=therapist.author)
    kept = therapist.post(reverse("treatments:autosave", args=[note.uid]), page_post(note)).json()
    assert (kept["unsaved"], kept["carried"]) == ([], [])
    said = notes.content_of(SessionNote.objects.get(pk=note.pk))
    assert said.palpations == (Palpated("low_back_left", "spasm", 2),)
    assert said.motions == (Moved("lumbar_flexion", 50),)
    assert said.strengths == (Strength("grip_left", "4+"),)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"motion-0-degrees": "400"}, "Range of motion 1, Degrees: Enter a whole number from 0 to 360."),
        ({"motion-0-degrees": ""}, "Range of motion 1, Degrees: This field is required."),
        ({"palpation-0-region": "moon"}, "Palpation 1, Region: Select a valid choice"),
        ({"strength-0-grade": "9"}, "Strength 1, 0 to 5: Select a valid choice"),
        ({"privacy": "everybody"}, "Who may read it: Select a valid choice"),
    ],
)
def test_what_cannot_be_is_named_and_holds_nothing_else_back(therapist, facts, sentence):
    note = make.a_note(author=therapist.author)
    kept = therapist.post(reverse("treatments:autosave", args=[note.uid]), page_post(note, **facts)).json()
    assert any(sentence in said for said in kept["unsaved"]), kept
    note.refresh_from_db()
    assert (note.subjective, note.techniques.count()) == ("Better", 1)


def test_a_page_that_knows_nothing_of_a_list_leaves_it_as_it_is(therapist):
    note = save(make.a_note(author=therapist.author), make.some_content(**FOUND))
    said = {"revision": note.revision, "subjective": "Only this"}
    therapist.post(reverse("treatments:autosave", args=[note.uid]), said)
    assert notes.content_of(SessionNote.objects.get(pk=note.pk)).motions == FOUND["motions"]


def test_signing_is_refused_on_the_page_until_what_is_carried_has_been_looked_at(therapist):
    plan = make.a_plan(author=therapist.author)
    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=4))
    note = make.a_note(plan)
    people.just_signed_in(therapist)
    therapist.post(reverse("treatments:carry", args=[note.uid]), {"revision": note.revision})
    note.refresh_from_db()
    url = reverse("treatments:chart", args=[note.uid])
    shown = therapist.get(url).content.decode()
    assert shown.count("data-looked>") == 5
    refused = therapist.post(url, {"revision": note.revision, "subjective": "Same", "sign": "1"} | same_as(note))
    assert refused.status_code == 422
    assert "not looked at yet: Objective, Techniques" in refused.content.decode()
    note.refresh_from_db()
    said = {"revision": note.revision, "subjective": "Same", "sign": "1", "looked_all": "1"} | same_as(note)
    assert therapist.post(url, said)["Location"] == reverse("treatments:sign", args=[note.uid])


def same_as(note):
    return {name: getattr(note, name) for name in ("objective", "assessment", "next_steps")}


def test_the_page_gives_a_key_that_is_this_notes_and_this_persons_alone(therapist):
    def key(client, note):
        found = client.get(reverse("treatments:chart", args=[note.uid])).content.decode()
        return re.search(r'data-copy-name="(\w+)" data-copy-key="([^"]+)"', found).groups()

    one, other = make.a_note(author=therapist.author), make.a_note(author=therapist.author)
    assert key(therapist, one) == key(therapist, one)
    assert set(key(therapist, one)).isdisjoint(key(therapist, other))
    assert str(one.uid) not in key(therapist, one)[0]


def test_a_patient_of_three_hundred_notes_opens_as_quickly_as_one_of_one(therapist):
    plan = make.a_plan(author=therapist.author, exercises=make.some_exercises())
    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=1))
    note = make.a_note(plan)
    url = reverse("treatments:chart", args=[note.uid])
    therapist.get(url)
    costs = []
    for many in (0, 3):
        for day in range(many):
            make.a_signed_note(plan, service_at=make.NOW - timedelta(days=2 + day))
        with CaptureQueriesContext(connection) as asked:
            assert len(therapist.get(url).content) < 120_000
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 12
