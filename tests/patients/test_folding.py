"""How names are compared: the database's rule, and Python's short cut for ASCII."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import folding

pytestmark = pytest.mark.django_db


def by_the_database(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tonus_fold(%s)", [text])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Núñez", "nunez"),
        ("Nu\u0301n\u0303ez", "nunez"),
        ("O’Brien", "obrien"),
        ("O'Brien", "obrien"),
        ("García-Márquez", "garcia marquez"),
        ("Øster Straße", "oster strasse"),
        ("Łukasz", "lukasz"),
        ("Nguyễn Thị", "nguyen thi"),
        ("D’Angelo,  Maria ", "dangelo maria"),
    ],
)
def test_names_are_compared_without_accents_apostrophes_and_punctuation(written: str, folded: str) -> None:
    assert folding.fold(written) == folded


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(min_codepoint=9, max_codepoint=126, exclude_categories=["Cc"]), max_size=40))
def test_the_short_cut_for_ascii_agrees_with_the_database(text: str) -> None:
    assert folding.fold(text) == " ".join(by_the_database(text).split())


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = folding.fold(text)
    assert folding.fold(once) == once
