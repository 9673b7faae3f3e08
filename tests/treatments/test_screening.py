"""What the record says becomes what the rules read; what nobody knows stays unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from patients.models import Surgery
from tests.factories import treatments as make
from treatments import plans, screening
from treatments.safety import Allergies, Concern, Drug, Tissue

pytestmark = pytest.mark.django_db


def snapshot(episode):
    return screening.snapshot_of(patient=episode.patient, episode=episode, today=make.TODAY)


def test_a_new_record_knows_nothing():
    found = snapshot(make.an_episode(diagnosed=False, tissue_state="unknown", cause="unknown", onset_on=None))
    assert (found.cause_known, found.diagnosed, found.tissue) == (False, False, Tissue.UNKNOWN)
    assert (found.days_since_onset, found.drugs, found.concerns) == (None, None, None)
    assert found.allergies is Allergies.NOT_ASKED


def test_what_is_recorded_is_read():
    patient = make.a_patient()
    make.a_medication(patient)
    make.a_condition(patient, "Osteoporosis of the spine")
    make.an_allergy(patient, "Almond oil", kind="contact")
    found = snapshot(make.an_episode(patient))
    assert (found.cause_known, found.diagnosed, found.tissue) == (True, True, Tissue.ACTIVE_SPASM)
    assert found.days_since_onset == 12
    assert found.drugs == {Drug.MUSCLE_RELAXANT}
    assert found.concerns == {Concern.OSTEOPOROSIS}
    assert found.contact_allergens == ("Almond oil",)
    assert found.age == 46


def test_a_medicine_that_ended_is_no_longer_taken_but_was_asked_about():
    patient = make.a_patient()
    make.a_medication(patient, "Warfarin", "anticoagulant", ended_on=make.TODAY - timedelta(days=1))
    assert snapshot(make.an_episode(patient)).drugs == frozenset()


def test_a_medicine_of_another_class_is_handed_on_by_name():
    patient = make.a_patient()
    make.a_medication(patient, "Wondermycin", "other")
    found = snapshot(make.an_episode(patient))
    assert (found.drugs, found.unclassified_medicines) == (frozenset(), ("Wondermycin",))


def test_a_condition_that_passed_and_a_struck_one_do_not_count():
    patient = make.a_patient()
    make.a_condition(patient, "Fever", resolved_on=make.TODAY - timedelta(days=1))
    make.a_condition(
        patient, "Cancer", voided_at=make.NOW, voided_by=make.people.an_owner(), void_reason="Wrong patient"
    )
    assert snapshot(make.an_episode(patient)).concerns == frozenset()


def test_a_condition_no_pattern_knows_is_handed_on_as_written():
    patient = make.a_patient()
    make.a_condition(patient, "Gout")
    assert snapshot(make.an_episode(patient)).other_conditions == ("Gout",)


@pytest.mark.parametrize(
    ("written", "concern"),
    [
        ("Deep vein thrombosis 2019", Concern.THROMBOSIS),
        ("DVT", Concern.THROMBOSIS),
        ("Rheumatoid arthritis", Concern.INFLAMMATORY_ARTHRITIS),
        ("Breast cancer", Concern.CANCER),
        ("pregnant, 20 weeks", Concern.PREGNANCY),
        ("Peripheral neuropathy", Concern.NEUROPATHY),
        ("L4 compression fracture", Concern.FRACTURE),
        ("Sciatica", Concern.RADICULOPATHY),
        ("Uncontrolled hypertension", Concern.UNSTABLE_CIRCULATION),
        ("Haemophilia A", Concern.BLEEDING_DISORDER),
        ("Varicose veins", Concern.VARICOSE_VEINS),
        ("Cauda equina syndrome", Concern.CAUDA_EQUINA),
        ("Open wound on shin", Concern.SKIN_LESION),
        ("Fever since yesterday", Concern.FEVER_OR_INFECTION),
        ("Osteopenia", Concern.OSTEOPOROSIS),
    ],
)
def test_conditions_are_read_by_name(written, concern):
    assert concern in screening.concerns_of(written)


@pytest.mark.parametrize("written", ["Cancerphobia", "Hay allergy", "Migraine", ""])
def test_names_that_only_look_alike_are_not_read(written):
    assert screening.concerns_of(written) == set()


def test_every_concern_can_be_written():
    by_name = {concern for concern, _ in screening.BY_NAME}
    #: How far a pregnancy is, and whether an arthritis flares, is read from the rest of the words.
    staged = {c for c in Concern if c.startswith("pregnancy_")} | {Concern.ARTHRITIS_FLARE}
    drawn = {Concern.AVOID_ZONE, Concern.SCAR_OR_ADHESION}
    assert by_name | staged | drawn == set(Concern)


@pytest.mark.parametrize(
    ("code", "concern"),
    [
        ("G83.4", Concern.CAUDA_EQUINA),
        ("I82.401", Concern.THROMBOSIS),
        ("M81.0", Concern.OSTEOPOROSIS),
        ("M51.16", Concern.RADICULOPATHY),
        ("C50.911", Concern.CANCER),
        ("O26.891", Concern.PREGNANCY),
    ],
)
def test_diagnoses_are_read_by_code(code, concern):
    assert concern in screening.concerns_of_code(code)


def test_muscle_spasm_is_no_concern():
    assert screening.concerns_of_code("M62.830") == set()


def test_a_diagnosis_of_another_episode_is_read_as_a_concern_but_is_not_this_ones_diagnosis():
    patient = make.a_patient()
    other = make.an_episode(patient, diagnosed=False)
    make.a_diagnosis(other, "M81.0")
    found = snapshot(make.an_episode(patient, diagnosed=False))
    assert (found.diagnosed, found.concerns) == (False, {Concern.OSTEOPOROSIS})


@pytest.mark.parametrize(
    ("done", "precision", "days"),
    [(timedelta(40), "day", 40), (timedelta(40), "month", 10), (timedelta(40), "year", 0)],
)
def test_a_rough_day_of_surgery_is_read_as_the_latest_it_can_have_been(done, precision, days):
    patient = make.a_patient()
    Surgery.objects.create(
        patient=patient, name="Fusion", done_on=make.TODAY - done, done_precision=precision, recorded_at=make.NOW
    )
    assert snapshot(make.an_episode(patient)).days_since_surgery == days


def test_what_a_merged_record_knew_is_known():
    old, patient = make.a_patient(), make.a_patient()
    make.a_condition(old, "Osteoporosis")
    type(old).objects.filter(pk=old.pk).update(merged_into=patient)
    assert snapshot(make.an_episode(patient)).concerns == {Concern.OSTEOPOROSIS}


@pytest.mark.parametrize("rows", [1, 4])
def test_a_snapshot_costs_the_same_however_long_the_history(rows, django_assert_num_queries):
    patient = make.a_patient()
    for n in range(rows):
        make.a_medication(patient, f"Drug {n}")
        make.a_condition(patient, f"Condition {n}")
    episode = make.an_episode(patient)
    with django_assert_num_queries(1):
        snapshot(episode)


def test_the_seed_case_calls_for_sustained_pressure():
    """Back spasms since lifting, diagnosed, on a muscle relaxant: neuromuscular, capped; deep tissue blocked."""
    patient = make.a_patient()
    make.a_medication(patient)
    episode = make.an_episode(patient)
    verdicts = plans.verdicts(episode, regions=episode.regions, today=make.TODAY)
    assert verdicts["neuromuscular"].indicated
    assert verdicts["neuromuscular"].pressure_cap == 3
    assert verdicts["deep_tissue"].word == "blocked"


def test_an_operation_without_its_day_is_asked_for():
    patient = make.a_patient()
    Surgery.objects.create(patient=patient, name="Fusion", recorded_at=make.NOW)
    found = snapshot(make.an_episode(patient))
    assert (found.days_since_surgery, found.surgery_undated) == (None, True)
    assert not snapshot(make.an_episode(make.a_patient())).surgery_undated
    assert snapshot(make.an_episode(make.a_patient(), cause="surgery")).surgery_undated


@pytest.mark.parametrize(
    ("written", "concern"),
    [
        ("pregnant, 8 weeks", Concern.PREGNANCY_FIRST),
        ("pregnant, 20 weeks", Concern.PREGNANCY_LATER),
        ("Third trimester", Concern.PREGNANCY_LATER),
        ("High-risk pregnancy", Concern.PREGNANCY_HIGH_RISK),
        ("Pregnant", Concern.PREGNANCY),
        ("Severe osteoporosis", Concern.SEVERE_OSTEOPOROSIS),
        ("Rheumatoid arthritis, flare", Concern.ARTHRITIS_FLARE),
        ("Consent withdrawn for touch", Concern.CONSENT_WITHDRAWN),
        ("History of abuse", Concern.ABUSE_HISTORY),
    ],
)
def test_how_far_and_how_bad_is_read_from_the_words(written, concern):
    patient = make.a_patient()
    make.a_condition(patient, written)
    assert concern in snapshot(make.an_episode(patient)).known_concerns


def test_weeks_that_were_written_down_go_on_counting():
    patient = make.a_patient()
    made = make.a_condition(patient, "pregnant, 8 weeks")
    type(made).objects.filter(pk=made.pk).update(recorded_at=make.NOW - timedelta(weeks=7))
    assert snapshot(make.an_episode(patient)).known_concerns == {Concern.PREGNANCY_LATER}


@pytest.mark.parametrize(
    ("written", "here", "elsewhere"),
    [
        ("L4 compression fracture", "low_back_left", "neck_left"),
        ("Fracture of the left wrist", "arm_left", "low_back_left"),
        ("Cervical fracture", "neck_right", "low_back_left"),
        ("Rib fracture, right", "ribs_side_right", "ribs_side_left"),
    ],
)
def test_words_for_a_place_are_a_place(written, here, elsewhere):
    places = screening.places_of(written)
    assert here in places
    assert elsewhere not in places


def test_a_fracture_whose_place_nobody_names_is_everywhere():
    patient = make.a_patient()
    make.a_condition(patient, "Stress fracture")
    make.a_condition(patient, "Fracture of the left wrist")
    found = snapshot(make.an_episode(patient))
    assert found.regions_of(Concern.FRACTURE) == frozenset()
