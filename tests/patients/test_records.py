"""Adding to, correcting and striking what is on a patient's record."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.forms import StaleRecord
from clinic.models import AuditEvent, User
from patients import changes, contacts, cover, history, medication, merging, records
from patients.dates import RoughDay
from patients.models import (
    Condition,
    Coverage,
    Identifier,
    Injury,
    Medication,
    Patient,
    Relationship,
)
from patients.records import RecordRefused
from tests.factories.patients import NOW, a_patient


def test_an_injury_keeps_its_cause_and_as_much_of_the_day_as_is_known(desk: User) -> None:
    patient = a_patient()
    injury = history.add_injury(
        patient=patient,
        cause="lifting",
        mechanism="lifting a washing machine",
        happened=RoughDay(date(2026, 11, 1), "month"),
        by=desk,
        now=NOW,
    )
    assert str(injury.happened) == "Nov 2026"
    assert AuditEvent.objects.filter(action="injury.added", patient_uid=patient.uid, subject_uid=injury.uid).exists()


def test_a_correction_keeps_what_was_said_before(desk: User) -> None:
    condition = history.add_condition(patient=a_patient(), name="Osteopenia", by=desk, now=NOW)
    records.correct(condition, name="Osteoporosis", revision=1, by=desk, now=NOW)
    events = Condition.pgh_event_model.objects.filter(pgh_obj_id=condition.pk).order_by("pgh_id")
    assert [event.name for event in events] == ["Osteopenia", "Osteoporosis"]


def test_the_second_of_two_who_correct_is_told_what_the_first_changed(desk: User) -> None:
    condition = history.add_condition(patient=a_patient(), name="Osteopenia", by=desk, now=NOW)
    records.correct(condition, name="Osteoporosis", caution="no deep pressure", revision=1, by=desk, now=NOW)
    with pytest.raises(StaleRecord, match="Condition, What hands-on work must mind"):
        records.correct(condition, name="Osteopenia of the hip", revision=1, by=desk, now=NOW)
    assert Condition.objects.get(pk=condition.pk).name == "Osteoporosis"


def test_a_correction_that_changes_nothing_leaves_no_trace(desk: User) -> None:
    condition = history.add_condition(patient=a_patient(), name="Asthma", by=desk, now=NOW)
    records.correct(condition, name="Asthma", by=desk, now=NOW)
    assert Condition.objects.get(pk=condition.pk).revision == 1
    assert not AuditEvent.objects.filter(action="condition.corrected").exists()


def test_a_struck_entry_is_out_of_the_list_but_not_gone(desk: User) -> None:
    patient = a_patient()
    condition = history.add_condition(patient=patient, name="Asthma", by=desk, now=NOW)
    records.void(condition, reason="Another patient's", by=desk, now=NOW)
    assert not Condition.objects.for_patient(patient).standing().exists()
    struck = Condition.objects.get(pk=condition.pk)
    assert (struck.voided_by, struck.void_reason) == (desk, "Another patient's")


def test_striking_needs_a_reason_and_happens_once(desk: User) -> None:
    condition = history.add_condition(patient=a_patient(), name="Asthma", by=desk, now=NOW)
    with pytest.raises(RecordRefused, match="Say why"):
        records.void(condition, reason="  ", by=desk, now=NOW)
    records.void(condition, reason="Wrong", by=desk, now=NOW)
    with pytest.raises(RecordRefused, match="struck out meanwhile"):
        records.void(condition, reason="Wrong", by=desk, now=NOW)
    with pytest.raises(RecordRefused, match="struck out meanwhile"):
        records.correct(condition, name="Else", by=desk, now=NOW)


@pytest.mark.parametrize("model", [Injury, Condition, Medication, Identifier, Coverage, Patient])
def test_nothing_on_a_record_is_ever_deleted(desk: User, model: type) -> None:
    patient = a_patient()
    history.add_injury(patient=patient, cause="fall", by=desk, now=NOW)
    history.add_condition(patient=patient, name="Asthma", by=desk, now=NOW)
    medication.add(patient=patient, name="Ibuprofen", by=desk, now=NOW)
    cover.add_identifier(patient=patient, kind="record", value="1", by=desk, now=NOW)
    cover.add_coverage(patient=patient, payer_name="Acme", member_id="1", by=desk, now=NOW)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="are kept"), transaction.atomic():
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


def test_history_cannot_be_rewritten(desk: User) -> None:
    condition = history.add_condition(patient=a_patient(), name="Asthma", by=desk, now=NOW)
    with pytest.raises(Exception, match=r"append|permission denied"), transaction.atomic():
        Condition.pgh_event_model.objects.filter(pgh_obj_id=condition.pk).update(name="Never")


def test_a_drug_gets_the_class_that_its_name_is_known_for(desk: User) -> None:
    drug = medication.add(
        patient=a_patient(),
        name="Cyclobenzaprine",
        dose_as_ordered="5 mg three times a day",
        prescriber="Dr. Osei",
        by=desk,
        now=NOW,
    )
    assert drug.drug_classes == ["muscle_relaxant"]
    assert medication.cautions([drug]) == ["Muscle relaxant: dizzy when rising, guarding may be masked"]


def test_who_types_a_class_knows_better_than_the_list_of_names(desk: User) -> None:
    drug = medication.add(patient=a_patient(), name="Ibuprofen", drug_classes=["other"], by=desk, now=NOW)
    assert drug.drug_classes == ["other"]


def test_an_ended_drug_stays_in_the_list_and_is_not_current(desk: User) -> None:
    patient = a_patient()
    drug = medication.add(patient=patient, name="Ibuprofen", by=desk, now=NOW)
    medication.stop(drug, ended_on=date(2026, 11, 20), reason="stomach", by=desk, now=NOW)
    assert [str(m) for m in Medication.objects.for_patient(patient).newest_first()] == ["Ibuprofen"]
    assert not Medication.objects.for_patient(patient).current().exists()


def test_a_drug_cannot_have_ended_before_it_began(desk: User) -> None:
    drug = medication.add(
        patient=a_patient(), name="Ibuprofen", started=RoughDay(date(2026, 11, 1), "day"), by=desk, now=NOW
    )
    with pytest.raises(RecordRefused, match="cannot have ended before"):
        medication.stop(drug, ended_on=date(2026, 10, 1), by=desk, now=NOW)


def test_the_same_number_of_the_same_kind_is_listed_once(desk: User) -> None:
    patient = a_patient()
    cover.add_identifier(patient=patient, kind="record", value="A-1", issuer="County", by=desk, now=NOW)
    with pytest.raises(RecordRefused, match="on the list already"):
        cover.add_identifier(patient=patient, kind="record", value="A-1", issuer="County", by=desk, now=NOW)


def test_cover_of_another_names_them(desk: User) -> None:
    with pytest.raises(RecordRefused, match="Whose insurance"):
        cover.add_coverage(
            patient=a_patient(), payer_name="Acme", member_id="1", relationship=Relationship.SPOUSE, by=desk, now=NOW
        )


def test_cover_is_asked_for_a_day_and_who_pays_first_comes_first(desk: User) -> None:
    patient = a_patient()
    for payer, priority, ends in (("Second", 2, None), ("First", 1, None), ("Over", 1, date(2025, 12, 31))):
        cover.add_coverage(
            patient=patient, payer_name=payer, member_id="1", priority=priority, valid_to=ends, by=desk, now=NOW
        )
    on_the_day = Coverage.objects.for_patient(patient).on(date(2026, 11, 24))
    assert [c.payer_name for c in on_the_day] == ["First", "Second"]


def test_what_is_written_on_a_merged_record_lands_on_the_one_that_stands(desk: User, owner: User) -> None:
    patient, other = a_patient(), a_patient()
    merging.merge(duplicate=other, survivor=patient, reason="The same person", by=owner, now=NOW)
    contact = contacts.add(patient=other, name="Rui", phone="+12125550199", by=desk, now=NOW)
    assert contact.patient == patient


@pytest.mark.parametrize(
    ("table", "change", "constraint"),
    [
        ("injury", "cause = 'magic'", "injury_cause_is_known"),
        ("injury", "happened_on = '2020-01-01'", "injury_happened_on_is_as_precise_as_it_says"),
        ("injury", "happened_precision = 'day'", "injury_happened_on_is_as_precise_as_it_says"),
        ("injury", "voided_at = now()", "who_voided_a_injury_and_why_is_known"),
        ("injury", "void_reason = 'because'", "who_voided_a_injury_and_why_is_known"),
        ("medication", "drug_classes = '{magic}'", "drug_classes_are_known"),
        ("coverage", "priority = 4", "coverage_pays_first_second_or_third"),
        ("coverage", "valid_from = '2020-01-02', valid_to = '2020-01-01'", "coverage_ends_after_it_begins"),
        ("emergencycontact", "phone = '555'", "emergency_phone_is_international"),
    ],
)
def test_the_database_itself_refuses(desk: User, table: str, change: str, constraint: str) -> None:
    patient = a_patient()
    history.add_injury(patient=patient, cause="fall", by=desk, now=NOW)
    medication.add(patient=patient, name="Ibuprofen", by=desk, now=NOW)
    cover.add_coverage(patient=patient, payer_name="Acme", member_id="1", by=desk, now=NOW)
    contacts.add(patient=patient, name="Rui", phone="+12125550199", by=desk, now=NOW)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        cursor.execute(f"UPDATE patients_{table} SET {change}")


def test_changes_are_told_before_and_after(desk: User) -> None:
    patient = a_patient()
    condition = history.add_condition(patient=patient, name="Osteopenia", by=desk, now=NOW)
    records.correct(condition, name="Osteoporosis", by=desk, now=NOW)
    records.void(condition, reason="Wrong patient", by=desk, now=NOW)
    told = changes.of(patient, changes.CLINICAL)
    assert [(c.what, [(f.label, f.before, f.after) for f in c.fields]) for c in told] == [
        ("struck out", [("Why", "", "Wrong patient")]),
        ("changed", [("Condition", "Osteopenia", "Osteoporosis")]),
        ("added", [("Condition", "", "Osteopenia")]),
    ]
