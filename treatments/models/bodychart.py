"""What was marked on the body in one session: a row for each layer at each place. Signed, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from treatments.body import atlas
from treatments.body.marks import MOST, RATED, Layer, Mark
from treatments.models.notes import SessionNote

LAYERS = [(layer.value, layer.label) for layer in Layer]


class BodyMark(models.Model):
    """One layer at one place of the atlas; or, at no place, that it was looked for and is nowhere."""

    note = models.ForeignKey(SessionNote, on_delete=models.PROTECT, related_name="marks")
    region = models.CharField(max_length=40)
    layer = models.CharField(max_length=16, choices=LAYERS)
    intensity = models.PositiveSmallIntegerField(null=True, blank=True)
    remark = models.CharField(max_length=120, blank=True)
    #: The edition of the atlas it was made on.
    atlas = models.PositiveSmallIntegerField(default=atlas.EDITION)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(region__in=[*atlas.PLACES, atlas.NOWHERE]), name="a_mark_is_on_a_place_of_the_atlas"
            ),
            models.CheckConstraint(condition=Q(layer__in=[layer.value for layer in Layer]), name="mark_layer_is_known"),
            models.CheckConstraint(condition=Q(atlas__in=atlas.EDITIONS), name="mark_edition_is_known"),
            models.CheckConstraint(
                condition=Q(intensity__isnull=True)
                | Q(intensity__range=(0, MOST), layer__in=[layer.value for layer in RATED]) & ~Q(region=atlas.NOWHERE),
                name="only_what_can_be_rated_is_zero_to_ten",
            ),
            models.UniqueConstraint(fields=["note", "region", "layer"], name="a_layer_is_marked_once_at_a_place"),
            ExclusionConstraint(
                name="a_layer_is_somewhere_or_nowhere",
                expressions=[
                    ("note", RangeOperators.EQUAL),
                    ("layer", RangeOperators.EQUAL),
                    (
                        Case(When(region=atlas.NOWHERE, then=Value(1)), default=Value(0), output_field=IntegerField()),
                        "<>",
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.mark.words

    @property
    def mark(self) -> Mark:
        return Mark(self.region, self.layer, self.intensity, self.remark)
