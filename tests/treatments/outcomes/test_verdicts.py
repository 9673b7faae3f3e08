"""What a change means: by thresholds with a source, against the first value and against the last."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.outcomes import thresholds, verdicts
from treatments.outcomes.measures import MEASURES
from treatments.outcomes.prompts import Curve, GoalFacts, prompts
from treatments.outcomes.thresholds import DEFAULTS, Rules, Threshold
from treatments.outcomes.verdicts import Count, Point, Step, Word, compare, judge

KNOWN = {(t.measure, t.detail): t for t in DEFAULTS}
DAY = date(2026, 11, 1)


def change(slug, before, after, detail=""):
    return compare(MEASURES[slug], KNOWN[slug, detail], Decimal(str(before)), Decimal(str(after)))


def curve(slug, *values, every=7, detail=""):
    points = [Point(DAY + timedelta(days=n * every), Decimal(str(v))) for n, v in enumerate(values)]
    measure = MEASURES[slug]
    return Curve(measure, measure.name, points, judge(measure, KNOWN[slug, detail], points))


def visits(count, every=3):
    return [DAY + timedelta(days=n * every) for n in range(count)]


def test_every_threshold_names_its_source_and_a_measure_that_is():
    keys = set(thresholds.all_keys())
    for threshold in DEFAULTS:
        assert threshold.citation
        assert (threshold.measure, threshold.detail) in keys
        assert threshold.version == 1


# -- One change ------------------------------------------------------------------------------------------


def test_the_published_roland_morris_example():
    """12 before and 2 after: 10 points, an improvement of 83 %."""
    found = change("rmdq", 12, 2)
    assert (found.gain, found.percent) == (10, 83)
    assert (found.reliable, found.important, found.word) == (Step.BETTER, Step.BETTER, Word.BETTER)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (7, 5, Word.BETTER),  # two points: MDC and MIC (Childs 2005, Ostelo 2008)
        (7, 6, Word.SAME),
        (3, 2, Word.UNSURE),  # 33 % of the first value is important, one point is not more than noise
        (5, 7, Word.WORSE),
        (5, 6, Word.SAME),
        (0, 0, Word.SAME),
    ],
)
def test_pain_is_judged_by_two_points_or_thirty_per_cent(before, after, word):
    assert change("nprs", before, after).word is word


def test_on_a_scale_where_more_is_better_a_gain_is_a_gain():
    assert change("psfs", "3.0", "5.3").word is Word.BETTER
    assert change("psfs", "3.0", "5.1").word is Word.RELIABLE, "more than noise, less than what matters"
    assert change("psfs", "5.3", "3.0").word is Word.WORSE


def test_ten_points_of_the_oswestry_score_matter_and_may_be_noise():
    assert change("odi", 40, 30).word is Word.UNSURE
    assert change("odi", 40, 28).word is Word.BETTER


def test_a_movement_with_a_published_error_is_judged_and_one_without_is_shown():
    assert change("rom", 40, 53, "lumbar_flexion").word is Word.RELIABLE
    assert change("rom", 40, 50, "lumbar_flexion").word is Word.SAME
    unknown = compare(MEASURES["rom"], Threshold("rom", "neck_flexion"), Decimal(40), Decimal(60))
    assert (unknown.word, unknown.reliable, unknown.important, unknown.gain) == (Word.UNJUDGED, None, None, 20)


def test_at_the_ends_of_roland_morris_it_says_what_cannot_show():
    assert "getting better cannot show" in change("rmdq", 3, 0).caution
    assert "getting worse cannot show" in change("rmdq", 21, 24).caution
    assert change("rmdq", 12, 2).caution == ""


def test_a_rating_of_change_is_judged_against_no_change_at_all():
    found = judge(MEASURES["groc"], KNOWN["groc", ""], [Point(DAY, Decimal(5))])
    assert (found.word, found.since_last) == (Word.BETTER, None)
    assert judge(MEASURES["groc"], KNOWN["groc", ""], [Point(DAY, Decimal(-5))]).word is Word.WORSE
    assert judge(MEASURES["groc"], KNOWN["groc", ""], [Point(DAY, Decimal(3))]).word is Word.SAME


def test_counts_change_reliably_when_the_interval_of_their_ratio_leaves_out_one():
    threshold = KNOWN["spasms_per_week", ""]
    fewer = verdicts.compare_counts(threshold, Count(20, 14), Count(4, 14))
    assert (fewer.word, fewer.before, fewer.after) == (Word.BETTER, 10, 2)
    assert verdicts.compare_counts(threshold, Count(4, 14), Count(2, 14)).word is Word.UNSURE
    assert verdicts.compare_counts(threshold, Count(4, 14), Count(20, 14)).word is Word.WORSE
    assert verdicts.compare_counts(threshold, Count(0, 14), Count(0, 14)).word is Word.SAME


# -- A curve ---------------------------------------------------------------------------------------------


def test_one_value_is_a_first_measurement_and_none_is_nothing():
    assert curve("nprs", 7).verdict.word is Word.FIRST
    assert judge(MEASURES["nprs"], KNOWN["nprs", ""], []) is None


def test_it_is_judged_against_the_first_and_against_the_last():
    verdict = curve("nprs", 8, 5, 4).verdict
    assert (verdict.since_first.gain, verdict.since_last.gain) == (4, 1)
    assert verdict.word is Word.BETTER


def test_an_old_gain_does_not_hide_a_new_loss():
    verdict = curve("nprs", 8, 2, 5).verdict
    assert verdict.since_first.word is Word.BETTER
    assert verdict.word is Word.WORSE
    assert verdict.words == "Worse than last time: reliable"


def test_the_shaded_stretches_meet_the_thresholds():
    found = {band.kind: band for band in verdicts.bands(MEASURES["nprs"], KNOWN["nprs", ""], Decimal(7))}
    assert (found["noise"].low, found["noise"].high) == (5, 9)
    assert (found["worse"].low, found["worse"].high) == (9, 10)
    assert (found["important"].low, found["important"].high) == (0, 5)
    psfs = {band.kind: band for band in verdicts.bands(MEASURES["psfs"], KNOWN["psfs", ""], Decimal(4))}
    assert (psfs["important"].low, psfs["important"].high) == (Decimal("6.3"), 10)
    assert (psfs["worse"].low, psfs["worse"].high) == (0, 2)


# -- Prompts ---------------------------------------------------------------------------------------------

GOAL = GoalFacts("nprs", Decimal(2), "Pain 2")


def test_a_goal_reached_once_is_not_spoken_of_and_twice_in_a_row_it_is():
    assert prompts([curve("nprs", 7, 5, 2)], [GOAL], visits(4), Rules()) == []
    (found,) = prompts([curve("nprs", 7, 2, 1)], [GOAL], visits(4), Rules())
    assert (found.rule, found.kind) == ("OUT-04", "discharge")
    assert prompts([curve("nprs", 2, 7, 2)], [GOAL], visits(1), Rules()) == []


def test_twice_on_one_day_is_once():
    assert prompts([curve("nprs", 7, 2, 1, every=0)], [GOAL], visits(2), Rules()) == []


def test_discharge_waits_for_every_goal_and_one_never_measured_is_not_reached():
    both = [GOAL, GoalFacts("psfs", Decimal(8), "Lift a crate")]
    assert prompts([curve("nprs", 7, 2, 1), curve("psfs", 3, 8, 7)], both, visits(3), Rules()) == []
    assert prompts([curve("nprs", 7, 2, 1)], both, visits(3), Rules()) == []
    (found,) = prompts([curve("nprs", 7, 2, 1), curve("psfs", 3, 8, 9)], both, visits(3), Rules())
    assert found.rule == "OUT-04"


def test_no_reliable_change_after_so_many_sessions_asks_for_another_look():
    flat = curve("nprs", 7, 6, 7, 6)
    assert prompts([flat], [], visits(5), Rules()) == []
    (found,) = prompts([flat], [], visits(6), Rules())
    assert (found.rule, found.kind) == ("OUT-02", "review")
    assert prompts([flat, curve("rmdq", 15, 14, 9, 9)], [], visits(6), Rules()) == [], "one measure is better"
    assert prompts([flat], [], visits(6), Rules(visits_without_change=7)) == []


def test_sessions_after_the_last_measurement_say_nothing_of_change_but_ask_to_measure():
    (found,) = prompts([curve("nprs", 7)], [], visits(8), Rules())
    assert (found.rule, found.message) == ("OUT-03", "Measure again.")


def test_worse_beyond_noise_stops_even_when_all_else_is_well():
    found = prompts([curve("nprs", 5, 8), curve("rmdq", 15, 6)], [], visits(2), Rules())
    assert [(f.rule, f.kind) for f in found] == [("OUT-01", "stop")]
    (since_last,) = prompts([curve("nprs", 8, 2, 5)], [], visits(2), Rules())
    assert "since the last measurement" in since_last.because


def test_without_any_value_nothing_is_said():
    assert prompts([], [GOAL], visits(20), Rules()) == []


# -- Laws ------------------------------------------------------------------------------------------------

SCORES = st.integers(0, 100).map(lambda n: Decimal(n) / 10)
POINTS = st.builds(
    lambda mdc, mic: Threshold("nprs", mdc=Decimal(mdc) / 10, mic=Decimal(mic) / 10),
    st.integers(1, 50),
    st.integers(1, 50),
)


@given(SCORES, SCORES, POINTS, st.sampled_from(["nprs", "psfs"]))
def test_forth_and_back_are_opposite_verdicts(before, after, threshold, slug):
    measure = MEASURES[slug]
    there, back = compare(measure, threshold, before, after), compare(measure, threshold, after, before)
    assert there.gain == -back.gain
    assert there.reliable.value == -back.reliable.value
    assert there.important.value == -back.important.value


@given(SCORES, SCORES, st.sampled_from(["nprs", "psfs", "spasm_severity"]))
def test_no_change_is_ever_both_better_and_worse(before, after, slug):
    found = compare(MEASURES[slug], KNOWN[slug, ""], before, after)
    assert {found.reliable, found.important} != {Step.BETTER, Step.WORSE}
    if before == after:
        assert found.word is Word.SAME


@given(SCORES, SCORES, SCORES)
def test_a_larger_gain_is_never_judged_worse(before, after, better):
    low, high = sorted((after, better))
    threshold, measure = KNOWN["nprs", ""], MEASURES["nprs"]
    assert (
        compare(measure, threshold, before, low).reliable.value
        >= compare(measure, threshold, before, high).reliable.value
    )


@given(st.integers(0, 60), st.integers(0, 60))
def test_counts_forth_and_back_are_opposite(a, b):
    threshold = KNOWN["spasms_per_week", ""]
    there = verdicts.compare_counts(threshold, Count(a, 14), Count(b, 14))
    back = verdicts.compare_counts(threshold, Count(b, 14), Count(a, 14))
    assert there.reliable.value == -back.reliable.value
