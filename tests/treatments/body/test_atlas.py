"""The atlas: names for good, each place drawn, coarse places made of parts, neighbours without gaps."""

from __future__ import annotations

import hashlib
import re

import pytest

from treatments.body import atlas, drawing, shapes
from treatments.regions import Region

#: The names of the first edition. A name that goes missing or changes would orphan marks: add, never rename.
FIRST_EDITION = "3d8d274543fb7355271269bda3b58cd2776b6976d2f823de13315faca4169386"


def side_of(name):
    """left, right, or nothing for a place in the middle."""
    side = name.rpartition("_")[2]
    return side if side in atlas.SIDES else ""


def test_the_first_edition_keeps_its_names():
    names = sorted(place.name for place in atlas.PLACES.values() if place.since == 1)
    assert hashlib.sha256("\n".join(names).encode()).hexdigest() == FIRST_EDITION


def test_at_least_eighty_places_are_drawn():
    assert len(atlas.DRAWN) >= 80


def test_every_drawn_place_is_on_at_least_one_view_and_nothing_else_is():
    drawn = {shape.name for view in drawing.views() for shape in view.shapes}
    assert drawn == set(atlas.DRAWN)


@pytest.mark.parametrize("region", Region)
def test_every_name_of_old_is_in_the_atlas_under_its_label(region):
    assert atlas.label(region.value) == region.label
    assert set(atlas.drawn(region.value)) <= set(atlas.DRAWN)


def test_a_coarse_place_says_its_parts_and_they_say_it():
    assert atlas.PARTS["low_back_left"] == ("low_back_upper_left", "low_back_lower_left")
    for coarse, parts in atlas.PARTS.items():
        assert len(parts) >= 2
        assert all(atlas.PLACES[part].parent == coarse for part in parts)
        assert not any(part in atlas.PARTS for part in parts)


def test_every_parent_exists_and_is_on_the_same_side():
    for place in atlas.PLACES.values():
        if place.parent:
            assert side_of(place.parent) in ("", side_of(place.name))


def test_labels_are_told_apart_and_say_the_side():
    labels = [place.label.casefold() for place in atlas.PLACES.values()]
    assert len(set(labels)) == len(labels)
    for place in atlas.PLACES.values():
        side = side_of(place.name)
        assert place.label.endswith(f", {side}") if side else "," not in place.label


def test_left_has_what_right_has():
    left = {name.removesuffix("_left") for name in atlas.PLACES if name.endswith("_left")}
    assert left == {name.removesuffix("_right") for name in atlas.PLACES if name.endswith("_right")}


def test_nowhere_is_no_place():
    assert atlas.NOWHERE not in atlas.PLACES
    assert atlas.label(atlas.NOWHERE) == "Nowhere"


@pytest.mark.parametrize(("one", "other", "touching"), [
    ("low_back_left", "low_back_upper_left", True),
    ("low_back_upper_left", "low_back_left", True),
    ("low_back_upper_left", "low_back_lower_left", False),
    ("low_back_left", "low_back_right", False),
    ("abdomen", "abdomen_lower_right", True),
])  # fmt: skip
def test_a_place_touches_its_parts_and_no_neighbour(one, other, touching):
    assert atlas.touch(one, other) is touching


# -- The drawing -----------------------------------------------------------------------------------------


def numbers(path):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]


@pytest.mark.parametrize("view", drawing.views(), ids=lambda view: view.key)
def test_every_path_is_closed_and_every_sign_stands_within_the_window(view):
    x, y, width, height = view.box
    for figure in view.figures:
        assert figure.outline.startswith("M")
        assert figure.outline.endswith("Z")
        xs, ys = numbers(figure.outline)[::2], numbers(figure.outline)[1::2]
        assert min(xs) >= x
        assert max(xs) <= x + width
        assert min(ys) >= y
        assert max(ys) <= y + height
        for shape in figure.shapes:
            assert shape.path.endswith("Z")
            assert x <= shape.x <= x + width
            assert y <= shape.y <= y + height


def test_left_and_right_are_mirrors_of_one_another():
    for view in drawing.views()[:2]:
        at = {shape.name: (shape.x, shape.y) for shape in view.shapes}
        for name, (x, y) in at.items():
            if name.endswith("_left"):
                assert at[name.replace("_left", "_right")] == (-x, y)


def test_from_the_front_the_left_is_on_the_viewers_right_and_from_behind_on_the_left():
    front, back = (
        next(s for s in view.shapes if s.name == name)
        for view, name in zip(drawing.views(), ("chest_left", "low_back_upper_left"), strict=False)
    )
    assert front.x > 0
    assert back.x < 0


def test_two_neighbours_draw_their_common_side_alike():
    a, b = (30.0, 228.0), (34.0, 253.0)
    there = drawing.bowed((a, b, (0.0, 0.0)))
    back = drawing.bowed((b, a, (90.0, 300.0)))
    assert re.search(r"M30 228Q(\S+ \S+) ", there).group(1) == re.search(r"M34 253Q(\S+ \S+) ", back).group(1)


def test_the_drawing_is_small_enough_to_be_sent_with_a_page():
    total = sum(len(shape.path) for view in drawing.views() for shape in view.shapes)
    assert total < 60_000


def test_outlines_are_ours_and_whole():
    assert len(shapes.HALF_FRONT) > 60
    assert shapes.HALF_FRONT[0][0] == 0
    assert shapes.HALF_FRONT[-1][0] == 0
