"""The pages of treatment: what each role sees, what is refused, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import AuditEvent
from tests.factories import people
from tests.factories import treatments as make
from tests.factories.standing import standing
from treatments import notes
from treatments.models import Diagnosis, Episode, Plan, Referral, SessionNote

pytestmark = pytest.mark.django_db


def a_plan_of_ana():
    """Ana's plan in force; she has everything: medication, a signed note and a draft."""
    patient = make.a_patient(registered_at=make.NOW)
    medicine = make.a_medication(patient)
    author = make.a_practitioner(name="Tara Therapist")
    plan = make.a_plan(make.an_episode(patient), author=author, exercises=make.some_exercises(), medication=(medicine,))
    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=4))
    make.a_note(plan)
    return plan


@pytest.fixture(scope="module")
def standing_plan(django_db_setup, django_db_blocker):
    with standing(django_db_blocker, a_plan_of_ana) as plan:
        yield plan


@pytest.fixture
def ana(standing_plan):
    return standing_plan.fresh()


def everywhere(plan):
    """Every page about this patient, and its smallest answer to a therapist of the team."""
    episode, patient = plan.episode, plan.patient
    signed = SessionNote.objects.signed().get(plan=plan)
    draft = SessionNote.objects.drafts().get(plan=plan)
    return {
        "patient_panel": patient.uid, "episode_new": patient.uid, "note_new": patient.uid,
        "episode": episode.uid, "episode_edit": episode.uid, "episode_examine": episode.uid,
        "episode_close": episode.uid, "diagnosis_new": episode.uid, "referral_new": episode.uid,
        "plan_new": episode.uid, "findings": episode.uid, "diagnosis_void": episode.diagnoses.get().uid,
        "plan": plan.uid, "plan_print": plan.uid, "plan_revise": plan.uid, "plan_accept": plan.uid,
        "plan_end": plan.uid, "note": signed.uid, "chart": draft.uid,
    }  # fmt: skip


NAMES = [
    "patient_panel", "episode_new", "note_new", "episode", "episode_edit", "episode_examine", "episode_close",
    "diagnosis_new", "referral_new", "plan_new", "findings", "diagnosis_void", "plan", "plan_print", "plan_revise",
    "plan_accept", "plan_end", "note", "chart",
]  # fmt: skip
DESK_MAY = {
    "patient_panel", "episode_new", "episode", "episode_edit", "diagnosis_new", "referral_new", "diagnosis_void",
    "plan", "plan_print",
}  # fmt: skip
CLINICAL = ("Tone high left", "Two spasms since", "Neuromuscular", "Active spasm")


@pytest.mark.parametrize("name", NAMES)
def test_the_care_team_sees_every_page(ana, as_, name):
    answer = as_(ana.author.user).get(reverse(f"treatments:{name}", args=[everywhere(ana)[name]]))
    assert answer.status_code == 200
    assert ana.patient.display_name in answer.content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_therapist_outside_the_care_team_finds_nothing(ana, as_, name):
    stranger = make.a_practitioner()
    answer = as_(stranger.user).get(reverse(f"treatments:{name}", args=[everywhere(ana)[name]]))
    assert answer.status_code == 404
    assert "Núñez" not in answer.content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_front_desk_sees_what_is_to_be_booked_and_no_clinical_word(ana, as_, name):
    answer = as_(people.front_desk()).get(reverse(f"treatments:{name}", args=[everywhere(ana)[name]]))
    assert answer.status_code == (200 if name in DESK_MAY else 403)
    text = answer.content.decode()
    for words in CLINICAL:
        assert words not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_owner_sees_nothing_of_treatment(ana, as_, name):
    answer = as_(people.an_owner()).get(reverse(f"treatments:{name}", args=[everywhere(ana)[name]]))
    assert answer.status_code == 403


def test_every_look_at_a_note_is_written_down(ana, as_):
    signed = SessionNote.objects.signed().get()
    as_(ana.author.user).get(reverse("treatments:note", args=[signed.uid]))
    assert AuditEvent.objects.filter(action="note.viewed", subject_uid=signed.uid).count() == 1


# -- The way of the journey ----------------------------------------------------------------------------


def test_the_front_desk_records_episode_diagnosis_and_referral(as_):
    patient = make.a_patient()
    injury = make.an_injury(patient)
    make.a_code()
    desk = as_(people.front_desk())
    url = reverse("treatments:episode_from_injury", args=[patient.uid, injury.uid])
    assert "Lifted a washing machine" in desk.get(url).content.decode()
    desk.post(url, {"title": "Back spasms", "cause": "lifting", "regions": ["low_back_left"]})
    episode = Episode.objects.get(injury=injury)
    desk.post(
        reverse("treatments:diagnosis_new", args=[episode.uid]),
        {"q": "spasm of back", "diagnosed_by": "Dr. Okafor", "diagnosed_on": "2026-11-20"},
    )
    assert Diagnosis.objects.get(episode=episode).code.code == "M62.830"
    desk.post(
        reverse("treatments:referral_new", args=[episode.uid]),
        {"provider_name": "Dr. Okafor", "dated_on": "2026-11-20", "asks_for": "Massage", "sessions_authorised": "12"},
    )
    assert Referral.objects.get(episode=episode).sessions_authorised == 12


def plan_post(**facts):
    data = {
        "massage-TOTAL_FORMS": 1, "massage-INITIAL_FORMS": 0, "dose-TOTAL_FORMS": 0, "dose-INITIAL_FORMS": 0,
        "goal-TOTAL_FORMS": 1, "goal-INITIAL_FORMS": 0, "massage-0-technique": "neuromuscular",
        "massage-0-minutes": 45, "massage-0-sessions": 6, "massage-0-days_between": 3,
        "massage-0-regions": ["low_back_left"], "goal-0-measure": "nprs", "goal-0-baseline": 6, "goal-0-target": 2,
        "review_on": "2026-12-20",
    }  # fmt: skip
    return data | facts


def test_a_therapist_writes_a_plan_and_records_consent(as_):
    author = make.a_practitioner()
    episode = make.an_episode()
    make.care_team.join(patient=episode.patient, practitioner=author, why="assigned", by=author.user, now=make.NOW)
    client = as_(author.user)
    assert client.post(reverse("treatments:plan_new", args=[episode.uid]), plan_post()).status_code == 303
    plan = Plan.objects.get(episode=episode)
    assert plan.goals.get().target == 2
    answer = client.post(
        reverse("treatments:plan_accept", args=[plan.uid]), {"read_out": "on", "consented_on": make.TODAY}
    )
    assert answer.status_code == 303
    plan.refresh_from_db()
    assert plan.status == "accepted"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"massage-0-technique": "deep_tissue"}, "spasm is active"),
        ({"massage-0-minutes": "9999"}, "whole number from 5 to 240"),
        ({"massage-0-minutes": ""}, "Enter a number"),
        ({"massage-0-technique": "hammer"}, "not one of the available choices"),
        ({"massage-0-regions": ["moon"]}, "Choose regions from the list"),
        ({"goal-0-target": "99"}, "ends at 10"),
        ({"review_on": "2020-01-01"}, "That day is past"),
        ({"summary": "x" * 501}, "at most 500 characters"),
        ({"summary": "a\0b"}, "Null characters"),
        ({"massage-0-technique": ""}, "at least one part"),
    ],
)
def test_a_plan_that_makes_no_sense_gets_a_sentence_and_keeps_what_was_typed(as_, change, sentence):
    author = make.a_practitioner()
    episode = make.an_episode()
    make.care_team.join(patient=episode.patient, practitioner=author, why="assigned", by=author.user, now=make.NOW)
    answer = as_(author.user).post(reverse("treatments:plan_new", args=[episode.uid]), plan_post(**change))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert sentence in text
    assert not Plan.objects.filter(episode=episode).exists()


# -- The chart -----------------------------------------------------------------------------------------


def chart_post(note, **facts):
    data = {
        "revision": note.revision, "subjective": "Better", "objective": "Tone less", "pain_before": "5",
        "pain_after": "2", "spasms_since_last": "1", "technique-TOTAL_FORMS": 2, "technique-INITIAL_FORMS": 0,
        "technique-0-technique": "neuromuscular", "technique-0-region": "low_back_left", "technique-0-minutes": "30",
        "technique-0-pressure": "3", "exercise-TOTAL_FORMS": 1, "exercise-INITIAL_FORMS": 0,
        "exercise-0-exercise": "bridge", "exercise-0-sets": "3", "exercise-0-amount": "10",
    }  # fmt: skip
    return data | facts


def autosave(client, note, **facts):
    return client.post(reverse("treatments:autosave", args=[note.uid]), chart_post(note, **facts))


def test_a_chart_is_saved_asked_about_once_and_signed(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    people.just_signed_in(client)
    asked = client.post(reverse("treatments:chart", args=[note.uid]), chart_post(note, sign="1"), follow=True)
    assert "never changed" in asked.content.decode()
    note.refresh_from_db()
    assert not note.is_signed
    answer = client.post(reverse("treatments:sign", args=[note.uid]), {"revision": note.revision})
    assert answer["Location"] == reverse("treatments:note", args=[note.uid])
    note = SessionNote.objects.get(pk=note.pk)
    assert note.is_signed
    assert notes.is_intact(note)
    assert [str(t.minutes) for t in note.techniques.all()] == ["30"]
    assert client.get(reverse("treatments:chart", args=[note.uid])).status_code == 303


def test_autosave_keeps_what_is_typed_and_counts_on(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    first = autosave(client, note).json()
    assert first["unsaved"] == []
    again = autosave(client, note, revision=first["revision"], subjective="Better still").json()
    assert again["revision"] == first["revision"] + 1
    note.refresh_from_db()
    assert note.subjective == "Better still"


def test_a_half_typed_row_holds_nothing_else_back(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    kept = autosave(client, note, **{"technique-1-technique": "gentle", "spasms_since_last": "many"}).json()
    assert len(kept["unsaved"]) == 2
    note.refresh_from_db()
    assert (note.subjective, note.techniques.count()) == ("Better", 1)


def test_of_two_windows_the_second_gets_both_texts_and_nothing_is_lost(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    autosave(client, note, subjective="From the first window")
    second = autosave(client, note, subjective="From the second window")
    assert second.status_code == 409
    text = second.content.decode()
    assert "From the first window" in text
    assert "From the second window" in text
    whole = client.post(reverse("treatments:chart", args=[note.uid]), chart_post(note, subjective="From the second"))
    assert whole.status_code == 409
    assert "From the second</textarea>" in whole.content.decode()


def test_a_row_is_removed_by_its_box(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    first = autosave(client, note).json()
    autosave(client, note, revision=first["revision"], **{"technique-0-DELETE": "on"})
    assert note.techniques.count() == 0


def test_same_as_last_time_keeps_what_was_typed(ana, as_):
    note, client = SessionNote.objects.drafts().get(), as_(ana.author.user)
    only = {"revision": note.revision, "subjective": "Typed", "technique-TOTAL_FORMS": 0, "technique-INITIAL_FORMS": 0,
            "exercise-TOTAL_FORMS": 0, "exercise-INITIAL_FORMS": 0}  # fmt: skip
    client.post(reverse("treatments:carry", args=[note.uid]), only)
    note.refresh_from_db()
    assert (note.subjective, note.objective) == ("Typed", "Tone high left of L4.")
    assert note.techniques.count() == 1


def test_a_colleague_reads_a_draft_but_does_not_write_it(ana, as_):
    note, colleague = SessionNote.objects.drafts().get(), make.a_practitioner()
    make.care_team.join(patient=ana.patient, practitioner=colleague, why="assigned", by=colleague.user, now=make.NOW)
    client = as_(colleague.user)
    assert client.get(reverse("treatments:chart", args=[note.uid])).status_code == 303
    assert autosave(client, note).status_code == 422
    answer = client.post(reverse("treatments:sign", args=[note.uid]), {"revision": note.revision})
    assert answer.status_code == 422
    note.refresh_from_db()
    assert (note.subjective, note.status) == ("", "draft")


@pytest.mark.parametrize("name", ["chart", "autosave", "carry", "sign", "discard"])
def test_no_post_changes_a_signed_note(ana, as_, name):
    signed = SessionNote.objects.signed().get()
    before = notes.canonical(signed)
    as_(ana.author.user).post(reverse(f"treatments:{name}", args=[signed.uid]), chart_post(signed, sign="1"))
    assert notes.canonical(SessionNote.objects.get(pk=signed.pk)) == before


def test_an_addendum_is_shown_beside_the_note(ana, as_):
    signed, client = SessionNote.objects.signed().get(), as_(ana.author.user)
    client.post(reverse("treatments:amend", args=[signed.uid]), {"text": "It was the right side.", "reason": "Slip"})
    text = client.get(reverse("treatments:note", args=[signed.uid])).content.decode()
    assert "It was the right side." in text
    assert "Tone high left of L4." in text
    bad = client.post(reverse("treatments:amend", args=[signed.uid]), {"text": "", "reason": ""})
    assert bad.status_code == 422


def test_the_only_plan_in_force_is_chosen_for_a_session_that_was_not_booked(ana, as_):
    client, url = as_(ana.author.user), reverse("treatments:note_new", args=[ana.patient.uid])
    assert f'<option value="{ana.uid}" selected' in " ".join(client.get(url).content.decode().split())
    make.a_plan(make.an_episode(ana.patient), author=ana.author)
    assert '<option value="" selected>No plan' in " ".join(client.get(url).content.decode().split())


def test_codes_are_found_while_typing(as_):
    make.a_code()
    answer = as_(people.front_desk()).get(
        reverse("treatments:diagnosis_codes"), {"q": "spasm of back"}, headers={"HX-Request": "true"}
    )
    assert "M62.830" in answer.content.decode()
    assert "<html" not in answer.content.decode()


# -- What lists cost -----------------------------------------------------------------------------------


def _queries(client, url, django_assert_max_num_queries, most=60):
    with django_assert_max_num_queries(most) as counted:
        assert client.get(url).status_code == 200
    return len(counted)


@pytest.mark.parametrize("page", ["patient_panel", "episode", "unsigned", "plan", "chart"])
def test_a_list_costs_the_same_with_one_row_and_with_four(as_, page, django_assert_max_num_queries):
    author = make.a_practitioner()
    plan = make.a_plan(author=author)
    client = as_(author.user)
    note = make.a_note(plan)

    def url():
        if page == "unsigned":
            return reverse("treatments:unsigned")
        uid = {"patient_panel": plan.patient.uid, "episode": plan.episode.uid, "plan": plan.uid, "chart": note.uid}[
            page
        ]
        return reverse(f"treatments:{page}", args=[uid])

    make.a_signed_note(plan, service_at=make.NOW - timedelta(days=1))
    client.get(url())
    one = _queries(client, url(), django_assert_max_num_queries)
    for day in (2, 3, 4):
        make.a_signed_note(plan, service_at=make.NOW - timedelta(days=day))
        make.a_note(plan)
        make.a_plan(make.an_episode(plan.patient, by=author.user), author=author)
        make.a_referral(plan.episode)
    assert _queries(client, url(), django_assert_max_num_queries) == one
