"""The laws of half-open intervals, on integers; instants obey the same code."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.intervals import Interval, Spans, left

LINE = range(-3, 45)
intervals = st.builds(lambda a, n: Interval(a, a + n), st.integers(0, 35), st.integers(1, 6))
spans = st.lists(intervals, max_size=8).map(Spans.of)


def points(some: Spans[int]) -> set[int]:
    return {p for p in LINE if p in some}


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 3)])
def test_an_interval_is_never_empty(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="must end after"):
        Interval(start, end)


def test_back_to_back_never_overlaps() -> None:
    assert not Interval(1, 2).overlaps(Interval(2, 3))
    assert not Interval(2, 3).overlaps(Interval(1, 2))


@given(intervals, intervals)
def test_overlap_means_a_point_in_common_and_is_mutual(a: Interval[int], b: Interval[int]) -> None:
    shared = {p for p in LINE if p in a and p in b}
    assert a.overlaps(b) is b.overlaps(a) is bool(shared)
    assert (a.meet(b) is None) is (not shared)


@given(st.lists(intervals, max_size=8))
def test_spans_are_sorted_and_neither_overlap_nor_touch(some: list[Interval[int]]) -> None:
    parts = Spans.of(some).parts
    assert all(a.end < b.start for a, b in pairwise(parts))
    assert points(Spans.of(some)) == {p for p in LINE if any(p in part for part in some)}


@given(spans, spans)
def test_union_meet_and_difference_are_those_of_their_points(a: Spans[int], b: Spans[int]) -> None:
    assert points(a | b) == points(a) | points(b)
    assert points(a & b) == points(a) & points(b)
    assert points(a - b) == points(a) - points(b)


@given(spans, st.lists(st.tuples(st.integers(-3, 44), st.integers(-3, 44)).map(sorted).map(tuple), max_size=8))
def test_what_is_left_is_as_much_as_the_difference_holds(a: Spans[int], holes: list[tuple[int, int]]) -> None:
    assert left(a, holes) == len(points(a) - {p for start, end in holes for p in range(start, end)})


@given(spans, spans)
def test_equal_sets_are_equal_values(a: Spans[int], b: Spans[int]) -> None:
    assert (a | b) == (b | a)
    assert (a & b) == (b & a)
    assert a - b == a - (a & b)
    assert (a - b) | (a & b) == a


@given(spans, intervals)
def test_spans_cover_an_interval_when_they_hold_each_of_its_points(a: Spans[int], one: Interval[int]) -> None:
    assert a.covers(one) is all(p in a for p in range(one.start, one.end))
