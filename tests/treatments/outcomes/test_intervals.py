"""Exact intervals against published values, and against the definitions they are limits of."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatments.outcomes import intervals


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        # Garwood 1936, as in every table of 95 % limits of a Poisson mean.
        (0, 0.0, 3.689), (1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390),
        (25, 16.179, 36.905), (50, 37.111, 65.919), (100, 81.364, 121.627),
    ],
)  # fmt: skip
def test_the_limits_of_a_count_are_those_of_the_tables(count, low, high):
    found = intervals.poisson(count)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


@pytest.mark.parametrize(("level", "low", "high"), [(0.90, 17.38, 34.92), (0.95, 16.18, 36.90), (0.99, 14.00, 41.00)])
def test_twenty_five_at_three_levels_as_published_by_graphpad(level, low, high):
    found = intervals.poisson(25, level=level)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


@pytest.mark.parametrize(
    ("degrees", "t"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_students_t_is_that_of_the_tables(degrees, t):
    assert round(intervals.student(0.95, degrees), 3) == t


def test_a_mean_with_its_interval():
    """1, 2, 3: the mean is 2, the spread 1, so the half width 4.303 / √3."""
    found = intervals.mean([1, 2, 3])
    assert found.estimate == 2
    assert found.high - 2 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert intervals.mean([4]) is None


def test_a_ratio_that_leaves_out_one_and_one_that_does_not():
    """10 events, then 2, in equal times: the binomial limits of 2 in 12 are 0.0209 and 0.4841 (Clopper and Pearson)."""
    found = intervals.ratio(10, 2, 2, 2)
    assert found.low / (1 + found.low) == pytest.approx(0.0209, abs=5e-5)
    assert found.high / (1 + found.high) == pytest.approx(0.4841, abs=5e-5)
    assert found.high < 1
    assert intervals.ratio(5, 2, 3, 2).high > 1
    assert intervals.ratio(0, 1, 0, 1) is None
    assert intervals.ratio(0, 1, 3, 1).high is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.floats(0.5, 60))
def test_a_rate_lies_between_its_limits_and_they_narrow_with_the_level(count, weeks):
    wide, narrow = intervals.rate(count, weeks), intervals.rate(count, weeks, level=0.8)
    assert wide.low <= narrow.low <= wide.estimate <= narrow.high <= wide.high


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120))
def test_the_limits_are_the_means_at_which_the_count_is_just_as_unlikely(count):
    found = intervals.poisson(count)
    below = sum(math.exp(k * math.log(found.high) - found.high - math.lgamma(k + 1)) for k in range(count + 1))
    less = sum(math.exp(k * math.log(found.low) - found.low - math.lgamma(k + 1)) for k in range(count))
    assert below == pytest.approx(0.025, abs=1e-9)
    assert 1 - less == pytest.approx(0.025, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.5, 10), st.floats(0.5, 10))
def test_turning_the_two_periods_round_turns_the_ratio_round(a, b, weeks_a, weeks_b):
    there, back = intervals.ratio(a, weeks_a, b, weeks_b), intervals.ratio(b, weeks_b, a, weeks_a)
    if a + b == 0:
        assert there is back is None
    elif there.high is None:
        assert back.low == 0
    else:
        assert there.high * back.low == pytest.approx(1, rel=1e-6) or back.low == 0 or math.isinf(there.high)
