"""What follows from marks: changes between two visits, heat over many, what hands must mind."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treatments.body import atlas, marks
from treatments.body.marks import Heat, Kind, Layer, Mark, Visit

HEEL, SHIN = "heel_left", "shin_left"


def kinds(before, after):
    return {(change.region, change.layer): change.kind for change in marks.compare(before, after)}


def pain(region, intensity=None):
    return Mark(region, "pain", intensity)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([pain(SHIN, 1)], [pain(SHIN, 1), pain(HEEL, 4)], Kind.NEW),
        ([pain(HEEL, 4), pain(SHIN, 1)], [pain(SHIN, 1)], Kind.GONE),
        ([pain(HEEL, 4)], [Mark("nowhere", "pain")], Kind.GONE),
        ([pain(HEEL, 4)], [pain(HEEL, 0)], Kind.GONE),
        ([pain(HEEL, 4)], [pain(HEEL, 7)], Kind.STRONGER),
        ([pain(HEEL, 4)], [pain(HEEL, 1)], Kind.WEAKER),
        ([pain(HEEL, 4)], [pain(HEEL, 4)], Kind.SAME),
        ([pain(HEEL)], [pain(HEEL, 4)], Kind.STILL),
        ([], [pain(HEEL, 4)], Kind.FIRST),
        ([pain(HEEL, 4)], [], Kind.SILENT),
        ([pain(HEEL, 4)], [Mark(HEEL, "scar")], Kind.SILENT),
    ],
)
def test_each_change_has_its_word(before, after, kind):
    assert kinds(before, after)[HEEL, "pain"] is kind


def test_what_hands_did_is_always_said():
    done = [Mark(HEEL, "technique")]
    assert kinds([], done) == {(HEEL, "technique"): Kind.NEW}
    assert kinds(done, []) == {(HEEL, "technique"): Kind.GONE}


def test_a_coarse_mark_is_compared_by_its_parts():
    found = kinds([pain("low_back_left", 5)], [pain("low_back_upper_left", 5)])
    assert found == {
        ("low_back_upper_left", "pain"): Kind.SAME,
        ("low_back_lower_left", "pain"): Kind.GONE,
    }


MIRRORED = {
    Kind.NEW: Kind.GONE,
    Kind.GONE: Kind.NEW,
    Kind.STRONGER: Kind.WEAKER,
    Kind.WEAKER: Kind.STRONGER,
    Kind.FIRST: Kind.SILENT,
    Kind.SILENT: Kind.FIRST,
    Kind.SAME: Kind.SAME,
    Kind.STILL: Kind.STILL,
}


# -- Laws ------------------------------------------------------------------------------------------------


#: A few of each kind: a whole, its parts, a neighbour, the middle.
FEW = ("low_back_left", "low_back_upper_left", "low_back_lower_left", "abdomen", "abdomen_upper_right", "sacrum", HEEL)


def layers(layer):
    """One layer as the database lets it be: silent, nowhere, or at some places."""
    rating = st.none() | st.integers(0, 10) if layer.rated else st.none()
    somewhere = st.dictionaries(st.sampled_from(FEW), rating, min_size=1, max_size=3)
    marked = somewhere.map(lambda found: [Mark(place, layer.value, rated) for place, rated in found.items()])
    return st.just([]) | st.just([Mark(atlas.NOWHERE, layer.value)]) | marked


def charts():
    return st.tuples(*(layers(layer) for layer in Layer)).map(lambda found: [mark for part in found for mark in part])


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw of a run may wait for a busy machine
@given(charts(), charts())
def test_every_marked_place_is_told_of_exactly_once(before, after):
    told = [(change.region, change.layer) for change in marks.compare(before, after)]
    marked = {(place, mark.layer) for mark in (*before, *after) if mark.is_there for place in atlas.drawn(mark.region)}
    assert len(told) == len(set(told))
    assert set(told) == marked


@given(charts(), charts())
def test_swapping_the_visits_swaps_the_words(before, after):
    swapped = {key: MIRRORED[kind] for key, kind in kinds(before, after).items()}
    assert kinds(after, before) == swapped


@given(charts())
def test_a_visit_compared_with_itself_changed_nothing(chart):
    assert set(kinds(chart, chart).values()) <= {Kind.SAME, Kind.STILL}


@given(charts(), charts())
def test_a_layer_that_the_later_visit_is_silent_about_is_never_gone(before, after):
    silent = {layer.value for layer in Layer} - {mark.layer for mark in after} - {"technique"}
    for change in marks.compare(before, after):
        assert change.layer not in silent or change.kind is Kind.SILENT


@given(charts(), charts(), st.randoms(use_true_random=False))
def test_the_order_of_marks_says_nothing(before, after, chance):
    shuffled = before[:]
    chance.shuffle(shuffled)
    assert marks.compare(shuffled, after) == marks.compare(before, after)
    assert marks.fingerprint(shuffled) == marks.fingerprint(before)


@given(charts(), charts())
def test_different_charts_have_different_fingerprints(one, other):
    assert (marks.fingerprint(one) == marks.fingerprint(other)) is (set(one) == set(other))


@given(st.lists(charts(), max_size=5), st.sampled_from(Layer))
def test_heat_never_counts_more_visits_than_were_asked(visits, layer):
    rows = marks.heat(visits, layer)
    assert [row.visits for row in rows] == sorted((row.visits for row in rows), reverse=True)
    for row in rows:
        assert 1 <= row.visits <= row.asked == marks.asked(visits, layer) <= len(visits)
        assert 1 <= row.level <= 5
        assert row.visits == sum(row.region in marks.there(visit, layer) for visit in visits)


@given(st.lists(st.builds(Visit, st.booleans(), charts().map(tuple)), max_size=5))
def test_what_is_minded_is_unknown_only_if_nobody_ever_said_anything(visits):
    for layer in (Layer.AVOID, Layer.NUMBNESS, Layer.SCAR):
        spoken = any(mark.layer == layer for visit in visits for mark in visit.marks)
        assert (marks.minded(visits, layer) is None) is not spoken


# -- Heat ------------------------------------------------------------------------------------------------


def test_heat_is_how_many_of_the_visits_that_were_asked_had_it():
    visits = [[pain(HEEL, 4)], [pain(HEEL, 8), pain(SHIN)], [Mark("nowhere", "pain")], [Mark(HEEL, "scar")]]
    assert marks.heat(visits, Layer.PAIN) == [Heat(HEEL, 2, 3, 8), Heat(SHIN, 1, 3, None)]
    assert marks.heat(visits, Layer.PAIN)[0].percent == 67


def test_a_rating_of_nought_is_no_heat():
    assert marks.heat([[pain(HEEL, 0)]], Layer.PAIN) == []
    assert marks.asked([[pain(HEEL, 0)]], Layer.PAIN) == 1


def test_every_layer_has_a_label_and_a_key_of_its_own():
    assert len({layer.label for layer in Layer}) == len(Layer) == 7
    assert len({layer.key for layer in Layer}) == 7
