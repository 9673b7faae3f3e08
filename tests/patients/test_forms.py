"""What the desk types, read."""

from __future__ import annotations

from datetime import date
from typing import Any

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.forms import show_phone, to_e164
from patients.forms.intake import IntakeForm
from tests.factories.people import a_clinic

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def intake(**typed: Any) -> IntakeForm:
    form = IntakeForm({"allergy_status": "not_asked"} | typed, today=TODAY)
    form.is_valid()
    return form


@pytest.mark.parametrize(
    "typed", ["(212) 555-0142", "212-555-0142", "212.555.0142", "2125550142", "1 212 555 0142", "+1 (212) 555 0142"]
)
def test_a_number_in_any_national_form_is_the_same_number(typed: str) -> None:
    a_clinic()
    assert to_e164(typed) == "+12125550142"


def test_a_number_without_plus_is_read_as_of_the_clinics_country() -> None:
    clinic = a_clinic()
    clinic.country = "GB"
    clinic.save()
    assert to_e164("020 7946 0958") == "+442079460958"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2_010_000_000, 9_899_999_999))
def test_what_is_shown_of_a_number_is_read_back_as_the_same(number: int) -> None:
    e164 = to_e164(f"+1{number}")
    assert to_e164(e164) == e164
    assert to_e164(show_phone(e164), "US") == e164
    assert phonenumbers.is_possible_number(phonenumbers.parse(e164))


@pytest.mark.parametrize(
    ("line", "name", "done"),
    [
        ("Appendix 2011", "Appendix", "2011"),
        ("Left hip replacement, May 2022", "Left hip replacement", "May 2022"),
        ("Knee (12 Mar 2019)", "Knee", "12 Mar 2019"),
        ("L5/S1 fusion", "L5/S1 fusion", ""),
        ("Vision 2999", "Vision 2999", ""),
        ("Tonsils as a child", "Tonsils as a child", ""),
    ],
)
def test_a_day_at_the_end_of_a_line_is_when(line: str, name: str, done: str) -> None:
    [entry] = intake(surgeries=line).cleaned_data["surgeries"]
    assert (entry["name"], str(entry["done"])) == (name, done)


@pytest.mark.parametrize(
    ("line", "substance", "reaction"),
    [
        ("Penicillin - rash", "Penicillin", "rash"),
        ("Penicillin – rash, swelling", "Penicillin", "rash, swelling"),
        ("Latex: itching", "Latex", "itching"),
        ("Nuts (swelling)", "Nuts", "swelling"),
        ("Co-trimoxazole", "Co-trimoxazole", ""),
    ],
)
def test_what_follows_a_dash_is_what_the_allergy_does(line: str, substance: str, reaction: str) -> None:
    [entry] = intake(allergies=line, allergy_status="listed").cleaned_data["allergies"]
    assert (entry["substance"], entry["reaction"]) == (substance, reaction)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=60))
def test_any_text_in_the_lists_is_read_or_refused_but_never_an_accident(one: str, two: str, three: str) -> None:
    form = intake(conditions=one, surgeries=two, allergies=one, injury_when=three, emergency_phone=three)
    assert form.is_valid() or all(str(sentence).strip() for said in form.errors.values() for sentence in said)
