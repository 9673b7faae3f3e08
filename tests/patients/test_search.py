"""Finding a patient by whatever one remembers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clinic.models import AuditEvent, User
from patients import folding, merging, registration, search
from patients.models import NameWord, Patient
from tests.factories.patients import NOW, a_patient


@pytest.fixture
def people(desk: User) -> dict[str, Patient]:
    return {
        "ana": a_patient("Ana", "Núñez", born_on=date(1984, 3, 7), phone="+12125550142"),
        "jose": a_patient("José María", "García-Márquez", born_on=date(1950, 12, 1), phone="+12125559876"),
        "obrien": a_patient("Maeve", "O’Brien", preferred_name="May", other_phone="+442079460958"),
        "smith": a_patient("John", "Smith", born_on=date(1999, 2, 28)),
        "smithson": a_patient("Joan", "Smithson"),
    }


def found(desk: User, text: str) -> list[Patient]:
    return [hit.patient for hit in search.find(text, by=desk, now=NOW).hits]


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("nunez", "ana"), ("Núñez", "ana"), ("NUNEZ", "ana"), ("nun an", "ana"), ("ana núñ", "ana"), ("úñe", "ana"),
        ("0142", "ana"), ("212 555 0142", "ana"), ("(212) 555-0142", "ana"), ("+1 212 555 0142", "ana"),
        ("550142", "ana"), ("25550", "ana"), ("1984-03-07", "ana"), ("03/07/1984", "ana"), ("7 Mar 1984", "ana"),
        ("March 7, 1984", "ana"), ("07.03.1984", "ana"), ("nunez 7 mar 1984", "ana"), ("nunez 0142", "ana"),
        ("marquez", "jose"), ("garcia marquez", "jose"), ("jose maria garcia", "jose"), ("garcia jose", "jose"),
        ("maria", "jose"), ("marquez jose", "jose"), ("obrien", "obrien"), ("o'brien", "obrien"), ("O’Brien", "obrien"),
        ("may", "obrien"), ("020 7946 0958", "obrien"), ("7946", "obrien"), ("28/02/1999", "smith"),
    ],
)  # fmt: skip
def test_the_right_person_comes_first(desk: User, people: dict[str, Patient], typed: str, who: str) -> None:
    assert found(desk, typed)[0] == people[who]


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("nuenz", "ana"), ("nuez", "ana"), ("nunnez", "ana"), ("numez", "ana"), ("ana nuenz", "ana"),
        ("simth", "smith"), ("jonh smith", "smith"), ("smiht john", "smith"), ("garica", "jose"), ("marqeuz", "jose"),
        ("obrein", "obrien"),
    ],
)  # fmt: skip
def test_one_slip_of_the_fingers_is_forgiven(desk: User, people: dict[str, Patient], typed: str, who: str) -> None:
    results = search.find(typed, by=desk, now=NOW)
    assert people[who] in [hit.patient for hit in results.hits]


def test_a_number_finds_its_patient_alone(desk: User, people: dict[str, Patient]) -> None:
    for patient in people.values():
        assert found(desk, patient.number_label) == [patient]
        assert found(desk, f"p{patient.number}") == [patient]
        assert found(desk, str(patient.number))[0] == patient


def test_the_exact_name_stands_before_the_longer_one(desk: User, people: dict[str, Patient]) -> None:
    assert found(desk, "smith")[:2] == [people["smith"], people["smithson"]]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "%",
        "_",
        "\\",
        "'; DROP TABLE patients_patient; --",
        "\x00",
        "x" * 5000,
        "日本",
        "🙂",
        "-",
        "p-99999999999",
    ],
)
def test_whatever_is_typed_is_answered(desk: User, people: dict[str, Patient], typed: str) -> None:
    assert found(desk, typed) == []


def test_wildcards_are_letters_like_others(desk: User, people: dict[str, Patient]) -> None:
    assert found(desk, "%mit%") == []
    assert found(desk, "sm_th") == []


def test_a_page_holds_twenty_and_says_that_there_are_more(desk: User) -> None:
    for _ in range(22):
        a_patient("Maria", "Silva")
    results = search.find("silva", by=desk, now=NOW)
    assert (len(results.hits), results.has_more) == (20, True)


def test_a_merged_record_leads_to_the_one_that_stands(desk: User, owner: User, people: dict[str, Patient]) -> None:
    merging.merge(duplicate=people["ana"], survivor=people["smith"], reason="Same", by=owner, now=NOW)
    [hit] = search.find("nunez", by=desk, now=NOW).hits
    assert (hit.patient, hit.merged_from) == (people["smith"], people["ana"])


def test_a_person_found_by_both_records_stands_on_the_page_once(
    desk: User, owner: User, people: dict[str, Patient]
) -> None:
    merging.merge(duplicate=people["smithson"], survivor=people["smith"], reason="Same", by=owner, now=NOW)
    assert found(desk, "smith") == [people["smith"]]


def test_the_deactivated_are_found_and_marked(desk: User, people: dict[str, Patient]) -> None:
    registration.deactivate(people["ana"], reason="Moved", by=desk, now=NOW)
    [hit] = search.find("nunez", by=desk, now=NOW).hits
    assert hit.patient.deactivated_at


def test_a_search_is_written_down_with_who_was_shown_but_not_what_was_typed(
    desk: User, people: dict[str, Patient]
) -> None:
    search.find("nunez", by=desk, now=NOW)
    said = AuditEvent.objects.get(action="patients.searched")
    assert said.detail == {"patients": [str(people["ana"].uid)], "more": False}
    assert said.is_look
    assert "nunez" not in str(vars(said))


def test_who_may_see_no_patients_finds_none(desk: User, people: dict[str, Patient]) -> None:
    desk.roles = []
    assert found(desk, "nunez") == []


def test_a_new_name_is_known_to_the_search_at_once_and_a_corrected_one_too(desk: User) -> None:
    patient = a_patient("Wilhelmina", "Østergård")
    assert NameWord.objects.filter(word__in=["wilhelmina", "ostergard"]).count() == 2
    registration.correct(patient, family_name="Lindqvist", by=desk, now=NOW)
    assert found(desk, "lindqivst") == [patient]


def test_a_bulk_load_is_known_to_the_search_too(desk: User) -> None:
    a_patient("Ana", "Template")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = "
                       "'patients_patient'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped "
                       "AND attname NOT IN ('id', 'uid', 'number', 'family_name')")  # fmt: skip
        columns = cursor.fetchone()[0]
        cursor.execute(
            f"INSERT INTO patients_patient (uid, family_name, {columns}) "
            f"SELECT gen_random_uuid(), name, {columns} FROM patients_patient, unnest(%s::text[]) AS name",
            [["Featherstone", "Cholmondeley"]],
        )
    assert [p.family_name for p in found(desk, "fetaherstone")] == ["Featherstone"]
    assert Patient.pgh_event_model.objects.filter(family_name="Cholmondeley", pgh_label="insert").exists()


names = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=3, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), given_name=names, family_name=names)
def test_any_part_of_any_name_finds_its_bearer(
    desk: User, data: st.DataObject, given_name: str, family_name: str
) -> None:
    """Any three letters or more in a row of either name, as the database folds them."""
    name = folding.fold(data.draw(st.sampled_from([given_name, family_name])))
    assume(len(name) >= 3 and not any(c.isdigit() for c in name) and " " not in name)
    start = data.draw(st.integers(0, len(name) - 3))
    end = data.draw(st.integers(start + 3, len(name)))
    patient = a_patient(given_name, family_name)
    try:
        assert patient in found(desk, name[start:end]) or len(found(desk, name[start:end])) == 20
    finally:
        _forget(patient)


def _forget(patient: Patient) -> None:
    """Each example starts without the one before: this patient's name is taken out of the way of the next."""
    Patient.objects.filter(pk=patient.pk).update(given_name="Zzyzx", family_name="Qqqq")


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("0142", {"digits": "142"}),
        ("P-00042", {"number": 42}),
        ("garcia 0142", {"words": ("garcia",), "digits": "0142"}),
        ("03/07/1984", {"days": (date(1984, 3, 7), date(1984, 7, 3))}),
        ("nunez 1984-03-07", {"words": ("nunez",), "days": (date(1984, 3, 7),)}),
    ],
)
def test_what_is_typed_is_understood(desk: User, typed: str, understood: dict[str, Any]) -> None:
    needle = search.understand(typed, NOW.date())
    for name, value in understood.items():
        if name == "digits":
            assert getattr(needle, name).endswith(value)
        else:
            assert getattr(needle, name) == value
