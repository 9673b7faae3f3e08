"""What works here names nobody: small groups are pooled or left out, and no sum of what is shown yields them."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.outcomes.works import OTHER, Course, groups


def courses(*cells):
    number = count(1)
    return [
        Course(next(number), technique, cause, gain, reliable=gain >= 2)
        for technique, cause, gains in cells
        for gain in gains
    ]


def shown(found):
    return [(group.technique, group.cause, group.patients) for group in found]


def test_a_group_that_is_large_enough_is_shown_with_its_mean_and_interval():
    (group,) = groups(courses(("gentle", "lifting", [1, 2, 3, 4, 5])), smallest=5)
    assert (group.patients, group.change.estimate, group.better, group.share_better) == (5, 3, 4, 80)
    assert group.change.low == pytest.approx(3 - 2.776445 * (2.5**0.5) / 5**0.5, rel=1e-5)


def test_a_group_that_is_too_small_is_not_shown():
    assert groups(courses(("gentle", "lifting", [1, 2, 3, 4])), smallest=5) == []


def test_small_groups_of_one_technique_are_shown_together_when_they_are_enough():
    found = groups(courses(("gentle", "lifting", [1, 2, 3]), ("gentle", "fall", [2, 3])), smallest=5)
    assert shown(found) == [("gentle", OTHER, 5)]


def test_one_small_group_beside_a_large_one_is_neither_shown_nor_in_any_total():
    found = groups(courses(("gentle", "lifting", [1] * 9 + [2]), ("gentle", "fall", [3, 4])), smallest=5)
    assert shown(found) == [("gentle", "lifting", 10)]


def test_groups_of_different_techniques_are_never_put_together():
    found = groups(courses(("gentle", "lifting", [1, 2, 3]), ("deep_tissue", "fall", [2, 3])), smallest=5)
    assert found == []


def test_a_patient_counts_once():
    twice = [Course(1, "gentle", "lifting", float(n), reliable=True) for n in range(9)]
    assert groups(twice, smallest=3) == []


def test_the_limit_cannot_be_set_so_low_that_a_group_has_no_interval():
    assert shown(groups(courses(("gentle", "lifting", [1, 2]), ("gentle", "fall", [9])), smallest=0)) == [
        ("gentle", "lifting", 2)
    ]


CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from(["gentle", "deep_tissue", "none"]), st.sampled_from(["lifting", "fall", "twist", "overuse"])
    ),
    st.integers(1, 12),
    max_size=10,
)


@given(CELLS, st.integers(3, 8))
def test_no_hidden_group_can_be_reckoned_from_what_is_shown(cells, smallest):
    """What is shown are disjoint sets; a hidden group is in a pool with another hidden one, or in nothing at all."""
    found = groups(courses(*((t, c, [1.0] * n) for (t, c), n in cells.items())), smallest=smallest)
    named = {(group.technique, group.cause) for group in found if group.cause != OTHER}
    hidden = {cell: n for cell, n in cells.items() if cell not in named}
    assert all(n < smallest for n in hidden.values())
    assert all(group.patients >= smallest for group in found)
    for pool in (group for group in found if group.cause == OTHER):
        inside = [n for (technique, _), n in hidden.items() if technique == pool.technique]
        assert len(inside) >= 2
        assert pool.patients == sum(inside)
        assert max(inside) < pool.patients
    assert len({(group.technique, group.cause) for group in found}) == len(found)
