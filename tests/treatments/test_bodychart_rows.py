"""Marks on the body as rows: what the database refuses, and what it locks."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import treatments as make
from tests.factories.standing import standing
from treatments.body import atlas
from treatments.body.marks import Layer
from treatments.models import BodyMark
from treatments.regions import Region

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def standing_draft(django_db_setup, django_db_blocker):
    with standing(django_db_blocker, make.a_note) as note:
        yield note


@pytest.fixture
def draft(standing_draft):
    return standing_draft.fresh()


def mark(note, region="low_back_upper_left", layer="pain", **facts):
    return BodyMark.objects.create(note=note, region=region, layer=layer, **facts)


def refused_by(name):
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.parametrize("region", [*atlas.PLACES, atlas.NOWHERE])
def test_every_place_of_the_atlas_can_be_marked(draft, region):
    assert mark(draft, region).atlas == atlas.EDITION


@pytest.mark.parametrize("region", Region.values)
def test_every_name_that_notes_and_plans_point_to_can_be_marked(draft, region):
    assert mark(draft, region).mark.words == f"Pain: {Region(region).label}"


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"region": "third_arm_left"}, "a_mark_is_on_a_place_of_the_atlas"),
        ({"layer": "mood"}, "mark_layer_is_known"),
        ({"atlas": 99}, "mark_edition_is_known"),
        ({"intensity": 11}, "only_what_can_be_rated_is_zero_to_ten"),
        ({"layer": "scar", "intensity": 3}, "only_what_can_be_rated_is_zero_to_ten"),
        ({"layer": "avoid", "intensity": 0}, "only_what_can_be_rated_is_zero_to_ten"),
        ({"layer": "technique", "intensity": 5}, "only_what_can_be_rated_is_zero_to_ten"),
        ({"region": "nowhere", "intensity": 5}, "only_what_can_be_rated_is_zero_to_ten"),
    ],
)
def test_what_makes_no_sense_is_refused(draft, facts, name):
    with refused_by(name), transaction.atomic():
        mark(draft, **facts)


def test_a_layer_is_marked_once_at_a_place(draft):
    mark(draft, intensity=3)
    mark(draft, layer="spasm", intensity=3)
    with refused_by("a_layer_is_marked_once_at_a_place"), transaction.atomic():
        mark(draft, intensity=5)


@pytest.mark.parametrize("first", ["low_back_upper_left", "nowhere"])
def test_a_layer_is_somewhere_or_nowhere(draft, first):
    mark(draft, first, "numbness")
    other = "nowhere" if first != "nowhere" else "heel_left"
    with refused_by("a_layer_is_somewhere_or_nowhere"), transaction.atomic():
        mark(draft, other, "numbness")
    mark(draft, other, "avoid")
    mark(make.a_note(draft.plan), other, "numbness")


@pytest.mark.parametrize("layer", list(Layer))
def test_every_layer_can_be_marked(draft, layer):
    assert mark(draft, layer=layer.value).get_layer_display() == layer.label


def test_plain_sql_cannot_mark_a_signed_note():
    note = make.a_signed_note()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO treatments_bodymark (note_id, region, layer, remark, atlas)"
            " VALUES (%s, 'heel_left', 'pain', '', 1)",
            [note.pk],
        )
