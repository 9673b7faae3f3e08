"""Scores are what the authors of each instrument say, missing answers included."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.outcomes import rmdq, scoring
from treatments.outcomes.measures import MEASURES, MOVEMENTS, Source, name_of
from treatments.outcomes.scoring import NotScorable


def test_the_names_that_plans_and_programmes_tie_goals_to():
    assert list(MEASURES) == ["nprs", "rmdq", "psfs", "rom", "odi", "groc", "spasms_per_week", "spasm_severity"]
    assert all(measure.slug == slug and measure.low < measure.high for slug, measure in MEASURES.items())
    assert name_of("rom", "neck_flexion") == MOVEMENTS["neck_flexion"]


def test_what_a_licence_keeps_in_the_clinic_is_not_sent_and_has_no_items_here():
    assert [slug for slug, measure in MEASURES.items() if measure.can_be_sent] == ["nprs", "rmdq", "psfs", "groc"]
    assert MEASURES["odi"].source is Source.MEASURED


# -- Roland-Morris ---------------------------------------------------------------------------------------


def test_roland_morris_has_its_24_statements_word_for_word():
    assert len(rmdq.ITEMS) == len(set(rmdq.ITEMS)) == 24
    assert rmdq.ITEMS[0] == "I stay at home most of the time because of my back."
    assert rmdq.ITEMS[8] == "I get dressed more slowly then usual because of my back.", "the original's own spelling"
    assert rmdq.ITEMS[23] == "I stay in bed most of the time because of my back."
    assert all("back" in item for item in rmdq.ITEMS)


def test_roland_morris_is_the_number_of_ticks_and_what_is_not_ticked_is_not_true():
    assert scoring.rmdq([]) == 0
    assert scoring.rmdq([1, 5, 24]) == 3
    assert scoring.rmdq(range(1, 25)) == 24
    assert scoring.rmdq([7, 7]) == 1


def test_a_statement_that_is_not_on_the_list_is_refused():
    with pytest.raises(NotScorable, match="not on the list"):
        scoring.rmdq([25])


# -- Numbers from a scale --------------------------------------------------------------------------------


@pytest.mark.parametrize(("slug", "answer"), [("nprs", 0), ("nprs", 10), ("groc", -7), ("groc", 7)])
def test_one_number_of_the_scale_is_the_score(slug, answer):
    assert scoring.scale(slug, answer) == answer


@pytest.mark.parametrize(("slug", "answer"), [("nprs", 11), ("nprs", -1), ("groc", 8), ("nprs", None)])
def test_no_number_or_one_beyond_the_scale_makes_no_score(slug, answer):
    with pytest.raises(NotScorable):
        scoring.scale(slug, answer)


# -- PSFS ------------------------------------------------------------------------------------------------


def test_the_patient_specific_scale_is_the_sum_over_the_number_of_activities():
    """Stratford 1995: total score = sum of the activity scores / number of activities."""
    assert scoring.psfs({"walking": 4, "lifting": 2, "sleeping": 7}) == Decimal("4.3")
    assert scoring.psfs({"a": 5, "b": 6, "c": 5, "d": 6, "e": 5}) == Decimal("5.4")


@pytest.mark.parametrize(
    ("ratings", "sentence"),
    [
        ({"a": 1, "b": 2}, "3 to 5"),
        (dict.fromkeys("abcdef", 1), "3 to 5"),
        ({"a": 1, "b": 2, "c": None}, "Rate each activity"),
        ({"a": 1, "b": 2, "c": 11}, "0 to 10"),
    ],
)
def test_a_patient_specific_scale_with_something_missing_makes_no_score(ratings, sentence):
    with pytest.raises(NotScorable, match=sentence):
        scoring.psfs(ratings)


# -- ODI -------------------------------------------------------------------------------------------------


def test_the_oswestry_scores_of_its_authors_examples():
    """The form's own: 16 of 50 is 32 %; with one section missed, 16 of 45 is 35.5 % (35.56, cut off on the form)."""
    assert scoring.odi(16) == 32
    assert scoring.odi(16, 9) == Decimal("35.6")
    assert (scoring.odi(0), scoring.odi(50)) == (0, 100)


@pytest.mark.parametrize(("points", "answered"), [(51, 10), (46, 9), (-1, 10), (10, 7), (10, 11)])
def test_an_impossible_oswestry_score_is_refused(points, answered):
    with pytest.raises(NotScorable):
        scoring.odi(points, answered)


@pytest.mark.parametrize(
    ("score", "band"),
    [("0", "minimal"), ("20", "minimal"), ("20.6", "moderate"), ("60", "severe"), ("81", "bed-bound")],
)
def test_the_bands_of_the_oswestry_score(score, band):
    assert scoring.odi_band(Decimal(score)).startswith(band)


# -- Laws ------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(1, 24)))
def test_every_roland_morris_score_is_on_its_scale_and_grows_with_each_tick(ticked):
    score = scoring.rmdq(ticked)
    assert MEASURES["rmdq"].holds(score)
    for more in set(range(1, 25)) - ticked:
        assert scoring.rmdq(ticked | {more}) == score + 1


@given(st.lists(st.integers(0, 10), min_size=3, max_size=5))
def test_a_patient_specific_score_lies_between_the_worst_and_the_best_activity(ratings):
    score = scoring.psfs({str(n): rating for n, rating in enumerate(ratings)})
    assert min(ratings) <= score <= max(ratings)


@given(st.integers(8, 10).flatmap(lambda n: st.tuples(st.integers(0, 5 * n), st.just(n))))
def test_every_oswestry_score_is_on_its_scale(taken):
    points, answered = taken
    assert MEASURES["odi"].holds(scoring.odi(points, answered))
    assert scoring.odi(5 * answered - points, answered) + scoring.odi(points, answered) == pytest.approx(
        100, abs=Decimal("0.1")
    )
