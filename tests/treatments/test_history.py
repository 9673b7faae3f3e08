"""What safety rules look at is read in one statement, and is what the querysets say of the same people."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.models import Q
from django.urls import reverse

from patients import merging
from patients.models import Allergy, Condition, Injury, Medication, Patient, Surgery
from tests.factories import people
from tests.factories import treatments as make
from treatments import bodychart, gate, history, red_flags, screening
from treatments.body.marks import Mark
from treatments.models import BodyMark, Diagnosis, RedFlagClearance, RedFlagScreen, VisitCheck
from treatments.safety import Flag
from treatments.safety.redflags import Answer

pytestmark = pytest.mark.django_db

ORM = {
    "diagnoses": lambda who: Diagnosis.objects.standing().filter(who).newest_first(),
    "conditions": lambda who: Condition.objects.standing().filter(who).order_by("pk"),
    "surgeries": lambda who: Surgery.objects.standing().filter(who).order_by("pk"),
    "medicines": lambda who: Medication.objects.standing().filter(who).order_by("pk"),
    "allergies": lambda who: Allergy.objects.standing().filter(who).order_by("pk"),
    "injuries": lambda who: Injury.objects.standing().filter(who).order_by("pk"),
    "screens": lambda who: RedFlagScreen.objects.filter(who).order_by("asked_at", "pk"),
    "clearances": lambda who: RedFlagClearance.objects.filter(who).order_by("recorded_at", "pk"),
    "checks": lambda who: VisitCheck.objects.filter(who).order_by("asked_at", "pk"),
}


def filled(patient, therapist):
    """Everything there can be, some of it struck out, with every kind of value."""
    now = make.NOW
    void = {"voided_at": now, "voided_by": therapist.user, "void_reason": "Wrong patient"}
    make.an_injury(patient)
    make.an_injury(patient, **void)
    make.a_medication(patient, ended_on=date(2026, 11, 1))
    make.a_medication(patient, "Warfarin", "anticoagulant", "opioid", **void)
    make.an_allergy(patient, "Almond oil", kind="contact")
    for number, facts in enumerate(({}, {"resolved_on": date(2026, 1, 2)}, void)):
        make.a_condition(patient, f"Condition {number}", **facts)
    for facts in ({"done_on": date(2026, 2, 3), "done_precision": "day"}, void):
        Surgery.objects.create(patient=patient, name="Discectomy", recorded_at=now, **facts)
    flags = {Flag.NIGHT_PAIN: Answer.YES, Flag.SADDLE_NUMBNESS: Answer.NO}
    red_flags.screen(patient, occasion="intake", answers=flags, by=therapist.user, now=now)
    red_flags.clear(
        patient, flags=[Flag.NIGHT_PAIN], clinician="Dr. Okafor", seen_on=make.TODAY, words="Benign",
        by=therapist.user, now=now + timedelta(hours=1),
    )  # fmt: skip
    asked = red_flags.Asked(dose="yes", last_dose_at=now - timedelta(hours=3))
    red_flags.ask_today(patient, asked=asked, by=therapist.user, now=now)
    return make.an_episode(patient)


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.fixture
def people_():
    """One whose second record was merged into the first, and a stranger; all with all there is."""
    therapist = make.a_practitioner()
    one, twin, stranger = (make.a_patient(family_name=name) for name in ("Núñez", "Nunez", "Other"))
    episodes = [filled(patient, therapist) for patient in (one, twin, stranger)]
    for number, episode in enumerate(episodes):
        plan = make.a_plan(episode, author=therapist)
        marks = [Mark("heel_left", "avoid"), Mark("heel_right", "pain", 5), Mark("knee_back_left", "scar", None, "Old")]
        make.a_signed_note(plan, marks=marks, service_at=make.NOW - timedelta(days=number + 1))
        draft = make.a_note(plan)
        bodychart.save(draft, marks=[Mark("nowhere", "numbness")], seen="", by=therapist.user, now=make.NOW)
    merging.merge(survivor=one, duplicate=twin, reason="One person", by=people.an_owner(), now=make.NOW)
    return Patient.objects.get(pk=one.pk), Patient.objects.get(pk=twin.pk), stranger


@pytest.mark.parametrize("kind", ORM)
def test_each_kind_is_what_its_queryset_says(people_, kind):
    one, twin, stranger = people_
    rows = getattr(history.read({one.pk, stranger.pk}), kind)
    for root, who in ((one.pk, Q(patient__in=[one, twin])), (stranger.pk, Q(patient=stranger))):
        expected = list(ORM[kind](who))
        assert expected, "or nothing is compared"
        assert list(map(values, rows[root])) == list(map(values, expected))


def test_a_diagnosis_comes_with_its_code_and_a_mark_with_its_note(people_, django_assert_num_queries):
    one, twin, stranger = people_
    with django_assert_num_queries(1):
        read = history.read({one.pk, stranger.pk})
        assert {row.code.code for row in read.diagnoses[one.pk]} == {"M62.830"}
        notes = [(mark.note.patient_id, mark.note.is_signed, mark.note.service_at) for mark in read.marks[one.pk]]
    expected = BodyMark.objects.filter(note__patient__in=[one, twin], layer__in=history.LAYERS).select_related("note")
    expected = list(expected.order_by("-note__service_at", "-note_id", "pk"))
    assert list(map(values, read.marks[one.pk])) == list(map(values, expected))
    assert notes == [(mark.note.patient_id, mark.note.is_signed, mark.note.service_at) for mark in expected]


def test_what_is_read_of_the_body_is_what_the_rules_mind():
    assert set(history.LAYERS) == set(screening.MARKED)


def test_of_somebody_without_a_history_nothing_is_known(django_assert_num_queries):
    patient = make.a_patient()
    with django_assert_num_queries(1):
        read = history.read({patient.pk})
    assert all(getattr(read, kind)[patient.pk] == [] for kind in [*ORM, "marks"])


@pytest.mark.parametrize("rows", [1, 4])
def test_a_gate_costs_two_statements_however_long_the_history(rows, django_assert_num_queries):
    therapist = make.a_practitioner()
    patient = make.a_patient()
    episode = filled(patient, therapist)
    for number in range(rows):
        make.a_condition(patient, f"More {number}")
    with django_assert_num_queries(2):
        reading = gate.read(episode, today=make.TODAY, now=make.NOW)
    assert [one.code.code for one in reading.diagnoses] == ["M62.830"]
    assert Flag.NIGHT_PAIN not in reading.red_flags.standing


def test_the_panel_beside_the_chart_costs_a_dozen_statements(as_, django_assert_max_num_queries):
    therapist = make.a_practitioner()
    patient = make.a_patient()
    plan = make.a_plan(filled(patient, therapist), author=therapist)
    note, client = make.a_note(plan), as_(therapist.user)
    url = reverse("treatments:chart_gate", args=[note.uid])
    client.get(url)
    with django_assert_max_num_queries(12):
        answer = client.get(url, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "M62.830" in text
    assert "not asked" in text
