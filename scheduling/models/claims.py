"""What is taken of whom and what, and until when. Written only by `scheduling.diaries`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeStartsWith
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Q, Value

from scheduling.models.appointments import Appointment
from scheduling.models.groups import GroupSession
from scheduling.models.holds import Hold
from scheduling.models.resources import LONGEST_CLAIM, Resource


def half_open(start: datetime, end: datetime) -> DateTimeTZRange:
    return DateTimeTZRange(start, end, "[)")


class ClaimQuerySet(models.QuerySet["Claim"]):
    def within(self, start: datetime, end: datetime) -> Self:
        """That overlap [start, end): read by the b-tree on (resource, start), not by GiST."""
        return self.filter(
            during__startswith__gt=start - LONGEST_CLAIM, during__startswith__lt=end, during__endswith__gt=start
        )

    def standing(self, now: datetime) -> Self:
        """Without those of holds that have run out: nobody need wait until they are swept away."""
        return self.exclude(hold__runs_out_at__lte=now)


class Claim(models.Model):
    """One seat of one resource is taken for a time, buffers included: [start, end).

    By a visit, by a group's session (whose visits claim nothing of their own), or by a hold that runs out by itself.
    """

    #: Claims are not the record, what they are for is: they go when it gives its time back.
    may_cascade = True

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, null=True, related_name="claims")
    session = models.ForeignKey(GroupSession, on_delete=models.CASCADE, null=True, related_name="claims")
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, null=True, related_name="claims")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="claims")
    seat = models.PositiveSmallIntegerField(default=1)
    during = DateTimeRangeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="nobody_and_nothing_is_double_booked",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("seat", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message="That time is already taken.",
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inc=True, during__upper_inc=False)
                & Q(during__lower_inf=False, during__upper_inf=False),
                name="a_claim_is_half_open",
            ),
            models.CheckConstraint(
                condition=Q(during__endswith__lte=F("during__startswith") + Value(LONGEST_CLAIM)),
                name="a_claim_is_shorter_than_half_a_day",
            ),
            models.UniqueConstraint("appointment", "resource", name="a_visit_claims_a_resource_once"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, session__isnull=True, hold__isnull=True)
                | Q(appointment__isnull=True, session__isnull=False, hold__isnull=True)
                | Q(appointment__isnull=True, session__isnull=True, hold__isnull=False),
                name="a_claim_is_for_one_thing",
            ),
            models.CheckConstraint(condition=Q(seat__range=(1, 50)), name="claims_are_for_a_seat"),
        ]
        indexes: ClassVar = [
            models.Index("resource", RangeStartsWith("during"), name="claims_by_their_start"),
        ]

    def __str__(self) -> str:
        return f"{self.resource}, {self.during}"
