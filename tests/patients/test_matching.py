"""Who might be the same person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.models import User
from patients import matching, merging
from patients.matching import Particulars
from tests.factories.patients import NOW, a_patient

BORN = date(1984, 3, 7)


def someone(**changes: Any) -> Particulars:
    facts: dict[str, Any] = {"given_name": "Ana", "family_name": "Núñez", "born_on": BORN}
    return Particulars(**(facts | changes))


@pytest.fixture
def ana(desk: User) -> Any:
    return a_patient("Ana", "Núñez", born_on=BORN, phone="+12125550142", email="ana@patients.example")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"family_name": "nunez"},
        {"family_name": "Nuñes"},
        {"family_name": "Nuenz"},
        {"given_name": "Anna"},
        {"given_name": "Núñez", "family_name": "Ana"},
        {"born_on": date(1984, 7, 3), "phones": ("+12125550142",)},
        {"born_on": date(1984, 3, 8), "email": "ANA@patients.example"},
        {"born_on": None, "phones": ("+12125550142",)},
        {"family_name": "Núñez Ortega"},
    ],
)
def test_she_is_found_however_she_is_written(ana: Any, changes: dict[str, Any]) -> None:
    found = matching.find(someone(**changes))
    assert [f.patient for f in found if f.is_likely] == [ana]
    assert found[0].reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"given_name": "Zoe", "family_name": "Ferrer"},
        {"given_name": "Zoe"},
        {"born_on": date(1951, 12, 30)},
        {"given_name": "Luis", "family_name": "Ortega", "phones": ("+12125550142",)},
    ],
)
def test_a_different_person_is_not_called_likely(ana: Any, changes: dict[str, Any]) -> None:
    assert not [f for f in matching.find(someone(**changes)) if f.is_likely]


def test_a_record_merged_away_speaks_through_the_one_that_stands(ana: Any, owner: User) -> None:
    other = a_patient("Anita", "Nunes", born_on=BORN)
    merging.merge(duplicate=ana, survivor=other, reason="Same", by=owner, now=NOW)
    assert {f.patient for f in matching.find(someone())} == {other}


def test_the_likeliest_comes_first(ana: Any) -> None:
    a_patient("Ana", "Núñez", born_on=date(1984, 7, 3))
    assert matching.find(someone())[0].patient == ana
