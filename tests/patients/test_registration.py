"""Registering: everything or nothing, and never twice without being asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clinic.forms import StaleRecord
from clinic.models import AuditEvent, User
from patients import allergies, consent, registration
from patients.dates import RoughDay
from patients.models import AllergyStatus, Injury, Medication, Patient
from patients.records import RecordRefused
from patients.registration import Intake, LikelyDuplicates
from tests.factories.patients import NOW, a_patient

BORN = date(1984, 3, 7)


def ana(**changes: Any) -> dict[str, Any]:
    facts = {"given_name": "Ana", "family_name": "Ribeiro", "born_on": BORN, "phone": "+12125550142", "now": NOW}
    return facts | changes


def test_the_desk_registers_ana_with_all_that_it_asked(desk: User) -> None:
    intake = Intake(
        consents=[{"channel": "email", "given": True}],
        emergency_contacts=[{"name": "Rui", "relationship": "husband", "phone": "+12125550143"}],
        injuries=[
            {"cause": "lifting", "mechanism": "a washing machine", "happened": RoughDay(date(2026, 11, 1), "month")}
        ],
        conditions=[{"name": "High blood pressure"}],
        surgeries=[{"name": "Appendix", "done": RoughDay(date(2011, 1, 1), "year")}],
        allergy_status=AllergyStatus.LISTED,
        allergies=[{"substance": "Penicillin", "reaction": "rash"}],
        medication=[{"name": "Cyclobenzaprine", "dose_as_ordered": "5 mg at night", "prescriber": "Dr. Osei"}],
        coverages=[{"payer_name": "Acme", "member_id": "77"}],
    )
    patient = registration.register(
        **ana(email="ana@patients.example", preferred_channel="email"), intake=intake, by=desk
    )
    assert patient.number_label.startswith("P-")
    assert patient.allergy_status == AllergyStatus.LISTED
    assert Injury.objects.for_patient(patient).get().cause == "lifting"
    assert Medication.objects.for_patient(patient).get().drug_classes == ["muscle_relaxant"]
    assert consent.may_contact(patient, "email")
    assert not consent.may_contact(patient, "sms")
    done = AuditEvent.objects.filter(patient_uid=patient.uid).values_list("action", flat=True)
    assert {"patient.registered", "consent.given", "injury.added", "allergy.added", "medication.added"} <= set(done)


def test_if_one_part_is_refused_nothing_is_registered(desk: User) -> None:
    intake = Intake(coverages=[{"payer_name": "Acme", "member_id": "1", "relationship": "spouse"}])
    with pytest.raises(RecordRefused, match="Whose insurance"):
        registration.register(**ana(), intake=intake, by=desk)
    assert not Patient.objects.exists()


def test_numbers_are_given_in_turn(desk: User) -> None:
    one, two = a_patient(), a_patient()
    assert two.number == one.number + 1


def test_the_same_person_is_not_registered_twice_without_being_asked(desk: User) -> None:
    first = registration.register(**ana(), by=desk)
    with pytest.raises(LikelyDuplicates) as asked:
        registration.register(**ana(given_name="ANA", family_name="Ribeíro"), by=desk)
    assert [found.patient for found in asked.value.likenesses] == [first]


def test_who_was_ruled_out_by_a_person_stands_in_nobodys_way(desk: User) -> None:
    first = registration.register(**ana(), by=desk)
    twin = registration.register(**ana(), intake=Intake(not_the_same_as=[first.uid]), by=desk)
    assert twin.pk != first.pk
    said = AuditEvent.objects.filter(action="patient.registered", patient_uid=twin.uid).get()
    assert said.detail == {"not_the_same_as": [str(first.uid)]}


def test_ruling_out_one_does_not_rule_out_another(desk: User) -> None:
    first = registration.register(**ana(), by=desk)
    registration.register(**ana(), intake=Intake(not_the_same_as=[first.uid]), by=desk)
    with pytest.raises(LikelyDuplicates):
        registration.register(**ana(), intake=Intake(not_the_same_as=[first.uid]), by=desk)


def test_a_birthday_in_the_future_is_refused(desk: User) -> None:
    with pytest.raises(RecordRefused, match="in the future"):
        registration.register(**ana(born_on=NOW.date() + timedelta(days=2)), by=desk)


def test_a_field_that_is_nobodys_particular_is_refused(desk: User) -> None:
    with pytest.raises(TypeError, match="allergy_status"):
        registration.register(**ana(allergy_status="none_known"), by=desk)
    with pytest.raises(TypeError, match="merged_into"):
        registration.correct(a_patient(), merged_into=None, by=desk, now=NOW)


def test_saying_allergies_are_listed_without_naming_one_is_refused(desk: User) -> None:
    with pytest.raises(RecordRefused, match="Name the allergy"):
        registration.register(**ana(), intake=Intake(allergy_status=AllergyStatus.LISTED), by=desk)


def test_the_second_of_two_who_correct_is_told_what_the_first_changed(desk: User) -> None:
    patient = registration.register(**ana(), by=desk)
    registration.correct(patient, revision=1, phone="+12125550177", city="Queens", by=desk, now=NOW)
    with pytest.raises(StaleRecord, match="Phone, City"):
        registration.correct(patient, revision=1, city="Bronx", by=desk, now=NOW)
    assert Patient.objects.get().city == "Queens"


def test_a_channel_without_an_address_cannot_be_preferred(desk: User) -> None:
    with pytest.raises(RecordRefused, match="address or number is needed"):
        registration.register(**ana(preferred_channel="email"), by=desk)


def test_a_deactivated_patient_is_kept_and_gets_no_messages(desk: User) -> None:
    patient = registration.register(**ana(), intake=Intake(consents=[{"channel": "sms", "given": True}]), by=desk)
    assert consent.may_contact(patient, "sms")
    patient = registration.deactivate(patient, reason="Moved away", by=desk, now=NOW)
    assert not Patient.objects.active().exists()
    assert not consent.may_contact(patient, "sms")
    with pytest.raises(RecordRefused, match="deactivated already"):
        registration.deactivate(patient, reason="Again", by=desk, now=NOW)
    patient = registration.reactivate(patient, by=desk, now=NOW)
    assert consent.may_contact(patient, "sms")


def test_the_newest_word_on_a_channel_counts_and_older_ones_stay(desk: User) -> None:
    patient = registration.register(**ana(), by=desk)
    consent.record(patient=patient, channel="sms", given=True, by=desk, now=NOW)
    consent.record(patient=patient, channel="sms", given=False, by=desk, now=NOW + timedelta(minutes=1))
    assert not consent.may_contact(patient, "sms")
    said = patient.contact_consents.newest_first()
    assert [s.given for s in said] == [False, True]
    assert all(s.wording and s.wording_version for s in said)


@pytest.mark.parametrize("change", ["given = NOT given", "wording = 'x'"])
def test_a_consent_can_neither_be_changed_nor_deleted(desk: User, change: str) -> None:
    patient = registration.register(**ana(), by=desk)
    consent.record(patient=patient, channel="sms", given=True, by=desk, now=NOW)
    for sql in (f"UPDATE patients_contactconsent SET {change}", "DELETE FROM patients_contactconsent"):
        with (
            connection.cursor() as cursor,
            pytest.raises(DatabaseError, match=r"are kept|permission denied"),
            transaction.atomic(),
        ):
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("family_name = ''", "patient_has_a_name"),
        ("born_on = '1850-01-01'", "patient_was_born_after_1880"),
        ("phone = '0142'", "patient_phone_is_international"),
        ("preferred_channel = 'sms', phone = ''", "preferred_channel_has_an_address"),
        ("preferred_channel = 'pigeon'", "preferred_channel_is_known"),
        ("sex = 'x'", "patient_sex_is_known"),
        ("language = 'tlh'", "patient_language_is_known"),
        ("allergy_status = 'maybe'", "allergy_status_is_known"),
        ("deactivated_at = now()", "who_deactivated_a_patient_and_why_is_known"),
        ("merged_into_id = id", "patient_is_not_merged_into_itself"),
    ],
)
def test_the_database_itself_refuses(desk: User, change: str, constraint: str) -> None:
    registration.register(**ana(), by=desk)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        cursor.execute(f"UPDATE patients_patient SET {change}")


def test_none_known_at_the_desk_is_recorded_as_asked(desk: User) -> None:
    patient = registration.register(**ana(), intake=Intake(allergy_status=AllergyStatus.NONE_KNOWN), by=desk)
    assert allergies.of(patient).status == AllergyStatus.NONE_KNOWN
