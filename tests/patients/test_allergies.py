"""Three answers about allergies, and a list that agrees with them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent, User
from patients import allergies, merging
from patients.models import Allergy, AllergyStatus, Patient
from patients.records import RecordRefused
from tests.factories.patients import NOW, a_patient


def test_a_new_patient_has_not_been_asked(desk: User) -> None:
    assert allergies.of(a_patient()).status == AllergyStatus.NOT_ASKED


def test_naming_an_allergy_makes_the_answer_listed(desk: User) -> None:
    patient = a_patient()
    allergies.add(patient=patient, substance="Penicillin", reaction="rash", by=desk, now=NOW)
    patient.refresh_from_db()
    assert patient.allergy_status == AllergyStatus.LISTED
    assert [str(a) for a in allergies.of(patient).listed] == ["Penicillin"]


def test_none_known_is_an_answer_of_its_own(desk: User) -> None:
    patient = allergies.say_none_known(patient=a_patient(), by=desk, now=NOW)
    assert allergies.of(patient).status == AllergyStatus.NONE_KNOWN
    assert AuditEvent.objects.filter(action="allergies.none_known", patient_uid=patient.uid).exists()


def test_none_known_is_refused_while_the_list_has_entries(desk: User) -> None:
    patient = a_patient()
    allergies.add(patient=patient, substance="Latex", by=desk, now=NOW)
    with pytest.raises(RecordRefused, match="Strike them out before"):
        allergies.say_none_known(patient=patient, by=desk, now=NOW)


def test_none_known_is_refused_while_a_merged_record_lists_one(desk: User, owner: User) -> None:
    patient, other = a_patient(), a_patient()
    allergies.add(patient=other, substance="Latex", by=desk, now=NOW)
    merging.merge(duplicate=other, survivor=patient, reason="The same person", by=owner, now=NOW)
    patient.refresh_from_db()
    assert allergies.of(patient).status == AllergyStatus.LISTED
    with pytest.raises(RecordRefused):
        allergies.say_none_known(patient=patient, by=desk, now=NOW)


def test_naming_one_after_none_known_corrects_the_answer(desk: User) -> None:
    patient = allergies.say_none_known(patient=a_patient(), by=desk, now=NOW)
    allergies.add(patient=patient, substance="Iodine", by=desk, now=NOW)
    assert Patient.objects.get(pk=patient.pk).allergy_status == AllergyStatus.LISTED


def test_when_the_last_allergy_is_struck_out_they_have_to_be_asked_about_again(desk: User) -> None:
    patient = a_patient()
    one = allergies.add(patient=patient, substance="Iodine", by=desk, now=NOW)
    two = allergies.add(patient=patient, substance="Nuts", by=desk, now=NOW)
    allergies.void(one, reason="Wrong patient", by=desk, now=NOW)
    assert Patient.objects.get(pk=patient.pk).allergy_status == AllergyStatus.LISTED
    allergies.void(two, reason="Wrong patient", by=desk, now=NOW)
    assert Patient.objects.get(pk=patient.pk).allergy_status == AllergyStatus.NOT_ASKED


VOID_ALL = (
    "UPDATE patients_allergy SET voided_at = now(), voided_by_id = recorded_by_id, void_reason = 'x' "
    "WHERE patient_id = %s"
)


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        (
            "UPDATE patients_patient SET allergy_status = 'none_known' WHERE id = %s",
            "none_known_means_no_allergy_is_listed",
        ),
        (
            "UPDATE patients_patient SET allergy_status = 'not_asked' WHERE id = %s",
            "none_known_means_no_allergy_is_listed",
        ),
        (VOID_ALL, "listed_means_an_allergy_is_listed"),
    ],
)
def test_even_sql_cannot_make_answer_and_list_disagree(desk: User, sql: str, constraint: str) -> None:
    patient = a_patient()
    allergies.add(patient=patient, substance="Iodine", by=desk, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            cursor.execute(sql, [patient.pk])
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_an_allergy_is_never_deleted(desk: User) -> None:
    allergies.add(patient=a_patient(), substance="Iodine", by=desk, now=NOW)
    with pytest.raises(IntegrityError, match="are kept"), transaction.atomic():
        Allergy.objects.all().delete()


def test_a_kind_that_nobody_said_is_not_known_and_the_record_does_not_make_one_up(desk: User, client: Client) -> None:
    patient = a_patient()
    allergies.add(patient=patient, substance="Latex", by=desk, now=NOW)
    allergies.add(patient=patient, substance="Ibuprofen", kind="drug", by=desk, now=NOW)
    assert dict(Allergy.objects.values_list("substance", "kind")) == {"Latex": "unknown", "Ibuprofen": "drug"}
    client.force_login(desk)
    record = " ".join(client.get(reverse("patients:patient", args=[patient.uid])).content.decode().split())
    assert '<strong>Ibuprofen</strong> <span class="text-body-secondary">drug</span>' in record
    assert "<strong>Latex</strong> <" in record
    assert "Latex</strong> <span" not in record
